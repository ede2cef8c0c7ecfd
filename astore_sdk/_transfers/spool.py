"""Where bytes that can be read only once are kept so that they can be read again: in memory, or in a file without a name."""

from __future__ import annotations

import io
import mmap
import tempfile

from .._core.flow import Steps, work
from ..config import MIB

SPOOLED = 64 * MIB
"""Bytes that are kept in memory at most; more go to a temporary file without a name."""


def block(size: int) -> memoryview:
    """Return so many zero bytes to write into, for a part or a piece.

    They are a mapping of their own: they take just the pages that were written to, and the system has those back as soon as nobody
    looks at them any more. What threads take from the heap and free one after another leaves holes there.
    """
    return memoryview(mmap.mmap(-1, size) if size else b"")


class Spool:
    """Takes bytes, at most so many, and keeps them."""

    def __init__(self, most: int, in_memory: int) -> None:
        self._room = min(most, in_memory)
        self._block = block(self._room)
        self._size = 0
        self.file: io.FileIO | None = None
        """The file, None if everything is in memory."""

    @property
    def memory(self) -> memoryview:
        """What is in memory."""
        return self._block[: self._size]

    def write(self, chunk: bytes) -> Steps[None]:
        """Take a chunk."""
        end = self._size + len(chunk)
        if end <= self._room:
            self._block[self._size : end] = chunk
            self._size = end
        else:
            yield from work(lambda: self._write_file(chunk))

    def _write_file(self, chunk: bytes) -> None:
        if self.file is None:
            self.file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - it is closed with the source
            _write_all(self.file, self.memory)
            self._room = 0
            self._block.release()
        _write_all(self.file, memoryview(chunk))

    def close(self) -> None:
        """Drop what was taken."""
        self._block.release()
        if self.file is not None:
            self.file.close()


def _write_all(file: io.FileIO, view: memoryview) -> None:
    while view:
        view = view[file.write(view) :]
