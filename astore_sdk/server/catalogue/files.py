"""Whether the files that a database has open are still those under their names.

SQLite goes on with files that were removed, replaced or cut, and what it commits to them ends with the process.
"""

from __future__ import annotations

import os

# The file format of the write-ahead log, "WAL Header Format": one of two numbers, big-endian, in the first four bytes.
_LOG_BEGINS = frozenset({b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83"})


class OpenFile:
    """A file that is open, and the name it was opened by.

    The database's own files only grow while it is open. The exception is its log, which a checkpoint of another program
    (a backup tool) may empty; with `is_log` that is allowed, and the log then has to begin anew.
    """

    def __init__(self, path: str, *, is_log: bool = False) -> None:
        self._path = path
        self._is_log = is_log
        self._was_emptied = False
        status = os.stat(path)  # noqa: PTH116 - for each read and each commit
        self._inode, self._size = (status.st_dev, status.st_ino), status.st_size

    def is_in_place(self) -> bool:
        """Whether the name still leads to the file, and the file still has what was in it."""
        try:
            status = os.stat(self._path)  # noqa: PTH116 - as above
            if (status.st_dev, status.st_ino) != self._inode:
                return False
            if status.st_size < self._size:
                if not self._is_log or status.st_size:
                    return False
                self._was_emptied = True
            self._size = status.st_size
            return not self._was_emptied or not status.st_size or self._begins_anew()
        except OSError:
            return False

    def _begins_anew(self) -> bool:
        """Whether a log that was emptied has its head again; where the database did not empty it, there is a hole."""
        with open(self._path, "rb") as file:  # noqa: PTH123 - as above
            begins = file.read(4) in _LOG_BEGINS
        self._was_emptied = not begins
        return begins
