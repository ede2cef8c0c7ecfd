"""The lane of `Client`. Its sockets never block: every wait is ours, has its limit, and hears of an answer that comes early."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import httpx

from ..._core.flow import Body
from ...config import Timeout
from ..requests import Outgoing
from .heads import request_head
from .incoming import Incoming
from .origin import Origin

READ = 64 * 1024
"""Bytes that are received at once where more than a body may come."""
BUFFER = 1024 * 1024
"""Bytes of a large body that are received at once."""
SMALL = 64 * 1024
"""Bytes of a body that travels in one packet with its head."""
_AT_MOST = 2**31 - 1
_Address = tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes]
_NOT_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def connect(origin: Origin, seconds: float) -> socket.socket:
    """Open a connection, TLS included, and leave no socket behind if that fails."""
    try:
        addresses = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(str(error)) from error
    failure: httpx.TransportError = httpx.ConnectError(f"{origin.host} has no address")
    for family, kind, protocol, _, address in addresses:
        try:
            return _connected(socket.socket(family, kind, protocol), address, origin, seconds)
        except TimeoutError:
            failure = httpx.ConnectTimeout("timed out")
        except OSError as error:
            failure = httpx.ConnectError(str(error))
            failure.__cause__ = error
    raise failure


def _connected(opened: socket.socket, address: _Address, origin: Origin, seconds: float) -> socket.socket:
    try:
        opened.settimeout(seconds)
        opened.connect(address)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if origin.tls is not None:
            opened = origin.tls.wrap_socket(opened, server_hostname=origin.host, do_handshake_on_connect=False)
            opened.do_handshake()
        opened.settimeout(0)
    except BaseException:
        opened.close()
        raise
    return opened


class Connection:
    """One connection, for one thread at a time."""

    def __init__(self, opened: socket.socket) -> None:
        self.idle_since = 0.0
        self._socket = opened
        self._tls = isinstance(opened, ssl.SSLSocket)
        self._poll = select.poll()
        self._poll.register(opened, select.POLLIN)
        self._events = select.POLLIN

    def _wait(self, events: int, seconds: float) -> None:
        """Wait until one of the events, or the end, has come.

        Raises:
            TimeoutError: Nothing did.
        """
        if events != self._events:
            self._poll.modify(self._socket, events)
            self._events = events
        if not self._poll.poll(min(seconds * 1000, _AT_MOST)):
            raise TimeoutError

    def is_quiet(self) -> bool:
        """Tell whether nothing has come while the connection was idle: neither its end, nor what nobody asked for."""
        try:
            self._wait(select.POLLIN, 0)
        except TimeoutError:
            return not (isinstance(self._socket, ssl.SSLSocket) and self._socket.pending())
        return False

    def send(self, view: memoryview, seconds: float, incoming: Incoming) -> bool:
        """Send all of it. Return False if an answer came first: then the rest is not wanted."""
        try:
            while view:
                try:
                    view = view[self._socket.send(view) :]
                except _NOT_YET as error:
                    self._wait(
                        select.POLLIN if isinstance(error, ssl.SSLWantReadError) else select.POLLIN | select.POLLOUT, seconds
                    )
                    if not self.listen(incoming):
                        return False
        except TimeoutError:
            raise httpx.WriteTimeout("timed out") from None
        except OSError as error:
            raise httpx.WriteError(str(error)) from error
        return True

    def listen(self, incoming: Incoming) -> bool:
        """Hear whether an answer has come already; return False if so."""
        try:
            data = self._socket.recv(READ)
        except _NOT_YET:
            return True
        except OSError as error:
            raise httpx.WriteError(str(error)) from error
        incoming.receive(data)
        return not incoming.status

    def receive(self, most: int, seconds: float) -> bytes:
        """Return what comes next, nothing at the end."""
        try:
            if not self._tls:
                self._wait(select.POLLIN, seconds)
            while True:
                try:
                    return self._socket.recv(most)
                except _NOT_YET as error:
                    self._wait(select.POLLOUT if isinstance(error, ssl.SSLWantWriteError) else select.POLLIN, seconds)
        except TimeoutError:
            raise httpx.ReadTimeout("timed out") from None
        except OSError as error:
            raise httpx.ReadError(str(error)) from error

    def receive_into(self, view: memoryview, seconds: float) -> int:
        """Wait for something, and fill a buffer with what is there by then. Return how much came, 0 at the end.

        The fewer pieces, the less often threads wait for each other; and TLS gives only 16 KiB at a time.
        """
        count = 0
        try:
            while count < len(view):
                try:
                    received = self._socket.recv_into(view[count:])
                except _NOT_YET as error:
                    if count:
                        break
                    self._wait(select.POLLOUT if isinstance(error, ssl.SSLWantWriteError) else select.POLLIN, seconds)
                else:
                    count += received
                    if not received:
                        break
        except TimeoutError:
            raise httpx.ReadTimeout("timed out") from None
        except OSError as error:
            if not count:
                raise httpx.ReadError(str(error)) from error
        return count

    def cut(self) -> None:
        """End it, from any thread: whoever waits for it wakes up."""
        with contextlib.suppress(OSError):
            # Not SSLSocket's own, which takes the session from under the thread that uses it.
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    def close(self) -> None:
        """Close it."""
        self._socket.close()


class Lane:
    """The connections to one server."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._permits = threading.Semaphore(origin.max_connections)
        self._lock = threading.Lock()
        self._idle: list[Connection] = []
        self._busy: set[Connection] = set()
        self._ended = False

    def send(self, outgoing: Outgoing, feed: Callable[[Body], Iterator[bytes | memoryview]]) -> LaneReply:
        """Send a request and wait for the head of its answer.

        Raises:
            httpx.TransportError: There is none.
        """
        incoming = Incoming(outgoing.method)
        timeout = outgoing.timeout
        head = request_head(outgoing.method, outgoing.target, outgoing.fields)
        connection = self._take(timeout)
        try:
            chunks = feed(outgoing.body) if outgoing.body is not None else iter((outgoing.content,))
            first = next(chunks, b"") if outgoing.body is None or outgoing.body.length <= SMALL else b""
            # The token is in no variable here, whose value a traceback could show.
            view = memoryview(b"".join((head, outgoing.auth.field if outgoing.auth else b"", b"\r\n", first)))
            whole = False
            with contextlib.suppress(httpx.WriteError):  # the server may have said why before it hung up
                whole = connection.send(view, timeout.write, incoming) and _send_all(connection, chunks, timeout.write, incoming)
            while not incoming.status:
                incoming.receive(connection.receive(READ, timeout.read))
        except BaseException:
            self.put_away(connection, reusable=False)
            raise
        return LaneReply(self, connection, incoming, timeout.read, whole=whole)

    def _take(self, timeout: Timeout) -> Connection:
        """Return an idle connection that still stands, or a new one."""
        if not self._permits.acquire(timeout=min(timeout.pool, threading.TIMEOUT_MAX)):
            raise httpx.PoolTimeout("timed out")
        connection = None
        try:
            while (connection := self._pop()) is not None and not connection.is_quiet():
                connection.close()
            if connection is None:
                connection = Connection(connect(self._origin, timeout.connect))
            with self._lock:
                self._busy.add(connection)
                if self._ended:
                    connection.cut()
        except BaseException:
            if connection is not None:
                connection.close()
            self._permits.release()
            raise
        return connection

    def _pop(self) -> Connection | None:
        """Take the idle connection that was used last; those that were idle for too long are closed."""
        oldest = time.monotonic() - self._origin.keepalive_expiry
        with self._lock:
            expired = 0
            while expired < len(self._idle) and self._idle[expired].idle_since < oldest:
                expired += 1
            old, self._idle = self._idle[:expired], self._idle[expired:]
            found = self._idle.pop() if self._idle else None
        for connection in old:
            connection.close()
        return found

    def put_away(self, connection: Connection, *, reusable: bool) -> None:
        """Keep a connection for the next request, or close it."""
        with self._lock:
            self._busy.discard(connection)
            kept = reusable and not self._ended
            if kept:
                connection.idle_since = time.monotonic()
                self._idle.append(connection)
        if not kept:
            connection.close()
        self._permits.release()

    def cut(self) -> None:
        """End what is being done, and whatever is begun later, from any thread."""
        with self._lock:
            self._ended = True
            for connection in self._busy:
                connection.cut()  # its socket is closed by who uses it: a number that is free again may be another one's

    def close(self) -> None:
        """Close what is idle, and cut what is being used."""
        self.cut()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()


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
        self._buffer: memoryview | None = None

    def read(self) -> bytes | memoryview:
        """Return what comes next of the body; none at its end. A view is good until the next call.

        Raises:
            httpx.TransportError: It was cut, or nothing came in time.
        """
        incoming, connection = self._incoming, self._connection
        while connection is not None and not incoming.complete:
            if chunk := incoming.take():
                return chunk
            if incoming.complete:
                break
            if incoming.framed:
                incoming.receive(connection.receive(READ, self._seconds))
            elif incoming.left <= READ:
                chunk = connection.receive(incoming.left, self._seconds)
                incoming.moved(len(chunk))
                return chunk
            else:
                if self._buffer is None:
                    self._buffer = memoryview(bytearray(BUFFER))
                count = connection.receive_into(self._buffer[: incoming.left], self._seconds)
                incoming.moved(count)
                return self._buffer[:count]
        return b""

    def close(self) -> None:
        """Let go of the answer. The connection is kept if there is no doubt about its state."""
        connection, self._connection = self._connection, None
        if connection is not None:
            self._lane.put_away(connection, reusable=self._whole and self._incoming.reusable)


def _send_all(connection: Connection, chunks: Iterator[bytes | memoryview], seconds: float, incoming: Incoming) -> bool:
    """Send a body, piece by piece. Return False if an answer came first."""
    for chunk in chunks:
        if not connection.is_quiet() and not connection.listen(incoming):
            return False
        if not connection.send(memoryview(chunk), seconds, incoming):
            return False
    return True
