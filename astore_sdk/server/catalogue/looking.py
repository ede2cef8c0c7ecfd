"""A look at a catalogue before it is opened: whose it is and whether it is whole. Nothing is written.

Opening a database for writing may create it, or merge a WAL that belongs to another file into it. Whether this catalogue
may be opened at all has to be known before, so this connection is read-only; it leaves main file and WAL as they are.
"""

from __future__ import annotations

import sqlite3
import stat
import time
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import frozen

from astore_sdk.server.catalogue import tables
from astore_sdk.server.catalogue.database import BUSY_SECONDS
from astore_sdk.server.errors import CatalogueError, command
from astore_sdk.server.identity import Identity, is_generation, is_mark

if TYPE_CHECKING:
    from pathlib import Path

# What every catalogue of form 1 has: one that lacks a table is damaged, and creating it anew would lose all it named.
_REQUIRED = frozenset({"buckets", "contents", "content_blobs", "objects", "uploads", "parts", "completed_uploads", "records"})
# A start waits this long for the check of a large catalogue; `astore store check` reads all of it.
_CHECK_SECONDS = 1.0
_STEPS_BETWEEN_LOOKS_AT_THE_CLOCK = 10_000


class DamagedCatalogueError(CatalogueError):
    """The catalogue's file is not, or no longer, a whole database of this form."""


@frozen
class Look:
    """What a catalogue says of itself."""

    state: str
    """`missing`, `empty` (nothing was ever stored in it) or `good`."""
    identity: Identity | None = None
    names_blobs: bool = False
    """Whether it refers to any blob."""


def look(path: Path, *, whole: bool = False) -> Look:
    """Look at a catalogue.

    With `whole` all of it is checked, otherwise as much as can be read in a second. Raises `CatalogueError` with one line
    if it is damaged, locked, or cannot be read.
    """
    try:
        status = path.stat()
    except FileNotFoundError:
        return Look("missing")
    except OSError as error:
        raise CatalogueError(f"cannot use the catalogue {path}: {error.strerror or error}") from error
    if not stat.S_ISREG(status.st_mode):
        raise CatalogueError(f"cannot use the catalogue {path}: it is not a file")
    if not status.st_size:
        return Look("empty")
    try:
        # `as_uri` needs an absolute path, and resolving one fails where a folder above cannot be read.
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.isolation_level = None
            return _look(connection, whole)
    except DamagedCatalogueError as error:
        raise DamagedCatalogueError(_with_advice(path, error)) from error
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            raise DamagedCatalogueError(_with_advice(path, error)) from error
        raise CatalogueError(f"cannot use the catalogue {path}: {error}") from error
    except CatalogueError as error:
        raise CatalogueError(f"cannot use the catalogue {path}: {error}") from error


def _with_advice(path: Path, error: Exception) -> str:
    return (
        f"cannot use the catalogue {path}: {error}; restore a backup of it and accept that one with "
        f"{command(path.parent, 'repair --adopt-catalogue')}"
    )


def _look(connection: sqlite3.Connection, whole: bool) -> Look:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > tables.SCHEMA_VERSION:
        raise CatalogueError(f"it was written by a newer astore (form {version}, known is {tables.SCHEMA_VERSION})")
    present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not present & (_REQUIRED | {"store"}):
        return Look("empty")
    absent = _REQUIRED - present
    if absent:
        raise DamagedCatalogueError(f"it is damaged: tables are missing ({', '.join(sorted(absent))})")
    _require_columns(connection, present)
    _check(connection, whole)
    rows: list[tuple[object, object, object, object]] = []
    if "store" in present:
        rows = connection.execute("SELECT id, opened, opened_before, generation FROM store").fetchall()
    if len(rows) > 1:
        raise DamagedCatalogueError("it is damaged: it has more than one store id")
    filled = {
        name
        for name in ("buckets", "contents", "parts")
        if connection.execute(f"SELECT 1 FROM {name} LIMIT 1").fetchone() is not None  # noqa: S608 - names of ours
    }
    if not rows:
        return Look("good" if filled else "empty", None, bool(filled & {"contents", "parts"}))
    id_, opened, before, generation = rows[0]
    if not (
        is_mark(id_)
        and is_mark(opened)
        and isinstance(before, str)
        and (not before or is_mark(before))
        and is_generation(generation)
    ):
        raise DamagedCatalogueError("it is damaged: its store id or its generation is none")
    return Look("good", Identity(id_, opened, generation, before), bool(filled & {"contents", "parts"}))


def _require_columns(connection: sqlite3.Connection, present: set[str]) -> None:
    """See that the tables that are there have what they are asked for; those that a later version has added are made later."""
    for name, table in tables.metadata.tables.items():
        if name in present:
            found = {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}
            absent = {column.name for column in table.columns} - found
            if absent:
                raise DamagedCatalogueError(f"it is damaged: the table {name} lacks {', '.join(sorted(absent))}")


def _check(connection: sqlite3.Connection, whole: bool) -> None:
    if not whole:
        deadline = time.monotonic() + _CHECK_SECONDS
        connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS_BETWEEN_LOOKS_AT_THE_CLOCK)
    try:
        said = connection.execute(f"PRAGMA {'integrity_check' if whole else 'quick_check'}(1)").fetchone()[0]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        said = "ok"
    finally:
        connection.set_progress_handler(None, 0)
    if said != "ok":
        raise DamagedCatalogueError(f"it is damaged: {' '.join(said.split())}")
