"""What goes into the store comes out of it, on both clients: keys, metadata, ranges, lists, and bytes from every kind of source."""

from __future__ import annotations

import array
import io
import os
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from itertools import accumulate, cycle
from pathlib import Path

import anyio.lowlevel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astore_sdk import Client, RangeNotSatisfiableError, TransferConfig

from ..conftest import Driven
from ..transfer.origin import digest_of
from .conftest import examples
from .strategies import KEYS, METADATA

MIB = 1024 * 1024
PART = 5 * MIB
THRESHOLD = 70_000
SMALL = TransferConfig(threshold=THRESHOLD, part_size=PART)
DATA = os.urandom(2 * PART + MIB)


def test_keys_and_metadata_come_back(client: Client, bucket: str) -> None:
    @examples(80)
    @given(KEYS, METADATA, st.binary(max_size=200))
    def attempt(key: str, metadata: dict[str, str], data: bytes) -> None:
        stored = client.upload(bucket, key, data, metadata=metadata)
        found = client.get_object_metadata(bucket, key)
        assert (found.key, found.size, found.metadata, found.digest) == (key, len(data), metadata, digest_of(data))
        assert (stored.key, stored.etag, stored.metadata) == (key, found.etag, metadata)
        assert client.read(bucket, key) == data
        (listed,) = [item for item in client.list_objects(bucket, prefix=key).objects if item.key == key]
        assert (listed.size, listed.etag) == (len(data), found.etag)
        assert client.copy_object(bucket, key, bucket, key + "'").metadata == metadata
        assert sorted(client.delete_objects(bucket, [key, key + "'"]).deleted) == sorted([key, key + "'"])
        assert not client.object_exists(bucket, key)

    attempt()


LISTED = sorted(
    [
        "a", "a/", "a//", "a/b", "a/b/c", "a/b/d", "a0", "a b", "a+b", "b/", "b/a", "é", "e\u0301", "\uff5e", "😀", "😀/a",
        "日本/語", "~", "%2F", "%2F/x", "/", "//", "/a", ".", "..", "../a", "A", "Z/z", "z" * 300,
    ],
    key=str.encode,
)  # fmt: skip


def rolled_up(prefix: str, delimiter: str) -> list[tuple[bool, str]]:
    """List what a listing has, in order, as the contract says: each key, or once what it is rolled up into."""
    entries: list[tuple[bool, str]] = []
    for key in filter(lambda key: key.startswith(prefix), LISTED):
        before, found, _ = key[len(prefix) :].partition(delimiter) if delimiter else (key, "", "")
        entry = (bool(found), prefix + before + found if found else key)
        if entry not in entries:
            entries.append(entry)
    return entries


def test_lists_are_what_a_sorted_list_of_keys_says(client: Client, bucket: str) -> None:
    for key in LISTED:
        client.upload(bucket, key, b"")

    @examples(150)
    @given(
        st.sampled_from(["", "a", "a/", "a/b", "/", "é", "😀", "nothing", "%", "."]),
        st.sampled_from(["", "/", "b", "//", "😀"]),
        st.integers(1, 9),
    )
    def attempt(prefix: str, delimiter: str, page: int) -> None:
        wanted = rolled_up(prefix, delimiter)
        whole = client.list_objects(bucket, prefix=prefix, delimiter=delimiter)
        assert [item.key for item in whole.objects] == [name for rolled, name in wanted if not rolled]
        assert (whole.common_prefixes, whole.is_truncated) == ([name for rolled, name in wanted if rolled], False)
        marker: str | None = None
        for start in range(0, max(1, len(wanted)), page):
            found = client.list_objects(bucket, prefix=prefix, delimiter=delimiter, marker=marker, max_keys=page)
            names = sorted([item.key for item in found.objects] + found.common_prefixes, key=str.encode)
            assert names == [name for _, name in wanted[start : start + page]]
            assert found.is_truncated == (start + page < len(wanted))
            marker = found.next_marker
        if not delimiter:
            assert [item.key for item in client.iter_objects(bucket, prefix=prefix)] == [name for _, name in wanted]

    attempt()


def test_a_range_is_a_slice(client: Client, bucket: str) -> None:
    sizes = (0, 1, 2, 1000)
    for size in sizes:
        client.upload(bucket, f"{size}", DATA[:size])

    @examples(150)
    @given(st.sampled_from(sizes), st.integers(0, 1100), st.none() | st.integers(0, 1100), st.booleans())
    def attempt(size: int, first: int, length: int | None, suffix: bool) -> None:
        data = DATA[:size]
        if suffix:
            text, wanted = f"bytes=-{first + 1}", data[-first - 1 :]
        else:
            text = f"bytes={first}-{'' if length is None else first + length}"
            wanted = data[first:] if length is None else data[first : first + length + 1]
        if wanted:
            assert client.read(bucket, f"{size}", byte_range=text) == wanted
            writer = io.BytesIO()
            assert client.download(bucket, f"{size}", writer, byte_range=text).size == size
            assert writer.getvalue() == wanted
        else:
            with pytest.raises(RangeNotSatisfiableError):
                client.read(bucket, f"{size}", byte_range=text)

    attempt()


def pieces(data: bytes) -> Iterator[bytes]:
    """Cut data into pieces of odd sizes, some of them empty."""
    ends = accumulate(cycle([1, 0, 4096, 65_537, 999_983]))
    start = 0
    while start < len(data):
        end = next(ends)
        yield data[start:end]
        start = end


class Trickle:
    """A file that cannot seek and gives less than it is asked for."""

    def __init__(self, data: bytes) -> None:
        self._rest = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self._rest.read(min(size, 77_777))


class AsyncTrickle(Trickle):
    """The same, awaited."""

    async def read(self, size: int) -> bytes:  # type: ignore[override]
        await anyio.lowlevel.checkpoint()
        return super().read(size)


async def async_pieces(data: bytes) -> AsyncIterator[bytes]:
    for piece in pieces(data):
        await anyio.lowlevel.checkpoint()
        yield piece


def file_at(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def standing(file: io.IOBase) -> io.IOBase:
    file.seek(3)
    return file


def numbers(data: bytes) -> array.array[int]:
    return array.array("B", data)


SOURCES: dict[str, Callable[[bytes, Path], object]] = {
    "bytes": lambda data, _: data,
    "bytearray": lambda data, _: bytearray(data),
    "memoryview": lambda data, _: memoryview(b"xyz" + data)[3:],
    "array": lambda data, _: memoryview(numbers(data)),
    "Path": lambda data, path: file_at(path, data),
    "file": lambda data, path: standing(file_at(path, b"xyz" + data).open("rb")),
    "raw file": lambda data, path: standing(file_at(path, b"xyz" + data).open("rb", buffering=0)),
    "BytesIO": lambda data, _: standing(io.BytesIO(b"xyz" + data)),
    "unseekable": lambda data, _: Trickle(data),
    "generator": lambda data, _: pieces(data),
    "list": lambda data, _: list(pieces(data)),
    "bytearrays": lambda data, _: map(bytearray, pieces(data)),
}
ASYNC_SOURCES: dict[str, Callable[[bytes, Path], object]] = {
    "async generator": lambda data, _: async_pieces(data),
    "async file": lambda data, _: AsyncTrickle(data),
}
SIZES = [0, 1, THRESHOLD - 1, THRESHOLD, THRESHOLD + 1, MIB, MIB + 1]
PART_SIZES = [PART - 1, PART, PART + 1, 2 * PART]


def assert_arrives(client: Client, bucket: str, source: object, data: bytes, **options: object) -> None:
    totals: list[int] = []
    stored = client.upload(bucket, "app", source, progress_callback=totals.append, transfer=SMALL, **options)
    assert (stored.size, stored.digest) == (len(data), digest_of(data))
    assert totals == sorted(set(totals))
    assert totals[-1:] == ([len(data)] if data else [])
    assert client.read(bucket, "app") == data
    if isinstance(source, io.IOBase):
        assert not source.closed
        source.close()


@pytest.mark.parametrize("kind", [*SOURCES, *ASYNC_SOURCES])
def test_every_source_arrives_whole(kind: str, client: Client, bucket: str, tmp_path: Path) -> None:
    if kind in ASYNC_SOURCES and not isinstance(client, Driven):
        with pytest.raises(TypeError, match="AsyncClient"):
            client.upload(bucket, "app", ASYNC_SOURCES[kind](b"", tmp_path))
        return
    for size in SIZES:
        for options in ({}, {"size": size}):
            assert_arrives(
                client, bucket, (SOURCES | ASYNC_SOURCES)[kind](DATA[:size], tmp_path / "source"), DATA[:size], **options
            )
    assert client.list_multipart_uploads(bucket) == []


@pytest.mark.parametrize("kind", ["bytes", "file", "generator"])
def test_parts_end_where_they_should(kind: str, client: Client, bucket: str, tmp_path: Path) -> None:
    for size in PART_SIZES:
        assert_arrives(client, bucket, SOURCES[kind](DATA[:size], tmp_path / "source"), DATA[:size])
    assert client.list_multipart_uploads(bucket) == []


def test_a_pipe_arrives_whole(client: Client, bucket: str) -> None:
    for size in (0, 1, 60_000):
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb") as sink:
            sink.write(DATA[:size])
            sink.close()
            assert_arrives(client, bucket, source, DATA[:size])


def test_pieces_of_any_size_arrive_whole(client: Client, bucket: str) -> None:
    @examples(60)
    @given(st.lists(st.binary(max_size=50_000), max_size=8), st.sampled_from([iter, list, tuple]))
    def attempt(given_pieces: list[bytes], kind: Callable[[list[bytes]], Iterable[bytes]]) -> None:
        assert_arrives(client, bucket, kind(given_pieces), b"".join(given_pieces))

    attempt()
