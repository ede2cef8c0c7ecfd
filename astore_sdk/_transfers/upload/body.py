"""A stretch of a source as the body of a request, and its digest."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from attrs import define, field

from ..._core.flow import Steps, work
from ..digest import AT_ONCE, RunningDigest
from .source import Source


@define
class SourceBody:
    """A stretch of a source as the body of a request."""

    source: Source
    offset: int
    length: int
    moved: Callable[[int], object] = lambda _position: None
    """Hears how many of its bytes were handed to the network. What it returns is awaited if it can be."""
    _position: int = field(default=0, init=False)

    @classmethod
    def whole(cls, source: Source, moved: Callable[[int], object] = lambda _position: None) -> SourceBody:
        """Return all of a source."""
        return cls(source, 0, source.size, moved)

    @property
    def in_memory(self) -> bool:
        """Whether reading it never waits for a disk."""
        return self.source.in_memory

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Read it from its start. A view is good until the next one."""
        self._position = 0
        return self.source.chunks(self.offset, self.length)

    def sent(self, count: int) -> object:
        """Count what was handed to the network."""
        self._position += count
        return self.moved(self._position)

    def hash(self, *digests: RunningDigest) -> Steps[None]:
        """Add its bytes to digests."""
        chunks = self.chunks()
        left = self.length
        if self.in_memory and left <= AT_ONCE:
            for chunk in chunks:
                for digest in digests:
                    digest.feed(digest.position, chunk)
            return

        def some() -> int:
            chunk = next(chunks)
            for digest in digests:
                digest.feed(digest.position, chunk)
            return len(chunk)

        while left:
            left -= yield from work(some)

    def sha256(self) -> Steps[str]:
        """Return its digest, as `sha256:HEX`."""
        digest = RunningDigest()
        yield from self.hash(digest)
        return digest.value
