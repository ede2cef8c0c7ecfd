"""Which blobs are known to have the bytes that were written.

A digest covers a whole blob. Who wants a range of one, or refers to it anew without reading it, would not notice that a
byte of it has changed. So a blob is read whole once before that, and remembered for as long as its file stays what it is:
the same inode, size and times. What this process wrote is remembered from the start.

A medium that changes bytes without a write changes no time: that is noticed by whoever reads all of the blob, and here
after the next start.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

    from astore_sdk.server.values import Blob

# Blobs; each takes some 300 bytes. What is forgotten is only read once more.
_MOST = 50_000

FileState = tuple[int, int, int, int]


def state_of(stat: os.stat_result) -> FileState:
    """Give what changes about a file whenever its bytes are written."""
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


class CheckedBlobs:
    """Blobs that were read whole and compared; the one remembered first is forgotten first."""

    def __init__(self) -> None:
        self._states: dict[str, FileState] = {}
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def missing(self, found: Iterable[tuple[Blob, FileState]]) -> list[Blob]:
        """Give those blobs that are not known to be good with their files as they were found."""
        return [blob for blob, state in found if self._states.get(blob.name) != state]

    def add(self, found: Iterable[tuple[Blob, FileState]]) -> None:
        """Remember that blobs are good as long as their files stay as they were found."""
        for blob, state in found:
            self._states.pop(blob.name, None)
            self._states[blob.name] = state
            if len(self._states) > _MOST:
                del self._states[next(iter(self._states))]

    def checking(self, name: str) -> asyncio.Lock:
        """Give the lock that lets one request at a time check a blob; it is gone when nobody has it."""
        lock = self._locks.get(name)
        if lock is None:
            lock = self._locks[name] = asyncio.Lock()
        return lock
