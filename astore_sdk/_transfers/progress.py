"""What a transfer tells its caller: a running total that never falls."""

from __future__ import annotations

from collections.abc import Awaitable

from attrs import define, field

from ..types import ProgressCallback


def check_callback(callback: ProgressCallback | None) -> ProgressCallback | None:
    """Return the callback if it can be called."""
    if callback is not None and not callable(callback):
        raise TypeError(f"progress_callback is called with a number of bytes; {type(callback).__name__} cannot be called")
    return callback


@define
class Progress:
    """Counts what moved, and tells the caller whenever that is more than it ever was: bytes that are sent twice count once."""

    callback: ProgressCallback | None
    _told: int = field(default=0, init=False)

    def reach(self, position: int) -> object | Awaitable[object]:
        """Hear how many bytes of the whole are there, and return what the callback returns."""
        if self.callback is None or position <= self._told:
            return None
        self._told = position
        return self.callback(position)
