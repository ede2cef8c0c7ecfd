"""Reading stretches of blobs, and comparing whole blobs with the digests they were written with.

A digest covers a whole blob: a stretch of one can be compared with nothing, and `checked_blobs` says what is done then.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.checked_blobs import FileState, state_of
from astore_sdk.server.limits import MIB

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from astore_sdk.server.values import Blob

# Bytes that travel to or from a thread at a time: a switch costs what copying some 100 KiB costs.
BATCH = MIB


class DamagedBlobError(Exception):
    """A blob does not have the bytes that were written; the message names it."""


@frozen
class Segment:
    """A stretch of a blob that a reader wants."""

    blob: Blob
    start: int
    length: int

    @property
    def is_whole(self) -> bool:
        """Whether this is all of the blob, so that its digest can be checked."""
        return self.length == self.blob.size


def segments(blobs: Sequence[Blob], start: int, length: int) -> list[Segment]:
    """Cut the stretch of an object that begins at `start` out of its blobs."""
    wanted: list[Segment] = []
    for blob in blobs:
        if length <= 0:
            break
        if start >= blob.size:
            start -= blob.size
            continue
        taken = min(length, blob.size - start)
        wanted.append(Segment(blob, start, taken))
        length -= taken
        start = 0
    return wanted


class Comparison:
    """A blob that is being compared with its digest."""

    def __init__(self, blob: Blob) -> None:
        self.blob = blob
        self._hash = hashlib.sha256()

    def update(self, data: bytes) -> None:
        """Take the blob's next bytes."""
        self._hash.update(data)

    @property
    def differs(self) -> bool:
        """Tell whether what was taken is not the blob."""
        return f"sha256:{self._hash.hexdigest()}" != self.blob.digest


@frozen
class Batch:
    """Bytes that were read; `comparison` if they belong to a blob that is read from end to end."""

    data: bytes
    comparison: Comparison | None
    ends_blob: bool

    def compare(self) -> None:
        """Hash the bytes, and compare when they are the last of their blob."""
        if self.comparison is None:
            return
        self.comparison.update(self.data)
        if self.ends_blob and self.comparison.differs:
            raise DamagedBlobError(f"blob {self.comparison.blob.name} does not have the bytes that were written")


def blob_state(path: str, blob: Blob) -> FileState:
    """See that a blob is there and has its size, and give what else can be seen without reading it."""
    try:
        stat = os.stat(path)  # noqa: PTH116 - as in `blobs`
    except FileNotFoundError as error:
        raise DamagedBlobError(f"blob {blob.name} is missing") from error
    if stat.st_size != blob.size:
        raise DamagedBlobError(f"blob {blob.name} has {stat.st_size} bytes instead of {blob.size}")
    return state_of(stat)


class Reader:
    """Reads segments one batch after another, in whatever thread it is called."""

    def __init__(self, path: Callable[[str], str], wanted: Sequence[Segment]) -> None:
        self._path = path
        self._wanted = list(reversed(wanted))
        self.in_part: list[tuple[Blob, FileState]] = []
        """Blobs of which only a stretch is wanted; known once the first batch is there."""
        self._segment: Segment | None = None
        self._comparison: Comparison | None = None
        self._file = -1
        self._done = 0

    def first_batch(self) -> Batch:
        """Check all that can be checked without reading, and give the first bytes."""
        self.check()
        batch = self.next_batch() if self._wanted else Batch(b"", None, ends_blob=True)
        if batch.ends_blob:
            # A small blob is compared here and now: another thread would take longer to wake up.
            batch.compare()
            return Batch(batch.data, None, ends_blob=True)
        return batch

    def next_batch(self) -> Batch:
        """Give the next bytes; there have to be more."""
        segment = self._segment or self._open_next()
        data = os.pread(self._file, min(BATCH, segment.length - self._done), segment.start + self._done)
        if not data:
            raise DamagedBlobError(f"blob {segment.blob.name} ends before its {segment.blob.size} bytes")
        self._done += len(data)
        batch = Batch(data, self._comparison, ends_blob=self._done == segment.length)
        if batch.ends_blob:
            self.close()
        return batch

    def close(self) -> None:
        """Close the file that is open."""
        if self._file >= 0:
            os.close(self._file)
        self._file, self._segment = -1, None

    def _open_next(self) -> Segment:
        segment = self._wanted.pop()
        try:
            self._file = os.open(self._path(segment.blob.name), os.O_RDONLY)
        except FileNotFoundError as error:
            raise DamagedBlobError(f"blob {segment.blob.name} is missing") from error
        self._segment, self._done = segment, 0
        self._comparison = Comparison(segment.blob) if segment.is_whole else None
        return segment

    def check(self) -> None:
        """See that each blob is there and has its size; before any of them is read."""
        for segment in self._wanted:
            state = blob_state(self._path(segment.blob.name), segment.blob)
            if not segment.is_whole:
                self.in_part.append((segment.blob, state))
