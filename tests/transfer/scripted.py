"""A real HTTP server on loopback that answers by script, byte for byte: also what no decent server would send."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import BinaryIO, Self

from attrs import evolve, field, frozen

from .peer import knows_the_end, wait_until, wait_until_taken, wait_until_there

Headers = Mapping[str, str]


@frozen
class Heard:
    """A request as it came."""

    method: str
    target: str
    headers: Headers
    """Names in lower case."""
    body: bytes = b""
    head: bytes = b""
    """Request line and fields, byte for byte."""
    connection: int = 0
    """On which of the connections it came, counted from 1."""


@frozen
class Reply:
    """What a request meets. With `cut`, the connection ends after so many bytes of it; 0 is no answer at all."""

    status: int = 200
    body: bytes = b""
    headers: Headers = field(factory=dict)
    first: bytes = b""
    """Sent before the head: informational answers."""
    framing: str = "length"
    """How the body's end is told: by its `length`, in `chunks`, or only by the `close` of the connection."""
    cut: int | None = None
    reset: bool = False
    """The connection does not just end, it breaks (RST)."""
    stall: bool = False
    """It does not end either: nothing more comes."""
    unread: bool = False
    """The request's body is not read."""
    late: bool = False
    """It is read, but only when the answer is on its way; then the connection ends."""
    raw: tuple[bytes, ...] = ()
    """Sent in place of head and body, whatever HTTP says of it: each piece when the one before it has been read."""

    def head(self) -> bytes:
        """Everything before the body."""
        lines = [f"HTTP/1.1 {self.status} {_phrase(self.status)}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        told = {name.lower() for name in self.headers} | ({"content-length"} if self.status in (204, 304) else set())
        if self.framing == "length" and "content-length" not in told:
            lines.append(f"Content-Length: {len(self.body)}")
        if self.framing == "chunks":
            lines.append("Transfer-Encoding: chunked")
        if self.framing == "close":
            lines.append("Connection: close")
        return self.first + "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"

    def bytes_for(self, method: str) -> bytes:
        """All that would be sent if nothing went wrong."""
        if self.raw:
            return b"".join(self.raw)
        if method == "HEAD":
            return self.head()
        if self.framing == "chunks":
            return self.head() + (b"%x\r\n%s\r\n" % (len(self.body), self.body) if self.body else b"") + b"0\r\n\r\n"
        return self.head() + self.body


VANISH = Reply(cut=0)
"""The connection ends without an answer."""
BREAK = Reply(cut=0, reset=True)
"""The connection breaks without an answer."""

Script = Iterable[Reply] | Callable[[Heard], Reply]


class ScriptedServer:
    """Answers each request with the next reply of its script, or with what a function says to it. `heard` keeps the requests."""

    def __init__(
        self,
        script: Script = (),
        *,
        listening: bool = True,
        host: str = "127.0.0.1",
        tls: ssl.SSLContext | None = None,
        window: int | None = None,
    ) -> None:
        self.heard: list[Heard] = []
        self.connections = 0
        self.play(script)
        self._lock = threading.Lock()
        self._open: dict[int, socket.socket] = {}
        self._ended_there: dict[int, threading.Event] = {}
        self._threads: list[threading.Thread] = []
        self._ended = False
        self._listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        if window is not None:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self._listener.bind((host, 0))
        self.port: int = self._listener.getsockname()[1]
        self._tls = tls
        self.url = f"http{'s' if tls else ''}://{f'[{host}]' if ':' in host else host}:{self.port}"
        if listening:
            self.listen()

    def play(self, script: Script) -> None:
        """Begin another script."""
        if callable(script):
            self._next = script
        else:
            replies = iter(script)

            def following(heard: Heard) -> Reply:
                with self._lock:
                    return _following(replies, heard)

            self._next = following
        self.heard.clear()

    def listen(self) -> None:
        """Take connections; until then they are refused."""
        self._listener.listen(256)
        self._spawn(self._accept)

    def push(self, number: int, data: bytes) -> None:
        """Send something on an idle connection that nobody asked for, and see that it is there for the client to find."""
        connection = self._open[number]
        connection.sendall(data)
        wait_until_there(connection)

    def hang_up(self, number: int) -> None:
        """End an idle connection, and see that the client can know."""
        connection = self._open[number]
        connection.shutdown(socket.SHUT_WR)
        wait_until(lambda: knows_the_end(connection))

    def is_open(self, number: int) -> bool:
        """Tell whether a connection is still open."""
        return number in self._open

    def let_go(self, number: int) -> bool:
        """Wait until a connection is closed by the client, too. False if that never happens."""
        return self._ended_there[number].wait(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ended = True
        with self._lock:
            for connection in self._open.values():
                _shut(connection)
        _shut(self._listener)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _spawn(self, target: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="scripted-server")
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while not self._ended:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                if self._ended:
                    connection.close()
                    return
                self.connections += 1
                self._open[self.connections] = connection
                self._ended_there[self.connections] = threading.Event()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._spawn(self._serve, connection, self.connections)

    def _serve(self, connection: socket.socket, number: int) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection.makefile("rb") as stream:
                while self._answer(connection, number, stream):
                    pass
        except OSError:
            pass  # the client has gone
        finally:
            with self._lock:
                del self._open[number]
            connection.close()
            self._ended_there[number].set()

    def _answer(self, connection: socket.socket, number: int, stream: BinaryIO) -> bool:
        heard = _head(stream)
        if heard is None:
            return False
        heard = evolve(heard, connection=number)
        reply = self._next(heard)
        with self._lock:
            place = len(self.heard)
            self.heard.append(heard)
        if not (reply.unread or reply.late):
            length = int(heard.headers.get("content-length", 0))
            self.heard[place] = heard = evolve(heard, body=stream.read(length))
            if len(heard.body) < length:
                return False
        if len(reply.raw) > 1:
            for piece in reply.raw[:-1]:
                connection.sendall(piece)
                wait_until_taken(connection)
            connection.sendall(reply.raw[-1])
        else:
            content = reply.bytes_for(heard.method)
            connection.sendall(content if reply.cut is None else content[: reply.cut])
        if reply.stall:
            if reply.unread:
                wait_until_taken(connection)  # before there is room for the rest of the request
            while connection.recv(65536):
                pass
        if reply.late:
            connection.shutdown(socket.SHUT_WR)
            while stream.read(65536):
                pass
        if reply.reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return not (reply.reset or reply.unread or reply.late or reply.cut is not None or reply.framing == "close")


def _head(stream: BinaryIO) -> Heard | None:
    head = line = stream.readline()
    if line.count(b" ") < 2:
        return None  # it is the end, or no request
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers: dict[str, str] = {}
    while (line := stream.readline()).strip():
        head += line
        name, _, value = line.decode("latin-1").partition(":")
        headers[name.strip().lower()] = value.strip()
    return Heard(method, target, headers, head=head + line)


def _following(replies: Iterator[Reply], heard: Heard) -> Reply:
    unknown = f"not in the script: {heard.method} {heard.target}"
    return next(replies, Reply(418, unknown.encode(), {"Content-Type": "text/plain"}))


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unheard Of"


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # it may be down already
        connection.shutdown(socket.SHUT_RDWR)
