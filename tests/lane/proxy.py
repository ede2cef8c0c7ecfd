"""A small proxy on loopback: CONNECT, and whole URLs, which it answers itself."""

from __future__ import annotations

import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import BinaryIO, Self

ANSWER = b'{"buckets": [{"name": "by proxy"}]}'


class Proxy:
    """Connects to whatever port is named, on loopback. `asked` keeps the request lines, `headers` the fields of the last one."""

    def __init__(self, refusal: bytes = b"") -> None:
        self.asked: list[str] = []
        self.headers: Mapping[str, str] = {}
        self._refusal = refusal
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):  # it may be down already
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._sockets):
            each.close()

    def _spawn(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, name="proxy")
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._sockets.append(connection)
                self._spawn(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with suppress(OSError), connection.makefile("rb", buffering=0) as stream:
            while line := _head(stream):
                first, *fields = line
                self.asked.append(first)
                self.headers = {name.lower(): value for name, _, value in (field.partition(": ") for field in fields)}
                if self._refusal:
                    connection.sendall(self._refusal)
                    break
                if first.startswith("CONNECT "):
                    self._tunnel(connection, int(first.split()[1].rpartition(":")[2]))
                    break
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))
            connection.shutdown(socket.SHUT_RDWR)

    def _tunnel(self, connection: socket.socket, port: int) -> None:
        far = socket.create_connection(("127.0.0.1", port))
        self._sockets.append(far)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        self._spawn(_pump, far, connection)
        _pump(connection, far)


def _head(stream: BinaryIO) -> list[str]:
    lines: list[str] = []
    while line := stream.readline().strip():
        lines.append(line.decode("latin-1"))
    return lines


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
