"""What can be read only once is kept where it can be read again, without taking more memory than was said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from astore_sdk._core.flow import Steps, Tell, Wait, Work
from astore_sdk._transfers import plan
from astore_sdk._transfers.spool import SPOOLED
from astore_sdk._transfers.upload.part_sources import FeedParts
from astore_sdk._transfers.upload.source import Feed, FileSource, MemorySource, Source
from astore_sdk.config import MIB, MIN_PART_SIZE


def carried_out(steps: Steps[object]) -> object:
    """Carry out a flow that only works, and return its result."""
    outcome: object = None
    while True:
        try:
            step = steps.send(outcome)
        except StopIteration as stop:
            return stop.value
        assert isinstance(step, Work | Tell | Wait)
        outcome = step.call()


def content(source: Source) -> bytes:
    return b"".join(source.chunks(0, source.size))


def feed_of(data: bytes, piece: int) -> Feed:
    pieces: Iterator[bytes] = (data[at : at + piece] for at in range(0, len(data), piece))
    return Feed(lambda _size: next(pieces, None))


@pytest.mark.parametrize("piece", [1, 7, 100])
@pytest.mark.parametrize("in_memory", [0, 1, 50, 99, 100])
def test_what_was_taken_can_be_read_again(piece: int, in_memory: int) -> None:
    data = bytes(range(100))
    feed = feed_of(data, piece)
    source = carried_out(feed.take(90, in_memory))
    assert isinstance(source, MemorySource if in_memory >= 90 else FileSource)
    assert content(source) == content(source) == data[:90]
    rest = carried_out(feed.take(90, in_memory))
    assert content(rest) == data[90:]
    source.close()
    rest.close()


def test_what_was_put_back_is_closed_as_soon_as_it_was_read_again() -> None:
    data = bytes(range(100))
    feed = feed_of(data, 30)
    first = carried_out(feed.take(70))
    feed.put_back(first)
    assert content(carried_out(feed.take(80))) == data[:80]
    with pytest.raises(ValueError, match="released"):
        content(first)
    assert content(carried_out(feed.take(80))) == data[80:]
    feed.close()


def test_a_source_that_raises_leaves_no_file() -> None:
    def failing() -> Iterator[bytes]:
        yield b"some"
        raise OSError("gone")

    items = failing()
    feed = Feed(lambda _size: next(items, None))
    with pytest.raises(OSError, match="gone"):
        carried_out(feed.take(100, 0))  # a file that was left open would be a ResourceWarning


def test_parts_that_have_grown_are_not_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else memory would grow with the stream: parts double in size as it goes on."""
    monkeypatch.setattr(plan, "DOUBLING", 2)
    size = MIN_PART_SIZE
    parts = FeedParts(feed_of(bytes(5 * size), MIB), None, size)
    taken = [carried_out(parts.following()) for _ in range(4)]
    assert [type(body.source) for body in taken[:3]] == [MemorySource, MemorySource, FileSource]
    assert [body.length for body in taken[:3]] == [size, size, 2 * size]
    for body in taken:
        parts.release(body)
    assert carried_out(parts.following()) is None


@pytest.mark.parametrize(("length", "kind"), [(SPOOLED, MemorySource), (SPOOLED + MIB, FileSource)])
def test_large_parts_are_not_in_memory(length: int, kind: type[Source]) -> None:
    body = carried_out(FeedParts(feed_of(b"little", 6), None, length).following())
    assert type(body.source) is kind
    assert content(body.source) == b"little"
    body.source.close()
