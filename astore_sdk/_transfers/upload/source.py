"""Where an upload's bytes come from.

A *source* has a known length and can be read again from any offset: bytes in memory, or a seekable file. A *feed* can be
read once, from its start: a pipe, an iterable, anything async. What comes from a feed is put into sources, part by part.
"""

from __future__ import annotations

import contextlib
import inspect
import io
import os
import threading
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

from ..._core.flow import Steps, meet, tell, work
from ...exceptions import InvalidInputError, SourceChangedError
from ...types import AsyncData, Buffer
from ..plan import CHUNK
from ..resume.state import SourceIdentity
from ..spool import SPOOLED, Spool


class MemorySource:
    """Bytes in memory."""

    in_memory = True
    by_offset = True

    def __init__(self, data: Buffer) -> None:
        self._view = memoryview(data).cast("B")
        self.size = len(self._view)

    def chunks(self, offset: int, length: int) -> Iterator[memoryview]:
        """Read so many bytes from there."""
        for start in range(offset, offset + length, CHUNK):
            yield self._view[start : min(start + CHUNK, offset + length)]

    def check(self) -> None:
        """Do nothing: a buffer that is viewed keeps its length, and its bytes are compared by their digest."""

    def close(self) -> None:
        """Let go of the buffer."""
        self._view.release()


class FileSource:
    """A seekable file, from where it stands. Only one that is `owned` is closed, only one that is `watched` is expected to stay.

    Several threads may read it at once if that costs nothing: a file of the system's by offset, one in memory under a lock.
    """

    in_memory = False

    def __init__(self, file: BinaryIO, *, name: str = "data", owned: bool = False, watched: bool = True) -> None:
        self._file = file
        self._name = name
        self._owned = owned
        self._watched = watched
        self._lock = threading.Lock()
        self._descriptor = _descriptor(file)
        # Nobody knows what it costs to go back and forth in a file of another kind: one that decompresses begins anew each time.
        self.by_offset = self._descriptor is not None or not watched or type(file) is io.BytesIO
        self._start = self._end = file.tell()
        self.size = max(0, file.seek(0, io.SEEK_END) - self._start)
        file.seek(self._start)
        self._before = self._look()

    def _look(self) -> tuple[int, int] | None:
        """Return what shows that a file has changed, None where it is not one of the system's."""
        if not self._watched:
            return None
        try:
            facts = os.fstat(self._file.fileno())
        except (AttributeError, OSError, ValueError):
            return None
        return facts.st_size, facts.st_mtime_ns

    def chunks(self, offset: int, length: int) -> Iterator[bytes | memoryview]:
        """Read so many bytes from there. A view is good until the next one.

        Raises:
            SourceChangedError: They are not there any more, or the file changed since it was opened.
        """
        position = self._start + offset
        end = position + length
        # A descriptor of its own: who reads on after the source was closed does not read another file.
        descriptor = None if self._descriptor is None else os.dup(self._descriptor)
        buffer = memoryview(bytearray(min(CHUNK, length))) if descriptor is not None else memoryview(b"")
        try:
            while position < end:
                most = min(CHUNK, end - position)
                chunk: bytes | memoryview
                if descriptor is None:
                    chunk = self._read(position, most)
                else:
                    chunk = buffer[: os.preadv(descriptor, [buffer[:most]], position)]
                if not chunk:
                    raise SourceChangedError(f"{self._name} became shorter while it was sent: {end - position} bytes are missing")
                position += len(chunk)
                self._end = max(self._end, position)
                if position == end:
                    self.check()  # before the last bytes leave: without them nothing is stored
                yield chunk
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _read(self, position: int, most: int) -> bytes:
        with self._lock:
            self._file.seek(position)
            return _as_bytes(self._file.read(most))

    def identity(self) -> SourceIdentity:
        """Return what shows later that this is the same file with the same content."""
        facts = os.fstat(self._file.fileno())
        return SourceIdentity(self.size, facts.st_mtime_ns, facts.st_ino, facts.st_dev)

    def once(self) -> Feed:
        """Return its bytes as what is read once, from start to end."""
        return Feed(partial(_read, self._file.read))

    def check(self) -> None:
        """Raise a SourceChangedError if size or time of the last change are not what they were."""
        if self._look() != self._before:
            raise SourceChangedError(
                f"{self._name} changed while it was sent", hint="Send it again when nothing writes to it any more."
            )

    def close(self) -> None:
        """Close the file if it is ours. One of the caller's is left standing where reading ended."""
        if self._owned:
            self._file.close()
        elif self._end > self._start:
            with contextlib.suppress(OSError, ValueError):  # the caller has closed it
                self._file.seek(self._end)


def _descriptor(file: object) -> int | None:
    """Return the descriptor that has just the bytes of a file, None if nobody knows that: `fileno` may belong to something else."""
    raw = file.raw if type(file) is io.BufferedReader else file
    return raw.fileno() if type(raw) is io.FileIO and hasattr(os, "preadv") else None


Source = MemorySource | FileSource


class Feed:
    """Bytes that can be read once. `following` gives some of them, at most so many if it can, and None at their end."""

    def __init__(
        self, following: Callable[[int], object], *, awaited: bool = False, close: Callable[[], object] | None = None
    ) -> None:
        self._following = following
        self._step = tell if awaited else work
        self._close = close
        self._returned: Source | None = None
        self._before: Iterator[bytes | memoryview] = iter(())
        self._rest = memoryview(b"")
        self._ended = False

    def put_back(self, source: Source) -> None:
        """Take back what was read; it is read again before the rest, and closed as soon as it was."""
        self._returned = source
        self._before = chain(self._again(source), [bytes(self._rest)])
        self._rest = memoryview(b"")

    def _again(self, source: Source) -> Iterator[bytes | memoryview]:
        yield from source.chunks(0, source.size)
        source.close()

    def read(self, size: int) -> Steps[bytes]:
        """Return at most so many bytes; none at the end."""
        while not self._rest:
            chunk: object = next(self._before, None)
            if chunk is None and not self._ended:
                chunk = yield from self._pull(size)
            if chunk is None:
                self._ended = True  # what has ended is not asked again
                return b""
            self._rest = memoryview(_as_bytes(chunk))
        some, self._rest = self._rest[:size], self._rest[size:]
        return bytes(some)

    def _pull(self, _size: int) -> Steps[object]:
        return (yield from self._step(partial(self._following, _size)))

    def take(self, most: int, in_memory: int = SPOOLED) -> Steps[Source]:
        """Return a source with the next bytes, at most so many, kept where they can be read again."""
        spool = Spool(most, in_memory)
        try:
            left = most
            while left and (chunk := (yield from self.read(min(CHUNK, left)))):
                yield from spool.write(chunk)
                left -= len(chunk)
            if spool.file is None:
                return MemorySource(spool.memory)
            spool.file.seek(0)
            return FileSource(cast("BinaryIO", spool.file), owned=True, watched=False)
        except BaseException:
            spool.close()
            raise

    def close(self) -> None:
        """Close what is ours."""
        if self._returned is not None:
            self._returned.close()
        if self._close is not None:
            self._close()


class CallerFeed(Feed):
    """What the caller hands over, piece by piece; None ends it."""

    def __init__(self) -> None:
        super().__init__(lambda _size: None)

    def _pull(self, _size: int) -> Steps[object]:
        return (yield from meet())


def _as_bytes(chunk: object) -> bytes:
    if isinstance(chunk, str):
        raise TypeError("data gives str; open it in binary mode, or encode it")
    if not isinstance(chunk, bytes | bytearray | memoryview):
        raise TypeError(f"data gives {type(chunk).__name__} where it should give bytes")
    return bytes(cast("Buffer", chunk))


def open_data(data: AsyncData | CallerFeed, size: int | None, *, awaits: bool) -> Source | Feed:
    """Return what the data of a caller are. `awaits` tells whether async data can be read.

    Raises:
        InvalidInputError: `size` is not what the data have.
        TypeError: No bytes can be read from this.
    """
    if size is not None:
        if isinstance(size, bool) or not isinstance(cast("object", size), int):
            raise TypeError(f"size is a number of bytes, not {type(size).__name__}")
        if size < 0:
            raise InvalidInputError(f"size is {size}, but a number of bytes is never negative")
    found = _open(data, awaits=awaits)
    if size is not None and not isinstance(found, Feed) and found.size != size:
        found.close()
        raise wrong_size(size, found.size)
    return found


def wrong_size(size: int, found: int) -> InvalidInputError:
    """Return the error for data that have another size than was said."""
    return InvalidInputError(
        f"size is {size}, but data has {found} bytes",
        hint="A file is read from where it stands; leave size out to send what there is.",
    )


def _open(data: object, *, awaits: bool) -> Source | Feed:
    if isinstance(data, CallerFeed | MemorySource | FileSource):
        return data  # it is open already
    if isinstance(data, str):
        raise TypeError("data is a str: use pathlib.Path for a file's path, or str.encode() for its text")
    if isinstance(data, bytes | bytearray | memoryview):
        return MemorySource(cast("Buffer", data))
    if isinstance(data, os.PathLike):
        return _open_path(Path(cast("os.PathLike[str]", data)))
    if isinstance(data, io.TextIOBase):
        raise TypeError("data is a text file; open it in binary mode ('rb')")
    read = getattr(data, "read", None)
    if callable(read):
        return _open_file(data, cast("Callable[[int], object]", read), awaits=awaits)
    if isinstance(data, AsyncIterable):
        if not awaits:
            raise TypeError("data is an async iterable: use AsyncClient for it")
        items = aiter(cast("AsyncIterable[object]", data))
        return Feed(partial(_next_awaited, items), awaited=True)
    if isinstance(data, Iterable):
        values = iter(cast("Iterable[object]", data))
        return Feed(lambda _size: next(values, None))
    raise TypeError(f"data is bytes, a pathlib.Path, a binary file or an iterable of bytes; {type(data).__name__} is none of these")


def _open_path(path: Path) -> Source | Feed:
    file = path.open("rb", buffering=0)
    if file.seekable():
        return FileSource(cast("BinaryIO", file), name=str(path), owned=True)
    return Feed(partial(_read, file.read), close=file.close)


def _open_file(data: object, read: Callable[[int], object], *, awaits: bool) -> Source | Feed:
    if inspect.iscoroutinefunction(read):
        if not awaits:
            raise TypeError("data is an async file: use AsyncClient for it")
        return Feed(partial(_read_awaited, read), awaited=True)
    seekable = getattr(data, "seekable", None)
    if callable(seekable) and seekable() is True:
        return FileSource(cast("BinaryIO", data), name=str(getattr(data, "name", "data")))
    return Feed(partial(_read, read))


def _read(read: Callable[[int], object], size: int) -> object:
    return _unless_empty(read(size))


async def _read_awaited(read: Callable[[int], Awaitable[object]], size: int) -> object:
    return _unless_empty(await read(size))


async def _next_awaited(items: AsyncIterator[object], _size: int) -> object:
    return await anext(items, None)


def _unless_empty(chunk: object) -> object:
    if chunk is None:
        raise BlockingIOError("data is a file in non-blocking mode, and has nothing to read right now")
    return None if chunk in (b"", "") else chunk
