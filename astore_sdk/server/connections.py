"""A connection: one request after another, read by the letter and answered in order.

uvicorn runs the server, but the store reads HTTP itself. The parsers that uvicorn offers disagree about what a request
is (one leaves the body of a request that offers an upgrade to be read as the next request, both take fields from where
there are none), and a store cannot live with that. The next head is not looked at before the answer to the one before
is complete: so no refusal overtakes an answer, and nothing that follows a refused head is executed.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from enum import Enum, auto
from typing import TYPE_CHECKING, cast

from astore_sdk.server.blob_reading import BATCH
from astore_sdk.server.exchange import Exchange
from astore_sdk.server.framing import Body, LengthBody, body_of
from astore_sdk.server.heads import HeadReader
from astore_sdk.server.problems import Problem
from astore_sdk.server.refusals import refusal, too_many, too_slow
from astore_sdk.server.scopes import address_of, scope_of
from astore_sdk.server.stalls import UnreadAnswer

if TYPE_CHECKING:
    from uvicorn.server import ServerState

    from astore_sdk.server.crowd import Crowd
    from astore_sdk.server.exchange import Application
    from astore_sdk.server.limits import Limits


class Phase(Enum):
    """What the next bytes of a connection are."""

    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    """Of the next request, which has to wait for the answer to this one."""
    LINGER = auto()
    """Nothing that anyone wants: the connection is about to be closed."""


class HttpConnection(asyncio.Protocol):
    """A connection of the store, for uvicorn's server."""

    transport: asyncio.Transport

    def __init__(self, application: Application, limits: Limits, state: ServerState, crowd: Crowd) -> None:
        self._application = application
        self._limits = limits
        self._state = state
        self._crowd = crowd
        self._loop = asyncio.get_running_loop()
        self._head = HeadReader(limits.max_head_size)
        self._body: Body | None = None
        self._exchange: Exchange | None = None
        self._pending = b""
        self._dropped = 0
        self._paused = False
        self._served = False
        self._can_write = asyncio.Event()
        self._can_write.set()
        self.phase: Phase = Phase.HEAD
        self.since: float = self._loop.time()
        """When what is waited for was last seen to come."""
        self.is_excess: bool = False
        """Whether it was taken only to be told that there are too many."""

    # What the transport tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, if there is room for it."""
        self.transport = cast("asyncio.Transport", transport)
        self._unread = UnreadAnswer(self.transport)
        self._addresses: dict[str, tuple[str, int] | None] = {
            side: address_of(transport, side) for side in ("sockname", "peername")
        }
        # uvicorn's set knows the protocols of uvicorn; all that it asks of them is here too.
        cast("set[object]", self._state.connections).add(self)
        if not self._crowd.admit(self):
            self.refuse(too_many())

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the request know, if there is one."""
        del exc
        cast("set[object]", self._state.connections).discard(self)
        self._crowd.leave(self)
        if self._exchange is not None:
            self._exchange.lose()
        self._can_write.set()

    def pause_writing(self) -> None:
        """Note that the client does not read as fast as it is sent to."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """Note that the client has read."""
        self._can_write.set()

    def data_received(self, data: bytes) -> None:
        """Take bytes for what they are."""
        if self.phase is Phase.BODY:
            self._take_body(data)
        elif self.phase is Phase.HEAD:
            self._take_head(data)
        elif self.phase is Phase.ANSWER:
            self._pending += data
            self._pause()
        else:
            self._drop_bytes(len(data))

    # Requests, one after another.

    def _take_head(self, data: bytes) -> None:
        if self._head.is_empty and self._served:
            self.since = self._loop.time()
        try:
            head = self._head.feed(data)
        except Problem as problem:
            self.refuse(problem, bodiless=self._head.asks_for_head)
            return
        if head is None:
            return
        if self.is_excess and not head.path.startswith(b"/health"):
            self.refuse(too_many(), bodiless=head.method == b"HEAD")
            return
        rest = self._head.rest
        self._head = HeadReader(self._limits.max_head_size)
        exchange = self._exchange = Exchange(head, scope_of(head, self, self._addresses), self)
        if self.is_excess:
            exchange.keep_alive = False
        self.phase, self._dropped = Phase.ANSWER, 0
        task = self._loop.create_task(exchange.run(self._application))
        self._state.tasks.add(task)
        task.add_done_callback(self._ended)
        if head.has_body:
            self.phase, self._body = Phase.BODY, body_of(head, limit=self._limits.max_head_size)
        if rest:
            self.data_received(rest)

    def _take_body(self, data: bytes) -> None:
        exchange, body = self._exchange, self._body
        if exchange is None or body is None:
            raise AssertionError("unreachable")
        try:
            piece = body.feed(data)
        except Problem as problem:
            self._stop_reading(exchange, problem)
            return
        if exchange.started:
            self.since = self._loop.time()
            self._drop_bytes(len(data))
        exchange.put(piece)
        if exchange.buffered > BATCH:
            # Not less: at 64 KiB, less than one read brings, the socket would be paused and resumed for every piece.
            self._pause()
        if body.done:
            self.phase, self._body = Phase.ANSWER, None
            exchange.end_body()
            if body.rest:
                self._pending = body.rest
                self._pause()
            if exchange.complete and not self._is_running:
                self._next()

    def _stop_reading(self, exchange: Exchange, problem: Problem) -> None:
        """Read no more of a body, and let the request end because of the problem."""
        self._body = None
        exchange.keep_alive = False
        exchange.break_off(problem)
        if exchange.complete and not self._is_running:
            self._linger()
        else:
            self._pause()

    @property
    def _is_running(self) -> bool:
        return self._exchange is not None and not self._exchange.ended

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Go on after a request, whose answer is complete or will never be."""
        self._state.tasks.discard(task)
        self._state.total_requests += 1
        exchange = self._exchange
        if exchange is None:
            raise AssertionError("unreachable")
        exchange.ended = True
        self._served = True
        if task.cancelled():
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif not exchange.complete:
            if exchange.broken is not None and not exchange.started:
                self.refuse(exchange.broken, bodiless=exchange.head.method == b"HEAD")
            else:
                # Half an answer, or none: nobody may take it for whole.
                self.transport.close()
        elif not exchange.keep_alive:
            if self.phase is Phase.ANSWER and not self._pending:
                self.transport.close()
            else:
                self._linger()
        elif self.phase is Phase.BODY:
            # The rest is read to find the next request; `may_continue` has seen to it that it is little.
            self.since = self._loop.time()
            self._resume()
        else:
            self._next()

    def _next(self) -> None:
        self._exchange = None
        self.phase = Phase.HEAD
        self.since = self._loop.time()
        pending, self._pending = self._pending, b""
        self._resume()
        if pending:
            self._take_head(pending)

    # What an exchange asks.

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self.transport.write(data)

    async def writable(self) -> None:
        """Wait until more can be sent."""
        if not self._can_write.is_set():
            await self._can_write.wait()

    def expect_body(self) -> None:
        """Read on, and count the time from now."""
        self.since = self._loop.time()
        self._resume()

    def may_continue(self) -> bool:
        """Whether what is left of the body is little enough to be read for the sake of the next request."""
        if self.phase is not Phase.BODY:
            return True
        return isinstance(self._body, LengthBody) and self._body.left <= self._limits.max_unread_body

    def is_closing(self) -> bool:
        """Tell whether the connection has been closed, by whichever end, so that nothing more will be sent on it."""
        return self.transport.is_closing()

    def date(self) -> list[tuple[bytes, bytes]]:
        """Give the fields that every answer has."""
        return self._state.default_headers

    # Ends.

    def refuse(self, problem: Problem, *, bodiless: bool = False) -> None:
        """Answer in place of the application, and close the connection. All answers before this one are complete."""
        self.write(refusal(problem, self.date(), client=self._addresses["peername"], bodiless=bodiless))
        self._linger()

    def _linger(self) -> None:
        """Close, but not at once: that would be a reset, and the client may lose the answer (RFC 9112 §9.6)."""
        self.phase, self._dropped, self._pending = Phase.LINGER, 0, b""
        self.since = self._loop.time()
        if not self.transport.is_closing() and self.transport.can_write_eof():
            self.transport.write_eof()
        self._resume()

    def _drop_bytes(self, count: int) -> None:
        self._dropped += count
        if self._dropped > self._limits.max_unread_body:
            # The client may still be about to read the answer; what it sends meanwhile waits in its own buffers.
            self._pause()

    def drop(self, *, reset: bool) -> None:
        """Close the connection after what was sent; with `reset` at once, so that the client sees RST."""
        if reset:
            # To linger for no time at all is how a socket is told to reset.
            opened: socket.socket = self.transport.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        else:
            self.transport.close()

    def shutdown(self) -> None:
        """Close once the request under way is answered; the server is about to end."""
        if self._exchange is None or self.phase is Phase.LINGER or not self._is_running:
            self.transport.close()
        else:
            self._exchange.keep_alive = False

    def close(self) -> None:
        """Close without an answer."""
        self.transport.close()

    @property
    def is_waiting(self) -> bool:
        """Whether no request is under way: it could be closed without breaking anything off."""
        return self.phase is Phase.LINGER or (self.phase is Phase.HEAD and not self.transport.get_write_buffer_size())

    def check(self, now: float) -> None:
        """Close the connection if it has stood still for too long."""
        timeouts = self._limits.timeouts
        if self._unread.for_seconds(now) > timeouts.unread:
            self.transport.abort()
        if self.transport.is_closing():
            return
        waited, exchange = now - self.since, self._exchange
        if self.phase is Phase.LINGER:
            if waited > timeouts.linger:
                self.transport.close()
        elif self.phase is Phase.HEAD:
            if not self._head.is_empty:
                if waited > timeouts.head:
                    self.refuse(too_slow("head", timeouts.head), bodiless=self._head.asks_for_head)
            elif waited > (timeouts.keep_alive if self._served else timeouts.head):
                self.transport.close()
        elif self.phase is Phase.BODY and exchange is not None and waited > timeouts.body:
            if exchange.is_reading and not exchange.started:
                self._stop_reading(exchange, too_slow("body", timeouts.body))
            elif exchange.ended:
                self.transport.close()

    def _pause(self) -> None:
        if not self._paused:
            self._paused = True
            self.transport.pause_reading()

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self.transport.resume_reading()
