"""Heads of HTTP/1.1 messages: pure. Requests are written strictly; answers are read if they are plain.

Sources of the rules: RFC 9112 for the form of messages and for where their bodies end, RFC 9110 for fields.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import httpx
from attrs import frozen

from ..._wire.messages import RawHeaders

_NAME = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_REQUEST = re.compile(rf"{_NAME} [\x21-\x7e]+ HTTP/1\.1\r\n(?:{_NAME}: (?:[\x21-\x7e]+(?:[ \t]+[\x21-\x7e]+)*)?\r\n)+")
_ANSWER = re.compile(
    rb"HTTP/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?\r\n((?:%s:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n" % _NAME.encode("ascii")
)


def request_head(method: str, target: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """Write the head of a request, but for the empty line that ends it.

    Raises:
        httpx.LocalProtocolError: Something in it is not what may stand there; nothing was sent.
    """
    lines = [f"{method} {target} HTTP/1.1\r\n", *[f"{name}: {value}\r\n" for name, value in fields]]
    head = "".join(lines)
    # The pattern says what a line may hold; the count, that nothing brought a line of its own along.
    if not _REQUEST.fullmatch(head) or head.count("\n") != len(lines):
        raise httpx.LocalProtocolError("a name or a value of the request cannot travel in its head")
    return head.encode("ascii")


@frozen
class PlainHead:
    """The head of an answer about which there is no doubt."""

    status: int
    headers: RawHeaders
    length: int
    """Bytes of the body, 0 for an informational answer."""
    keep: bool
    """Whether the connection goes on behind the body."""


def plain_head(head: bytes, method: str) -> PlainHead | None:
    """Read the head of an answer to a request with this method, None if that takes a closer look.

    Plain is a head of HTTP/1.1 with CRLF at each line's end, no folded line, no control character, and a body that has one
    length in digits or is not there by its status. Everything else, right or wrong, is for h11 to decide.
    """
    match = _ANSWER.fullmatch(head)
    if match is None:
        return None
    status = int(match[1])
    if status == 101:
        return None
    headers = [(name, value.strip(b" \t")) for name, _, value in (line.partition(b":") for line in match[2].splitlines())]
    length = -1
    keep = True
    for name, value in headers:
        match name.lower():
            case b"content-length":
                if length >= 0 or not value.isdigit() or len(value) > 18:
                    return None
                length = int(value)
            case b"connection":
                if value.lower() == b"close":
                    keep = False
                elif value.lower() != b"keep-alive":
                    return None
            case b"transfer-encoding":
                return None
            case _:
                pass
    if method == "HEAD" or status in (204, 304) or status < 200:
        length = 0
    return PlainHead(status, headers, length, keep) if length >= 0 else None
