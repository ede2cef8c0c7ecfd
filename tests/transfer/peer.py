"""What the kernel holds for the other end of a connection on this machine: so a test need not wait for a client, or guess."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import termios
from collections.abc import Callable
from contextlib import suppress

_SOCK_DIAG = 4
_BY_FAMILY, _ERROR, _REQUEST = 20, 2, 1
_ANY = 0xFFFFFFFF
_STATE, _QUEUES = 17, 72
"""Where the answer to a question about one socket has these (sock_diag(7))."""
_CLOSE_WAIT = 8


def unread(connection: socket.socket) -> int | None:
    """Return the bytes that were sent here and not read there; None if that cannot be known."""
    found = _peer(connection)
    return found[1] if found else None


def knows_the_end(connection: socket.socket) -> bool:
    """Tell whether the other end could see by now that this one has hung up. Also if it cannot be known."""
    found = _peer(connection)
    return found is None or found[0] == _CLOSE_WAIT


def wait_until_there(connection: socket.socket) -> None:
    """Wait until all that was sent has reached the other end, read or not."""
    with suppress(OSError, ValueError):  # who hears of it at once may have ended the connection by now
        wait_until(lambda: fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)) == bytes(4))


def wait_until(holds: Callable[[], bool]) -> None:
    """Let others run until it holds: what is waited for is on its way and needs no time of its own."""
    while not holds():
        os.sched_yield()


def wait_until_taken(connection: socket.socket) -> None:
    """Wait until the other end has read all that was sent."""
    wait_until(lambda: not unread(connection))


def _peer(connection: socket.socket) -> tuple[int, int] | None:
    """Ask for state and unread bytes of the other end; None if it is gone, or the kernel is not one that can be asked."""
    if not hasattr(socket, "AF_NETLINK"):
        return None
    family = connection.family
    try:
        there, here = connection.getpeername(), connection.getsockname()
    except OSError:
        return None
    ports = struct.pack("!HH", there[1], here[1])
    addresses = b"".join(socket.inet_pton(family, end[0]).ljust(16, b"\0") for end in (there, here))
    asked = struct.pack("=BBBBI", family, socket.IPPROTO_TCP, 0, 0, _ANY) + ports + addresses + struct.pack("=III", 0, _ANY, _ANY)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_DGRAM, _SOCK_DIAG) as kernel:
            kernel.send(struct.pack("=IHHII", 16 + len(asked), _BY_FAMILY, _REQUEST, 1, 0) + asked)
            answer = kernel.recv(4096)
    except OSError:
        return None
    if struct.unpack_from("=H", answer, 4)[0] == _ERROR:
        return None
    return answer[_STATE], struct.unpack_from("=I", answer, _QUEUES)[0]
