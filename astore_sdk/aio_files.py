"""Objects as files: what `AsyncClient.stream` and `AsyncClient.open` return. The twin of `files`."""

from __future__ import annotations

import io
import warnings
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ._transfers.download.read_ahead import Window
from .files import GATHERED
from .models import Object

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

    from ._runners.aio import Carried

__all__ = ["AsyncObjectReader", "AsyncObjectStream", "AsyncObjectWriter"]


class AsyncObjectStream:
    """An object's bytes, chunk by chunk, over one connection; see `ObjectStream`."""

    def __init__(self, carried: Carried[Object]) -> None:
        self._carried = carried
        self._first: bytes | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        """Send the request: that there is no such object shows here."""
        self._first = await self._advance()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        chunk, self._first = self._first, None
        chunk = chunk or await self._advance()
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    async def _advance(self) -> bytes | None:
        if self._ended:
            return None
        self._ended = True  # unless it meets us again
        chunk = (await self._carried.advance()).value
        if not isinstance(chunk, bytes):
            return None
        self._ended = False
        return chunk

    async def close(self) -> None:
        """Stop, and give the connection back. Closing twice does nothing."""
        self._ended = True
        await self._carried.close()


class _AsyncFile:
    """What reader and writer have in common."""

    _closed = False

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._closed

    async def __aenter__(self) -> Self:
        return self

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on a closed object")


class AsyncObjectReader(_AsyncFile):
    """One version of an object as a binary file: seekable, read ahead; see `ObjectReader`."""

    def __init__(self, version: Object, fetch: Callable[[int, int], Awaitable[bytes]]) -> None:
        self.object = version
        """The object as it was when it was opened."""
        self._fetch = fetch
        self._window = Window(version.size)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    async def read(self, size: int = -1, /) -> bytes:
        """Return so many bytes, fewer only at the object's end; all that are left if size is negative."""
        self._check_open()
        left = max(0, self._window.size - self._window.position) if size < 0 else size
        found: list[bytes] = []
        while left:
            some = self._window.take(left)
            if some:
                found.append(bytes(some))
                left -= len(some)
            elif missing := self._window.missing(left):
                self._window.fill(missing[0], await self._fetch(*missing))
            else:
                break
        return b"".join(found)

    async def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move to an offset from the begin, the position or the end, and return the new position."""
        self._check_open()
        return self._window.seek(offset, whence)

    async def tell(self) -> int:
        """Return the position."""
        self._check_open()
        return self._window.position

    async def close(self) -> None:
        """Let go of what was read ahead."""
        self._closed = True
        self._window = Window(0)


class AsyncObjectWriter(_AsyncFile):
    """An object that is being written, as a binary file; see `ObjectWriter`."""

    def __init__(self, name: str, carried: Carried[Object]) -> None:
        self.name = name
        self.object: Object | None = None
        """The object as it is stored, once the file is closed."""
        self._carried = carried
        self._gathered = bytearray()
        self._size = 0
        self._ended = False

    @classmethod
    async def begin(cls, name: str, carried: Carried[Object]) -> Self:
        """Return a writer that wants bytes: what breaks a rule is refused here."""
        writer = cls(name, carried)
        writer._ended = True
        await carried.advance()
        writer._ended = False
        return writer

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            await self.discard(error)
        else:
            await self.close()

    async def write(self, data: ReadableBuffer, /) -> int:
        """Take the bytes, all of them."""
        if self._ended:
            raise ValueError("I/O operation on a closed object")
        view = memoryview(data).cast("B")
        self._gathered += view
        self._size += len(view)
        if len(self._gathered) >= GATHERED:
            await self._pass_on()
        return len(view)

    async def tell(self) -> int:
        """Return how many bytes were written."""
        return self._size

    async def _pass_on(self) -> None:
        gathered, self._gathered = bytes(self._gathered), bytearray()
        await self._advance(gathered)

    async def _advance(self, given: bytes | None) -> None:
        self._ended = True  # unless it wants more
        value = (await self._carried.advance(given)).value
        if isinstance(value, Object):
            self.object = value
        else:
            self._ended = False

    async def close(self) -> None:
        """Store the object. Closing twice does nothing."""
        self._closed = True
        if not self._ended:
            if self._gathered:
                await self._pass_on()
            await self._advance(None)

    async def discard(self, reason: BaseException | None = None) -> None:
        """Close the file and store nothing; a multipart upload that has begun is aborted."""
        self._closed = True
        if not self._ended:
            self._ended = True
            reason = reason or InterruptedError("the file was discarded")
            try:
                await self._carried.advance(failure=reason)
            except BaseException as error:
                if error is not reason:
                    raise

    def __del__(self) -> None:
        if not self.closed and not self._ended:
            self._ended = True
            warnings.warn(f"{self.name!r} was never closed; nothing was stored", ResourceWarning, stacklevel=2)
