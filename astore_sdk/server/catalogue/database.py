"""The file of the catalogue: how it is opened, and its tables made."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, cast

from sqlalchemy import URL, Engine, create_engine, event, text

from astore_sdk.server.catalogue import records, tables
from astore_sdk.server.errors import CatalogueError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection
    from sqlalchemy.pool import ConnectionPoolEntry

# So long a lock is waited for that another program holds on the database; nothing of the store's own waits for one.
BUSY_SECONDS = 5


def open_engine(url: URL, *, begin: str, connections: int) -> Engine:
    """Open the file for so many connections at a time, whose transactions start with `begin`."""
    engine = create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=60)

    def on_connect(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
        # The driver would begin transactions on its own, and only before some statements; we say BEGIN ourselves.
        connection.isolation_level = None
        for pragma in (f"busy_timeout={BUSY_SECONDS * 1000}", "journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    def on_begin(connection: Connection) -> None:
        # Past SQLAlchemy, which would make a result of it, for each request.
        driver = cast("sqlite3.Connection", connection.connection.driver_connection)
        driver.execute(begin).close()

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)
    return engine


def prepare(engine: Engine) -> None:
    """Make what is missing of the tables. Raises `CatalogueError` for what a newer store wrote, or what cannot be read."""
    with engine.begin() as connection:
        version = connection.execute(text("PRAGMA user_version")).scalar_one()
        if version > tables.SCHEMA_VERSION:
            raise CatalogueError(f"it was written by a newer astore (form {version}, known is {tables.SCHEMA_VERSION})")
        tables.metadata.create_all(connection)
        try:
            records.describe_all(connection)
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise CatalogueError(f"it is damaged: a record in it cannot be read ({type(error).__name__})") from error
        connection.exec_driver_sql(f"PRAGMA user_version={tables.SCHEMA_VERSION}")
