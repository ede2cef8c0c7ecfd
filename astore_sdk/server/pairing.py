"""Whether a data folder and the catalogue in it belong together, and the writing that makes them so.

See `astore_sdk.server.identity` for what is compared and why. Nothing is written before all of it has been compared: a
store that is refused leaves everything as it was found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server import identity as identities
from astore_sdk.server.blobs import FOLDERS
from astore_sdk.server.catalogue.looking import Look, look
from astore_sdk.server.errors import command
from astore_sdk.server.identity import Identity, IdentityFile, new_mark

if TYPE_CHECKING:
    from pathlib import Path

    from astore_sdk.server.catalogue import Catalogue

CATALOGUE_NAME = "catalogue.sqlite3"


@frozen
class Found:
    """What a data folder says of itself before anything in it is opened."""

    folder: Identity | None
    catalogue: Look
    has_blobs: bool
    """Whether any file is among the blobs."""
    has_folders: bool
    """Whether any of the folders that blobs are in is there."""


def examine(data: Path, *, folder: Identity | None) -> Found:
    """Look at a data folder with these marks; raises `CatalogueError` where its catalogue is damaged."""
    blobs = data / "blobs"
    present = [blobs / name for name in FOLDERS if (blobs / name).is_dir()]
    has_blobs = any(next(path.iterdir(), None) is not None for path in present)
    return Found(folder, look(data / CATALOGUE_NAME), has_blobs, bool(present))


def complaint(data: Path, found: Found) -> str | None:
    """Say why this catalogue must not be used with this folder, and what to do; None if they belong together."""
    folder, catalogue = found.folder, found.catalogue
    advice = f"see what is there with {command(data, 'check')}, then "
    adopt = command(data, "repair --adopt-catalogue")
    restore = f"{advice}put the right {CATALOGUE_NAME} (with its -wal file, if it had one) back, or accept this one with {adopt}"
    if catalogue.state != "good":
        if not found.has_blobs:
            return None
        what = "is missing" if catalogue.state == "missing" else "is empty"
        return (
            f"its {CATALOGUE_NAME} {what}, but there are blobs that only a catalogue can name; "
            f"{advice}put the {CATALOGUE_NAME} back, or restore a backup of it and accept that one with {adopt}"
        )
    if catalogue.names_blobs and not found.has_folders:
        return (
            "its folder blobs is missing or empty, but the catalogue names blobs; mount or restore it, or "
            f"{advice}give their objects up with {command(data, 'repair --forget-missing')}"
        )
    if folder is None:
        if catalogue.identity is None or not (found.has_blobs or catalogue.names_blobs):
            return None
        return (
            f"its {identities.FILE_NAME} is missing, so nothing tells whether this catalogue is the one that its blobs belong to; "
            f"put the file back, or {advice}accept the catalogue with {adopt}"
        )
    if folder.generation == 0 and catalogue.identity is None:
        return None  # The first pairing was broken off between the folder and the catalogue.
    return _comparison(folder, catalogue.identity, restore)


def _comparison(folder: Identity, catalogue: Identity | None, restore: str) -> str | None:
    if catalogue is None:
        return f"its catalogue is older than its blobs: it was written before the folder got its store id; {restore}"
    if catalogue.id != folder.id:
        return f"its catalogue belongs to another store (id {catalogue.id[:8]}…, while the folder's is {folder.id[:8]}…); {restore}"
    if catalogue.generation < folder.generation:
        return (
            f"its catalogue is older than its blobs (generation {catalogue.generation}, while the folder's is "
            f"{folder.generation}): a restored backup, or a lost -wal file; {restore}"
        )
    # A crash while a store starts leaves the catalogue one start ahead of the folder.
    if folder.opened not in (catalogue.opened, catalogue.opened_before):
        return f"its catalogue is not the one that its blobs were last used with, but another copy of it; {restore}"
    return None


def pair(data: Path, found: Found, catalogue: Catalogue) -> IdentityFile:
    """Mark the start in the catalogue and in the folder; from then on, each commit advances both."""
    # A new folder gets its file first, with generation 0: if the start ends before the catalogue has the id, the next goes on.
    last = found.catalogue.identity or found.folder or Identity(new_mark(), new_mark(), 0)
    file = IdentityFile(data, last)
    try:
        begun = last.next_start(least=0 if found.folder is None else found.folder.generation)
        catalogue.mark(begun, file.advance)
        file.write(begun)
    except BaseException:
        file.close()
        raise
    return file


def adopt(data: Path, found: Found, catalogue: Catalogue) -> IdentityFile:
    """Make this catalogue the folder's: the store id of the folder stays, all other copies become older ones."""
    folder, inside = found.folder, found.catalogue.identity
    base = folder or inside or Identity(new_mark(), new_mark(), 0)
    newest = max(base.generation, 0 if inside is None else inside.generation)
    file = IdentityFile(data, base)
    try:
        # The mark of the start before is left out: no copy that was refused until now is accepted from now on.
        begun = Identity(base.id, new_mark(), newest + 1)
        catalogue.mark(begun, file.advance)
        file.write(begun)
    except BaseException:
        file.close()
        raise
    return file
