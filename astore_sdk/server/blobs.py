"""The blob store: files with random names below one folder, durable once `finish` has returned.

A blob is written under its final name. That is safe because nobody can know the name before the catalogue does, and the
catalogue learns it only after the file's bytes and its directory entry are on disk. What a crash leaves half-written is
a file that the catalogue does not name, and is moved to `lost/` at the next start.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import secrets
import threading
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.blob_reading import BATCH, Reader, Segment, blob_state, segments
from astore_sdk.server.checked_blobs import CheckedBlobs, FileState, state_of
from astore_sdk.server.leases import Leases
from astore_sdk.server.values import Blob

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor
    from pathlib import Path

    from astore_sdk.server.blob_reading import Batch
    from astore_sdk.server.reserve import Reserve

FOLDERS: list[str] = [f"{number:02x}" for number in range(256)]


@frozen
class SmallRead:
    """All of what was wanted of a blob, being little; the blob itself, if it was only a stretch, with its state."""

    data: bytes
    in_part: list[tuple[Blob, FileState]]


@frozen
class Inventory:
    """What the files and the catalogue do not have in common."""

    unreferenced: list[str]
    """Paths of files that the catalogue does not name."""
    missing: int
    """How many blobs the catalogue names that are not there."""


class BlobStore:
    """Blobs in a folder; see the module."""

    def __init__(self, folder: Path, threads: ThreadPoolExecutor, *, reserve: Reserve | None = None) -> None:
        self._folder = folder
        self._reserve = reserve
        self._threads = threads
        self._leases = Leases()
        self.checked: CheckedBlobs = CheckedBlobs()
        if not all((folder / name).is_dir() for name in FOLDERS):
            folder.mkdir(mode=0o700, exist_ok=True)
            for name in FOLDERS:
                (folder / name).mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder)
        self._opened = folder.stat()

    @property
    def leases(self) -> Leases:
        """Who reads what."""
        return self._leases

    def path(self, name: str) -> str:
        """Say where a blob is."""
        return f"{self._folder}/{name[:2]}/{name}"

    def require_room(self) -> None:
        """See that the reserve is kept, which no blob may use; raises `OSError` if it is not."""
        if self._reserve is not None and not self._reserve.refill():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def writer(self) -> BlobWriter:
        """Begin a new blob."""
        return BlobWriter(self, self._threads)

    def read_small(self, wanted: Sequence[Segment]) -> SmallRead | None:
        """Read what is one batch in this thread; None if it is more, or nothing. What comes is to be given to `proven`.

        For who is in a thread already: to wake up another would take longer.
        """
        if len(wanted) != 1 or wanted[0].length > BATCH:
            return None
        reader = Reader(self.path, wanted)
        try:
            batch = reader.first_batch()
        finally:
            reader.close()
        return SmallRead(batch.data, reader.in_part) if batch.ends_blob else None

    async def proven(self, small: SmallRead) -> bytes:
        """Give what was read, once the blob that it is a stretch of is known to be good."""
        await self._require_good(small.in_part)
        return small.data

    async def read(self, wanted: Sequence[Segment]) -> AsyncGenerator[bytes]:
        """Read the segments in batches, the next one already on its way.

        Before the first batch is given, all blobs are seen to be there and to have their sizes, and those of which only
        a stretch is wanted are known to be good. The last batch of a whole blob is given only if the blob still has the
        digest it was written with.
        """
        reader = Reader(self.path, wanted)
        left = sum(segment.length for segment in wanted)
        ahead: Future[Batch] | None = self._threads.submit(reader.first_batch)
        comparing: Future[None] | None = None
        try:
            while ahead is not None:
                batch = await asyncio.wrap_future(ahead)
                if reader.in_part:
                    await self._require_good(reader.in_part)
                    reader.in_part = []
                left -= len(batch.data)
                ahead = self._threads.submit(reader.next_batch) if left else None
                if batch.comparison is not None:
                    # Hashing takes longer than reading: it goes on while this batch is sent and the next one read.
                    if comparing is not None:
                        await asyncio.wrap_future(comparing)
                    comparing = self._threads.submit(batch.compare)
                    if batch.ends_blob:
                        await asyncio.wrap_future(comparing)
                yield batch.data
        finally:
            if ahead is None:
                reader.close()
            else:
                # Whoever stops reading must not close the file under a thread that still reads from it.
                ahead.add_done_callback(lambda _: reader.close())

    async def require_good(self, blobs: Sequence[Blob]) -> None:
        """See that blobs have the bytes that were written."""
        await self._require_good(await self._states(blobs))

    async def _require_good(self, found: Sequence[tuple[Blob, FileState]]) -> None:
        """Read those that are not known to be good from end to end, one after another."""
        for blob in self.checked.missing(found):
            async with self.checked.checking(blob.name):
                # Who had to wait looks again: another request has checked it, unless it is damaged.
                now = await self._states([blob])
                if self.checked.missing(now):
                    async with aclosing(self.read(segments([blob], 0, blob.size))) as batches:
                        async for _ in batches:
                            pass
                    self.checked.add(now)

    async def _states(self, blobs: Sequence[Blob]) -> list[tuple[Blob, FileState]]:
        def look() -> list[tuple[Blob, FileState]]:
            return [(blob, blob_state(self.path(blob.name), blob)) for blob in blobs]

        return await asyncio.get_running_loop().run_in_executor(self._threads, look)

    async def digest(self, blobs: Sequence[Blob], *, check_each: bool) -> str:
        """Give the SHA-256 of blobs laid end to end, each compared with its own digest on the way if asked for."""
        stop = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(self._threads, self._digest, blobs, check_each, stop)
        try:
            return await work
        finally:
            stop.set()

    def remove_unused(self, names: Iterable[str]) -> None:
        """Remove blobs that nothing refers to, as soon as nobody reads them; returns at once."""
        self._remove(self._leases.doom(names))

    def release(self, names: Iterable[str]) -> None:
        """Give up a hold on blobs."""
        self._remove(self._leases.release(names))

    def leave(self, ticket: int) -> None:
        """Give up a ticket."""
        self._remove(self._leases.leave(ticket))

    def compare(self, referenced: set[str]) -> Inventory:
        """Compare the files that are there with the names that the catalogue has; for the start, before anyone writes."""
        unreferenced: list[str] = []
        found = 0
        for folder in FOLDERS:
            with os.scandir(self._folder / folder) as entries:
                for entry in entries:
                    if entry.name in referenced and entry.name.startswith(folder):
                        found += 1
                    else:
                        unreferenced.append(entry.path)
        return Inventory(unreferenced, len(referenced) - found)

    def probe(self) -> None:
        """Write a durable file among the blobs, and remove it; raises `OSError` if that cannot be done."""
        if not os.path.samestat(self._folder.stat(), self._opened):
            raise OSError(errno.ESTALE, "the folder of the blobs was replaced")
        self.require_room()
        path = self._folder / "probe"
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.write(file, b"ready?")
            os.fsync(file)
        finally:
            os.close(file)
            path.unlink(missing_ok=True)
        for folder in FOLDERS:
            # Raises if there is none.
            os.stat(f"{self._folder}/{folder}/")  # noqa: PTH116 - blobs are many: their paths are plain text

    def _remove(self, names: list[str]) -> None:
        if names:
            self._threads.submit(self._unlink, names)

    def _unlink(self, names: list[str]) -> None:
        for name in names:
            # What cannot be removed now is moved to `lost/` at the next start.
            with suppress(OSError):
                os.unlink(self.path(name))  # noqa: PTH108 - blobs are many: their paths are plain text
        if self._reserve is not None:
            self._reserve.refill()

    def _digest(self, blobs: Sequence[Blob], check_each: bool, stop: threading.Event) -> str:
        whole = hashlib.sha256()
        wanted = segments(blobs, 0, sum(blob.size for blob in blobs))
        reader = Reader(self.path, wanted)
        left = sum(segment.length for segment in wanted)
        try:
            reader.check()
            while left and not stop.is_set():
                batch = reader.next_batch()
                left -= len(batch.data)
                whole.update(batch.data)
                if check_each:
                    batch.compare()
        finally:
            reader.close()
        return f"sha256:{whole.hexdigest()}"


class BlobWriter:
    """A blob that is being written: `write` as often as needed, then `finish` or `discard`."""

    def __init__(self, store: BlobStore, threads: ThreadPoolExecutor) -> None:
        self._name = secrets.token_hex(16)
        self._path = store.path(self._name)
        self._require_room = store.require_room
        self._checked = store.checked
        self._state: FileState | None = None
        self._threads = threads
        self._file: int | None = None
        self._hash = hashlib.sha256()
        self._pending: list[bytes] = []
        self._pending_size = 0
        self._under_way: list[Future[None]] = []
        self.size: int = 0

    async def write(self, data: bytes) -> None:
        """Take bytes; waits only while the batch before is still on its way to disk."""
        self._pending.append(data)
        self._pending_size += len(data)
        self.size += len(data)
        if self._pending_size >= BATCH:
            batch = self._take_pending()
            await self._settle()
            self._under_way = [
                self._threads.submit(self._write_batch, batch),
                self._threads.submit(self._hash_batch, batch),
            ]

    async def finish(self) -> Blob:
        """Bring the rest to disk, with the directory entry, and give the blob."""
        await self._settle()
        self._under_way = [self._threads.submit(self._finish, self._take_pending())]
        await self._settle()
        blob = Blob(self._name, self.size, f"sha256:{self._hash.hexdigest()}")
        if self._state is not None:
            self._checked.add([(blob, self._state)])
        return blob

    async def discard(self) -> None:
        """Remove what was written; for a blob that the catalogue does not name."""
        for future in self._under_way:
            if not future.cancel():
                with suppress(OSError):
                    await asyncio.wrap_future(future)
        await asyncio.get_running_loop().run_in_executor(self._threads, self._discard)

    async def _settle(self) -> None:
        for future in self._under_way:
            await asyncio.wrap_future(future)
        self._under_way = []

    def _take_pending(self) -> list[bytes]:
        batch, self._pending, self._pending_size = self._pending, [], 0
        return batch

    def _write_batch(self, batch: list[bytes]) -> None:
        self._require_room()
        if self._file is None:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        rest = memoryview(b"".join(batch))
        while rest:
            rest = rest[os.write(self._file, rest) :]

    def _hash_batch(self, batch: list[bytes]) -> None:
        for data in batch:
            self._hash.update(data)

    def _finish(self, batch: list[bytes]) -> None:
        self._write_batch(batch)
        self._hash_batch(batch)
        if self._file is None:
            raise AssertionError("unreachable")
        sync_file(self._file)
        self._state = state_of(os.fstat(self._file))
        os.close(self._file)
        self._file = None
        sync_folder(os.path.dirname(self._path))  # noqa: PTH120 - as above

    def _discard(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
        with suppress(OSError):
            os.unlink(self._path)  # noqa: PTH108 - blobs are many: their paths are plain text


def sync_file(file: int) -> None:
    """Bring a file's bytes to disk."""
    # macOS has no fdatasync; its fsync leaves the drive's cache alone, which is all that Python offers there.
    getattr(os, "fdatasync", os.fsync)(file)


def sync_folder(folder: Path | str) -> None:
    """Bring a folder's entries to disk, where folders can be opened (not on Windows)."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
