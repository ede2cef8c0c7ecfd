"""What callers hand to the clients: bytes to send, places to put them, callbacks."""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from pathlib import Path
from typing import Protocol

__all__ = [
    "AsyncData",
    "AsyncReadable",
    "AsyncWritable",
    "AsyncWriter",
    "Buffer",
    "Data",
    "ProgressCallback",
    "Readable",
    "Writable",
    "Writer",
]


class Readable(Protocol):
    """A binary file that is read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most so many bytes; none at the end."""
        ...


class AsyncReadable(Protocol):
    """A binary file whose `read` is awaited."""

    def read(self, size: int, /) -> Awaitable[bytes]:
        """Return at most so many bytes; none at the end."""
        ...


class Writable(Protocol):
    """A binary file that is written to."""

    def write(self, data: bytes, /) -> object:
        """Write the bytes; return how many were written, or None for all."""
        ...


class AsyncWritable(Protocol):
    """A binary file whose `write` is awaited."""

    def write(self, data: bytes, /) -> Awaitable[object]:
        """Write the bytes; return how many were written, or None for all."""
        ...


Buffer = bytes | bytearray | memoryview
"""Bytes in memory."""
Data = Buffer | Path | Readable | Iterable[bytes]
"""What `Client` uploads."""
AsyncData = Data | AsyncReadable | AsyncIterable[bytes]
"""What `AsyncClient` uploads."""
Writer = Writable | Path
"""What `Client` downloads to."""
AsyncWriter = Writer | AsyncWritable
"""What `AsyncClient` downloads to."""
ProgressCallback = Callable[[int], object]
"""Called with the bytes that were moved so far. For `AsyncClient` it may return an awaitable."""
