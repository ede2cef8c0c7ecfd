"""One request and its answer, between the connection and the application (ASGI)."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from astore_sdk.server.asgi import ReceiveEvent, SendEvent
from astore_sdk.server.limits import KIB

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from astore_sdk.server.asgi import Receive, Scope, Send
    from astore_sdk.server.heads import Head
    from astore_sdk.server.problems import Problem

    Application = Callable[[Scope, Receive, Send], Awaitable[None]]

log: logging.Logger = logging.getLogger("astore_sdk.server")

_DISCONNECTED = ReceiveEvent(type="http.disconnect")
# Pieces smaller than this are joined before the application gets them, and so is a head with its body.
_SMALL = 64 * KIB
# Statuses whose answers never have a body (RFC 9112 §6.3).
_BODILESS = frozenset({204, 304})


class Link(Protocol):
    """What an exchange asks of its connection."""

    def write(self, data: bytes) -> None:
        """Send bytes."""

    async def writable(self) -> None:
        """Wait until more can be sent."""

    def expect_body(self) -> None:
        """Say that the application waits for more of the body."""

    def may_continue(self) -> bool:
        """Whether another request can follow, if the answer begins now."""
        ...

    def date(self) -> list[tuple[bytes, bytes]]:
        """Give the fields that every answer has."""
        ...


def status_line(status: int) -> bytes:
    """Write the first line of an answer."""
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = ""
    return f"HTTP/1.1 {status} {phrase}\r\n".encode()


class Exchange:
    """A request whose head is there, and what becomes of it."""

    def __init__(self, head: Head, scope: Scope, link: Link) -> None:
        self.head = head
        self._scope = scope
        self._link = link
        self.keep_alive: bool = head.keep_alive
        self._pieces: deque[bytes] = deque()
        self.buffered: int = 0
        """Bytes of the body that the application has not taken."""
        self._body_there = not head.has_body
        self._body_taken = False
        self._awaits_continue = head.awaits_continue
        self.is_reading: bool = False
        """Whether the application waits for more of the body."""
        self.gone: bool = False
        """Whether the connection is lost."""
        self.broken: Problem | None = None
        """What makes the body unreadable."""
        self.started: bool = False
        self.complete: bool = False
        """Whether the whole answer was sent."""
        self.ended: bool = False
        """Whether the application is done."""
        self._head_bytes: bytes | None = None
        self._left: int | None = None
        self._news = asyncio.Event()

    # What the connection tells.

    def put(self, piece: bytes) -> None:
        """Take a piece of the body; once the answer has begun nobody wants it."""
        if piece and not self.started:
            self._pieces.append(piece)
            # A piece of one byte takes more than one byte.
            self.buffered += len(piece) + 64
            self._news.set()

    def end_body(self) -> None:
        """Note that the body is there as a whole."""
        self._body_there = True
        self._news.set()

    def break_off(self, problem: Problem) -> None:
        """Note that the rest of the body cannot be read; whoever wants to read it gets the problem."""
        self.broken = problem
        self._forget_body()

    def lose(self) -> None:
        """Note that the connection is lost."""
        self.gone = True
        self._forget_body()

    def _forget_body(self) -> None:
        self._pieces.clear()
        self.buffered = 0
        self._news.set()

    # What the application asks.

    async def run(self, application: Application) -> None:
        """Let the application answer. It reports its own failures; what comes through here is a fault in it."""
        if self.broken is not None:
            return  # It came with its head: there is no reason to begin.
        try:
            await application(self._scope, self.receive, self.send)
        except Exception:
            # Nobody else would hear of it: the connection sees an answer that is not complete, and closes.
            log.exception("a request failed outside of its operation")

    async def receive(self) -> ReceiveEvent:
        """Give the next piece of the body, or say that nothing more comes of it. Raises `Problem` if it cannot be read."""
        if self._awaits_continue:
            self._awaits_continue = False
            if not (self._pieces or self._body_there or self.started or self.gone or self.broken):
                self._link.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        while not (self.gone or self.complete):
            if self.broken is not None:
                raise self.broken
            if self._pieces or (self._body_there and not self._body_taken and not self.started):
                piece = self._take()
                self._body_taken = self._body_there and not self._pieces
                return {"type": "http.request", "body": piece, "more_body": not self._body_taken}
            self._news.clear()
            self.is_reading = not (self._body_there or self.started)
            if self.is_reading:
                self._link.expect_body()
            try:
                await self._news.wait()
            finally:
                self.is_reading = False
        return _DISCONNECTED

    def _take(self) -> bytes:
        if not self._pieces:
            return b""
        if len(self._pieces) > 1 and len(self._pieces[0]) < _SMALL:
            piece = b"".join(self._pieces)
            self._pieces.clear()
            self.buffered = 0
        else:
            piece = self._pieces.popleft()
            self.buffered -= len(piece) + 64
        return piece

    async def send(self, event: SendEvent) -> None:
        """Send the head or a piece of the body; does nothing once the connection is lost."""
        await self._link.writable()
        if self.gone:
            return
        if event["type"] == "http.response.start" and "status" in event:
            if self.started:
                raise RuntimeError("the answer has begun already")
            self.started = True
            self._forget_body()
            # It is sent with the first piece of the body, in one packet if that is small.
            self._head_bytes = self._render_head(event["status"], event.get("headers", []))
            return
        if not self.started or self.complete:
            raise RuntimeError("a body belongs between the head of an answer and its end")
        self._send_body(event.get("body", b""), more=event.get("more_body", False))

    def _render_head(self, status: int, headers: list[tuple[bytes, bytes]]) -> bytes:
        lines = [status_line(status)]
        for name, value in (*self._link.date(), *headers):
            if b"\n" in value or b"\r" in value or b"\0" in value:
                raise RuntimeError("a field's value cannot have CR, LF or NUL")
            if name == b"content-length":
                self._left = int(value)
            elif name == b"connection":
                self.keep_alive = self.keep_alive and value.lower() != b"close"
                continue
            lines.append(b"%b: %b\r\n" % (name, value))
        if self.head.method == b"HEAD" or status in _BODILESS:
            self._left = 0
        elif self._left is None:
            # RFC 9112 §6.3: such a body ends with the connection.
            self.keep_alive = False
        self.keep_alive = self.keep_alive and self._link.may_continue()
        if not self.keep_alive:
            lines.append(b"connection: close\r\n")
        lines.append(b"\r\n")
        return b"".join(lines)

    def _send_body(self, data: bytes, *, more: bool) -> None:
        if self.head.method == b"HEAD":
            data = b""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0 or (self._left and not more):
                raise RuntimeError("a body has not the length that was announced")
        if self._head_bytes is not None:
            if len(data) < _SMALL:
                data = self._head_bytes + data
            else:
                self._link.write(self._head_bytes)
            self._head_bytes = None
        if data:
            self._link.write(data)
        if not more:
            self.complete = True
            self._forget_body()
