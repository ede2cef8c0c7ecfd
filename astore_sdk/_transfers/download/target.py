"""Where a download's bytes go: a file that appears whole or not at all, a writer of the caller's, or memory."""

from __future__ import annotations

import errno
import inspect
import io
import os
import secrets
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

from ..._core.flow import Steps, meet, tell, work
from ...types import AsyncWriter


class MemoryTarget:
    """Collects the bytes."""

    restartable = True

    def __init__(self) -> None:
        self._chunks: list[bytes] = []

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Keep a chunk."""
        yield from ()
        self._chunks.append(bytes(chunk))

    def restart(self) -> Steps[None]:
        """Forget what came."""
        yield from ()
        self._chunks.clear()

    @property
    def content(self) -> bytes:
        """What came."""
        return b"".join(self._chunks)


class NoTarget:
    """Drops the bytes: they are hashed on their way."""

    restartable = True

    def write(self, chunk: bytes | memoryview) -> Steps[None]:  # noqa: ARG002 - as its twin has it
        """Do nothing."""
        yield from ()

    def restart(self) -> Steps[None]:
        """Do nothing."""
        yield from ()


class WriterTarget:
    """A writer of the caller's: what it was given it cannot give back. It is left open."""

    restartable = False

    def __init__(self, write: Callable[[bytes], object], *, awaited: bool, keeps: bool = True, raw: bool = False) -> None:
        self._write = write
        self._step = tell if awaited else work
        self._keeps = keeps
        """Whether it may still look at what it was given when `write` has returned."""
        self._raw = raw
        """Whether None means that it took nothing, as in `io.RawIOBase`, and not that it took everything."""

    def begin(self) -> Steps[None]:
        """Do nothing: it is open."""
        yield from ()

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Hand a chunk on, all of it."""
        left = cast("bytes", chunk) if not self._keeps else bytes(chunk)
        while (written := self._taken((yield from self._step(partial(self._write, left))), len(left))) < len(left):
            left = left[written:]  # a raw file may take less than it is given

    def _taken(self, written: object, most: int) -> int:
        """Return how many bytes were taken, by what `write` returned."""
        if written is None and self._raw:
            raise BlockingIOError("writer took nothing: its write() returned None, as a raw file does in non-blocking mode")
        if not isinstance(written, int) or isinstance(written, bool):
            return most
        if written <= 0:
            raise OSError("writer takes nothing of what it is given")
        return written

    def restart(self) -> Steps[None]:
        """Never called: see `restartable`."""
        yield from ()

    def commit(self) -> Steps[None]:
        """Do nothing: flushing and closing are the caller's."""
        yield from ()

    def discard(self) -> None:
        """Do nothing."""


class CallerTarget(WriterTarget):
    """The caller, who takes each chunk as it comes."""

    def __init__(self) -> None:
        super().__init__(len, awaited=False)

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Hand a chunk on."""
        yield from meet(bytes(chunk))


class DeviceTarget(WriterTarget):
    """A path that is no ordinary file (a FIFO, `/dev/stdout`): written directly."""

    def __init__(self, path: Path) -> None:
        super().__init__(self._into_file, awaited=False, keeps=False)
        self._path = path
        self._file: io.FileIO | None = None

    def _into_file(self, chunk: bytes) -> object:
        return cast("io.FileIO", self._file).write(chunk)

    def begin(self) -> Steps[None]:
        """Open it; a FIFO waits for its reader."""
        self._file = yield from work(lambda: self._path.open("wb", buffering=0))

    def commit(self) -> Steps[None]:
        """Close it."""
        yield from work(self.discard)

    def discard(self) -> None:
        """Close it; what was written is written."""
        if self._file is not None:
            self._file.close()


class PathTarget:
    """A file that appears under its name when all of it is there, checked and on the disk; until then it has another one."""

    restartable = True

    def __init__(self, path: Path, *, overwrite: bool) -> None:
        self.path = path
        self._overwrite = overwrite
        self._lasting: Path | None = None
        self._kept = False
        self.fresh = True
        """Whether the temporary file was made now."""
        self.temporary = path.with_name(f".astore-{secrets.token_hex(8)}.part")
        self._file: io.FileIO | None = None
        self._end = 0
        """How many bytes the file shall have. One that was there already may have more."""
        self._mode = 0o600

    def begin(self) -> Steps[None]:
        """Make the temporary file."""
        yield from work(self._create)

    def _create(self) -> None:
        def opener(name: str, flags: int) -> int:
            return os.open(name, flags | os.O_EXCL, 0o666)

        self._file = io.FileIO(self.temporary, "wb", opener=opener)
        # What the umask left of 0666 is the mode of a new file; an old one keeps its own. Until it is whole it is ours alone.
        self._mode = stat.S_IMODE(os.fstat(self._file.fileno()).st_mode)
        if self.path.exists():
            self._mode = stat.S_IMODE(self.path.stat().st_mode)
        self.temporary.chmod(0o600)
        if self._lasting is not None:
            self._use(self._lasting)

    def last(self, name: str) -> None:
        """Use a temporary file with this name, one that is there already if it is, and remove it only when told to."""
        self._lasting = self.path.with_name(f".astore-{name}.part")

    def _use(self, lasting: Path) -> None:
        try:
            descriptor = os.open(lasting, os.O_RDWR | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            descriptor = None
        if descriptor is not None and _is_ours(os.fstat(descriptor)):
            self._open_file.close()
            self.temporary.unlink()
            self._file = io.FileIO(descriptor, "r+b")
            self.fresh = False
        else:
            if descriptor is not None:
                os.close(descriptor)
            self.temporary.replace(lasting)
        self.temporary = lasting

    def keep(self) -> None:
        """Let the temporary file stay, for another process to go on with."""
        self._kept = True

    def allocate(self, size: int) -> None:
        """Make the file so large; a disk that is too small is found out now.

        The room itself is taken as the bytes come: to take it before is to write zeros first where blocks are pages of memory.
        """
        descriptor = self._open_file.fileno()
        if hasattr(os, "fstatvfs"):
            facts, disk = os.fstat(descriptor), os.fstatvfs(descriptor)
            if disk.f_blocks and size - facts.st_blocks * 512 > disk.f_bavail * disk.f_frsize:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        os.ftruncate(descriptor, size)
        self._end = size

    @property
    def _open_file(self) -> io.FileIO:
        return cast("io.FileIO", self._file)

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Write a chunk."""
        yield from work(partial(self._write, chunk))

    def _write(self, chunk: bytes | memoryview) -> None:
        view = memoryview(chunk)
        while view:
            view = view[self._open_file.write(view) :]
        self._end += len(chunk)

    def restart(self) -> Steps[None]:
        """Begin anew: what comes again is written over."""
        yield from ()
        self._open_file.seek(0)
        self._end = 0

    def commit(self) -> Steps[None]:
        """Make it durable, and give it its name."""
        yield from work(self._commit)

    def _commit(self) -> None:
        descriptor = self._open_file.fileno()
        if os.fstat(descriptor).st_size < self._end:
            raise OSError("the temporary file became shorter while it was written")
        os.ftruncate(descriptor, self._end)
        os.fsync(descriptor)
        self._open_file.close()
        self.temporary.chmod(self._mode)
        if self._overwrite:
            self.temporary.replace(self.path)
        else:
            self._place()
        _sync_folder(self.path.parent)

    def _place(self) -> None:
        """Give it its name unless something has it by now."""
        try:
            self.path.hardlink_to(self.temporary)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: a moment is left in which another may take the name
            if self.path.exists():
                raise FileExistsError(17, os.strerror(17), str(self.path)) from None
            self.temporary.replace(self.path)
        else:
            self.temporary.unlink()

    def discard(self) -> None:
        """Remove the temporary file if it is still there."""
        if self._file is not None:
            self._file.close()
            if not self._kept:
                self.temporary.unlink(missing_ok=True)


def _is_ours(facts: os.stat_result) -> bool:
    """Tell whether a file is an ordinary one of this user's, which has no other name: nobody put it there for us to write to."""
    return stat.S_ISREG(facts.st_mode) and facts.st_nlink == 1 and (not hasattr(os, "geteuid") or facts.st_uid == os.geteuid())


def _sync_folder(folder: Path) -> None:
    """Make a new name in a folder durable, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


Target = WriterTarget | PathTarget


_FILES = (io.FileIO, io.BufferedWriter, io.BufferedRandom, io.BytesIO)
"""Files that have copied what they were given when `write` returns."""


def open_target(writer: AsyncWriter, *, overwrite: bool, awaits: bool) -> Target:
    """Return where the bytes go. `awaits` tells whether an async writer can be written to.

    Raises:
        FileExistsError: The file is there and must not be overwritten.
        OSError: It cannot be a file.
        TypeError: No bytes can be written to this.
    """
    if isinstance(writer, str):
        raise TypeError("writer is a str: use pathlib.Path for a file's path")
    if isinstance(writer, os.PathLike):
        return _open_path(Path(cast("os.PathLike[str]", writer)), overwrite=overwrite)
    if isinstance(writer, io.TextIOBase):
        raise TypeError("writer is a text file; open it in binary mode ('wb')")
    write = cast("object", getattr(writer, "write", None))
    if not callable(write):
        raise TypeError(f"writer is a binary file or a pathlib.Path; {type(writer).__name__} is neither")
    awaited = inspect.iscoroutinefunction(write)
    if awaited and not awaits:
        raise TypeError("writer is an async file: use AsyncClient for it")
    keeps, raw = type(writer) not in _FILES, isinstance(writer, io.RawIOBase)
    return WriterTarget(cast("Callable[[bytes], object]", write), awaited=awaited, keeps=keeps, raw=raw)


def _open_path(path: Path, *, overwrite: bool) -> Target:
    final = Path(os.path.realpath(path))  # a link stays a link; what it leads to is replaced
    if final.is_dir():
        raise IsADirectoryError(21, os.strerror(21), str(path))
    if final.exists():
        if not final.is_file():
            return DeviceTarget(final)
        if not overwrite:
            raise FileExistsError(17, os.strerror(17), str(path))
    return PathTarget(final, overwrite=overwrite)
