"""Heads of requests, read by the letter of RFC 9112: what it calls an error is refused and never interpreted.

Two readers of one head that see different things in it are how requests are smuggled past a proxy. So there is one
reader, it has one opinion, and it sees the head as a whole before anything is done: whatever is refused here was not
executed, nor was anything after it, and no field can arrive later (in a trailer) than the head it would belong to.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from attrs import frozen

from astore_sdk.server.problems import Problem

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST_LINE = re.compile(rb"(" + _TOKEN + rb") ([\x21-\x7e]+) HTTP/([0-9])\.([0-9])")
_NAME = re.compile(_TOKEN)
_ABSOLUTE = re.compile(rb"https?://([^/?#]*)(/[^?]*)?(\?.*)?", re.IGNORECASE)
# RFC 3986 §3.2.2 and §3.2.3: a name or IPv4 address, or an IP literal in brackets; then perhaps a port.
_AUTHORITY = re.compile(rb"(?:\[([0-9A-Fa-f:.]+)\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::([0-9]{0,5}))?")
# All that a field value cannot have (RFC 9110 §5.5); CR LF is no longer in it when this is asked.
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
_BARE_LF = re.compile(rb"(?<!\r)\n")
# Enough for any length that there is; more digits are a try to overflow something.
_LENGTH_DIGITS = 19
_HIGHEST_PORT = 65535
_EMPTY_LINES = 2
_MOST_FIELDS = 1000


@frozen
class Head:
    """What a request's head says."""

    method: bytes
    path: bytes
    query: bytes
    version: str
    """`1.0` or `1.1`."""
    fields: list[tuple[bytes, bytes]]
    """Names in lower case; `host` is the host that is meant, and a repeated `content-length` is there once."""
    length: int
    """The size of the body in bytes, 0 with `chunked`."""
    chunked: bool
    keep_alive: bool
    """Whether the client may send another request after this one."""
    awaits_continue: bool
    """Whether the client waits for `100 Continue` before it sends the body."""

    @property
    def has_body(self) -> bool:
        """Whether anything follows the head."""
        return self.chunked or self.length > 0


class HeadReader:
    """Collects a head of at most `limit` bytes; what came after it is then in `rest`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._collected = b""
        self._seen = 0
        self._empty_lines = 0
        self.rest: bytes = b""

    @property
    def is_empty(self) -> bool:
        """Whether nothing of a head is there yet."""
        return not self._collected

    @property
    def asks_for_head(self) -> bool:
        """Whether the method is HEAD, as far as that can be said of a head that may be wrong: its answer has no body."""
        return self._collected.startswith(b"HEAD ")

    def feed(self, data: bytes) -> Head | None:
        """Take bytes; give the head once it is complete. Raises `Problem` for what is not a head."""
        collected = self._collected + data
        if self._seen == 0:
            # RFC 9112 §2.2: an empty line before the request line is ignored, if there are not too many of them.
            while self._empty_lines < _EMPTY_LINES and collected.startswith(b"\r\n"):
                collected = collected[2:]
                self._empty_lines += 1
            if len(collected) > 1 and not 0x21 <= collected[0] <= 0x7E:
                raise _invalid("it does not begin with a method")
        self._collected = collected
        end = collected.find(b"\r\n\r\n", max(self._seen - 3, 0))
        if (len(collected) if end < 0 else end + 4) > self._limit:
            raise Problem("InvalidRequest", f"The request's head is too long: it has at most {self._limit} bytes.")
        bare = _BARE_LF.search(collected, max(self._seen - 1, 0), len(collected) if end < 0 else end)
        if bare is not None:
            raise _invalid("a line ends with LF alone, not with CR LF")
        self._seen = len(collected)
        if end < 0:
            return None
        self._collected, self.rest = collected[: end + 4], collected[end + 4 :]
        return parse_head(collected[:end])


def parse_head(head: bytes) -> Head:
    """Read a head without its empty line. Raises `Problem`: 400 for an error, 501 or 505 for what is not spoken here."""
    line, *lines = head.split(b"\r\n")
    matched = _REQUEST_LINE.fullmatch(line)
    if matched is None:
        raise _invalid("its first line is not METHOD TARGET HTTP/1.1")
    method, target, major, minor = matched.groups()
    if major != b"1":
        raise _unspoken(505, "The store speaks HTTP/1.1.")
    version = "1.0" if minor == b"0" else "1.1"
    if len(lines) > _MOST_FIELDS:
        raise _invalid(f"it has more than {_MOST_FIELDS} fields")
    fields = [parse_field(line) for line in lines]
    if method == b"CONNECT":
        # RFC 9110 §9.3.6: what follows would be a tunnel, and the store is no proxy.
        allowed = "GET, HEAD, PUT, POST, DELETE"
        raise Problem("MethodNotAllowed", f"CONNECT is not among {allowed}.", headers=(("Allow", allowed),))
    path, query, authority = _target(method, target)
    fields = _with_host(fields, authority, version)
    length, chunked = _framing(fields, version)
    expectations = _members(fields, b"expect")
    if any(expectation != b"100-continue" for expectation in expectations):
        raise _unspoken(417, "The only expectation that the store can meet is 100-continue.")
    if length is not None and len(_members(fields, b"content-length")) > 1:
        fields = [field for field in fields if field[0] != b"content-length"]
        fields.append((b"content-length", b"%d" % length))
    return Head(
        method=method,
        path=path,
        query=query,
        version=version,
        fields=fields,
        length=length or 0,
        chunked=chunked,
        keep_alive=version == "1.1" and b"close" not in _members(fields, b"connection"),
        # RFC 9110 §10.1.1: ignored from HTTP/1.0, and there is nothing to wait for without a body.
        awaits_continue=version == "1.1" and bool(expectations) and (chunked or bool(length)),
    )


def parse_field(line: bytes) -> tuple[bytes, bytes]:
    """Read one field line (RFC 9112 §5): no space before the colon, and no folding."""
    name, colon, value = line.partition(b":")
    if not colon or _NAME.fullmatch(name) is None:
        raise _invalid("a line is not NAME: VALUE")
    if _CONTROL.search(value) is not None:
        raise _invalid("a field's value has a control character")
    return name.lower(), value.strip(b" \t")


def _target(method: bytes, target: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Give path, query, and the authority if the target has one (RFC 9112 §3.2)."""
    if b"#" in target:
        # It would be cut off silently, and with it a part of the key.
        raise _invalid("its target has a fragment (#); write %23 for a # in a key")
    if target.startswith(b"/"):
        path, _, query = target.partition(b"?")
        return path, query, None
    if target == b"*" and method == b"OPTIONS":
        return target, b"", None
    absolute = _ABSOLUTE.fullmatch(target)
    if absolute is None:
        raise _invalid("its target is not a path")
    authority, path, query = absolute.groups(b"")
    return path or b"/", query[1:], authority


def _with_host(fields: list[tuple[bytes, bytes]], authority: bytes | None, version: str) -> list[tuple[bytes, bytes]]:
    """Check the host (RFC 9112 §3.2); one in the target replaces the field (§3.2.2)."""
    hosts = _values(fields, b"host")
    if len(hosts) > 1:
        raise _invalid("it has more than one Host")
    if not hosts and version == "1.1":
        raise _invalid("it has no Host")
    for host in (*hosts, *(() if authority is None else (authority,))):
        if not _is_authority(host):
            raise _invalid("its Host is not a host with perhaps a port")
    if authority is None:
        return fields
    return [*(field for field in fields if field[0] != b"host"), (b"host", authority)]


def _is_authority(text: bytes) -> bool:
    matched = _AUTHORITY.fullmatch(text)
    if matched is None or int(matched[2] or b"0") > _HIGHEST_PORT:
        return False
    try:
        return matched[1] is None or bool(IPv6Address(matched[1].decode()).packed)
    except ValueError:
        return False


def _framing(fields: list[tuple[bytes, bytes]], version: str) -> tuple[int | None, bool]:
    """Say where the body ends (RFC 9112 §6.3): its announced length, and whether it is chunked."""
    lengths = _values(fields, b"content-length")
    if not _values(fields, b"transfer-encoding"):
        return (_length(lengths) if lengths else None), False
    if lengths:
        raise _invalid("it has both Content-Length and Transfer-Encoding")
    if version == "1.0":
        raise _invalid("HTTP/1.0 has no Transfer-Encoding")
    codings = _members(fields, b"transfer-encoding")
    unknown = [coding for coding in codings if coding.partition(b";")[0].rstrip() != b"chunked"]
    if unknown:
        # RFC 9112 §6.1. To take the body as it is would store bytes that nobody meant.
        raise _unspoken(501, "The only transfer coding that the store can undo is chunked.")
    if codings != [b"chunked"]:
        raise _invalid("its Transfer-Encoding is not chunked, once and without parameters")
    return None, True


def _length(lengths: list[bytes]) -> int:
    # RFC 9110 §8.6: the same length several times is that length.
    numbers = {number.strip(b" \t") for value in lengths for number in value.split(b",")}
    number = numbers.pop()
    if numbers or not number.isdigit() or len(number) > _LENGTH_DIGITS:
        raise _invalid("its Content-Length is not a number of bytes")
    return int(number)


def _values(fields: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    return [value for each, value in fields if each == name]


def _members(fields: list[tuple[bytes, bytes]], name: bytes) -> list[bytes]:
    """Give the members of a field that is a list, in lower case; empty ones do not count (RFC 9110 §5.6.1)."""
    found = (member.strip(b" \t").lower() for value in _values(fields, name) for member in value.split(b","))
    return [member for member in found if member]


def _invalid(why: str) -> Problem:
    return Problem("InvalidRequest", f"This is not an HTTP request: {why}.")


def _unspoken(status: int, detail: str) -> Problem:
    return Problem("InvalidRequest", detail, status=status, retryable=False)
