"""Which store a data folder belongs to, and how far its catalogue has come: the file `store.json`, and its pair in the catalogue.

Blobs mean nothing without the catalogue that names them, and a catalogue that is not theirs (another store's, a restored
backup, the main file without its WAL) would make them look like rubbish. The folder and the catalogue therefore carry

- one random store id, made with the folder;
- `opened`, a random mark that is made anew at each start, so that copies which went separate ways tell each other apart;
- a generation, which grows with every commit. A catalogue whose generation is less than the folder's has lost commits.

The order of writes keeps the folder from being ahead of what is durable: the catalogue commits first (synced), then the
file follows. A crash between the two leaves the catalogue ahead, which is in order; the mark of the start before
(`opened_before`) is kept for the same moment at a start. The number is written in place after each commit without a sync:
it survives the end of the process, which is when a WAL gets lost; after a loss of power it may be some commits behind,
which makes the comparison weaker and never wrong.
"""

from __future__ import annotations

import json
import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard, cast

from attrs import frozen

from astore_sdk.server.blobs import sync_file, sync_folder
from astore_sdk.server.errors import DataFolderError, command

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "store.json"
_FORM = 1
_MARK_DIGITS = 32
# More than can be made in the time that there is, and room for all that is added to it in 64 bits.
_MOST_COMMITS = 2**62
_LONGEST = 4096
# All files have the same length, far less than a sector of a disk, so that they are rewritten in place and at once,
# without room for a second file: a full disk must not keep the store from starting.
_TEMPLATE = '{{"form": {form}, "id": "{id}", "opened": "{opened}", "generation": {generation:>20}}}\n'


@frozen
class Identity:
    """The marks of a store, in its folder or in its catalogue."""

    id: str
    opened: str
    """Random mark of the last start."""
    generation: int
    """Number of commits; 0: the folder and its catalogue have not been paired yet."""
    opened_before: str = ""
    """Mark of the start before; in the catalogue only."""

    def next_start(self, *, least: int = 0) -> Identity:
        """Make the marks of a new start of the same store."""
        return Identity(self.id, new_mark(), max(self.generation, least) + 1, self.opened)


def new_mark() -> str:
    """Make a random mark."""
    return secrets.token_hex(_MARK_DIGITS // 2)


def is_mark(value: object) -> TypeGuard[str]:
    """Whether this is what `new_mark` makes."""
    return isinstance(value, str) and len(value) == _MARK_DIGITS and set(value) <= set("0123456789abcdef")


def is_generation(value: object) -> TypeGuard[int]:
    """Whether this can be a number of commits."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST_COMMITS


def read(data: Path) -> Identity | None:
    """Read the folder's marks; None if it has none yet. Raises `DataFolderError` if they cannot be understood."""
    try:
        file = os.open(data / FILE_NAME, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise DataFolderError(f"{FILE_NAME} is not a file; {_advice(data)}")
        text = os.read(file, _LONGEST)
    finally:
        os.close(file)
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        marks = cast("dict[str, object]", found)
        form, id_, opened, generation = (marks.get(name) for name in ("form", "id", "opened", "generation"))
        if isinstance(form, int) and form > _FORM:
            raise DataFolderError(f"{FILE_NAME} was written by a newer astore (form {form}, known is {_FORM})")
        if form == _FORM and is_mark(id_) and is_mark(opened) and is_generation(generation):
            return Identity(id_, opened, generation)
    raise DataFolderError(f"{FILE_NAME} is damaged; {_advice(data)}")


def _advice(data: Path) -> str:
    return (
        f"restore it, or see what is there with {command(data, 'check')}, then accept the catalogue "
        f"with {command(data, 'repair --adopt-catalogue')}"
    )


class IdentityFile:
    """`store.json`, open for as long as the store is."""

    def __init__(self, data: Path, identity: Identity) -> None:
        """Open the file; one that is missing, or damaged, is written with these marks."""
        self._path = data / FILE_NAME
        try:
            known = read(data)
        except DataFolderError:
            known = None
        if known is None:
            self._create(identity)
        self._file = os.open(self._path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))

    def write(self, identity: Identity) -> None:
        """Write all marks, durably."""
        os.pwrite(self._file, _render(identity), 0)
        sync_file(self._file)

    def advance(self, identity: Identity) -> None:
        """Note another generation of the same start, as far as the system's cache."""
        # Where even this needs room that is not there, the number stays behind: the comparison is weaker, not wrong.
        with suppress(OSError):
            os.pwrite(self._file, _render(identity), 0)

    def close(self) -> None:
        """Bring the last number to disk and close the file."""
        with suppress(OSError):
            sync_file(self._file)
        os.close(self._file)

    def _create(self, identity: Identity) -> None:
        written = self._path.with_suffix(".new")
        file = os.open(written, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(file, _render(identity))
            sync_file(file)
        finally:
            os.close(file)
        written.replace(self._path)
        sync_folder(self._path.parent)


def _render(identity: Identity) -> bytes:
    return _TEMPLATE.format(form=_FORM, id=identity.id, opened=identity.opened, generation=identity.generation).encode()
