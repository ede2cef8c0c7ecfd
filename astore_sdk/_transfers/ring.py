"""A ring of buffers that bytes pass through on their way from a flow to a worker beside it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import cast

from .._core.flow import Steps, Wait
from ..config import MIB

SLOT = MIB
SLOTS = 3


class Ring:
    """Buffers that are filled by a flow and emptied by a worker, in order. There are three of 1 MiB: who is faster waits."""

    def __init__(self) -> None:
        self._made = 0
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._full: SimpleQueue[memoryview | None] = SimpleQueue()
        self._emptied = threading.Event()

    def put(self, chunk: bytes | memoryview) -> Steps[None]:
        """Copy bytes into the ring."""
        view = memoryview(chunk)
        while view:
            some, view = view[:SLOT], view[SLOT:]
            buffer = yield from self._buffer()
            buffer[: len(some)] = some
            self._full.put(buffer[: len(some)])

    def _buffer(self) -> Steps[memoryview]:
        if self._made < SLOTS and self._free.empty():
            self._made += 1
            return memoryview(bytearray(SLOT))
        return cast("memoryview", (yield Wait(self._free.get)))

    def empty(self, take: Callable[[memoryview], object]) -> None:
        """Hand on what is put in, until the end. For the worker."""
        try:
            while (filled := self._full.get()) is not None:
                take(filled)
                self._free.put(memoryview(filled.obj))
        finally:
            self._emptied.set()

    def end(self) -> None:
        """Say that nothing more will come."""
        self._full.put(None)

    def wait_until_empty(self) -> Steps[None]:
        """Wait until the worker has handed on everything and has ended."""
        yield Wait(self._emptied.wait)
