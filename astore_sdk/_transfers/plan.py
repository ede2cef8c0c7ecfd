"""How a transfer is cut into parts, ranges and chunks: pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from ..config import MAX_PUT_SIZE, MIB
from ..exceptions import InvalidInputError

CHUNK = MIB
"""Bytes that are read and sent at once: fewer are slower, more are copied twice on their way."""
MAX_PARTS = 10_000
MAX_SIZE = 5 * 1024 * 1024 * MIB
"""The largest object: 5 TiB."""
DOUBLING = 950
"""A stream of unknown length doubles its part size after so many parts: 10,000 parts then hold 5 TiB and more."""


@frozen
class PlannedPart:
    """A part, with where it begins and how long it is, in bytes."""

    number: int
    offset: int
    length: int


def part_size_for(size: int, part_size: int) -> int:
    """Return the part size with which so many bytes fit into 10,000 parts: at least `part_size`, in whole MiB if it grew."""
    least = -(-size // MAX_PARTS)
    return part_size if part_size >= least else -(-least // MIB) * MIB


def plan_parts(size: int, part_size: int) -> Iterator[PlannedPart]:
    """Cut so many bytes into parts.

    Raises:
        InvalidInputError: It is more than an object can have.
    """
    if size > MAX_SIZE:
        raise InvalidInputError(f"{size} bytes are more than an object can have ({MAX_SIZE})")
    step = part_size_for(size, part_size)
    for index, offset in enumerate(range(0, size, step)):
        yield PlannedPart(index + 1, offset, min(step, size - offset))


def stream_part_size(number: int, part_size: int) -> int:
    """Return the size of the part with this number (from 1) of a stream whose length nobody knows."""
    return min(part_size << ((number - 1) // DOUBLING), MAX_PUT_SIZE)


def plan_ranges(first: int, end: int, length: int) -> Iterator[tuple[int, int]]:
    """Cut the bytes from `first` to before `end` into ranges of so many bytes, each as the half-open interval that it is."""
    for start in range(first, end, length):
        yield start, min(start + length, end)
