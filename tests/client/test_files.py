"""Objects as files and streams."""

from __future__ import annotations

import inspect
import io
import os
import random
import types
import zipfile
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from astore_sdk import (
    AsyncClient,
    Client,
    Config,
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    ObjectChangedError,
    RetryPolicy,
    TransferConfig,
)
from astore_sdk._transfers.download.read_ahead import LEAST_AHEAD, MOST_AHEAD, Window
from astore_sdk.server import BackgroundServer, Fault

from ..conftest import ClientFactory, Driven

MIB = 1024 * 1024
SMALL = TransferConfig(threshold=6 * MIB, part_size=5 * MIB)


class Worked:
    """An async file or stream, driven from a synchronous test."""

    def __init__(self, wrapped: Any, client: Driven) -> None:
        self._wrapped, self._call = wrapped, client._portal.call

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._wrapped, name)
        return (lambda *args: self._call(value, *args)) if inspect.iscoroutinefunction(value) else value

    def __enter__(self) -> Worked:
        self._call(self._wrapped.__aenter__)
        return self

    def __exit__(self, *error: Any) -> None:
        self._call(self._wrapped.__aexit__, *error)

    def __iter__(self) -> Iterator[bytes]:
        async def following() -> bytes | None:
            return await anext(self._wrapped, None)

        while (chunk := self._call(following)) is not None:
            yield chunk


def worked(client: Client, value: Any) -> Any:
    return Worked(value, client) if isinstance(client, Driven) else value


def stream(client: Client, *args: Any, **options: Any) -> Any:
    made = client.wrapped.stream if isinstance(client, Driven) else client.stream
    return worked(client, made(*args, **options))


def opened(client: Client, *args: Any, **options: Any) -> Any:
    return worked(client, client.open(*args, **options))


def test_stream(client: Client, bucket: str) -> None:
    data = os.urandom(3 * MIB + 1)
    client.upload(bucket, "k", data)
    with stream(client, bucket, "k") as chunks:
        assert b"".join(chunks) == data
    with stream(client, bucket, "k", byte_range="bytes=-5") as chunks:
        assert list(chunks) == [data[-5:]]
    client.upload(bucket, "empty", b"")
    with stream(client, bucket, "empty") as chunks:
        assert list(chunks) == []


def test_stream_of_nothing_fails_where_it_is_entered(client: Client, bucket: str) -> None:
    entered = stream(client, bucket, "missing")
    with pytest.raises(NotFoundError):
        entered.__enter__()


def test_stream_goes_on_after_a_cut(client: Client, bucket: str, store: BackgroundServer) -> None:
    data = os.urandom(2 * MIB)
    client.upload(bucket, "k", data)
    store.faults.add(Fault(operation="getObject", drop_after=MIB))
    with stream(client, bucket, "k") as chunks:
        assert b"".join(chunks) == data


def test_stream_of_wrong_bytes_ends_with_an_error(client: Client, bucket: str, store: BackgroundServer) -> None:
    client.upload(bucket, "k", b"x" * 1000)
    store.faults.add(Fault(operation="getObject", corrupt=True, times=9))
    with stream(client, bucket, "k") as chunks, pytest.raises(IntegrityError):
        list(chunks)


def test_stream_gives_its_connection_back_however_it_ends(
    make_client: ClientFactory, config: Config, store: BackgroundServer
) -> None:
    one = Config(config.base_url, config.token, timeout=2, max_connections=1, retry=RetryPolicy(max_attempts=1))
    with make_client(one) as client:
        client.create_bucket("streams", exist_ok=True)
        client.upload("streams", "k", os.urandom(5 * MIB))
        with stream(client, "streams", "k") as chunks:
            next(iter(chunks))
        assert client.object_exists("streams", "k")
        with pytest.raises(ZeroDivisionError), stream(client, "streams", "k") as chunks:
            next(iter(chunks))
            raise ZeroDivisionError
        assert client.object_exists("streams", "k")
        with stream(client, "streams", "k") as chunks:
            for _ in chunks:
                pass
            assert client.object_exists("streams", "k")


def test_read_like_a_file(client: Client, bucket: str) -> None:
    data = random.Random(1).randbytes(5 * MIB + 3)
    client.upload(bucket, "k", data)
    local = io.BytesIO(data)
    chance = random.Random(2)
    with opened(client, bucket, "k") as file:
        assert file.object.size == len(data)
        for _ in range(60):
            match chance.choice(["read", "read", "seek", "end", "tell", "far"]):
                case "read":
                    size = chance.choice([0, 1, 7, 4096, 300_000, 2 * MIB])
                    assert file.read(size) == local.read(size)
                case "seek":
                    offset = chance.randrange(len(data))
                    assert file.seek(offset) == local.seek(offset)
                case "end":
                    assert file.seek(-9, io.SEEK_END) == local.seek(-9, io.SEEK_END)
                case "tell":
                    assert file.tell() == local.tell()
                case "far":
                    assert file.seek(len(data) + 5) == local.seek(len(data) + 5)
        assert (file.seek(0), local.seek(0)) == (0, 0)
        assert file.read(-1) == data
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_a_zip_and_lines_are_read_from_it(config: Config, bucket: str) -> None:
    with Client(config) as client:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("a.txt", "first\nsecond\n")
            archive.writestr("b.bin", os.urandom(MIB))
        client.upload(bucket, "z.zip", packed.getvalue())
        with client.open(bucket, "z.zip") as file, zipfile.ZipFile(file) as archive:
            assert archive.testzip() is None
            assert archive.read("a.txt") == b"first\nsecond\n"
        client.upload(bucket, "lines", b"first\nsecond\n")
        with client.open(bucket, "lines") as file:
            assert file.readlines() == [b"first\n", b"second\n"]
        with io.TextIOWrapper(client.open(bucket, "lines")) as text:
            assert list(text) == ["first\n", "second\n"]


def test_only_one_version_is_read(client: Client, bucket: str) -> None:
    client.upload(bucket, "k", b"a" * MIB)
    with opened(client, bucket, "k") as file:
        assert file.read(10) == b"a" * 10
        client.upload(bucket, "k", b"b" * MIB)
        file.seek(-10, io.SEEK_END)
        with pytest.raises(ObjectChangedError, match="Open it again"):
            file.read(5)
        client.delete_object(bucket, "k")
        with pytest.raises(ObjectChangedError):
            file.read(5)


@pytest.mark.parametrize("size", [0, 1, MIB + 1, 6 * MIB, 6 * MIB + 1, 11 * MIB])
def test_write_like_a_file(make_client: ClientFactory, config: Config, bucket: str, size: int) -> None:
    data = random.Random(size).randbytes(size)
    with make_client(Config(config.base_url, config.token, transfer=SMALL)) as client:
        with opened(client, bucket, "w", "wb", content_type="text/plain", metadata={"a": "b"}) as file:
            for start in range(0, size, 700_001):
                file.write(data[start : start + 700_001])
            assert file.tell() == size
            assert not client.object_exists(bucket, "w")
        assert (file.object.size, file.object.content_type, file.object.metadata) == (size, "text/plain", {"a": "b"})
        assert client.read(bucket, "w") == data
        with pytest.raises(ValueError, match="closed"):
            file.write(b"more")


@pytest.mark.parametrize("size", [10, 12 * MIB])
def test_an_exception_stores_nothing(make_client: ClientFactory, config: Config, bucket: str, size: int) -> None:
    with make_client(Config(config.base_url, config.token, transfer=SMALL)) as client:
        with pytest.raises(ZeroDivisionError), opened(client, bucket, "w", "wb") as file:
            for _ in range(0, size, MIB):
                file.write(b"x" * MIB)
            raise ZeroDivisionError
        assert not client.object_exists(bucket, "w")
        assert client.list_multipart_uploads(bucket) == []
        file = opened(client, bucket, "w", "wb")
        file.write(b"x")
        file.discard()
        assert not client.object_exists(bucket, "w")


def test_a_file_that_is_never_closed_stores_nothing(client: Client, bucket: str) -> None:
    file = client.open(bucket, "w", "wb")
    with pytest.warns(ResourceWarning, match="never closed"):
        file.__del__()
    assert not client.object_exists(bucket, "w")


def test_a_failed_write_is_not_stored_by_close(client: Client, store: BackgroundServer, bucket: str) -> None:
    file = opened(client, bucket, "w", "wb")
    file.write(b"x")
    store.faults.add(Fault(operation="putObject", status=403, times=1))
    with pytest.raises(Exception, match="403"):
        file.close()
    file.close()
    assert not client.object_exists(bucket, "w")


def test_what_cannot_be_opened(client: Client, bucket: str) -> None:
    with pytest.raises(NotFoundError):
        client.open(bucket, "missing")
    with pytest.raises(InvalidInputError, match="mode"):
        client.open(bucket, "k", "r+")
    with pytest.raises(InvalidInputError, match="only an object that is written"):
        client.open(bucket, "k", "rb", metadata={})
    with pytest.raises(InvalidInputError, match="key"):
        client.open(bucket, "", "wb")


def test_read_ahead_doubles_and_falls_back() -> None:
    window = Window(100 * MIB)
    spans = []
    for _ in range(8):
        start, end = window.missing(1) or (0, 0)
        spans.append(end - start)
        window.fill(start, b"x" * (end - start))
        window.take(MOST_AHEAD)
    assert spans == [LEAST_AHEAD << count for count in range(6)] + [MOST_AHEAD] * 2
    window.seek(50, io.SEEK_SET)
    assert window.missing(1) == (50, 50 + LEAST_AHEAD)


def test_a_reader_that_is_closed(client: Client, bucket: str) -> None:
    client.upload(bucket, "k", b"data")
    with opened(client, bucket, "k") as file:
        pass
    with pytest.raises(ValueError, match="closed"):
        file.read(1)


def test_raw_reader_and_writer_say_what_they_are(config: Config, bucket: str) -> None:
    with Client(config) as client:
        client.upload(bucket, "k", b"data")
        with client.open(bucket, "k") as file:
            raw = file.raw
        with pytest.raises(ValueError, match="closed"):
            raw.tell()
        with client.open(bucket, "w", "wb") as writer:
            assert writer.writable()
            assert not writer.readable()


def test_discarding_what_is_stored_already(client: Client, bucket: str) -> None:
    with opened(client, bucket, "w", "wb") as file:
        file.write(b"x")
    file.discard()
    assert client.read(bucket, "w") == b"x"


def test_what_breaks_while_a_file_is_discarded_is_told(config: Config, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("broken")

    with Client(config) as client:
        file = client.open(bucket, "w", "wb")
        carried = file._carried
        monkeypatch.setattr(file, "_carried", types.SimpleNamespace(advance=broken))
        with pytest.raises(OSError, match="broken"):
            file.discard()
        carried.close()

    async def main() -> None:
        async with AsyncClient(config) as client:
            file = await client.open(bucket, "w", "wb")
            carried = file._carried
            monkeypatch.setattr(file, "_carried", types.SimpleNamespace(advance=broken))
            with pytest.raises(OSError, match="broken"):
                await file.discard()
            await carried.close()

    anyio.run(main)


def test_an_async_stream_is_iterated(config: Config, bucket: str) -> None:
    async def main() -> bytes:
        async with AsyncClient(config) as client:
            await client.upload(bucket, "k", b"data")
            async with client.stream(bucket, "k") as stream:
                return b"".join([chunk async for chunk in stream])

    assert anyio.run(main) == b"data"
