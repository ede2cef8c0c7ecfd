"""The SHA-256 of a whole that comes in order, each byte hashed once."""

from __future__ import annotations

import hashlib
from collections import deque
from functools import partial

from attrs import define, field

from .._transport.crew import Crew
from .._transport.steps import Steps, work
from ..config import MIB

AT_ONCE = MIB // 16
"""Bytes in memory that are hashed where the flow runs: to ask a thread would take longer."""
ASIDE = 4 * MIB
"""A download of more bytes than this is hashed beside the flow that receives it; so many wait for their turn at most."""


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


@define
class Hashing:
    """Hashes what a flow receives, in its order."""

    crew: Crew | None = None
    """Who does it beside the flow; without one it is done in between."""
    _digest: RunningDigest = field(factory=RunningDigest, init=False)
    _waiting: deque[bytes] = field(factory=deque[bytes], init=False)
    _untold: int = field(default=0, init=False)
    """Bytes that were handed on and not told to be done."""

    def feed(self, chunk: bytes | memoryview) -> Steps[None]:
        """Take the next bytes; a view need not stay good for longer than this."""
        if self.crew is not None:
            while self._untold >= ASIDE:
                yield from self.crew.attend()
            self._untold += len(chunk)
            self._waiting.append(bytes(chunk))
            self.crew.submit(work(self._add_next), self._added, local=True)
        elif len(chunk) <= AT_ONCE:
            self._add(chunk)
        else:
            yield from work(partial(self._add, chunk))

    def _add(self, chunk: bytes | memoryview) -> int:
        self._digest.feed(self._digest.position, chunk)
        return len(chunk)

    def _add_next(self) -> int:
        return self._add(self._waiting.popleft())

    def _added(self, count: int) -> None:
        self._untold -= count

    def finish(self) -> Steps[str]:
        """Return the digest of everything, as `sha256:HEX`."""
        while self.crew is not None and self._untold:
            yield from self.crew.attend()
        return self._digest.value

    def lose_crew(self) -> None:
        """Do what a crew that was stopped has not done."""
        self.crew, self._untold = None, 0
        while self._waiting:
            self._add_next()

    @property
    def running(self) -> RunningDigest:
        """The digest itself, for bytes that are hashed elsewhere."""
        return self._digest
