"""Where a body ends (RFC 9112 §6 and §7): announced by its length, or in chunks."""

from __future__ import annotations

import re
from typing import Protocol

from astore_sdk.server.heads import Head, parse_field
from astore_sdk.server.problems import Problem

# RFC 9112 §7.1 and §7.1.1. Twelve digits are 256 TiB, more than any chunk has; extensions are not looked into.
_CHUNK_LINE = re.compile(rb"0*([0-9A-Fa-f]{1,12})(?:[ \t]*;[\t\x20-\x7e\x80-\xff]*)?")
_HEX = frozenset(b"%c" % digit for digit in b"0123456789abcdefABCDEF")
# What a chunk may cost in framing without being suspicious, beside twice its size.
_FREE_FRAMING = 16


class Body(Protocol):
    """The end of a body, found while it passes by."""

    done: bool
    rest: bytes
    """What came after the end."""

    def feed(self, data: bytes) -> bytes:
        """Take bytes of the connection; give those of the body. Raises `Problem` for what cannot be read."""
        ...


class LengthBody:
    """A body of announced length."""

    def __init__(self, length: int) -> None:
        self.left: int = length
        self.done: bool = False
        self.rest: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Give what belongs to the body."""
        if len(data) < self.left:
            self.left -= len(data)
            return data
        self.done = True
        body, self.rest = data[: self.left], data[self.left :]
        self.left = 0
        return body


class ChunkedBody:
    """A body in chunks. Extensions and trailers are read and forgotten: no field of a request is ever taken from them.

    Framing is what a client can send for ever without sending a body. It may therefore exceed 16 bytes a chunk and twice
    the bytes of the body by `limit` bytes in all, trailers included.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._excess = 0
        self._line = b""
        self._left = 0
        self._read = self._chunk_line
        self.done: bool = False
        self.rest: bytes = b""

    def feed(self, data: bytes) -> bytes:
        """Give what belongs to the body."""
        if self._line:
            data, self._line = self._line + data, b""
        pieces: list[memoryview] = []
        view, place = memoryview(data), 0
        while place < len(data) and not self.done:
            if self._left:
                piece = view[place : place + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                place += len(piece)
                continue
            end = data.find(b"\n", place)
            if end < 0:
                self._keep(data[place:])
                break
            if data[end - 1 : end] != b"\r" or end == place:
                raise _broken("a line ends with LF alone, not with CR LF")
            self._read(data[place : end - 1])
            place = end + 1
        if self.done:
            self.rest = data[place:]
        return b"".join(pieces)

    def _keep(self, line: bytes) -> None:
        """Keep the beginning of a line, unless it is plain already that nothing good will come of it."""
        if (self._read == self._chunk_end and line != b"\r") or (self._read == self._chunk_line and line[:1] not in _HEX):
            self._read(line)
        self._spend(len(line))
        self._line = line

    def _spend(self, more: int) -> None:
        if self._excess + more > self._limit:
            raise _broken(f"its chunk lines and trailers have more than {self._limit} bytes")

    def _chunk_line(self, line: bytes) -> None:
        matched = _CHUNK_LINE.fullmatch(line)
        if matched is None:
            raise _broken("a chunk does not begin with its size")
        size = self._left = int(matched[1], 16)
        self._spend(len(line))
        self._excess = max(self._excess + len(line) - _FREE_FRAMING - 2 * size, 0)
        self._read = self._chunk_end if size else self._trailer

    def _chunk_end(self, line: bytes) -> None:
        if line:
            raise _broken("a chunk does not end where it should")
        self._read = self._chunk_line

    def _trailer(self, line: bytes) -> None:
        if line:
            self._spend(len(line) + 2)
            self._excess += len(line) + 2
            parse_field(line)
        else:
            self.done = True


def body_of(head: Head, *, limit: int) -> Body:
    """Give the end to look for; `limit` bounds the framing of chunks in bytes."""
    return ChunkedBody(limit) if head.chunked else LengthBody(head.length)


def _broken(why: str) -> Problem:
    return Problem("InvalidRequest", f"The body's chunks cannot be read: {why}.")
