"""The catalogue's database: many readers, one writer, and a commit that several writes share.

SQLite allows one writer at a time. Instead of letting requests fight for the lock, one thread owns the writing
connection and takes whatever waits as one transaction, with one fsync for all. Under load that is what makes small
durable writes cheap. A change checks before it writes, so one that is refused (`Problem`) leaves nothing to undo; when
anything else goes wrong, all of them are undone and made again one by one.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from contextlib import closing
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from attrs import evolve
from sqlalchemy import URL
from sqlalchemy.exc import DatabaseError, SQLAlchemyError

from astore_sdk.server.catalogue import identity as marks
from astore_sdk.server.catalogue.database import open_engine, prepare
from astore_sdk.server.catalogue.files import OpenFile
from astore_sdk.server.errors import CatalogueError, reason_of
from astore_sdk.server.problems import OutcomeUnknownError, Problem, from_database_error, no_space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from concurrent.futures import ThreadPoolExecutor

    from sqlalchemy.engine import Connection

    from astore_sdk.server.identity import Identity
    from astore_sdk.server.reserve import Reserve

T = TypeVar("T")

log: logging.Logger = logging.getLogger("astore_sdk.server")

_MOST_CHANGES_IN_A_COMMIT = 128
# How long the files of the catalogue are believed to be in place before a commit; after it they are always looked at.
_SEEN_SECONDS = 0.02
_ADVANCE = "UPDATE store SET generation = ?"


class Catalogue:
    """Names, sizes, digests and references of everything that the store holds."""

    def __init__(self, path: Path, threads: ThreadPoolExecutor, *, readers: int, reserve: Reserve | None = None) -> None:
        url = URL.create("sqlite", database=str(path))
        self._threads = threads
        self._reserve = reserve
        self._reading = open_engine(url, begin="BEGIN", connections=readers)
        # IMMEDIATE takes the write lock at once: a transaction that began as a reader cannot always be upgraded.
        self._writing = open_engine(url, begin="BEGIN IMMEDIATE", connections=1)
        try:
            prepare(self._writing)
        except (DatabaseError, sqlite3.Error, CatalogueError) as error:
            self._reading.dispose()
            self._writing.dispose()
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise CatalogueError(f"cannot use the catalogue {path}: {reason}") from error
        self._path = path
        self._file, self._beside = OpenFile(str(path)), _files_beside(path)
        self._identity: Identity | None = None
        self._advanced: Callable[[Identity], None] | None = None
        self._seen = 0.0
        self._connection: Connection | None = None
        self._changes: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_until_closed, name="astore-catalogue", daemon=True)
        self._writer.start()

    def mark(self, identity: Identity, advanced: Callable[[Identity], None]) -> None:
        """Write the store's marks, before anything else is written; `advanced` gets them anew after each commit."""
        with self._writing.begin() as connection:
            marks.put(connection, identity)
        # The main file has the marks now: a WAL that gets lost before the next commit loses nothing and is not missed.
        with closing(self._writing.raw_connection()) as raw:
            cast("sqlite3.Connection", raw.driver_connection).execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
        self._file, self._beside = OpenFile(str(self._path)), _files_beside(self._path)
        self._identity, self._advanced = identity, advanced

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query in a thread, on one consistent snapshot."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, query)

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """Run a query in this thread, on one consistent snapshot."""
        self._require(self._file)
        try:
            with self._reading.begin() as connection:
                return query(connection)
        except (SQLAlchemyError, sqlite3.Error):
            # A log that was cut reads as an error of the disk.
            self.require_in_place()
            raise

    async def write(self, change: Callable[[Connection], T], *, frees: bool = False) -> T:
        """Make a change; it is on disk when this returns, and there is nothing of it when this raises.

        Only `OutcomeUnknownError` leaves open which of the two it is. A change that `frees` room may use the reserve.
        It may be run twice, the first time undone, and must raise `Problem` only before it writes.

        A caller that is cancelled while it waits does not know which of the two has happened.
        """
        waiting = _Change(change, asyncio.get_running_loop(), frees=frees)
        self._changes.put(waiting)
        return await waiting.answer

    def write_now(self, change: Callable[[Connection], object]) -> None:
        """Make a change in this thread, while nobody else writes."""
        with self._writing.begin() as connection:
            identity = self._change(connection, [change])
        self._note(identity)

    def require_in_place(self) -> None:
        """See that the files that are open are still those under their names; raises a `Problem` if not.

        See `astore_sdk.server.catalogue.files`.
        """
        for file in (self._file, *self._beside):
            self._require(file)

    def probe(self) -> None:
        """See that the catalogue can be read from its files and is this store's; raises a `Problem` or an error of the database."""
        self.require_in_place()
        with self._reading.begin() as connection:
            # Otherwise what the connection remembers would be read, and not the files.
            connection.exec_driver_sql("PRAGMA shrink_memory")
            found = marks.store_id(connection)
        if self._identity is not None and found != self._identity.id:
            raise _replaced()

    def _require(self, file: OpenFile) -> None:
        if not file.is_in_place():
            self._seen = 0.0  # The next commit looks before it begins.
            raise _replaced()

    def close(self) -> None:
        """Finish the changes that were asked for and close the database."""
        self._changes.put(None)
        self._writer.join()
        self._reading.dispose()
        self._writing.dispose()

    def _write_until_closed(self) -> None:
        closing = False
        while not closing:
            batch: list[_Waiting] = []
            waiting = self._changes.get()
            while waiting is not None:
                batch.append(waiting)
                if len(batch) == _MOST_CHANGES_IN_A_COMMIT:
                    break
                try:
                    waiting = self._changes.get_nowait()
                except queue.Empty:
                    break
            closing = waiting is None
            if batch:
                self._commit(batch)
        self._drop_connection()

    def _writer_connection(self) -> Connection:
        """Give the connection of the thread that writes, which keeps it: to take one from the pool costs each commit."""
        if self._connection is None:
            self._connection = self._writing.connect()
        return self._connection

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _commit(self, batch: list[_Waiting]) -> None:
        """Commit changes together, or each by itself if that fails, and tell who waits for them."""
        batch = self._affordable(batch)
        if not batch:
            return
        progress = _Progress.BEGINNING
        try:
            # Looking at files takes its time: who has just looked after a commit need not look again.
            if time.monotonic() - self._seen > _SEEN_SECONDS:
                self.require_in_place()
            connection = self._writer_connection()
            with connection.begin():
                progress = _Progress.CHANGING
                identity = self._change(connection, [change.run for change in batch])
                progress = _Progress.COMMITTING
            self._note(identity)
            # What was committed to a file that nobody can find any more is as good as lost.
            self.require_in_place()
            self._seen = time.monotonic()
        except Exception as error:  # noqa: BLE001 - not swallowed: whoever waits for the change gets it
            self._drop_connection()
            self._settle_failed(batch, error, progress)
        else:
            for change in batch:
                change.settle(None)

    def _affordable(self, batch: list[_Waiting]) -> list[_Waiting]:
        """Refuse what the disk has no room for, deletions aside."""
        if self._reserve is None or self._reserve.refill():
            return batch
        for change in batch:
            if not change.frees:
                change.settle(no_space())
        return [change for change in batch if change.frees]

    def _change(self, connection: Connection, changes: Iterable[Callable[[Connection], object]]) -> Identity | None:
        """Make changes and, if they have changed anything, advance the generation."""
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        before = driver.total_changes
        for change in changes:
            change(connection)
        if self._identity is None or driver.total_changes == before:
            return self._identity
        advanced = evolve(self._identity, generation=self._identity.generation + 1)
        driver.execute(_ADVANCE, (advanced.generation,)).close()
        return advanced

    def _note(self, identity: Identity | None) -> None:
        if identity is not None and identity is not self._identity and self._advanced is not None:
            self._identity = identity
            self._advanced(identity)

    def _settle_failed(self, batch: list[_Waiting], error: Exception, progress: _Progress) -> None:
        full = isinstance(error, SQLAlchemyError | sqlite3.Error) and from_database_error(error).code == "InsufficientStorage"
        if progress is _Progress.COMMITTING and not full:
            # It may be in the log and come back with the next start: nothing may be undone that it refers to.
            log.error("a commit failed: %s", reason_of(error))
            detail = error.detail if isinstance(error, Problem) else "The store failed while it committed the change."
            code = error.code if isinstance(error, Problem) else "InternalError"
            unknown = OutcomeUnknownError(code, f"{detail} Whether it is stored is not known; look before you repeat it.")
            unknown.__cause__ = error
            error = unknown
        elif len(batch) > 1 and (full or progress is _Progress.CHANGING):
            for change in batch:
                self._commit([change])
            return
        elif full and batch[0].frees and self._reserve is not None and self._reserve.release():
            self._commit(batch)
            return
        # A lock that another program holds is waited for once, not once for each change.
        for change in batch:
            change.settle(error)


class _Progress(Enum):
    """How far a commit came before it failed."""

    BEGINNING = "beginning"
    CHANGING = "changing"
    COMMITTING = "committing"


class _Waiting:
    """A change in the queue, whatever it gives back."""

    frees: bool
    """Whether it is a deletion, for which the reserve may be used."""

    def run(self, connection: Connection) -> None:
        """Make the change, or remember why it was refused."""
        raise NotImplementedError

    def settle(self, failure: Exception | None) -> None:
        """Tell who waits for it what became of it."""
        raise NotImplementedError


class _Change(_Waiting, Generic[T]):
    def __init__(self, change: Callable[[Connection], T], loop: asyncio.AbstractEventLoop, *, frees: bool = False) -> None:
        self._change = change
        self.frees = frees
        self._loop = loop
        self.answer: asyncio.Future[T] = loop.create_future()
        self._result: list[T] = []
        self._refused: Problem | None = None

    def run(self, connection: Connection) -> None:
        # A second run, after the first was undone, begins anew.
        self._result, self._refused = [], None
        try:
            self._result.append(self._change(connection))
        except Problem as problem:
            self._refused = problem

    def settle(self, failure: Exception | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._answer, failure or self._refused)
        except RuntimeError:
            return  # The loop has ended: nobody waits any more.

    def _answer(self, error: Exception | None) -> None:
        if self.answer.cancelled():
            return
        if error is not None:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(self._result[0])


def _files_beside(path: Path) -> list[OpenFile]:
    """Note the log and its index, which are there once something was written and stay as long as the database is open."""
    log_file, index = f"{path}-wal", f"{path}-shm"
    return [OpenFile(name, is_log=name == log_file) for name in (log_file, index) if Path(name).exists()]


def _replaced() -> Problem:
    return Problem(
        "NotReady",
        "The store's catalogue, or a file beside it, was removed, replaced or cut while it was in use; nothing can be stored. "
        "It must be put back by who runs the store.",
    )
