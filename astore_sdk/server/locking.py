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
_MARKS = "store.json"


class FolderLock:
    """A data folder that nobody else can open; `close` gives it free.

    Raises `StoreError` if the folder is in use, and `OSError` if it cannot be opened.
    """

    def __init__(self, data: Path, *, create: bool = True) -> None:
        """Take the lock; without `create`, no file is made that is not there."""
        self._data = data
        self._path = data / "lock"
        self._open: list[int] = []
        self._files: dict[str, int] = {}
        try:
            if hasattr(os, "O_DIRECTORY"):
                self._open.append(os.open(data, os.O_RDONLY | os.O_DIRECTORY | _CLOSE_ON_EXEC))
                self._take(self._open[-1], optional=True)
            if create or self._path.exists():
                self._files["lock"] = os.open(self._path, os.O_RDWR | os.O_CREAT | _CLOSE_ON_EXEC, 0o600)
                self._open.append(self._files["lock"])
                self._take(self._files["lock"])
            self.take_marks()
        except BaseException:
            self.close()
            raise

    def take_marks(self) -> None:
        """Lock `store.json` besides, once it is there."""
        if _MARKS in self._files:
            return
        try:
            # What is no file is refused when it is read; a pipe must not be waited for here.
            file = os.open(self._data / _MARKS, os.O_RDONLY | _CLOSE_ON_EXEC | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            return
        self._open.append(file)
        self._take(file, optional=True)
        self._files[_MARKS] = file

    @property
    def misplaced(self) -> str | None:
        """Name of a file that is no longer the one that is held; None if all are."""
        for name, file in self._files.items():
            try:
                if not os.path.samestat(os.stat(self._data / name), os.fstat(file)):  # noqa: PTH116 - beside fstat
                    return name
            except OSError:
                return name
        return None

    def close(self) -> None:
        """Give the folder free."""
        self._files.clear()
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
