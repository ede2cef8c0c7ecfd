"""The lane of `AsyncClient`, for asyncio's loops. The twin of `sync`."""

from __future__ import annotations

import asyncio
import select
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from typing import cast

import httpx

from ..._core.flow import Body
from ...config import Timeout
from ..requests import Outgoing
from .heads import request_head
from .incoming import Incoming
from .origin import Origin

AHEAD = 1024 * 1024
"""Bytes that are received before anybody asks for them."""
SMALL = 64 * 1024
"""Bytes of a body that travels in one packet with its head."""


class Connection(asyncio.Protocol):
    """One connection, for one task at a time."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.idle_since: float | None = None
        self.lost = loop.create_future()
        """Done when the socket is closed."""
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._chunks: deque[bytes] = deque()
        self._ahead = 0
        self._reading = True
        self._writable = True
        self._ended = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._poll = select.poll()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._poll.register(self._transport.get_extra_info("socket").fileno(), select.POLLIN)

    def data_received(self, data: bytes) -> None:
        """Keep what came, and let no more come if that is much."""
        self._chunks.append(data)
        self._ahead += len(data)
        if self._ahead >= AHEAD and self._reading:
            self._reading = False
            self._open_transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """Hear that nothing more will come."""
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Hear that all is over."""
        self._ended = True
        self._failure = exc
        self._wake()
        self.lost.set_result(None)

    def pause_writing(self) -> None:
        """Hear that the other side is slower."""
        self._writable = False

    def resume_writing(self) -> None:
        """Hear that it has caught up."""
        self._writable = True
        self._wake()

    @property
    def _open_transport(self) -> asyncio.Transport:
        return cast("asyncio.Transport", self._transport)

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self, seconds: float) -> None:
        """Wait until something happens.

        Raises:
            TimeoutError: Nothing did.
        """
        self._waiter = waiter = self._loop.create_future()
        alarm = self._loop.call_later(seconds, _expire, waiter)
        try:
            await waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def is_quiet(self) -> bool:
        """Tell whether nothing has come: neither the end, nor bytes."""
        return not self._chunks and not self._ended

    def is_fresh(self) -> bool:
        """Tell whether nothing has come while it was idle, not even something that the loop has not seen yet."""
        return self.is_quiet() and not self._poll.poll(0)

    def has_sent_all(self) -> bool:
        """Tell whether the kernel has taken all that was sent. Over TLS, the last 64 KiB of it cannot be known."""
        return not self._open_transport.get_write_buffer_size()

    async def send(self, view: memoryview, seconds: float, incoming: Incoming) -> bool:
        """Send all of it. Return False if an answer came first: then the rest is not wanted."""
        self._open_transport.write(view)
        while not self._writable:
            if not self.is_quiet() and not self.listen(incoming):
                return False
            left = self._open_transport.get_write_buffer_size()
            try:
                await self._wait(seconds)
            except TimeoutError:
                if self._open_transport.get_write_buffer_size() >= left:
                    raise httpx.WriteTimeout("timed out") from None
        return True

    def listen(self, incoming: Incoming) -> bool:
        """Hear whether an answer has come already; return False if so."""
        if self._failure is not None and not self._chunks:
            raise httpx.WriteError(str(self._failure)) from self._failure
        incoming.receive(self._next())
        return not incoming.status

    async def receive(self, seconds: float) -> bytes:
        """Return what comes next, nothing at the end."""
        while self.is_quiet():
            try:
                await self._wait(seconds)
            except TimeoutError:
                raise httpx.ReadTimeout("timed out") from None
        if self._failure is not None and not self._chunks:
            raise httpx.ReadError(str(self._failure)) from self._failure
        return self._next()

    def _next(self) -> bytes:
        if not self._chunks:
            return b""
        data = self._chunks.popleft()
        self._ahead -= len(data)
        if not self._reading and self._ahead < AHEAD:
            self._reading = True
            self._open_transport.resume_reading()
        return data

    def close(self) -> None:
        """Close it; the socket follows when the loop comes round."""
        self._open_transport.abort()


def _expire(waiter: asyncio.Future[None]) -> None:
    if not waiter.done():
        waiter.set_exception(TimeoutError())


class Lane:
    """The connections to one server, on one event loop."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._permits = asyncio.Semaphore(origin.max_connections)
        self._idle: deque[Connection] = deque()
        self._busy: set[Connection] = set()
        self._closed = False

    async def send(self, outgoing: Outgoing, feed: Callable[[Body], AsyncIterator[bytes]]) -> LaneReply:
        """Send a request and wait for the head of its answer.

        Raises:
            httpx.TransportError: There is none.
        """
        incoming = Incoming(outgoing.method)
        timeout = outgoing.timeout
        head = request_head(outgoing.method, outgoing.target, outgoing.fields)
        connection = await self._take(timeout)
        try:
            whole = False
            with suppress(httpx.WriteError):  # the server may have said why before it hung up
                whole = await self._send_request(connection, head, outgoing, feed, incoming)
            while not incoming.status:
                incoming.receive(await connection.receive(timeout.read))
        except BaseException:
            self.put_away(connection, reusable=False)
            raise
        return LaneReply(self, connection, incoming, timeout.read, whole=whole)

    async def _send_request(
        self,
        connection: Connection,
        head: bytes,
        outgoing: Outgoing,
        feed: Callable[[Body], AsyncIterator[bytes]],
        incoming: Incoming,
    ) -> bool:
        """Send head and body. Return False if an answer came first."""
        body, seconds = outgoing.body, outgoing.timeout.write

        def opening(first: bytes) -> memoryview:
            # The token is in no variable here, whose value a traceback could show.
            return memoryview(b"".join((head, outgoing.auth.field if outgoing.auth else b"", b"\r\n", first)))

        if body is None:
            return await connection.send(opening(outgoing.content), seconds, incoming)
        async with aclosing(cast("AsyncGenerator[bytes]", feed(body))) as chunks:
            first = await anext(chunks, b"") if body.length <= SMALL else b""
            begun = await connection.send(opening(first), seconds, incoming)
            return begun and await _send_all(connection, chunks, seconds, incoming)

    async def _take(self, phases: Timeout) -> Connection:
        """Return an idle connection that still stands, or a new one."""
        try:
            async with asyncio.timeout(phases.pool if self._permits.locked() else None):
                await self._permits.acquire()
        except TimeoutError:
            raise httpx.PoolTimeout("timed out") from None
        try:
            connection = self._pop() or await self._connect(phases.connect)
        except BaseException:
            self._permits.release()
            raise
        self._busy.add(connection)
        if self._closed:
            connection.close()
        return connection

    def _pop(self) -> Connection | None:
        """Take the idle connection that was used last; those that were idle for too long, or ended, are closed."""
        oldest = time.monotonic() - self._origin.keepalive_expiry
        while self._idle and (self._idle[0].idle_since or 0) < oldest:
            self._idle.popleft().close()
        while self._idle:
            connection = self._idle.pop()
            connection.idle_since = None
            if connection.is_fresh():
                return connection
            connection.close()
        return None

    async def _connect(self, seconds: float) -> Connection:
        loop, origin = asyncio.get_running_loop(), self._origin
        try:
            async with asyncio.timeout(seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(loop),
                    origin.host,
                    origin.port,
                    ssl=origin.tls,
                    server_hostname=None if origin.tls is None else origin.host,
                )
        except TimeoutError:
            raise httpx.ConnectTimeout("timed out") from None
        except (OSError, UnicodeError) as error:
            raise httpx.ConnectError(str(error)) from error
        return connection

    def put_away(self, connection: Connection, *, reusable: bool) -> None:
        """Keep a connection for the next request, or close it."""
        self._busy.discard(connection)
        if reusable and not self._closed:
            connection.idle_since = time.monotonic()
            self._idle.append(connection)
        else:
            connection.close()
        self._permits.release()

    async def close(self) -> None:
        """Close everything, also what is being used."""
        self._closed = True
        connections = [*self._idle, *self._busy]
        self._idle.clear()
        for connection in connections:
            connection.close()
        if connections:
            await asyncio.wait([connection.lost for connection in connections])


class LaneReply:
    """An answer on its way."""

    def __init__(self, lane: Lane, connection: Connection, incoming: Incoming, seconds: float, *, whole: bool) -> None:
        self.status = incoming.status
        self.headers = incoming.headers
        self._lane = lane
        self._connection: Connection | None = connection
        self._incoming = incoming
        self._seconds = seconds
        self._whole = whole

    async def read(self) -> bytes:
        """Return what comes next of the body; none at its end.

        Raises:
            httpx.TransportError: It was cut, or nothing came in time.
        """
        incoming, connection = self._incoming, self._connection
        while connection is not None and not incoming.complete:
            if chunk := incoming.take():
                return chunk
            if not incoming.complete:
                incoming.receive(await connection.receive(self._seconds))
        return b""

    async def close(self) -> None:
        """Let go of the answer. The connection is kept if there is no doubt about its state."""
        connection, self._connection = self._connection, None
        if connection is not None:
            sent = self._whole and connection.has_sent_all()
            self._lane.put_away(connection, reusable=sent and self._incoming.reusable)


async def _send_all(connection: Connection, chunks: AsyncIterator[bytes], seconds: float, incoming: Incoming) -> bool:
    """Send a body, piece by piece. Return False if an answer came first."""
    async for chunk in chunks:
        if not connection.is_quiet() and not connection.listen(incoming):
            return False
        if not await connection.send(memoryview(chunk), seconds, incoming):
            return False
    return True
