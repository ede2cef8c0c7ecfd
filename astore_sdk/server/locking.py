"""The lock of a data folder: one store at a time, whatever becomes of the files in it.

flock holds an inode, not a name: a second store that finds another file under the name `lock` would lock that one and come
in. So the folder itself is locked, which no one can replace without taking all that is in it away, and the two small files
`lock` (for people, and for versions that know no other lock) and `store.json` (a copy of the folder made of hard links
shares it) besides. Symbolic links, mounts and new names of the folder all lead to the same inode. The locks end with the
process, however that ends.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from astore_sdk.server.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_CLOSE_ON_EXEC = getattr(os, "O_CLOEXEC", 0)


class FolderLock:
    """A data folder that nobody else can open; `close` gives it free.

    Raises `StoreError` if the folder is in use, and `OSError` if it cannot be opened.
    """

    def __init__(self, data: Path, *, create: bool = True) -> None:
        """Take the lock; without `create`, no file is made that is not there."""
        self._data = data
        self._path = data / "lock"
        self._open: list[int] = []
        self._lock_file: int | None = None
        self._has_marks = False
        try:
            if hasattr(os, "O_DIRECTORY"):
                self._open.append(os.open(data, os.O_RDONLY | os.O_DIRECTORY | _CLOSE_ON_EXEC))
                self._take(self._open[-1], optional=True)
            if create or self._path.exists():
                self._lock_file = os.open(self._path, os.O_RDWR | os.O_CREAT | _CLOSE_ON_EXEC, 0o600)
                self._open.append(self._lock_file)
                self._take(self._lock_file)
            self.take_marks()
        except BaseException:
            self.close()
            raise

    def take_marks(self) -> None:
        """Lock `store.json` besides, once it is there."""
        if self._has_marks:
            return
        try:
            file = os.open(self._data / "store.json", os.O_RDONLY | _CLOSE_ON_EXEC)
        except FileNotFoundError:
            return
        self._open.append(file)
        self._take(file, optional=True)
        self._has_marks = True

    @property
    def is_in_place(self) -> bool:
        """Whether the file `lock` is still the one that is held."""
        if self._lock_file is None:
            return True
        try:
            return os.path.samestat(os.stat(self._path), os.fstat(self._lock_file))  # noqa: PTH116 - beside fstat
        except OSError:
            return False

    def close(self) -> None:
        """Give the folder free."""
        while self._open:
            os.close(self._open.pop())

    def _take(self, file: int, *, optional: bool = False) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StoreError(
                f"the data folder {self._data} is in use by another store; stop that one or choose another folder"
            ) from error
        except OSError:
            # Some network file systems cannot lock folders, or files that are open for reading.
            if not optional:
                raise
