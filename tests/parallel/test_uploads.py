"""Uploads in parts, side by side."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle
from pathlib import Path

import anyio
import httpx
import pytest
import respx
from attrs import evolve

from astore_sdk import (
    AsyncClient,
    Client,
    Config,
    IntegrityError,
    InvalidInputError,
    PreconditionFailedError,
    ServerError,
    SourceChangedError,
    TransferConfig,
)
from astore_sdk._core import retry
from astore_sdk.server import BackgroundServer, Fault

from ..conftest import QUICK, ClientFactory
from ..transfer.scripted import Heard, Reply, ScriptedServer
from .conftest import MIB, PART, SMALL_PARTS
from .tap import Tap


def sha256(path: Path) -> str:
    return f"sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


@pytest.mark.parametrize("integrity", [True, False])
def test_parts_travel_side_by_side(
    make_client: ClientFactory, tapped: Config, tap: Tap, store: BackgroundServer, bucket: str, source: Path, integrity: bool
) -> None:
    store.faults.add(Fault(operation="uploadPart", delay=0.1, times=4))
    totals: list[int] = []
    with make_client(tapped) as client:
        transfer = evolve(SMALL_PARTS, integrity=integrity)
        stored = client.upload(bucket, "big", source, progress_callback=totals.append, transfer=transfer)
    assert stored.digest == sha256(source)
    assert tap.most_open >= 4
    assert totals == sorted(set(totals))
    assert totals[-1] == source.stat().st_size


def test_the_next_transfer_uses_the_same_connections(make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str) -> None:
    with make_client(tapped) as client:
        client.upload(bucket, "one", bytes(3 * PART))
        before = tap.connections
        client.upload(bucket, "two", bytes(3 * PART))
    assert tap.connections == before


@pytest.mark.parametrize("kind", ["bytes", "bytearray", "BytesIO", "file", "raw file", "wrapped", "iterable", "pipe"])
def test_every_kind_of_source_arrives(client: Client, bucket: str, source: Path, kind: str) -> None:
    data = source.read_bytes()
    if kind in ("bytes", "bytearray"):
        stored = client.upload(bucket, kind, data if kind == "bytes" else bytearray(data))
    elif kind == "iterable":
        stored = client.upload(bucket, kind, (data[at : at + 777_777] for at in range(0, len(data), 777_777)))
    elif kind == "pipe":
        stored = client.upload(bucket, kind, OnlyRead(io.BytesIO(data)), len(data))
    else:
        file = {
            "BytesIO": lambda: io.BytesIO(data),
            "file": lambda: source.open("rb"),
            "raw file": lambda: source.open("rb", buffering=0),
            "wrapped": lambda: Wrapped(data),
        }[kind]()
        with file:
            file.seek(1000)
            data = data[1000:]
            stored = client.upload(bucket, kind, file)
            assert not file.closed
            assert file.read() == b""
    assert stored.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"


class OnlyRead:
    """A file that can be read, and nothing else."""

    def __init__(self, file: io.BytesIO) -> None:
        self.read = file.read


class Wrapped(io.BytesIO):
    """A seekable file whose descriptor is that of another one, as that of a decompressing file is."""

    def fileno(self) -> int:
        return 0


def test_a_part_that_fails_is_sent_again(client: Client, store: BackgroundServer, bucket: str, source: Path) -> None:
    store.faults.add(Fault(operation="uploadPart", status=500, skip=1))
    store.faults.add(Fault(operation="uploadPart", drop_upload_after=MIB, skip=1))
    store.faults.add(Fault(operation="uploadPart", lose_answer=True, skip=2))
    totals: list[int] = []
    assert client.upload(bucket, "big", source, progress_callback=totals.append).digest == sha256(source)
    assert totals == sorted(set(totals))
    assert totals[-1] == source.stat().st_size


def test_a_part_that_always_fails_ends_it(client: Client, store: BackgroundServer, bucket: str, source: Path) -> None:
    store.faults.add(Fault(operation="uploadPart", status=500, times=100))
    with pytest.raises(ServerError) as caught:
        client.upload(bucket, "big", source)
    assert caught.value.operation == "uploadPart"
    store.faults.clear()
    assert client.list_multipart_uploads(bucket) == []
    assert not client.object_exists(bucket, "big")


def test_a_transfer_has_one_budget_of_repeats(
    config: Config, make_client: ClientFactory, store: BackgroundServer, bucket: str
) -> None:
    store.faults.add(Fault(operation="uploadPart", status=500, times=1000))
    patient = evolve(config, retry=evolve(config.retry, max_attempts=5), transfer=evolve(SMALL_PARTS, concurrency=16))
    with make_client(patient) as client, pytest.raises(ServerError):
        client.upload(bucket, "big", bytes(16 * PART))
    (left,) = store.faults.pending()
    assert 1000 - left.times <= 3 * 5 + 16 + 1


def test_the_more_moves_the_more_may_be_repeated(make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part fails once: twelve repeats are more than a transfer may make that moves nothing."""
    monkeypatch.setattr(retry, "BYTES_PER_REPEAT", PART)
    failing = cycle([Reply(500), Reply(200, headers={"ETag": '"e"'})])

    def answer(heard: Heard) -> Reply:
        if heard.method == "PUT":
            return next(failing)
        return Reply(200, b'{"uploadId": "u", "key": "big", "size": %d}' % (12 * PART))

    once = evolve(SMALL_PARTS, concurrency=1, integrity=False)
    with ScriptedServer(answer) as server:
        config = Config(server.url, transfer=once, retry=evolve(QUICK, max_attempts=2))
        with make_client(config) as client:
            assert client.upload("bucket", "big", bytes(12 * PART)).size == 12 * PART
        assert len(server.heard) == 1 + 24 + 1


@pytest.mark.parametrize("said", [{"size": 2 * PART - 1}, {"digest": f"sha256:{'0' * 64}"}], ids=["size", "digest"])
def test_a_store_that_made_something_else_of_the_parts(make_client: ClientFactory, said: dict[str, object]) -> None:
    def answer(heard: Heard) -> Reply:
        if heard.method == "PUT":
            return Reply(200, headers={"ETag": '"e"'})
        made = {"uploadId": "u", "key": "big", "size": 2 * PART, "digest": digest}
        return Reply(200, json.dumps(made | lie).encode())

    lie = said
    digest = f"sha256:{hashlib.sha256(bytes(2 * PART)).hexdigest()}"
    with ScriptedServer(answer) as server, make_client(Config(server.url, transfer=SMALL_PARTS)) as client:
        with pytest.raises(IntegrityError, match="the store says"):
            client.upload("bucket", "big", bytes(2 * PART))
        lie = {}
        assert client.upload("bucket", "big", bytes(2 * PART)).digest == digest


def test_a_wrong_byte_is_found_and_its_part_sent_again(
    make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str, source: Path
) -> None:
    with make_client(tapped) as client:
        tap.flip_up_at = tap.up + 2 * PART + 12_345
        assert client.upload(bucket, "big", source).digest == sha256(source)
        assert client.read(bucket, "big") == source.read_bytes()
    assert tap.up < source.stat().st_size + 2 * PART


def test_a_wrong_byte_of_a_small_file_is_refused(make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str) -> None:
    with make_client(tapped) as client:
        tap.flip_up_at = tap.up + 100_000
        with pytest.raises(IntegrityError):
            client.upload(bucket, "small", bytes(MIB))
        assert not client.object_exists(bucket, "small")


def test_what_was_read_once_cannot_be_mended(make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str) -> None:
    with make_client(tapped) as client:
        tap.flip_up_at = tap.up + PART
        with pytest.raises(IntegrityError):
            client.upload(bucket, "big", iter([bytes(3 * PART)]))
        assert client.list_multipart_uploads(bucket) == []
        assert not client.object_exists(bucket, "big")


@pytest.mark.parametrize("integrity", [True, False])
def test_a_complete_whose_answer_is_lost(
    client: Client, store: BackgroundServer, bucket: str, source: Path, integrity: bool
) -> None:
    store.faults.add(Fault(operation="completeMultipartUpload", lose_answer=True))
    stored = client.upload(
        bucket, "big", source, if_none_match="*" if integrity else None, transfer=evolve(SMALL_PARTS, integrity=integrity)
    )
    assert stored.digest == sha256(source)


def test_conditions_hold_for_parts_too(client: Client, bucket: str, source: Path) -> None:
    client.upload(bucket, "big", b"there")
    with pytest.raises(PreconditionFailedError):
        client.upload(bucket, "big", source, if_none_match="*")
    assert client.list_multipart_uploads(bucket) == []
    assert client.read(bucket, "big") == b"there"


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def rewrite(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"other")


@pytest.mark.parametrize("change", [append, truncate, rewrite])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_source_that_changes_is_not_stored(
    client: Client, bucket: str, source: Path, change: Callable[[Path], None], concurrency: int
) -> None:
    changed = False

    def on_progress(_total: int) -> None:
        nonlocal changed
        if not changed:
            changed = True
            change(source)

    with pytest.raises(SourceChangedError):
        client.upload(bucket, "big", source, progress_callback=on_progress, transfer=evolve(SMALL_PARTS, concurrency=concurrency))
    assert not client.object_exists(bucket, "big")
    assert client.list_multipart_uploads(bucket) == []


def test_a_source_that_changes_unseen_before_a_part_is_sent_again(
    make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str, source: Path
) -> None:
    def change_unseen(total: int) -> None:
        if total == before.st_size:
            with source.open("r+b") as file:
                file.write(b"other")
            os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))

    before = source.stat()
    with make_client(tapped) as client:
        tap.flip_up_at = tap.up + PART
        with pytest.raises(SourceChangedError):
            client.upload(bucket, "big", source, progress_callback=change_unseen)
        assert not client.object_exists(bucket, "big")
        assert client.list_multipart_uploads(bucket) == []


def test_a_stream_of_another_length_than_said(client: Client, bucket: str) -> None:
    with pytest.raises(SourceChangedError):
        client.upload(bucket, "big", iter([bytes(2 * PART)]), 2 * PART + 1)
    with pytest.raises(InvalidInputError):
        client.upload(bucket, "big", iter([bytes(2 * PART)]), 3)
    assert client.list_multipart_uploads(bucket) == []


def test_stale_uploads_are_aborted(client: Client, bucket: str) -> None:
    begun = client.initiate_multipart_upload(bucket, "forgotten")
    assert client.abort_stale_uploads(bucket, timedelta(hours=1)) == []
    assert [found.upload_id for found in client.abort_stale_uploads(bucket, timedelta(0))] == [begun.upload_id]
    assert client.list_multipart_uploads(bucket) == []
    with pytest.raises(TypeError, match="timedelta"):
        client.abort_stale_uploads(bucket, 60)
    with pytest.raises(InvalidInputError):
        client.abort_stale_uploads(bucket, timedelta(-1))


def test_a_transport_of_the_users_moves_the_parts(config: Config, store: BackgroundServer, source: Path) -> None:
    with httpx.HTTPTransport() as transport, Client(config, transport=transport) as client:
        client.create_bucket("borrowed", exist_ok=True)
        assert client.upload("borrowed", "big", source).digest == sha256(source)


def test_an_async_transport_of_the_users_moves_one_part_after_another(config: Config, tap: Tap, source: Path) -> None:
    totals: list[int] = []

    async def main() -> None:
        async with (
            httpx.AsyncHTTPTransport() as transport,
            AsyncClient(evolve(config, base_url=tap.url), transport=transport) as client,
        ):
            await client.create_bucket("borrowed", exist_ok=True)
            stored = await client.upload("borrowed", "file", source, progress_callback=totals.append)
            assert stored.digest == sha256(source)
            assert (await client.upload("borrowed", "feed", iter([bytes(3 * PART)]))).size == 3 * PART

    anyio.run(main)
    assert totals[-1] == source.stat().st_size
    assert tap.most_open == 1


def test_respx_still_answers(make_client: ClientFactory) -> None:
    config = Config("http://store.test", transfer=TransferConfig(threshold=PART, part_size=PART))
    with respx.mock, make_client(config) as client:
        respx.post("http://store.test/s3/bucket/k?uploads").respond(json={"uploadId": "u"})
        parts = respx.put(url__startswith="http://store.test/s3/bucket/k").respond(headers={"ETag": '"e"'})
        respx.post(url__startswith="http://store.test/s3/bucket/k?uploadId").respond(json={})
        assert client.upload("bucket", "k", bytes(3 * PART)).size == 3 * PART
    assert sorted(call.request.url.params["partNumber"] for call in parts.calls) == ["1", "2", "3"]


def test_an_async_callback_is_called_on_the_loop(config: Config, store: BackgroundServer, source: Path) -> None:
    totals: list[int] = []

    async def main() -> None:
        async def on_progress(total: int) -> None:
            await anyio.lowlevel.checkpoint()
            totals.append(total)

        async with AsyncClient(config) as client:
            await client.create_bucket("awaited", exist_ok=True)
            await client.upload("awaited", "big", source, progress_callback=on_progress)

    anyio.run(main)
    assert totals[-1] == source.stat().st_size
