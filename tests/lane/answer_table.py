"""Answers byte for byte, good and bad, and what h11 makes of them."""

from __future__ import annotations

from attrs import frozen

from astore_sdk import ArtifactStoreError, ResponseDecodeError

from ..transfer.scripted import Reply
from .outcomes import BROKEN, Failure

HELLO = b"hello"
NO_BUCKETS = b'{"buckets": []}'
OK = b"HTTP/1.1 200 OK"
KIB = 1024


def answer(*fields: bytes, line: bytes = OK, body: bytes = HELLO, eol: bytes = b"\r\n") -> bytes:
    """Write an answer of exactly these lines."""
    return eol.join([line, *fields, b"", b""]) + body


def sized(*fields: bytes, **others: bytes) -> bytes:
    """Write an answer that tells its length rightly, first."""
    return answer(b"Content-Length: %d" % len(others.get("body", HELLO)), *fields, **others)


def chunked(*chunks: bytes, fields: tuple[bytes, ...] = (b"Transfer-Encoding: chunked",), end: bytes = b"0\r\n\r\n") -> bytes:
    """Write an answer in chunks, each as it is given."""
    return answer(*fields, body=b"".join(chunks) + end)


@frozen
class Row:
    """An answer and what becomes of it.

    Attributes:
        raw: All that the server sends.
        comes_to: The content, or the failure.
        kept: Whether the connection is used again.
        closes: Whether the server ends the connection after it.
        asked: Which of the calls of `outcomes` meets it.
        doubtful: Whether a stricter reader may take it for no answer.
    """

    raw: bytes
    comes_to: bytes | tuple[()] | Failure | None = HELLO
    kept: bool = True
    closes: bool = False
    asked: str = "get"
    doubtful: bool = False

    def reply(self) -> Reply:
        return Reply(raw=(self.raw,), framing="close" if self.closes else "length")


def refused(raw: bytes) -> Row:
    """Make a row for what is no answer at all."""
    return Row(raw, BROKEN, kept=False)


def last(raw: bytes, comes_to: bytes | Failure | None = HELLO, *, closes: bool = False, doubtful: bool = False) -> Row:
    """Make a row for an answer that is the connection's last one."""
    return Row(raw, comes_to, kept=False, closes=closes, doubtful=doubtful)


def listed(raw: bytes, *, closes: bool = True, kept: bool = False) -> Row:
    """Make a row for a list, which need not tell its length as an object must."""
    return Row(raw, (), kept=kept, closes=closes, asked="buckets")


def doubted(raw: bytes) -> Row:
    """Make a row for what h11 takes, and a stricter reader need not."""
    return Row(raw, doubtful=True)


FIELD_NAMES = {
    "as usual": Row(sized(b'ETag: "v1"', b"X-Amz-Meta-A: b")),
    "lower case": Row(answer(b"content-length: 5", b'etag: "v1"', b"x-amz-meta-a: b")),
    "upper case": Row(answer(b"CONTENT-LENGTH: 5", b'ETAG: "v1"', b"X-AMZ-META-A: b")),
    "odd case": Row(answer(b"cOnTeNt-LeNgTh: 5", b'eTaG: "v1"', b"x-AmZ-mEtA-a: b")),
    "odd but legal": Row(sized(b"!#$%&'*+-.^_`|~09aZ: x")),
    "no space after the colon": Row(answer(b"Content-Length:5", b'ETag:"v1"')),
    "spaces around a value": Row(answer(b"Content-Length: \t 5 \t", b'ETag:   "v1"\t ')),
    "spaces in a value": Row(sized(b"X-Amz-Meta-A: a  b\tc")),
    "colons in a value": Row(sized(b"X-Amz-Meta-A: a:b: c")),
    "empty value": Row(sized(b"X-Amz-Meta-A:", b"X-Amz-Meta-B: ")),
    "the same twice": Row(sized(b"X-Amz-Meta-A: a", b"X-Amz-Meta-A: b", b'ETag: "v1"', b'ETag: "v2"')),
    "space before the colon": refused(sized(b"X : x")),
    "tab before the colon": refused(sized(b"X\t: x")),
    "space in a name": refused(sized(b"X Y: x")),
    "space before the length's colon": refused(answer(b"Content-Length : 5")),
    "empty name": refused(sized(b": x")),
    "no colon": refused(sized(b"X")),
    "only a colon": refused(sized(b":")),
    "quote in a name": refused(sized(b'"X": x')),
    "parenthesis in a name": refused(sized(b"(X): x")),
    "slash in a name": refused(sized(b"X/Y: x")),
    "latin-1 name": refused(sized(b"X\xe9: x")),
    "utf-8 name": refused(sized("Contént: x".encode())),
    "NUL in a name": refused(sized(b"X\0Y: x")),
    "control byte in a name": refused(sized(b"X\x01: x")),
    "bare CR in a name": refused(sized(b"X\rY: x")),
    "DEL in a name": refused(sized(b"X\x7f: x")),
}

FIELD_VALUES = {
    "latin-1": Row(sized(b"X-Amz-Meta-A: caf\xe9")),
    "utf-8": Row(sized("X-Amz-Meta-A: café 日本".encode())),
    "no text at all": Row(sized(b"X-Amz-Meta-A: \xff\xfe\x80\xc0")),
    "high bytes in an etag": Row(sized(b'ETag: "caf\xe9"')),
    "no-break space at the ends": Row(sized(b"X-Amz-Meta-A: \xa0x\xa0")),
    "next line (C1)": Row(sized(b"X-Amz-Meta-A: x\x85y")),
    "control byte": doubted(sized(b"X-Other: x\x01y")),
    "DEL": doubted(sized(b"X-Other: x\x7fy")),
    "ESC": doubted(sized(b"X-Other: \x1b[2Jy")),
    "NUL": refused(sized(b"X-Other: x\0y")),
    "NUL at the end": refused(sized(b"X-Other: x\0")),
    "bare CR": refused(sized(b"X-Other: x\ry")),
    "bare CR at the end": refused(sized(b"X-Other: x\r")),
    "CR LF and a CR": refused(sized(b"X-Other: x\r\r\nY: y")),
    "vertical tab": refused(sized(b"X-Other: x\x0by")),
    "form feed": refused(sized(b"X-Other: x\x0cy")),
    "form feed at the end": refused(sized(b"X-Other: x\x0c")),
    "bare LF and a field": doubted(sized(b"X-Other: x\nY: y")),
    "bare LF and no field": refused(sized(b"X-Other: x\ny")),
    "bare LF and a status line": refused(sized(b"X-Other: x\nHTTP/1.1 500 No")),
    "CR LF and a status line": refused(sized(b"X-Other: x\r\nHTTP/1.1 500 No")),
    "folded": doubted(sized(b"X-Other: x", b" y")),
    "folded by a tab": doubted(sized(b"X-Other: x", b"\ty")),
    "folded with nothing in it": doubted(sized(b"X-Other: x", b" ", b"X-More: y")),
    "folded at once": refused(answer(b" Content-Length: 5")),
    "a fold that hides a length": doubted(sized(b"X-Other: x", b" Content-Length: 50")),
    "a folded length": refused(answer(b"Content-Length: 5", b" 0")),
    "a length in a fold": doubted(answer(b"Content-Length:", b" 5")),
    "a folded chunked": refused(answer(b"Transfer-Encoding: chun", b" ked")),
}

LINE_ENDS = {
    "bare LF": doubted(sized(eol=b"\n")),
    "bare CR": last(sized(eol=b"\r"), BROKEN, closes=True),
    "LF and CR LF": doubted(b"HTTP/1.1 200 OK\nContent-Length: 5\r\n\r\nhello"),
    "LF at the end": doubted(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello"),
    "empty line before it": refused(b"\r\n" + sized()),
    "LF before it": refused(b"\n" + sized()),
    "space before it": refused(b" " + sized()),
    "byte order mark": refused(b"\xef\xbb\xbf" + sized()),
}

STATUS_LINES = {
    "no reason": Row(sized(line=b"HTTP/1.1 200")),
    "empty reason": Row(sized(line=b"HTTP/1.1 200 ")),
    "long reason": Row(sized(line=b"HTTP/1.1 200 All is well\tand good")),
    "latin-1 reason": Row(sized(line=b"HTTP/1.1 200 caf\xe9")),
    "reason after two spaces": Row(sized(line=b"HTTP/1.1 200  OK")),
    "HTTP/1.2": Row(sized(line=b"HTTP/1.2 200 OK"), doubtful=True),
    "HTTP/2.0": Row(sized(line=b"HTTP/2.0 200 OK"), doubtful=True),
    "HTTP/0.9": last(sized(line=b"HTTP/0.9 200 OK"), doubtful=True),
    "NUL in the reason": refused(sized(line=b"HTTP/1.1 200 O\0K")),
    "CR in the reason": refused(sized(line=b"HTTP/1.1 200 O\rK")),
    "two digits": refused(sized(line=b"HTTP/1.1 20")),
    "two digits and a reason": refused(sized(line=b"HTTP/1.1 20 OK")),
    "four digits": refused(sized(line=b"HTTP/1.1 2000 OK")),
    "letters": refused(sized(line=b"HTTP/1.1 abc OK")),
    "negative": refused(sized(line=b"HTTP/1.1 -20 OK")),
    "plus": refused(sized(line=b"HTTP/1.1 +20 OK")),
    "Arabic digits": refused(sized(line="HTTP/1.1 \u0662\u0660\u0660 OK".encode())),
    "no status": refused(sized(line=b"HTTP/1.1")),
    "no status but a space": refused(sized(line=b"HTTP/1.1 ")),
    "two spaces": refused(sized(line=b"HTTP/1.1  200 OK")),
    "tab": refused(sized(line=b"HTTP/1.1\t200 OK")),
    "no space": refused(sized(line=b"HTTP/1.1200 OK")),
    "HTTP/2": refused(sized(line=b"HTTP/2 200")),
    "HTTP/1": refused(sized(line=b"HTTP/1 200 OK")),
    "HTTP/1.10": refused(sized(line=b"HTTP/1.10 200 OK")),
    "HTTP/11.1": refused(sized(line=b"HTTP/11.1 200 OK")),
    "HTTP/x.y": refused(sized(line=b"HTTP/x.y 200 OK")),
    "lower case": refused(sized(line=b"http/1.1 200 OK")),
    "ICY": refused(sized(line=b"ICY 200 OK")),
    "HTTPS": refused(sized(line=b"HTTPS/1.1 200 OK")),
    "a request": refused(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    "a field": refused(b"Content-Length: 5\r\n\r\nhello"),
    "SSH": last(b"SSH-2.0-OpenSSH_9.6\r\n", BROKEN, closes=True),
    "TLS alert": refused(b"\x15\x03\x01\x00\x02\x02\x50"),
    "HTTP/2 frames": refused(b"\x00\x00\x12\x04\x00\x00\x00\x00\x00" + bytes(18)),
    "HTML": Row(b"<html><body>no head</body></html>\r\n\r\n", BROKEN, kept=False, closes=True),
    "HTTP/0.9 without a head": Row(b"just a body", BROKEN, kept=False, closes=True),
    "status 0": Row(sized(line=b"HTTP/1.1 000 No"), BROKEN, kept=False),
    "status 99": Row(sized(line=b"HTTP/1.1 099 No"), BROKEN, kept=False),
    "status 299": Row(sized(line=b"HTTP/1.1 299 Fine")),
    "status 600": Row(sized(line=b"HTTP/1.1 600 What"), Failure(ArtifactStoreError, 600)),
    "status 999": Row(sized(line=b"HTTP/1.1 999 What"), Failure(ArtifactStoreError, 999)),
}

KEPT_OR_NOT = {
    "HTTP/1.0": last(sized(line=b"HTTP/1.0 200 OK")),
    "HTTP/1.0 keep-alive": last(sized(b"Connection: keep-alive", line=b"HTTP/1.0 200 OK")),
    "HTTP/1.0 to its end": listed(answer(line=b"HTTP/1.0 200 OK", body=NO_BUCKETS)),
    "HTTP/1.0 keep-alive to its end": listed(answer(b"Connection: keep-alive", line=b"HTTP/1.0 200 OK", body=NO_BUCKETS)),
    "HTTP/1.0 in chunks": last(chunked(b"5\r\nhello\r\n").replace(b"1.1", b"1.0", 1), doubtful=True),
    "close": last(sized(b"Connection: close")),
    "Close": last(sized(b"connection: Close")),
    "keep-alive": Row(sized(b"Connection: keep-alive")),
    "keep-alive, close": last(sized(b"Connection: keep-alive, close")),
    "close in a second field": last(sized(b"Connection: keep-alive", b"Connection: close")),
    "close,": last(sized(b"Connection: close,")),
    "close among others": last(sized(b"Connection: x-a ,\tclose , x-b")),
    "closed": Row(sized(b"Connection: closed, x-close")),
    "Keep-Alive": Row(sized(b"Connection: keep-alive", b"Keep-Alive: timeout=5, max=1")),
    "Proxy-Connection": Row(sized(b"Proxy-Connection: close")),
    "upgrade that nobody asked for": Row(sized(b"Connection: upgrade", b"Upgrade: h2c")),
    "close and an end": last(sized(b"Connection: close"), closes=True),
    "an end without a word": last(sized(), closes=True),
}

LENGTHS = {
    "0": Row(answer(b"Content-Length: 0", body=b""), b""),
    "none, to its end": listed(answer(body=NO_BUCKETS)),
    "none, to its end, keep-alive": listed(answer(b"Connection: keep-alive", body=NO_BUCKETS)),
    "none, to its end, close": listed(answer(b"Connection: close", body=NO_BUCKETS)),
    "none, of an object": last(answer(), Failure(ResponseDecodeError)),
    "none and nothing, of an object": last(answer(body=b""), Failure(ResponseDecodeError)),
    "5, 5": doubted(answer(b"Content-Length: 5, 5")),
    "5,5,5": doubted(answer(b"Content-Length: 5,5,5")),
    "5 twice": doubted(answer(b"Content-Length: 5", b"Content-Length: 5")),
    "005": doubted(answer(b"Content-Length: 005")),
    "5 and 005": refused(answer(b"Content-Length: 5", b"Content-Length: 005")),
    "5, 6": refused(answer(b"Content-Length: 5, 6")),
    "5 and 6": refused(answer(b"Content-Length: 5", b"Content-Length: 6")),
    "6 and 5 in another case": refused(answer(b"Content-Length: 6", b"content-length: 5")),
    "5,": refused(answer(b"Content-Length: 5,")),
    ",5": refused(answer(b"Content-Length: ,5")),
    "nothing": refused(answer(b"Content-Length:")),
    "-5": refused(answer(b"Content-Length: -5")),
    "-0": refused(answer(b"Content-Length: -0")),
    "+5": refused(answer(b"Content-Length: +5")),
    "0x5": refused(answer(b"Content-Length: 0x5")),
    "5.0": refused(answer(b"Content-Length: 5.0")),
    "5e0": refused(answer(b"Content-Length: 5e0")),
    "5 bytes": refused(answer(b"Content-Length: 5 bytes")),
    "5;x": refused(answer(b"Content-Length: 5;x")),
    "0 5": refused(answer(b"Content-Length: 0 5")),
    "5_0": refused(answer(b"Content-Length: 5_0")),
    "five": refused(answer(b"Content-Length: five")),
    "Arabic digits": refused(answer("Content-Length: \u0665".encode())),
    "superscript in latin-1": refused(answer(b"Content-Length: \xb2")),
    "no-break space": refused(answer(b"Content-Length: \xa05")),
    "18 digits": last(answer(b"Content-Length: " + b"9" * 18), BROKEN, closes=True),
    "20 digits": Row(
        answer(b"Content-Length: " + b"9" * 20), Failure(ResponseDecodeError, 200), kept=False, closes=True, asked="buckets"
    ),
    "20 digits, mostly 0": listed(answer(b"Content-Length: " + b"15".rjust(20, b"0"), body=NO_BUCKETS), closes=False, kept=True),
    "20 digits, of an object": last(answer(b"Content-Length: " + b"9" * 20), Failure(ResponseDecodeError)),
    "21 digits": refused(answer(b"Content-Length: " + b"9" * 21)),
    "5000 digits": refused(answer(b"Content-Length: " + b"9" * 5000)),
    "more than comes": last(answer(b"Content-Length: 6"), BROKEN, closes=True),
}

CHUNKS = {
    "one": Row(chunked(b"5\r\nhello\r\n")),
    "many": Row(chunked(*[b"1\r\n%c\r\n" % byte for byte in HELLO])),
    "none": Row(chunked(), b""),
    "upper case": Row(chunked(b"5\r\nhello\r\n", fields=(b"TRANSFER-ENCODING: CHUNKED",))),
    "hexadecimal": Row(chunked(b"0000A\r\n" + 2 * HELLO + b"\r\n"), 2 * HELLO),
    "extension": Row(chunked(b'5;name=value;q="a b"\r\nhello\r\n', end=b"0;last\r\n\r\n")),
    "trailers": Row(chunked(b"5\r\nhello\r\n", end=b'0\r\nETag: "v2"\r\nX-Amz-Meta-A: b\r\n\r\n')),
    "trailer that is none": last(chunked(b"5\r\nhello\r\n", end=b"0\r\nno trailer\r\n\r\n"), BROKEN),
    "spaces after a size": doubted(chunked(b"5 \t\r\nhello\r\n")),
    "20 digits of size": doubted(chunked(b"5".rjust(20, b"0") + b"\r\nhello\r\n")),
    "21 digits of size": last(chunked(b"5".rjust(21, b"0") + b"\r\nhello\r\n"), BROKEN),
    "no size": last(chunked(b"\r\nhello\r\n"), BROKEN),
    "negative size": last(chunked(b"-5\r\nhello\r\n"), BROKEN),
    "plus before a size": last(chunked(b"+5\r\nhello\r\n"), BROKEN),
    "0x before a size": last(chunked(b"0x5\r\nhello\r\n"), BROKEN),
    "space before a size": last(chunked(b" 5\r\nhello\r\n"), BROKEN),
    "underscore in a size": last(chunked(b"0_5\r\nhello\r\n"), BROKEN),
    "no hexadecimal": last(chunked(b"g\r\nhello\r\n"), BROKEN),
    "size too small": last(chunked(b"4\r\nhello\r\n"), BROKEN),
    "size too large": last(chunked(b"6\r\nhello\r\n"), BROKEN),
    "LF after a size": last(chunked(b"5\nhello\r\n"), BROKEN),
    "no CR LF after a chunk": last(chunked(b"5\r\nhello"), BROKEN),
    "LF after a chunk": last(chunked(b"5\r\nhello\n"), BROKEN),
    "no last chunk": last(chunked(b"5\r\nhello\r\n", end=b""), BROKEN, closes=True),
    "no empty line at the end": last(chunked(b"5\r\nhello\r\n", end=b"0\r\n"), BROKEN, closes=True),
    "close": last(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked", b"Connection: close"))),
    "and a length": doubted(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked", b"Content-Length: 5"))),
    "and another length": Row(
        chunked(b"f\r\n" + NO_BUCKETS + b"\r\n", fields=(b"Content-Length: 3", b"Transfer-Encoding: chunked")),
        (),
        asked="buckets",
        doubtful=True,
    ),
    "and a length that is none": refused(chunked(b"5\r\nhello\r\n", fields=(b"Content-Length: x", b"Transfer-Encoding: chunked"))),
    "twice": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked",) * 2)),
    "chunked, chunked": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked, chunked",))),
    "gzip, chunked": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: gzip, chunked",))),
    "chunked, gzip": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked, gzip",))),
    "chunked;q=1": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked;q=1",))),
    "chunked,": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: chunked,",))),
    "xchunked": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: xchunked",))),
    "quoted": refused(chunked(b"5\r\nhello\r\n", fields=(b'Transfer-Encoding: "chunked"',))),
    "vertical tab": refused(chunked(b"5\r\nhello\r\n", fields=(b"Transfer-Encoding: \x0bchunked",))),
    "gzip": refused(answer(b"Transfer-Encoding: gzip")),
    "identity": refused(answer(b"Transfer-Encoding: identity")),
    "identity and a length": refused(sized(b"Transfer-Encoding: identity")),
    "empty": refused(sized(b"Transfer-Encoding:")),
    "unknown": refused(answer(b"Transfer-Encoding: nonsense")),
}

_EARLY = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BEFORE_THE_ANSWER = {
    "100": Row(_CONTINUE + sized()),
    "100 without a reason": Row(b"HTTP/1.1 100\r\n\r\n" + sized()),
    "102 and 103": Row(b"HTTP/1.1 102 Processing\r\n\r\n" + _EARLY + sized()),
    "199": Row(b"HTTP/1.1 199 What\r\n\r\n" + sized()),
    "100 with a length": Row(answer(b"Content-Length: 5", line=b"HTTP/1.1 100 Continue", body=b"") + sized()),
    "100 with a body": refused(answer(b"Content-Length: 5", line=b"HTTP/1.1 100 Continue") + sized()),
    "100 of HTTP/1.0": Row(b"HTTP/1.0 100 Continue\r\n\r\n" + sized(), doubtful=True),
    "100 with close": Row(answer(b"Connection: close", line=b"HTTP/1.1 100 Continue", body=b"") + sized(), doubtful=True),
    "ten times 100": Row(10 * _CONTINUE + sized()),
    "100 and an end": Row(_CONTINUE, BROKEN, kept=False, closes=True),
    "10,000 times 100 and an end": Row(10_000 * _CONTINUE, BROKEN, kept=False, closes=True),
    "100 and rubbish": refused(_CONTINUE + b"rubbish\r\n\r\n"),
    "101": Row(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", BROKEN, kept=False),
    "101 and an answer": Row(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n" + sized(), BROKEN, kept=False),
}

_NO_BODY = b""
WITHOUT_BODY = {
    "HEAD": Row(answer(b"Content-Length: 5", body=_NO_BODY), asked="head"),
    "HEAD, a large length": Row(answer(b"Content-Length: 123456789012", body=_NO_BODY), asked="head"),
    "HEAD, no length": Row(answer(body=_NO_BODY), Failure(ResponseDecodeError, 200), asked="head"),
    "HEAD in chunks": Row(answer(b"Transfer-Encoding: chunked", body=_NO_BODY), Failure(ResponseDecodeError, 200), asked="head"),
    "HEAD, close": Row(answer(b"Content-Length: 5", b"Connection: close", body=_NO_BODY), kept=False, asked="head"),
    "HEAD, conflicting lengths": Row(answer(b"Content-Length: 5, 6", body=_NO_BODY), BROKEN, kept=False, asked="head"),
    "204": Row(answer(line=b"HTTP/1.1 204 No Content", body=_NO_BODY), None, asked="delete"),
    "204, length 0": Row(answer(b"Content-Length: 0", line=b"HTTP/1.1 204 Gone", body=_NO_BODY), None, asked="delete"),
    "204, length 5": Row(answer(b"Content-Length: 5", line=b"HTTP/1.1 204 Gone", body=_NO_BODY), None, asked="delete"),
    "204 in chunks": Row(answer(b"Transfer-Encoding: chunked", line=b"HTTP/1.1 204 Gone", body=_NO_BODY), None, asked="delete"),
    "304, length 5": Row(answer(b"Content-Length: 5", line=b"HTTP/1.1 304 Same", body=_NO_BODY), Failure(ArtifactStoreError, 304)),
    "205, length 0": Row(answer(b"Content-Length: 0", line=b"HTTP/1.1 205 Reset", body=_NO_BODY), None, asked="delete"),
}

SIZES = {
    "64 KiB in one field": Row(sized(b"X-Other: " + b"x" * 64 * KIB)),
    "64 KiB in one name": Row(sized(b"x" * 64 * KIB + b": x"), doubtful=True),
    "64 KiB of reason": Row(sized(line=OK + b"x" * 64 * KIB), doubtful=True),
    "90 KiB in many fields": Row(sized(*[b"X-Other-%d: %s" % (number, b"x" * KIB) for number in range(90)])),
    "10,000 fields": Row(sized(*[b"x: y"] * 10_000), doubtful=True),
    "200 KiB in one field": refused(sized(b"X-Other: " + b"x" * 200 * KIB)),
    "200 KiB in one name": refused(sized(b"x" * 200 * KIB + b": x")),
    "200 KiB of reason": refused(sized(line=OK + b"x" * 200 * KIB)),
    "200 KiB in many fields": refused(sized(*[b"X-Other-%d: %s" % (number, b"x" * KIB) for number in range(200)])),
    "100,000 fields": refused(sized(*[b"x: y"] * 100_000)),
    "1 MiB in one field": refused(sized(b"X-Other: " + b"x" * 1024 * KIB)),
    "1 MiB without any line": refused(b"x" * 1024 * KIB),
    "1 MiB of spaces": refused(OK + b" " * 1024 * KIB),
    "1 MiB of empty folds": refused(answer(b"X: x", *[b" "] * 350_000)),
    "1 MiB of chunk extension": refused(chunked(b"5;" + b"x" * 1024 * KIB + b"\r\nhello\r\n")),
    "1 MiB of trailers": refused(chunked(b"5\r\nhello\r\n", end=b"0\r\n" + b"x: y\r\n" * 180_000 + b"\r\n")),
}

TABLES = {
    "names": FIELD_NAMES,
    "values": FIELD_VALUES,
    "line ends": LINE_ENDS,
    "status lines": STATUS_LINES,
    "kept or not": KEPT_OR_NOT,
    "lengths": LENGTHS,
    "chunks": CHUNKS,
    "before the answer": BEFORE_THE_ANSWER,
    "without body": WITHOUT_BODY,
    "sizes": SIZES,
}
