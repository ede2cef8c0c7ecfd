"""Why a data folder cannot be used."""

from __future__ import annotations

import shlex
import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

if TYPE_CHECKING:
    from pathlib import Path


class StoreError(Exception):
    """The data folder cannot be used; the message says why, in one line."""


class CatalogueError(Exception):
    """The catalogue cannot be opened; the message says why."""


class DataFolderError(Exception):
    """What is in a data folder cannot be used; the message says why and what to do, without naming the folder."""


def reason_of(error: Exception) -> str:
    """Give the reason of a failure in one line, without the statement that a database error repeats."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.strerror}: {error.filename}"
    if isinstance(error, DBAPIError):
        error = error.orig if isinstance(error.orig, Exception) else error
    return " ".join(str(error).split())


def command(data: Path, action: str) -> str:
    """Write the command line that does something to a data folder, for a message."""
    verb, _, options = action.partition(" ")
    return f"'astore store {verb} --data {shlex.quote(str(data))}{options and ' ' + options}'"


def failures() -> tuple[type[Exception], ...]:
    """Name all that opening a data folder may raise."""
    return (StoreError, DataFolderError, CatalogueError, OSError, sqlite3.Error, SQLAlchemyError)
