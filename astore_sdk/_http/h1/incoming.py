"""The answer to one request, as its bytes come: pure, it knows no socket."""

from __future__ import annotations

import re

import h11
import httpx

from ..._wire.messages import RawHeaders
from .heads import plain_head

MAX_PLAIN_HEAD = 16 * 1024
"""Bytes of a head that is read here; a longer one is h11's."""
MAX_HEAD = 100 * 1024
"""Bytes of a head that is read at all, as in httpcore."""
MAX_INFORMATIONAL = 64
"""Heads of 1xx that may come before an answer."""

_BEGIN = b"HTTP/1.1 "
_END = re.compile(rb"\n\r?\n")


class Incoming:
    """One answer. `receive` takes what came; then either `status` is set, and `take` has what came of the body, or more is needed.

    The body of a plain answer has no marks in it: so many bytes as `left` says may be received elsewhere, and are counted by
    `moved`. That of any other answer goes through h11, and here.
    """

    __slots__ = ("_data", "_h11", "_informational", "_keep", "_method", "headers", "left", "status")

    def __init__(self, method: str) -> None:
        self.status = 0
        self.headers: RawHeaders = []
        self.left = 0
        self._method = method
        self._data = b""
        self._keep = False
        self._informational = 0
        self._h11: h11.Connection | None = None

    @property
    def complete(self) -> bool:
        """Whether all of it was taken."""
        if self._h11 is not None:
            return self._h11.their_state is not h11.SEND_BODY
        return not self.left

    @property
    def reusable(self) -> bool:
        """Whether the connection can carry another request: there is no doubt about where this answer ended."""
        if self._h11 is None:
            return self._keep and not self.left and not self._data
        return self._h11.our_state is self._h11.their_state is h11.DONE and self._h11.trailing_data == (b"", False)

    def receive(self, data: bytes) -> None:
        """Take what came; nothing means that the connection has ended.

        Raises:
            httpx.RemoteProtocolError: It is no answer, or was cut.
        """
        if self._h11 is not None:
            self._h11.receive_data(data)
        elif data:
            self._data += data
        else:
            missing = f"{self.left} bytes of its answer missing" if self.status else "no answer"
            raise httpx.RemoteProtocolError(f"the server ended the connection with {missing}")
        while not self.status and self._read_head():
            pass

    def moved(self, count: int) -> None:
        """Count what was received elsewhere.

        Raises:
            httpx.RemoteProtocolError: It is nothing: the answer was cut.
        """
        if not count:
            self.receive(b"")
        self.left -= count

    def take(self) -> bytes:
        """Return what there is of the body, none if more must be received or all was taken."""
        if self._h11 is not None:
            event = self._next_event()
            return bytes(event.data) if isinstance(event, h11.Data) else b""
        data, self._data = self._data[: self.left], self._data[self.left :]
        self.left -= len(data)
        return data

    @property
    def framed(self) -> bool:
        """Whether all of the body must be received here."""
        return self._h11 is not None

    def _read_head(self) -> bool:
        """Read a head; return whether there may be another one behind it."""
        if self._h11 is not None:
            return self._read_head_with_h11()
        end = _END.search(self._data)
        if end is None and len(self._data) <= MAX_PLAIN_HEAD and _BEGIN.startswith(self._data[: len(_BEGIN)]):
            return False
        plain = plain_head(self._data[: end.end()], self._method) if end is not None and end.end() <= MAX_PLAIN_HEAD else None
        if end is None or plain is None:
            self._leave_to_h11()
            return True
        self._data = self._data[end.end() :]
        if plain.status < 200:
            self._count_informational()
            return bool(self._data)
        self.status, self.headers, self.left, self._keep = plain.status, plain.headers, plain.length, plain.keep
        return False

    def _leave_to_h11(self) -> None:
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
        # Of the request only its method matters for how the answer is read.
        self._h11.send(h11.Request(method=self._method, target="/", headers=[("Host", "h")]))
        self._h11.send(h11.EndOfMessage())
        self._h11.receive_data(self._data)
        self._data = b""

    def _read_head_with_h11(self) -> bool:
        event = self._next_event()
        if isinstance(event, h11.InformationalResponse):
            self._count_informational()
            return True
        if isinstance(event, h11.Response):
            self.status, self.headers = event.status_code, event.headers.raw_items()
        return False

    def _next_event(self) -> object:
        if self._h11 is None:
            raise AssertionError("unreachable")
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as error:
            raise httpx.RemoteProtocolError(str(error)) from None

    def _count_informational(self) -> None:
        self._informational += 1
        if self._informational > MAX_INFORMATIONAL:
            raise httpx.RemoteProtocolError("there is no end of 1xx answers")
