"""Requests written out as bytes, and every answer to them until the connection is closed."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING

from .wire import PROBLEM_FIELDS, connect

if TYPE_CHECKING:
    from astore_sdk.server import BackgroundServer

# What must never be executed where a body should be.
HIDDEN = "PUT /s3/{bucket}/smuggled HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1\r\n\r\nx"


def chunked(data: bytes, size: int = 7, trailers: str = "") -> bytes:
    pieces = [data[place : place + size] for place in range(0, len(data), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + f"0\r\n{trailers}\r\n".encode()


def answers(server: BackgroundServer, *sent: bytes, methods: tuple[str, ...] = ()) -> list[tuple[int, dict[str, str], bytes]]:
    """Send bytes, and read answers until the server closes the connection; `methods` says which are to HEAD."""
    with connect(server) as opened:
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            for piece in sent:
                opened.sendall(piece)
        except ConnectionError:
            pass  # The answer came while we were still talking.
        received = b""
        try:
            while more := opened.recv(1 << 20):
                received += more
        except ConnectionResetError:
            pass
    found: list[tuple[int, dict[str, str], bytes]] = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        line, *lines = head.decode().split("\r\n")
        fields = {name.lower(): value.strip() for name, _, value in (each.partition(":") for each in lines)}
        status = int(line.split()[1])
        bodiless = len(found) < len(methods) and methods[len(found)] == "HEAD"
        length = 0 if bodiless or status in {100, 204, 304} else int(fields["content-length"])
        found.append((status, fields, received[:length]))
        received = received[length:]
    return found


def refused(server: BackgroundServer, *sent: bytes, status: int) -> dict[str, object]:
    """See that bytes get one answer, a problem with this status, and the connection is closed."""
    got = answers(server, *sent)
    assert [each[0] for each in got] == [status], got
    _, fields, body = got[0]
    assert fields["connection"] == "close"
    assert fields["content-type"] == "application/problem+json"
    problem: dict[str, object] = json.loads(body)
    assert set(problem) == PROBLEM_FIELDS
    assert problem["status"] == status
    assert problem["requestId"] == fields["x-request-id"]
    return problem


def last(path: str = "/health/live") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
