"""Room that is kept free, so that a full disk can be freed through the API.

A deletion is a write: the catalogue's log needs room for it before a blob can go. Uploads take all the room there is, so the
file `reserve` keeps some back. It is removed when a deletion (or a start) finds the disk full, and made again as soon as
there is room for it. Until then nothing but deletions is written: uploads would take the room that the next one needs.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from astore_sdk.server.limits import MIB

if TYPE_CHECKING:
    from pathlib import Path

log: logging.Logger = logging.getLogger("astore_sdk.server")

FILE_NAME = "reserve"
# Of a small file system no more than this part is kept.
_LARGEST_PART = 16
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class Reserve:
    """The file `reserve` of a data folder. Thread-safe."""

    def __init__(self, data: Path, size: int) -> None:
        """Keep at most `size` bytes, if there is room for them."""
        self._path = data / FILE_NAME
        self._lock = threading.Lock()
        self._size = size
        self._kept = False
        if hasattr(os, "statvfs"):
            status = os.statvfs(data)
            self._size = min(size, status.f_blocks * status.f_frsize // _LARGEST_PART)
        self.refill()

    @property
    def is_kept(self) -> bool:
        """Whether the room is kept back (or cannot be, on this file system)."""
        return self._kept

    def refill(self) -> bool:
        """Keep the room back again if it is there; gives whether it is kept now."""
        if self._kept:
            return True
        with self._lock:
            if self._kept:
                return True
            # A folder that is gone keeps nothing; others find out and say so.
            with suppress(OSError):
                self._kept = not self._size or self._is_whole() or (self._has_room() and self._allocate())
        return self._kept

    def release(self) -> bool:
        """Give the room free for a deletion; gives whether there was any."""
        with self._lock:
            self._kept = not self._size
            released = remove(self._path)
        if released:
            log.warning("the disk is full: released the reserve; until there is room for it again, only deletions are accepted")
        return released

    def _is_whole(self) -> bool:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return False
        # A file with holes keeps no room.
        return status.st_size >= self._size and getattr(status, "st_blocks", status.st_size) * 512 >= self._size

    def _has_room(self) -> bool:
        if not hasattr(os, "statvfs"):
            return True
        status = os.statvfs(self._path.parent)
        # A little more than the file itself, so that it does not come and go with each upload.
        return status.f_bavail * status.f_frsize >= self._size + self._size // 4

    def _allocate(self) -> bool:
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file, 0, self._size)
            else:
                _write(file, self._size)
        except OSError as error:
            remove(self._path)
            if error.errno in _FULL:
                return False
            # Where no such file can be made, the store works without, as well as it can.
            self._size = 0
            log.warning("cannot keep a reserve for a full disk: %s", error.strerror)
        finally:
            os.close(file)
        return True


def release_if_full(data: Path) -> bool:
    """Give the room free if the disk of a folder that is not open is full; gives whether there was any."""
    path = data / FILE_NAME
    try:
        size = path.stat().st_size
        status = os.statvfs(data) if hasattr(os, "statvfs") else None
    except OSError:
        return False
    return (status is None or status.f_bavail * status.f_frsize < size) and remove(path)


def remove(path: Path) -> bool:
    """Remove a reserve; gives whether there was one."""
    try:
        path.unlink()
    except OSError:
        return False
    return True


def _write(file: int, size: int) -> None:
    while size > 0:
        # Not zeros, which some file systems do not store.
        size -= os.write(file, os.urandom(min(MIB, size)))
