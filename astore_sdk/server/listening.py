"""Accepting connections.

asyncio's own server goes on accepting when the process has no descriptors left, thousands of times a second, and logs
each time; and it takes up to two thousand connections before the first of them is looked at.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from astore_sdk.server.crowd import Crowd

# So few at a time that they are counted before they are many.
_AT_A_TIME = 8
_RETRY_SECONDS = 0.1


class Listener:
    """Accepts the connections of a listening socket, until it is closed."""

    def __init__(self, listening: socket.socket, make: Callable[[], asyncio.Protocol], crowd: Crowd, backlog: int) -> None:
        self._listening = listening
        self._make = make
        self._crowd = crowd
        self._loop = asyncio.get_running_loop()
        self._arriving: set[asyncio.Task[None]] = set()
        self._retry: asyncio.TimerHandle | None = None
        listening.setblocking(False)
        listening.listen(backlog)
        self._loop.add_reader(listening.fileno(), self._accept)

    def close(self) -> None:
        """Accept no more; the socket is its owner's to close."""
        if self._retry is not None:
            self._retry.cancel()
        if self._listening.fileno() >= 0:
            self._loop.remove_reader(self._listening.fileno())

    async def wait_closed(self) -> None:
        """Wait for the connections that were accepted just before."""
        if self._arriving:
            await asyncio.wait(self._arriving)

    def _accept(self) -> None:
        for _ in range(_AT_A_TIME):
            try:
                accepted, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                # Out of descriptors or memory, or an error of the network that accept(2) passes on.
                self._wait(error)
                return
            accepted.setblocking(False)
            task = self._loop.create_task(self._connect(accepted))
            self._arriving.add(task)
            task.add_done_callback(self._arriving.discard)

    async def _connect(self, accepted: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, accepted)
        except OSError:
            accepted.close()

    def _wait(self, error: OSError) -> None:
        """Leave the others in the queue of the system until something has been closed."""
        self._crowd.complain(f"no connection can be accepted: {os.strerror(error.errno or 0)}; trying again")
        self._crowd.make_room()
        self._loop.remove_reader(self._listening.fileno())
        self._retry = self._loop.call_later(_RETRY_SECONDS, self._again)

    def _again(self) -> None:
        self._retry = None
        self._loop.add_reader(self._listening.fileno(), self._accept)
