"""Mending a data folder while no store runs on it: each step only when it is asked for, and each says what it did.

Nothing here guesses. The steps are in the order in which they make sense together: first the catalogue is accepted, then
what it misses comes back from `lost/`, what it does not name goes there, and only then is anything given up.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server import identity as identities
from astore_sdk.server import lost, reserve
from astore_sdk.server.blobs import FOLDERS, sync_folder
from astore_sdk.server.catalogue import Catalogue, objects, uploads
from astore_sdk.server.catalogue.looking import look
from astore_sdk.server.checking import check, digest_of
from astore_sdk.server.errors import DataFolderError, command
from astore_sdk.server.pairing import CATALOGUE_NAME, adopt, complaint, examine, pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from astore_sdk.server.checking import DamagedBlob, Reference, Report


@frozen(kw_only=True)
class Steps:
    """What to do; nothing by default."""

    adopt_catalogue: bool = False
    """Accept the catalogue that is there for this folder."""
    return_lost: bool = False
    """Move back from `lost/` what the catalogue names and misses."""
    move_unreferenced: bool = False
    """Move to `lost/` what the catalogue does not name."""
    forget_missing: bool = False
    """Delete the objects and parts whose bytes are gone."""
    delete_lost: bool = False
    """Delete what is in `lost/`."""
    older_than_days: float = 0
    """Delete only what has been in `lost/` for so many days."""
    dry_run: bool = False
    """Say what would be done, and do nothing."""

    @property
    def any(self) -> bool:
        """Whether anything is to be done."""
        return self.adopt_catalogue or self.return_lost or self.move_unreferenced or self.forget_missing or self.delete_lost


def repair(data: Path, steps: Steps, *, now: datetime, say: Callable[[str], None]) -> None:
    """Mend a folder whose lock is held; `say` gets a line for each thing that was done.

    Raises `DataFolderError`, `CatalogueError` or `OSError` where that cannot be; the steps before have been done then.
    """
    if reserve.release_if_full(data):
        say("The disk is full: released the reserve. The next start makes it anew when there is room.")
    doing = _Repair(data, steps, now, say)
    needs_catalogue = steps.return_lost or steps.move_unreferenced or steps.forget_missing or steps.delete_lost
    if steps.adopt_catalogue:
        doing.adopt_catalogue()
    elif needs_catalogue:
        doing.require_pair()
    if steps.return_lost:
        doing.return_lost()
    if steps.move_unreferenced:
        doing.move_unreferenced()
    if steps.forget_missing:
        doing.forget_missing()
    if steps.delete_lost:
        doing.delete_lost()


class _Repair:
    def __init__(self, data: Path, steps: Steps, now: datetime, say: Callable[[str], None]) -> None:
        self._data = data
        self._steps = steps
        self._now = now
        self._say = say

    def adopt_catalogue(self) -> None:
        """Make the catalogue the folder's."""
        path = self._data / CATALOGUE_NAME
        if look(path, whole=True).state == "missing":
            raise DataFolderError(f"there is no {CATALOGUE_NAME} to adopt; put one there first")
        try:
            folder = identities.read(self._data)
        except DataFolderError:
            folder = None  # Damaged: it is written anew.
        found = examine(self._data, folder=folder)
        if found.catalogue.state == "empty" and found.has_blobs:
            raise DataFolderError(
                f"{CATALOGUE_NAME} is empty: adopting it would give up every blob; put a backup of it there first"
            )
        if not self._steps.dry_run:
            with ThreadPoolExecutor(1) as threads, ExitStack() as opened:
                # As in `Store`: the catalogue is closed before the file that its commits advance.
                marks = opened.enter_context(ExitStack())
                catalogue = Catalogue(path, threads, readers=1)
                opened.callback(catalogue.close)
                marks.callback(adopt(self._data, found, catalogue).close)
        self._say(f"{self._did('adopted')} the catalogue: folder and catalogue belong together.")

    def require_pair(self) -> None:
        """See that the catalogue is the folder's: otherwise what it names says nothing about the blobs."""
        found = examine(self._data, folder=identities.read(self._data))
        if self._steps.forget_missing and found.catalogue.state == "good" and not found.has_folders:
            # Asked for by name, and all that is left to do where the blobs are gone for good.
            for name in FOLDERS:
                if not self._steps.dry_run:
                    (self._data / "blobs" / name).mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._steps.dry_run:
                found = examine(self._data, folder=identities.read(self._data))
            else:
                return
        refused = complaint(self._data, found)
        if refused is not None:
            raise DataFolderError(refused)

    def return_lost(self) -> None:
        """Move back what the catalogue names, if its bytes are the ones that it names."""
        missing = {entry.blob.name: entry.blob for entry in self._check().damaged if entry.problem == "missing"}
        returned = 0
        for file in lost.lost_files(self._data):
            blob = missing.get(file.name)
            if blob is None or file.size != blob.size or digest_of(file.path) != blob.digest:
                continue
            del missing[file.name]
            returned += 1
            if not self._steps.dry_run:
                folder = self._data / "blobs" / blob.name[:2]
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.rename(file.path, folder / blob.name)  # noqa: PTH104 - the path is plain text
                sync_folder(folder)
        if returned and not self._steps.dry_run:
            lost.remove_empty_folders(self._data)
        self._say(f"{self._did('moved')} {_count(returned, 'blob')} back from lost; {_count(len(missing), 'blob')} still missing.")

    def move_unreferenced(self) -> None:
        """Move what the catalogue does not name."""
        unreferenced = self._check().unreferenced
        size = sum(file.size for file in unreferenced)
        if unreferenced and not self._steps.dry_run:
            lost.move_to_lost(self._data, [file.path for file in unreferenced], self._now)
        self._say(
            f"{self._did('moved')} {_count(len(unreferenced), 'file')} ({size} bytes) that the catalogue does not name to lost."
        )

    def forget_missing(self) -> None:
        """Delete what has lost its bytes from the catalogue."""
        report = self._check()
        damaged = [entry for entry in report.damaged if entry.blob.name not in report.lost_and_named]
        kept = len(report.damaged) - len(damaged)
        gone = sorted({reference for entry in damaged for reference in entry.references}, key=str)
        if gone and not self._steps.dry_run:
            self._forget(gone, damaged)
        for reference in gone:
            self._say(f"{self._did('deleted')} {reference} from the catalogue: its bytes are gone.")
        self._say(f"{self._did('deleted')} {_count(len(gone), 'entry', 'entries')} whose bytes are gone.")
        if kept:
            self._say(
                f"Kept what needs {_count(kept, 'blob')} in lost; {command(self._data, 'repair --return-lost')} brings them back."
            )

    def _forget(self, gone: list[Reference], damaged: list[DamagedBlob]) -> None:
        names = {entry.blob.name for entry in damaged}
        found = examine(self._data, folder=identities.read(self._data))
        with ThreadPoolExecutor(1) as threads, ExitStack() as opened:
            marks = opened.enter_context(ExitStack())
            catalogue = Catalogue(self._data / CATALOGUE_NAME, threads, readers=1)
            opened.callback(catalogue.close)
            marks.callback(pair(self._data, found, catalogue).close)
            for reference in gone:
                catalogue.write_now(partial(_forget_reference, reference=reference, names=names))

    def delete_lost(self) -> None:
        """Delete what is in `lost/`, except what the catalogue misses."""
        missed = self._check().lost_and_named
        before = self._now.timestamp() - self._steps.older_than_days * 24 * 3600
        files = [file for file in lost.lost_files(self._data) if file.name not in missed and file.moved <= before]
        for file in files:
            if not self._steps.dry_run:
                os.unlink(file.path)  # noqa: PTH108 - the path is plain text
        if not self._steps.dry_run:
            lost.remove_empty_folders(self._data)
        size = sum(file.size for file in files)
        self._say(f"{self._did('deleted')} {_count(len(files), 'file')} ({size} bytes) from lost.")
        if missed:
            self._say(
                f"Kept {_count(len(missed), 'file')} in lost that the catalogue misses; "
                f"{command(self._data, 'repair --return-lost')} brings them back."
            )

    def _check(self) -> Report:
        return check(self._data)

    def _did(self, verb: str) -> str:
        return f"Would have {verb}" if self._steps.dry_run else verb.capitalize()


def _forget_reference(connection: Connection, reference: Reference, names: set[str]) -> None:
    if reference.upload is not None:
        uploads.remove_parts(connection, reference.upload, names)
    else:
        # The blobs that go with it stay where they are: the next start moves them to `lost/`.
        objects.remove(connection, objects.require_place(connection, reference.bucket, reference.key.encode()))


def _count(number: int, what: str, many: str | None = None) -> str:
    return f"1 {what}" if number == 1 else f"{number} {many or what + 's'}"
