"""Files that the catalogue does not name: moved to `lost/`, in a folder for each time, and never deleted unasked.

A crash leaves such files: half-written bodies, whole ones whose write was refused or never asked for. So does a catalogue
that is not the right one, and then they are all there is. A move can be undone (`astore store repair --return-lost`).
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


_FORMAT = "%Y-%m-%dT%H%M%SZ"


@frozen
class LostFile:
    """A file in `lost/`."""

    path: str
    name: str
    size: int
    moved: float
    """When it was moved there, in seconds since 1970."""


def lost_folder(data: Path) -> Path:
    """Say where lost files go: beside the blobs, on the same file system, so that a move is a rename."""
    blobs = data / "blobs"
    try:
        same = blobs.stat().st_dev == data.stat().st_dev
    except FileNotFoundError:
        same = True
    return (data if same else blobs) / "lost"


def move_to_lost(data: Path, paths: Iterable[str], now: datetime) -> Path:
    """Move files to a new folder in `lost/`, named by the time; gives the folder."""
    root = lost_folder(data)
    root.mkdir(mode=0o700, exist_ok=True)
    base = now.astimezone(UTC).strftime(_FORMAT)
    folder, number = root / base, 1
    while True:
        try:
            # Always a folder of its own: a rename would replace a file of the same name without a word.
            folder.mkdir(mode=0o700)
        except FileExistsError:
            number += 1
            folder = root / f"{base}-{number}"
        else:
            break
    for path in paths:
        os.rename(path, f"{folder}/{os.path.basename(path)}")  # noqa: PTH104, PTH119 - as in `blobs`
    return folder


def lost_files(data: Path) -> list[LostFile]:
    """List what is in `lost/`."""
    found: list[LostFile] = []
    for folder, _, names in os.walk(lost_folder(data)):
        for name in names:
            path = f"{folder}/{name}"
            status = os.lstat(path)
            found.append(LostFile(path, name, status.st_size, _moved(os.path.basename(folder), status)))  # noqa: PTH119 - as above
    return found


def _moved(folder: str, status: os.stat_result) -> float:
    """Read the time from the folder's name; what somebody else put there counts from its last change."""
    try:
        return datetime.strptime(folder[:18], _FORMAT).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return max(status.st_mtime, status.st_ctime)


def remove_empty_folders(data: Path) -> None:
    """Remove the folders of `lost/` that hold nothing any more."""
    for folder, _, _ in os.walk(lost_folder(data), topdown=False):
        if not os.listdir(folder):  # noqa: PTH208 - as above
            os.rmdir(folder)  # noqa: PTH106 - as above
