"""The catalogue's database: many readers, one writer, and a commit that several writes share.

SQLite allows one writer at a time. Instead of letting requests fight for the lock, one thread owns the writing
connection and takes whatever waits as one transaction, with one fsync for all. Under load that is what makes small
durable writes cheap. A change checks before it writes, so one that is refused (`Problem`) leaves nothing to undo; when
anything else goes wrong, all of them are undone and made again one by one.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from sqlalchemy import URL, Engine, create_engine, event, text
from sqlalchemy.exc import DatabaseError

from astore_sdk.server.catalogue import records, tables
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import ThreadPoolExecutor
    from pathlib import Path
    from sqlite3 import Connection as DriverConnection

    from sqlalchemy.engine import Connection
    from sqlalchemy.pool import ConnectionPoolEntry

T = TypeVar("T")

_MOST_CHANGES_IN_A_COMMIT = 128


class CatalogueError(Exception):
    """The catalogue cannot be opened; the message says why."""


class Catalogue:
    """Names, sizes, digests and references of everything that the store holds."""

    def __init__(self, path: Path, threads: ThreadPoolExecutor, *, readers: int) -> None:
        url = URL.create("sqlite", database=str(path))
        self._threads = threads
        self._reading = _engine(url, begin="BEGIN", connections=readers)
        # IMMEDIATE takes the write lock at once: a transaction that began as a reader cannot always be upgraded.
        self._writing = _engine(url, begin="BEGIN IMMEDIATE", connections=1)
        try:
            _prepare(self._writing)
        except (DatabaseError, CatalogueError) as error:
            self._reading.dispose()
            self._writing.dispose()
            reason = error.orig if isinstance(error, DatabaseError) else error
            raise CatalogueError(f"cannot use the catalogue {path}: {reason}") from error
        self._changes: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._writer = threading.Thread(target=self._write_until_closed, name="astore-catalogue", daemon=True)
        self._writer.start()

    async def read(self, query: Callable[[Connection], T]) -> T:
        """Run a query in a thread, on one consistent snapshot."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self.read_now, query)

    def read_now(self, query: Callable[[Connection], T]) -> T:
        """Run a query in this thread, on one consistent snapshot."""
        with self._reading.begin() as connection:
            return query(connection)

    async def write(self, change: Callable[[Connection], T]) -> T:
        """Make a change; it is on disk when this returns, and there is nothing of it when this raises.

        It may be run twice, the first time undone, and must raise `Problem` only before it writes.

        A caller that is cancelled while it waits does not know which of the two has happened.
        """
        waiting = _Change(change, asyncio.get_running_loop())
        self._changes.put(waiting)
        return await waiting.answer

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

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            with self._writing.begin() as connection:
                for change in batch:
                    change.run(connection)
        except Exception as error:  # noqa: BLE001 - not swallowed: whoever waits for the change gets it
            if len(batch) == 1:
                batch[0].settle(error)
            else:
                for change in batch:
                    self._commit([change])
        else:
            for change in batch:
                change.settle(None)


class _Waiting:
    """A change in the queue, whatever it gives back."""

    def run(self, connection: Connection) -> None:
        """Make the change, or remember why it was refused."""
        raise NotImplementedError

    def settle(self, failure: Exception | None) -> None:
        """Tell who waits for it what became of it."""
        raise NotImplementedError


class _Change(_Waiting, Generic[T]):
    def __init__(self, change: Callable[[Connection], T], loop: asyncio.AbstractEventLoop) -> None:
        self._change = change
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


def _engine(url: URL, *, begin: str, connections: int) -> Engine:
    engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=60)

    def on_connect(connection: DriverConnection, _entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions on its own, and only before some statements; we say BEGIN ourselves.
        connection.isolation_level = None
        for pragma in ("busy_timeout=10000", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def _prepare(engine: Engine) -> None:
    with engine.begin() as connection:
        version = connection.execute(text("PRAGMA user_version")).scalar_one()
        if version > tables.SCHEMA_VERSION:
            raise CatalogueError(f"it was written by a newer astore (form {version}, known is {tables.SCHEMA_VERSION})")
        tables.metadata.create_all(connection)
        records.describe_all(connection)
        connection.exec_driver_sql(f"PRAGMA user_version={tables.SCHEMA_VERSION}")
