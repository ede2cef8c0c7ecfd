"""Reading an object like a file: which bytes are at hand, and which to fetch next. Pure."""

from __future__ import annotations

import io

from attrs import define, field

from ...config import MIB

LEAST_AHEAD = MIB // 4
MOST_AHEAD = 8 * MIB


@define
class Window:
    """The part of an object that is at hand, and a position in the whole.

    Each fetch that goes on where the last one ended brings twice as much, up to 8 MiB; one that begins elsewhere brings 256 KiB. So
    reading through takes few requests, and jumping about moves few bytes.
    """

    size: int
    """Bytes in the whole object."""
    position: int = field(default=0, init=False)
    _start: int = field(default=0, init=False)
    _data: bytes = field(default=b"", init=False, repr=False)
    _ahead: int = field(default=LEAST_AHEAD, init=False)

    @property
    def end(self) -> int:
        """Where what is at hand ends."""
        return self._start + len(self._data)

    def take(self, most: int) -> memoryview:
        """Return what is at hand from the position on, at most so many bytes, and move behind it."""
        begin = self.position - self._start
        found = memoryview(self._data)[begin : begin + most] if 0 <= begin < len(self._data) else memoryview(b"")
        self.position += len(found)
        return found

    def missing(self, most: int) -> tuple[int, int] | None:
        """Return the interval to fetch so that `take` finds something, None at the object's end."""
        if self.position >= self.size or most <= 0:
            return None
        going_on = self.position == self.end and self.end > 0
        self._ahead = min(self._ahead * 2, MOST_AHEAD) if going_on else LEAST_AHEAD
        return self.position, min(self.position + max(self._ahead, min(most, MOST_AHEAD)), self.size)

    def fill(self, start: int, data: bytes) -> None:
        """Hold what was fetched, in place of what was at hand."""
        self._start, self._data = start, data

    def seek(self, offset: int, whence: int) -> int:
        """Move the position, and return it."""
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self.position, io.SEEK_END: self.size}
        if whence not in bases:
            raise ValueError(f"whence is 0, 1 or 2, not {whence}")
        if bases[whence] + offset < 0:
            raise ValueError(f"{bases[whence] + offset} is before the object's begin")
        self.position = bases[whence] + offset
        return self.position
