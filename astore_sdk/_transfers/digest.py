"""The SHA-256 of a whole that comes in order, each byte hashed once."""

from __future__ import annotations

import hashlib
from functools import partial

from .._core.flow import Steps, work
from .._core.workers import Crew
from ..config import MIB
from .ring import Ring

AT_ONCE = MIB // 16
"""Bytes in memory that are hashed where the flow runs: to ask a thread would take longer."""
BEGINNING = 16
"""Bytes of a whole that are kept as they pass by."""
ASIDE = 4 * MIB
"""A download of more bytes than this is hashed beside the flow that receives it."""


class RunningDigest:
    """Hashes bytes as they come. Bytes that come again, because they are sent again, are passed over."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.position = 0
        """Bytes hashed so far."""
        self.beginning = b""
        """The first of them, `BEGINNING` at most."""

    def feed(self, offset: int, chunk: bytes | memoryview) -> None:
        """Take the bytes at this offset; they may begin before, but not behind, what was hashed so far."""
        if offset > self.position:
            raise ValueError(f"bytes {self.position} to {offset} were never hashed")
        fresh = memoryview(chunk)[self.position - offset :]
        if fresh:
            if self.position < BEGINNING:
                self.beginning += bytes(fresh[: BEGINNING - self.position])
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
        self._ring: Ring | None = None

    @property
    def is_aside(self) -> bool:
        """Whether a worker does it."""
        return self._ring is not None

    def begin_aside(self, crew: Crew) -> None:
        """Let a worker do it from now on, until `finish` or `release`."""
        if crew.parallel and self._ring is None:
            self._ring = Ring()
            crew.submit(work(partial(self._ring.empty, self._add)), lambda _: None, local=True)

    def feed(self, chunk: bytes | memoryview) -> Steps[None]:
        """Take the next bytes; a view need not stay good for longer than this."""
        if self._ring is not None:
            yield from self._ring.put(chunk)
        elif len(chunk) <= AT_ONCE:
            self._add(chunk)
        else:
            yield from work(partial(self._add, chunk))

    def _add(self, chunk: bytes | memoryview) -> None:
        self.running.feed(self.running.position, chunk)

    def finish(self) -> Steps[str]:
        """Return the digest of everything, as `sha256:HEX`."""
        if self._ring is not None:
            self._ring.end()
            yield from self._ring.wait_until_empty()
            self._ring = None
        return self.running.value

    def release(self) -> None:
        """Let the worker go, if there is one: he ends when he has hashed what he was given."""
        if self._ring is not None:
            self._ring.end()
