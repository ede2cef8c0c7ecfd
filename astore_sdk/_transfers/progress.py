"""What a transfer tells its caller: a running total that never falls and ends at the total."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from attrs import define, field

from ..types import ProgressCallback

INTERVAL = 0.05
"""Seconds between two calls of a callback, the last one excepted: it may be slower than the network."""


def check_callback(callback: ProgressCallback | None) -> ProgressCallback | None:
    """Return the callback if it can be called."""
    if callback is not None and not callable(callback):
        raise TypeError(f"progress_callback is called with a number of bytes; {type(callback).__name__} cannot be called")
    return callback


@define
class Progress:
    """Counts what moved, and tells the caller now and then if that is more than it ever was: bytes sent twice count once."""

    callback: ProgressCallback | None
    total: int | None = None
    """Bytes that will have moved in the end, None while nobody knows."""
    clock: Callable[[], float] = time.monotonic
    _told: int = field(default=0, init=False)
    _next: float = field(default=0.0, init=False)

    def reach(self, position: int) -> object | Awaitable[object]:
        """Hear how many bytes of the whole are there, and return what the callback returns."""
        if self.callback is None or position <= self._told:
            return None
        now = self.clock()
        if self._told and now < self._next and position != self.total:
            return None
        self._next = now + INTERVAL
        self._told = position
        return self.callback(position)

    def finish(self, position: int) -> object | Awaitable[object]:
        """Hear that this was the last byte."""
        self.total = position
        return self.reach(position)


@define
class Tally:
    """Adds up what moved of each of several parts. A part that is sent again counts from where it got to before."""

    progress: Progress
    _under_way: dict[int, int] = field(factory=dict[int, int], init=False)
    _total: int = field(default=0, init=False)

    def reach(self, part: int, position: int) -> object | Awaitable[object]:
        """Hear how many bytes of a part moved, and return what the callback returns."""
        before = self._under_way.get(part, 0)
        if position > before:
            self._under_way[part] = position
            self._total += position - before
        return self.progress.reach(self._total)

    def finish(self, part: int, length: int) -> object | Awaitable[object]:
        """Hear that a part of so many bytes is done."""
        told = self.reach(part, length)
        self._under_way.pop(part, None)
        return told
