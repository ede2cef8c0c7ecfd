"""The store itself, without HTTP: a data folder that one process holds, its catalogue and its blobs."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar
from weakref import WeakValueDictionary

from sqlalchemy.exc import SQLAlchemyError

from astore_sdk.server import identity, reserve
from astore_sdk.server.blobs import BlobStore, sync_folder
from astore_sdk.server.catalogue import Catalogue, CatalogueError, objects
from astore_sdk.server.errors import DataFolderError, StoreError, command, reason_of
from astore_sdk.server.limits import Limits
from astore_sdk.server.locking import FolderLock
from astore_sdk.server.lost import move_to_lost
from astore_sdk.server.pairing import CATALOGUE_NAME, complaint, examine, pair
from astore_sdk.server.reserve import Reserve
from astore_sdk.server.values import microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from astore_sdk.server.values import Blob

__all__ = ["Reading", "Store", "StoreError", "entered"]

# Threads wait for the disk most of the time; this many requests can do so at once.
_THREADS = 32

T = TypeVar("T")

log: logging.Logger = logging.getLogger("astore_sdk.server")


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
        self._completing: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._resources = ExitStack()
        try:
            if data.exists() and not data.is_dir():
                raise DataFolderError("it is not a folder")
            data.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                self._open()
            except (OSError, sqlite3.Error, SQLAlchemyError, CatalogueError):
                # A start has to write, if only a little: the reserve is there for that.
                if not reserve.release_if_full(data):
                    raise
                self._open()
        except (OSError, sqlite3.Error, SQLAlchemyError, CatalogueError, DataFolderError) as error:
            raise StoreError(f"cannot use the data folder {data}: {reason_of(error)}") from error

    def _open(self) -> None:
        with ExitStack() as opened:
            self._open_folder(opened)
            self._resources = opened.pop_all()

    def _open_folder(self, opened: ExitStack) -> None:
        data = self.data
        self._lock = FolderLock(data)
        opened.callback(self._lock.close)
        found = examine(data, folder=identity.read(data))
        refused = complaint(data, found)
        if refused is not None:
            raise DataFolderError(refused)
        self.threads: ThreadPoolExecutor = ThreadPoolExecutor(_THREADS, thread_name_prefix="astore-disk")
        opened.callback(self.threads.shutdown)
        # One: memory that was freed is used again by the same thread, and each of many would keep some.
        self._json_thread = ThreadPoolExecutor(1, thread_name_prefix="astore-json")
        opened.callback(self._json_thread.shutdown)
        self.reserve: Reserve = Reserve(data, self.limits.reserve_size)
        self.blobs: BlobStore = BlobStore(data / "blobs", self.threads, reserve=self.reserve)
        # Closed after the catalogue, whose last commits still advance it.
        marks = opened.enter_context(ExitStack())
        self.catalogue: Catalogue = Catalogue(data / CATALOGUE_NAME, self.threads, readers=_THREADS, reserve=self.reserve)
        opened.callback(self.catalogue.close)
        marks.callback(pair(data, found, self.catalogue).close)
        self._lock.take_marks()
        sync_folder(data)
        sync_folder(data.parent)
        self._set_aside()

    def _set_aside(self) -> None:
        """Move what the catalogue does not name to `lost/`, and say so; and say what is missing."""
        inventory = self.blobs.compare(set(self.catalogue.read_now(lambda c: list(objects.every_blob(c)))))
        if inventory.unreferenced:
            folder = move_to_lost(self.data, inventory.unreferenced, self._clock())
            count = len(inventory.unreferenced)
            log.warning("moved %d %s that the catalogue does not name to %s", count, "blob" if count == 1 else "blobs", folder)
        if inventory.missing:
            count = inventory.missing
            what = "1 blob that the catalogue names is" if count == 1 else f"{count} blobs that the catalogue names are"
            log.warning("%s missing; see which with %s", what, command(self.data, "check"))

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def misplaced(self) -> str | None:
        """Name of a small file of the folder that is no longer the one that this store holds; None if all are."""
        return self._lock.misplaced

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
        self._resources.close()


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
