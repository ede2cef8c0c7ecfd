"""Telling a client that reads slowly from one that does not read."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    import socket


class UnreadAnswer:
    """Watches what a connection still has to send; anything that gets less of it is life.

    What the system holds is looked at too: it takes bytes from us again only when a good part of its buffer is free,
    which may be a megabyte, and a slow client needs minutes for that.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._mark: tuple[int, int] | None = None
        self._since = 0.0

    def for_seconds(self, now: float) -> float:
        """Say for how long nothing has moved, 0 if nothing has to; ask again now and then."""
        ours = self._transport.get_write_buffer_size()
        if not ours:
            self._mark = None
            return 0
        mark = (ours, _held_by_system(self._transport))
        if mark != self._mark:
            self._mark, self._since = mark, now
        return now - self._since


def _held_by_system(transport: asyncio.Transport) -> int:
    """Give the bytes that the system has not yet brought to the other side, where it tells (Linux); else 0."""
    if sys.platform != "linux":
        return 0
    import fcntl
    import termios

    opened: socket.socket = transport.get_extra_info("socket")
    try:
        return int.from_bytes(fcntl.ioctl(opened.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    except OSError:
        return 0
