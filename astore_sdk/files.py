"""Objects as files: what `Client.stream` and `Client.open` return."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ._transfers.download.read_ahead import Window
from .models import Object

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from ._runners.sync import Carried

__all__ = ["ObjectReader", "ObjectStream", "ObjectWriter"]

GATHERED = 1024 * 1024
"""Bytes that are gathered before they are passed on."""


class ObjectStream:
    """An object's bytes, chunk by chunk, over one connection. Leaving the `with` block gives the connection back.

    A stream that is cut goes on where it was cut, with the same version of the object. The SHA-256 of a whole object is compared at
    its end: `IntegrityError` then comes in place of the end.
    """

    def __init__(self, carried: Carried[Object]) -> None:
        self._carried = carried
        self._first: bytes | None = None
        self._ended = False

    def __enter__(self) -> Self:
        """Send the request: that there is no such object shows here."""
        self._first = self._advance()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> bytes:
        chunk, self._first = self._first, None
        chunk = chunk or self._advance()
        if chunk is None:
            raise StopIteration
        return chunk

    def _advance(self) -> bytes | None:
        if self._ended:
            return None
        self._ended = True  # unless it meets us again
        chunk = self._carried.advance().value
        if not isinstance(chunk, bytes):
            return None
        self._ended = False
        return chunk

    def close(self) -> None:
        """Stop, and give the connection back. Closing twice does nothing."""
        self._ended = True
        self._carried.close()


class _Blocks(io.RawIOBase):
    """An object's bytes as a raw file, fetched block by block."""

    def __init__(self, version: Object, fetch: Callable[[int, int], bytes]) -> None:
        self.name = version.key
        self.mode = "rb"
        self._fetch = fetch
        self._window = Window(version.size)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._check_open()
        return self._window.seek(offset, whence)

    def tell(self) -> int:
        self._check_open()
        return self._window.position

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        self._check_open()
        view = memoryview(buffer).cast("B")
        found = self._window.take(len(view))
        if not found and (missing := self._window.missing(len(view))):
            self._window.fill(missing[0], self._fetch(*missing))
            found = self._window.take(len(view))
        view[: len(found)] = found
        return len(found)

    def _check_open(self) -> None:
        if self.closed:
            raise ValueError("I/O operation on a closed object")


class ObjectReader(io.BufferedReader):
    """One version of an object as a binary file: buffered, seekable, read ahead.

    Each fetch asks for exactly this version; `ObjectChangedError` says that the store has another one by now.
    """

    def __init__(self, version: Object, fetch: Callable[[int, int], bytes]) -> None:
        super().__init__(_Blocks(version, fetch))
        self.object = version
        """The object as it was when it was opened."""


class ObjectWriter(io.RawIOBase):
    """An object that is being written, as a binary file.

    Up to `TransferConfig.threshold` bytes are kept in memory and sent when the file is closed; more become a multipart upload as
    they come. The object is stored by a clean `close()`. Leaving the `with` block by an exception stores nothing, and neither
    does a file that is never closed.
    """

    def __init__(self, name: str, carried: Carried[Object]) -> None:
        self.name = name
        self.mode = "wb"
        self.object: Object | None = None
        """The object as it is stored, once the file is closed."""
        self._carried = carried
        self._gathered = bytearray()
        self._size = 0
        self._ended = True
        self._carried.advance()  # up to where it wants bytes: what breaks a rule is refused here
        self._ended = False

    def writable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._size

    def write(self, data: ReadableBuffer, /) -> int:
        """Take the bytes, all of them."""
        if self.closed or self._ended:
            raise ValueError("I/O operation on a closed object")
        view = memoryview(data).cast("B")
        self._gathered += view
        self._size += len(view)
        if len(self._gathered) >= GATHERED:
            self._pass_on()
        return len(view)

    def _pass_on(self) -> None:
        gathered, self._gathered = bytes(self._gathered), bytearray()
        self._advance(gathered)

    def _advance(self, given: bytes | None) -> None:
        self._ended = True  # unless it wants more
        value = self._carried.advance(given).value
        if isinstance(value, Object):
            self.object = value
        else:
            self._ended = False

    def close(self) -> None:
        """Store the object. Closing twice does nothing."""
        if self.closed:
            return
        try:
            if not self._ended:
                if self._gathered:
                    self._pass_on()
                self._advance(None)
        finally:
            super().close()

    def discard(self, reason: BaseException | None = None) -> None:
        """Close the file and store nothing; a multipart upload that has begun is aborted."""
        if not self._ended:
            self._ended = True
            reason = reason or InterruptedError("the file was discarded")
            try:
                self._carried.advance(failure=reason)
            except BaseException as error:
                if error is not reason:
                    raise
        self.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        if error is not None:
            self.discard(error)
        else:
            self.close()

    def __del__(self) -> None:
        # The base class would close it, and so store what nobody said is complete.
        if not self.closed and not self._ended:
            self._ended = True
            warnings.warn(f"{self.name!r} was never closed; nothing was stored", ResourceWarning, stacklevel=2)
