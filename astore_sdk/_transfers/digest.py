"""The SHA-256 of a whole that comes in order, each byte hashed once."""

from __future__ import annotations

import hashlib
import threading
from functools import partial
from queue import SimpleQueue
from typing import cast

from .._transport.crew import Crew
from .._transport.steps import Steps, Wait, work
from ..config import MIB

AT_ONCE = MIB // 16
"""Bytes in memory that are hashed where the flow runs: to ask a thread would take longer."""
ASIDE = 4 * MIB
"""A download of more bytes than this is hashed beside the flow that receives it."""
SLOT = MIB
SLOTS = 4
"""Buffers of the ring that what is received goes through on its way to be hashed, and how many there are."""


class RunningDigest:
    """Hashes bytes as they come. Bytes that come again, because they are sent again, are passed over."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.position = 0
        """Bytes hashed so far."""

    def feed(self, offset: int, chunk: bytes | memoryview) -> None:
        """Take the bytes at this offset; they may begin before, but not behind, what was hashed so far."""
        if offset > self.position:
            raise ValueError(f"bytes {self.position} to {offset} were never hashed")
        fresh = memoryview(chunk)[self.position - offset :]
        if fresh:
            self._hash.update(fresh)
            self.position += len(fresh)

    @property
    def value(self) -> str:
        """The digest of what came so far, as `sha256:HEX`."""
        return f"sha256:{self._hash.hexdigest()}"


class Hashing:
    """Hashes what a flow receives, in its order: in between, or beside it on a worker's thread."""

    def __init__(self) -> None:
        self.running = RunningDigest()
        """The digest itself, for bytes that are hashed elsewhere."""
        self.is_aside = False
        """Whether a worker does it."""
        self._made = 0
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        self._full: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()
        self._ended = threading.Event()

    def begin_aside(self, crew: Crew) -> None:
        """Let a worker do it from now on, until `finish` or `release`."""
        if crew.parallel and not self.is_aside:
            self.is_aside = True
            crew.submit(work(self._hash_all), lambda _: None, local=True)

    def feed(self, chunk: bytes | memoryview) -> Steps[None]:
        """Take the next bytes; a view need not stay good for longer than this."""
        if not self.is_aside:
            if len(chunk) <= AT_ONCE:
                self._add(chunk)
            else:
                yield from work(partial(self._add, chunk))
            return
        view = memoryview(chunk)
        while view:
            buffer = yield from self._buffer()
            some, view = view[:SLOT], view[SLOT:]
            buffer[: len(some)] = some
            self._full.put((buffer, len(some)))

    def _buffer(self) -> Steps[memoryview]:
        if self._made < SLOTS and self._free.empty():
            self._made += 1
            return memoryview(bytearray(SLOT))
        return cast("memoryview", (yield Wait(self._free.get)))

    def _hash_all(self) -> None:
        try:
            while (filled := self._full.get()) is not None:
                buffer, size = filled
                self._add(buffer[:size])
                self._free.put(buffer)
        finally:
            self._ended.set()

    def _add(self, chunk: bytes | memoryview) -> None:
        self.running.feed(self.running.position, chunk)

    def finish(self) -> Steps[str]:
        """Return the digest of everything, as `sha256:HEX`."""
        if self.is_aside:
            self.release()
            yield Wait(self._ended.wait)
            self.is_aside = False
        return self.running.value

    def release(self) -> None:
        """Let the worker go, who ends when he has hashed what he was given."""
        self._full.put(None)
