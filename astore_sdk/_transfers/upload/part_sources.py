"""Where the parts of a multipart upload come from."""

from __future__ import annotations

from ..._core.flow import Steps
from ...exceptions import SourceChangedError
from ..plan import MAX_PARTS, PlannedPart, part_size_for, plan_parts, stream_part_size
from ..spool import SPOOLED
from .body import SourceBody
from .source import Feed, FileSource, Source


class SourceParts:
    """The parts of a source: read when they are sent, and again if need be."""

    def __init__(self, source: Source, part_size: int) -> None:
        self.source = source
        self.part_size = part_size_for(source.size, part_size)
        self._plan = plan_parts(source.size, part_size)

    def following(self) -> Steps[SourceBody | None]:
        """Return the next part, None at the end."""
        yield from ()
        part = next(self._plan, None)
        return self.part(part) if part else None

    def part(self, part: PlannedPart) -> SourceBody:
        """Return one part."""
        return SourceBody(self.source, part.offset, part.length)

    def every(self) -> list[PlannedPart]:
        """List all parts."""
        return list(plan_parts(self.source.size, self.part_size))

    def window(self, crew: int) -> int:
        """Return how many parts may be begun and not done: what is hashed shall still be in the system's cache from its sending."""
        return 4 * crew

    def release(self, body: SourceBody) -> None:
        """Keep the source: its next part comes from it too."""

    def check(self, _size: int) -> None:
        """Raise a SourceChangedError if the source is not what it was."""
        self.source.check()


class FeedParts:
    """The parts of a feed, each spooled until it is sent and hashed."""

    def __init__(self, feed: Feed, size: int | None, part_size: int, *, file: FileSource | None = None) -> None:
        self._feed = feed
        self._file = file
        self._size = size
        self._part_size = part_size
        self._count = 0

    def following(self) -> Steps[SourceBody | None]:
        """Return the next part, None at the end."""
        self._count += 1
        if self._size is None:
            length = stream_part_size(self._count, self._part_size)
        else:
            length = part_size_for(self._size, self._part_size)
        in_memory = length if length <= min(self._part_size, SPOOLED) else 0  # where parts have grown, memory has not
        source = yield from self._feed.take(length, in_memory)
        if not source.size:
            source.close()
            return None
        if self._count > MAX_PARTS:
            source.close()
            raise SourceChangedError(f"data did not end where it should: more than {MAX_PARTS} parts")
        return SourceBody.whole(source)

    def window(self, crew: int) -> int:
        """Return how many parts may be begun and not done: this is what bounds memory."""
        return crew

    def release(self, body: SourceBody) -> None:
        """Drop what was spooled."""
        body.source.close()

    def check(self, size: int) -> None:
        """Raise a SourceChangedError if the feed did not have what was said."""
        if self._size is not None and size != self._size:
            raise SourceChangedError(f"size was {self._size}, but data had {size} bytes")
        if self._file is not None:
            self._file.check()
