"""The store itself, without HTTP: a data folder that one process holds, its catalogue and its blobs."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from astore_sdk.server.blobs import BlobStore, sync_folder
from astore_sdk.server.catalogue import Catalogue, CatalogueError, objects
from astore_sdk.server.limits import Limits
from astore_sdk.server.values import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from astore_sdk.server.values import Blob

# Threads wait for the disk most of the time; this many requests can do so at once.
_THREADS = 32

T = TypeVar("T")

log: logging.Logger = logging.getLogger("astore_sdk.server")


class StoreError(Exception):
    """The data folder cannot be used; the message says why, in one line."""


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """A data folder that is open; `close` it, or use it as a context manager.

    `clock` gives the time with its zone. A folder belongs to one store at a time, in this process or another.
    """

    def __init__(self, data: Path, *, limits: Limits | None = None, clock: Callable[[], datetime] = _now) -> None:
        self.data = data
        self.limits: Limits = limits or Limits()
        self._clock = clock
        self.large_json: asyncio.Lock = asyncio.Lock()
        """Held by whoever has a large JSON value in memory."""
        # One: memory that was freed is used again by the same thread, and each of many would keep some.
        self._json_thread = ThreadPoolExecutor(1, thread_name_prefix="astore-json")
        self._completing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        try:
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock = _lock(data)
        except OSError as error:
            raise StoreError(f"cannot use the data folder {data}: {error.strerror or error}") from error
        self.threads: ThreadPoolExecutor = ThreadPoolExecutor(_THREADS, thread_name_prefix="astore-disk")
        try:
            self.blobs: BlobStore = BlobStore(data / "blobs", self.threads)
            self.catalogue: Catalogue = Catalogue(data / "catalogue.sqlite3", self.threads, readers=_THREADS)
            sync_folder(data)
            sync_folder(data.parent)
            swept = self.blobs.sweep(set(self.catalogue.read_now(lambda c: list(objects.every_blob(c)))))
        except (OSError, CatalogueError) as error:
            self.threads.shutdown()
            os.close(self._lock)
            reason = (error.strerror or error) if isinstance(error, OSError) else error
            raise StoreError(f"cannot use the data folder {data}: {reason}") from error
        if swept:
            log.info("removed %d blobs that nothing refers to", swept)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now_us(self) -> int:
        """Give the time as the catalogue keeps it."""
        return microseconds(self._clock())

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do something that waits for the disk."""
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def in_json_thread(self, work: Callable[[], T]) -> T:
        """Do something with a JSON value that may be large."""
        return await asyncio.get_running_loop().run_in_executor(self._json_thread, work)

    def completing(self, upload: str) -> asyncio.Lock:
        """Give the lock that lets one complete of an upload run at a time; it is gone when nobody has it."""
        lock = self._completing.get(upload)
        if lock is None:
            lock = self._completing[upload] = asyncio.Lock()
        return lock

    def close(self) -> None:
        """Finish what is under way, close the files and give the folder free."""
        self.catalogue.close()
        self._json_thread.shutdown()
        self.threads.shutdown()
        os.close(self._lock)


@contextmanager
def entered(store: Store) -> Generator[Reading]:
    """Announce a reader; it leaves at the end unless it has taken its blobs along."""
    reading = Reading(store)
    try:
        yield reading
    finally:
        reading.leave()


class Reading:
    """A reader that has entered: what it looks up cannot be removed before it holds it or leaves."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ticket: int | None = store.blobs.leases.enter()

    def hold(self, blobs: list[Blob]) -> Callable[[], None]:
        """Hold blobs until the function that this gives is called."""
        names = [blob.name for blob in blobs]
        if self._ticket is not None:
            self._store.blobs.leases.hold(self._ticket, names)
            self._ticket = None
        return lambda: self._store.blobs.release(names)

    def leave(self) -> None:
        """Leave, if nothing was taken along."""
        if self._ticket is not None:
            self._store.blobs.leave(self._ticket)
            self._ticket = None


def _lock(data: Path) -> int:
    """Take the folder's lock, which ends with the process, however that ends."""
    file = os.open(data / "lock", os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    if sys.platform == "win32":
        return file
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        raise StoreError(f"the data folder {data} is in use by another store; stop that one or choose another folder") from error
    return file
