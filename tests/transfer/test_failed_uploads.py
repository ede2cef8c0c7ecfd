"""Uploads that fail: nothing is stored, nothing is left over, and what is the caller's stays as it was."""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from astore_sdk import (
    ArtifactStoreError,
    AsyncClient,
    BadRequestError,
    Client,
    Config,
    IntegrityError,
    InvalidInputError,
    SourceChangedError,
    TransferConfig,
)
from astore_sdk.server import BackgroundServer
from astore_sdk.server.faults import Fault

from .origin import digest_of

MIB = 1024 * 1024
PART = 5 * MIB
IN_PARTS = TransferConfig(threshold=MIB, part_size=PART)
AT_ONCE = TransferConfig(threshold=64 * MIB)
DATA = os.urandom(2 * PART + 12345)
WAYS = pytest.mark.parametrize("way", [IN_PARTS, AT_ONCE], ids=["parts", "one-put"])


class Stop(BaseException):
    """Ends a program in its own way."""


def assert_nothing_stored(client: Client, bucket: str) -> None:
    assert client.list_multipart_uploads(bucket) == []
    assert client.list_objects(bucket).objects == []


def test_a_part_that_is_refused_aborts_the_upload(client: Client, bucket: str, store: BackgroundServer) -> None:
    store.faults.add(Fault(operation="uploadPart", skip=1, status=400))
    with pytest.raises(BadRequestError) as caught:
        client.upload(bucket, "app", DATA, transfer=IN_PARTS)
    assert (caught.value.operation, getattr(caught.value, "__notes__", [])) == ("uploadPart", [])
    assert_nothing_stored(client, bucket)


@pytest.mark.parametrize("operation", ["uploadPart", "completeMultipartUpload"])
def test_a_failed_abort_is_a_note(operation: str, client: Client, bucket: str, store: BackgroundServer) -> None:
    store.faults.add(Fault(operation=operation, status=403))
    store.faults.add(Fault(operation="abortMultipartUpload", status=500, times=9))
    with pytest.raises(ArtifactStoreError) as caught:
        client.upload(bucket, "app", DATA, transfer=IN_PARTS)
    assert caught.value.operation == operation
    (left,) = client.list_multipart_uploads(bucket)
    (note,) = caught.value.__notes__
    assert left.upload_id in note
    assert "abort_multipart_upload" in note


@pytest.mark.parametrize("lost", ["lose_answer", "drop_upload_after", "drop_before"])
@WAYS
def test_a_lost_answer_costs_a_repeat(way: TransferConfig, lost: str, client: Client, bucket: str, store: BackgroundServer) -> None:
    for operation in ("uploadPart", "completeMultipartUpload") if way is IN_PARTS else ("putObject",):
        store.faults.add(Fault(operation=operation, reset=True, **{lost: 20 if lost == "drop_upload_after" else True}))
    totals: list[int] = []
    stored = client.upload(bucket, "app", io.BytesIO(DATA), if_none_match="*", transfer=way, progress_callback=totals.append)
    assert store.faults.pending() == []
    assert stored.digest == digest_of(DATA)
    assert client.read(bucket, "app") == DATA
    assert (totals, totals[-1]) == (sorted(set(totals)), len(DATA))


def shrink(path: Path) -> None:
    os.truncate(path, len(DATA) - MIB)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(2 * PART)
        file.write(b"other")
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize("opened", [False, True], ids=["path", "file"])
@pytest.mark.parametrize("change", [shrink, grow, rewrite])
@WAYS
def test_a_file_that_changes_is_not_stored(
    way: TransferConfig, change: Callable[[Path], None], opened: bool, client: Client, bucket: str, tmp_path: Path
) -> None:
    path = tmp_path / "source"
    path.write_bytes(DATA)
    changes = iter([change])

    def once(_total: int) -> None:
        next(changes, lambda _: None)(path)

    with path.open("rb") as file:
        with pytest.raises(SourceChangedError):
            client.upload(bucket, "app", file if opened else path, progress_callback=once, transfer=way)
        assert not file.closed
    assert_nothing_stored(client, bucket)


def test_memory_that_changes_is_not_stored(client: Client, bucket: str) -> None:
    data = bytearray(DATA)

    def spoil(_total: int) -> None:
        data[-1] = DATA[-1] ^ 1

    with pytest.raises(SourceChangedError):
        client.upload(bucket, "app", data, progress_callback=spoil, transfer=AT_ONCE)
    assert_nothing_stored(client, bucket)
    data.clear()  # nothing holds the buffer any more


class Fickle(io.BytesIO):
    """A seekable source with other bytes each time it is read, and nothing by which that shows."""

    def read(self, size: int | None = -1) -> bytes:
        taken = super().read(size)
        self.getbuffer()[-1:] = bytes([(self.getvalue()[-1] + 1) % 256])
        return taken


def test_a_source_that_cannot_be_watched_is_found_out_by_its_digest(client: Client, bucket: str) -> None:
    with pytest.raises(SourceChangedError):
        client.upload(bucket, "app", Fickle(DATA[:MIB]))
    assert_nothing_stored(client, bucket)


@pytest.mark.parametrize(("size", "error"), [(len(DATA) + 1, SourceChangedError), (len(DATA) - 1, SourceChangedError)])
def test_a_stream_of_another_size_is_not_stored(size: int, error: type[Exception], client: Client, bucket: str) -> None:
    pieces = (DATA[start : start + MIB] for start in range(0, len(DATA), MIB))
    with pytest.raises(error):
        client.upload(bucket, "app", pieces, size, transfer=IN_PARTS)
    assert_nothing_stored(client, bucket)


def test_a_wrong_size_is_refused_before_anything_is_sent(client: Client, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"12345")
    for data in (b"12345", io.BytesIO(b"12345"), tmp_path / "source", iter([b"123", b"45"])):
        with pytest.raises(InvalidInputError, match="size is 4"):
            client.upload("no-such-bucket", "app", data, 4)


def test_wrong_bytes_never_become_an_object(client: Client, bucket: str, store: BackgroundServer) -> None:
    store.faults.add(Fault(operation="completeMultipartUpload", status=400, body='{"code": "BadDigest"}'))
    with pytest.raises(IntegrityError):
        client.upload(bucket, "app", DATA, transfer=IN_PARTS)
    assert_nothing_stored(client, bucket)


@WAYS
def test_the_callers_file_stays_open(way: TransferConfig, client: Client, bucket: str, store: BackgroundServer) -> None:
    file = io.BytesIO(b"skipped" + DATA)
    file.seek(7)
    client.upload(bucket, "app", file, transfer=way)
    assert (file.closed, client.read(bucket, "app") == DATA) == (False, True)
    store.faults.add(Fault(operation="putObject", status=403))
    store.faults.add(Fault(operation="uploadPart", status=403))
    file.seek(7)
    with pytest.raises(ArtifactStoreError):
        client.upload(bucket, "app", file, transfer=way)
    assert not file.closed
    received = io.BytesIO()
    client.download(bucket, "app", received)
    assert not received.closed


def test_a_size_that_is_too_small_is_refused_before_anything_is_sent(client: Client, bucket: str, store: BackgroundServer) -> None:
    store.faults.add(Fault(bucket=bucket, status=418))
    pieces = (bytes(MIB) for _ in range(18))
    with pytest.raises(InvalidInputError, match="at least"):
        client.upload(bucket, "app", pieces, 16 * MIB)
    assert len(store.faults.pending()) == 1


@WAYS
def test_the_callers_file_stands_where_reading_ended(way: TransferConfig, client: Client, bucket: str, tmp_path: Path) -> None:
    path = tmp_path / "source"
    path.write_bytes(b"skipped" + DATA)
    with path.open("rb") as file:
        file.seek(7)
        client.upload(bucket, "app", file, transfer=way)
        assert file.tell() == 7 + len(DATA)
        assert file.read() == b""
    assert client.read(bucket, "app") == DATA


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, Stop])
@pytest.mark.parametrize("awaits", [False, True], ids=["sync", "async"])
@WAYS
def test_what_ends_the_program_ends_the_upload(
    way: TransferConfig, awaits: bool, kind: type[BaseException], config: Config, bucket: str, client: Client
) -> None:
    def callback(_total: int) -> None:
        raise kind("now")

    def called() -> None:
        with Client(config) as own:
            own.upload(bucket, "app", DATA, progress_callback=callback, transfer=way)

    async def awaited() -> None:
        async with AsyncClient(config) as own:
            await own.upload(bucket, "app", DATA, progress_callback=callback, transfer=way)

    with pytest.raises(kind, match="now"):
        asyncio.run(awaited()) if awaits else called()
    assert_nothing_stored(client, bucket)
