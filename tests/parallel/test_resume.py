"""Transfers that go on where another process was stopped."""

from __future__ import annotations

import hashlib
import io
import logging
import os
import random
import re
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from attrs import evolve

from astore_sdk import (
    Client,
    Config,
    IntegrityError,
    InvalidInputError,
    NetworkError,
    NotFoundError,
    RetryPolicy,
    ServiceUnavailableError,
    SourceChangedError,
    TransferInProgressError,
)
from astore_sdk.server import BackgroundServer, Fault

from ..conftest import TOKEN, ClientFactory, async_client, sync_client
from .conftest import MIB, PART, SMALL_PARTS, SOAK
from .tap import Tap

KILLS = range(20)
"""Random moments at which a process is killed. Its successor is a sync client and an async one by turns."""
PARTS = 6
HEADS = MIB
"""What heads, lists and small answers take at most."""
BUFFERED = 8 * MIB
"""What may be in the system's buffers when a connection is closed: handed over by one side, and not yet taken by the other."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the journals."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "astore_sdk" / "transfers"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_bytes(os.urandom(PARTS * PART - 1_000_000))
    return path


@pytest.fixture(scope="module")
def killed_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file that a process moves when it is killed: 1 GiB where there is time."""
    path = tmp_path_factory.mktemp("killed") / "source"
    with path.open("wb") as file:
        for _ in range(1024 if SOAK else 30):
            file.write(os.urandom(MIB))
        file.truncate(file.tell() - 1_000_000)
    return path


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def next_client(seed: int, config: Config) -> AbstractContextManager[Client]:
    """Make the client that goes on."""
    return (sync_client, async_client)[seed % 2](config)


Record = Callable[[str, object], None]


class Enough(Exception):  # noqa: N818 - a signal of the test
    pass


def enough(limit: int) -> Callable[[int], None]:
    """A callback that stops a transfer when so many bytes have moved. More than four parts: one of them is done with."""

    def on_progress(total: int) -> None:
        if total >= limit:
            raise Enough

    return on_progress


def run_until(tap: Tap, count: Callable[[Tap], int], limit: int, *arguments: str) -> None:
    """Run a mover and kill it when so many bytes have moved."""
    others = tap.open
    process = subprocess.Popen([sys.executable, "-m", "tests.parallel.mover", *arguments])
    tap.alarm(count, limit, process.kill)
    process.wait()
    tap.wait_until_open(others)


class Nowhere:
    """A writer that keeps nothing: what came is hashed all the same."""

    def write(self, data: bytes) -> int:
        return len(data)


def asked(caplog: pytest.LogCaptureFixture, pattern: str) -> list[str]:
    """Return the client's own lines about requests that match."""
    lines = [record.getMessage() for record in caplog.records if record.name == "astore_sdk"]
    return [line for line in lines if re.match(pattern, line)]


@pytest.mark.parametrize("seed", KILLS)
def test_an_upload_goes_on_after_kill_9(
    tapped: Config, tap: Tap, store: BackgroundServer, killed_source: Path, state: Path, seed: int, record_property: Record
) -> None:
    source, size, bucket = killed_source, killed_source.stat().st_size, "killed"
    with next_client(seed, tapped) as client:
        client.create_bucket(bucket)
        begun = tap.up
        limit = random.Random(seed).randrange(size)
        run_until(tap, lambda tap: tap.up - begun, limit, "up", tap.url, TOKEN, bucket, "big", str(source))
        uploads = client.list_multipart_uploads(bucket)
        there = sum(part.size or 0 for upload in uploads for part in client.list_parts(bucket, "big", upload.upload_id))
        sent = tap.up - begun
        assert sent <= there + SMALL_PARTS.concurrency * PART + BUFFERED  # no more than what was on its way is lost
        before = tap.up
        stored = client.upload(bucket, "big", source, resume=True)
        record_property("moved", [sent, there, tap.up - before, size])
        # Of what the store had, nothing travelled again; what the killed process had handed over may still have come by.
        assert tap.up - before <= size - there + HEADS + BUFFERED
        assert stored.digest == client.download(bucket, "big", Nowhere()).digest == sha256(source)
        left = client.list_multipart_uploads(bucket)
        assert len(left) <= max(0, len(uploads) - 1)  # one that was begun and not written down when the process was killed
    assert list(state.iterdir()) == []


@pytest.mark.parametrize("seed", KILLS)
def test_a_download_goes_on_after_kill_9(
    tapped: Config, tap: Tap, config: Config, killed_source: Path, tmp_path: Path, state: Path, seed: int, record_property: Record
) -> None:
    source, size, bucket = killed_source, killed_source.stat().st_size, "killed"
    target = tmp_path / "target"
    target.write_bytes(b"old")
    with Client(config) as client:
        client.create_bucket(bucket)
        client.upload(bucket, "big", source)
    with next_client(seed, tapped) as client:
        begun = tap.down
        run_until(
            tap,
            lambda tap: tap.down - begun,
            random.Random(seed).randrange(size),
            "down",
            tap.url,
            TOKEN,
            bucket,
            "big",
            str(target),
        )
        assert target.read_bytes() == b"old"
        received = tap.down - begun
        pieces = sum(len(path.read_bytes().splitlines()) - 1 for path in state.glob("*.jsonl"))
        there = max(0, pieces * PART - (PART if pieces == -(-size // PART) else 0))
        assert received <= there + SMALL_PARTS.concurrency * PART + BUFFERED
        before = tap.down
        found = client.download(bucket, "big", target, resume=True)
        record_property("moved", [received, there, tap.down - before, size])
        assert tap.down - before <= size - there + HEADS + BUFFERED  # the first answer is left when its head is known
    assert found.digest == sha256(target) == sha256(source)
    assert list(tmp_path.glob(".astore*")) == []
    assert list(state.iterdir()) == []


def test_an_upload_that_is_stopped_is_kept_and_says_so(
    client: Client, bucket: str, source: Path, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(Enough) as caught:
        client.upload(bucket, "big", source, progress_callback=enough(4 * PART + 1), resume=True)
    (kept,) = client.list_multipart_uploads(bucket)
    (note,) = caught.value.__notes__
    assert "resume=True" in note
    assert kept.upload_id in note
    (journal,) = state.iterdir()
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600
    assert TOKEN not in journal.read_text()
    there = len(client.list_parts(bucket, "big", kept.upload_id))
    totals: list[int] = []
    caplog.clear()
    caplog.set_level(logging.DEBUG, "astore_sdk")
    client.upload(bucket, "big", source, progress_callback=totals.append, resume=True)
    sent = len(asked(caplog, r"PUT .* 200 "))
    assert 0 < there <= PARTS - sent  # what was on its way when it was stopped may have arrived since
    assert totals == sorted(set(totals))
    assert totals[-1] == source.stat().st_size
    assert client.read(bucket, "big") == source.read_bytes()
    assert list(state.iterdir()) == []


def test_what_is_stopped_again_is_kept_again(
    make_client: ClientFactory, config: Config, bucket: str, source: Path, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one_by_one = evolve(config, transfer=evolve(SMALL_PARTS, concurrency=1))
    with make_client(one_by_one) as client:
        for parts in (2, 4):
            with pytest.raises(Enough):
                client.upload(bucket, "big", source, progress_callback=enough(parts * PART + 1), resume=True)
        (kept,), (journal,) = client.list_multipart_uploads(bucket), state.iterdir()
        assert kept.upload_id in journal.read_text()
        written = len(set(re.findall('"part":([0-9]+)', journal.read_text())))
        assert written > 0
        caplog.set_level(logging.DEBUG, "astore_sdk")
        caplog.clear()
        client.upload(bucket, "big", source, resume=True)
        assert len(asked(caplog, r"PUT .* 200 ")) <= PARTS - written
        assert client.read(bucket, "big") == source.read_bytes()


def test_without_resume_nothing_is_written_down(client: Client, bucket: str, source: Path, state: Path, tmp_path: Path) -> None:
    with pytest.raises(Enough):
        client.upload(bucket, "big", source, progress_callback=enough(PART))
    client.upload(bucket, "big", source)
    with pytest.raises(Enough):
        client.download(bucket, "big", tmp_path / "target", progress_callback=enough(PART))
    assert not state.exists()
    assert list(tmp_path.iterdir()) == [source]


def test_a_source_that_changed_in_between(client: Client, bucket: str, source: Path) -> None:
    with pytest.raises(Enough):
        client.upload(bucket, "big", source, progress_callback=enough(2 * PART), resume=True)
    with source.open("r+b") as file:
        file.write(b"other")
    client.upload(bucket, "big", source, resume=True)
    assert client.read(bucket, "big") == source.read_bytes()
    assert client.list_multipart_uploads(bucket) == []


def test_a_source_that_became_small_in_between(client: Client, bucket: str, source: Path, state: Path) -> None:
    with pytest.raises(Enough):
        client.upload(bucket, "big", source, progress_callback=enough(2 * PART), resume=True)
    source.write_bytes(b"small")
    client.upload(bucket, "big", source, resume=True)
    assert client.read(bucket, "big") == b"small"
    assert client.list_multipart_uploads(bucket) == []
    assert list(state.iterdir()) == []


def test_a_source_that_changes_meanwhile_is_given_up(client: Client, bucket: str, source: Path, state: Path) -> None:
    def change(_total: int) -> None:
        with source.open("ab") as file:
            file.write(b"more")

    with pytest.raises(SourceChangedError):
        client.upload(bucket, "big", source, progress_callback=change, resume=True)
    assert client.list_multipart_uploads(bucket) == []
    assert list(state.iterdir()) == []


def test_other_metadata_begin_a_new_upload(client: Client, bucket: str, source: Path) -> None:
    with pytest.raises(Enough):
        client.upload(bucket, "big", source, progress_callback=enough(2 * PART), resume=True)
    client.upload(bucket, "big", source, metadata={"new": "yes"}, content_type="text/plain", resume=True)
    found = client.get_object_metadata(bucket, "big")
    assert (found.metadata, found.content_type) == ({"new": "yes"}, "text/plain")
    assert client.list_multipart_uploads(bucket) == []


def test_an_upload_id_that_is_gone(client: Client, bucket: str, source: Path) -> None:
    with pytest.raises(Enough):
        client.upload(bucket, "big", source, progress_callback=enough(2 * PART), resume=True)
    (kept,) = client.list_multipart_uploads(bucket)
    client.abort_multipart_upload(bucket, "big", kept.upload_id)
    client.upload(bucket, "big", source, resume=True)
    assert client.read(bucket, "big") == source.read_bytes()


@pytest.mark.parametrize("what", ["the source", "the object"])
def test_an_upload_that_was_completed_unseen_and_changed_since(
    client: Client, config: Config, store: BackgroundServer, bucket: str, source: Path, what: str
) -> None:
    store.faults.add(Fault(operation="completeMultipartUpload", lose_answer=True))
    with (
        Client(evolve(config, retry=RetryPolicy(max_attempts=1), transfer=SMALL_PARTS)) as other,
        pytest.raises(NetworkError),
    ):
        other.upload(bucket, "big", source, resume=True)
    if what == "the object":
        client.upload(bucket, "big", b"another")
    else:
        facts = source.stat()
        with source.open("r+b") as file:
            file.write(b"other")
        os.utime(source, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    client.upload(bucket, "big", source, resume=True)
    assert client.read(bucket, "big") == source.read_bytes()


def test_an_upload_that_was_completed_unseen_is_not_sent_again(
    make_client: ClientFactory, tapped: Config, tap: Tap, store: BackgroundServer, bucket: str, source: Path, state: Path
) -> None:
    store.faults.add(Fault(operation="completeMultipartUpload", lose_answer=True))
    with make_client(evolve(tapped, retry=RetryPolicy(max_attempts=1))) as client:
        with pytest.raises(NetworkError):
            client.upload(bucket, "big", source, resume=True)
        before = tap.up
        totals: list[int] = []
        stored = client.upload(bucket, "big", source, progress_callback=totals.append, resume=True)
    assert tap.up - before < MIB
    assert stored.size == totals[-1] == source.stat().st_size
    assert list(state.iterdir()) == []


def test_a_part_that_the_store_has_wrong_is_sent_again(
    make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str, source: Path
) -> None:
    with make_client(tapped) as client:
        tap.flip_up_at = tap.up + 1_000_000
        with pytest.raises(Enough):
            client.upload(bucket, "big", source, progress_callback=enough(4 * PART + 1), resume=True)
        assert tap.flip_up_at is None
        client.upload(bucket, "big", source, resume=True)
        assert client.read(bucket, "big") == source.read_bytes()


@pytest.mark.parametrize("way", ["upload", "download"])
def test_two_at_one_transfer(client: Client, config: Config, bucket: str, source: Path, tmp_path: Path, way: str) -> None:
    refused: list[TransferInProgressError] = []
    client.upload(bucket, "big", source)

    def move(client: Client, progress: Callable[[int], None] | None) -> None:
        if way == "upload":
            client.upload(bucket, "big", source, progress_callback=progress, resume=True)
        else:
            client.download(bucket, "big", tmp_path / "target", progress_callback=progress, resume=True)

    with Client(config) as other:

        def second(_total: int) -> None:
            if not refused:
                with pytest.raises(TransferInProgressError) as caught:
                    move(other, None)
                refused.append(caught.value)

        move(client, second)
        assert refused
        move(other, None)


@pytest.mark.parametrize("content", [b"", b"not json\n", b'{"version": 99}\n', b'{"version": 1, "size": "x"}\n', b"\xff\n"])
def test_a_damaged_journal_is_put_aside(client: Client, bucket: str, source: Path, state: Path, content: bytes) -> None:
    with pytest.raises(Enough):
        client.upload(bucket, "big", source, progress_callback=enough(2 * PART), resume=True)
    (journal,) = state.glob("*.jsonl")
    journal.write_bytes(content)
    client.upload(bucket, "big", source, resume=True)
    assert client.read(bucket, "big") == source.read_bytes()
    assert [path.read_bytes() for path in state.iterdir()] == [content]


def test_resume_needs_a_path(client: Client, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="Path"):
        client.upload(bucket, "k", b"data", resume=True)
    with pytest.raises(InvalidInputError, match="Path"):
        client.download(bucket, "k", io.BytesIO(), resume=True)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(InvalidInputError, match="ordinary file"):
        client.download(bucket, "k", tmp_path / "fifo", resume=True)


def test_what_is_small_needs_no_journal(client: Client, bucket: str, tmp_path: Path, state: Path) -> None:
    (tmp_path / "small").write_bytes(b"small")
    client.upload(bucket, "k", tmp_path / "small", resume=True)
    client.download(bucket, "k", tmp_path / "copy", resume=True)
    assert (tmp_path / "copy").read_bytes() == b"small"
    assert list(state.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "small", "state"]


@pytest.fixture
def half(client: Client, bucket: str, source: Path, tmp_path: Path) -> Path:
    """What a download that was stopped leaves beside its target."""
    client.upload(bucket, "big", source)
    with pytest.raises(Enough) as caught:
        client.download(bucket, "big", tmp_path / "target", progress_callback=enough(4 * PART + 1), resume=True)
    (note,) = caught.value.__notes__
    assert "resume=True" in note
    (left,) = tmp_path.glob(".astore*")
    assert not (tmp_path / "target").exists()
    return left


def finish(client: Client, bucket: str, tmp_path: Path) -> bytes:
    totals: list[int] = []
    found = client.download(bucket, "big", tmp_path / "target", progress_callback=totals.append, resume=True)
    assert totals == sorted(set(totals))
    assert totals[-1] == found.size
    assert list(tmp_path.glob(".astore*")) == []
    return (tmp_path / "target").read_bytes()


def test_a_download_that_was_stopped_goes_on(
    client: Client, bucket: str, source: Path, tmp_path: Path, half: Path, state: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (journal,) = state.glob("*.jsonl")
    there = len(journal.read_text().splitlines()) - 1
    caplog.clear()
    caplog.set_level(logging.DEBUG, "astore_sdk")
    assert finish(client, bucket, tmp_path) == source.read_bytes()
    received = len(asked(caplog, r"GET .* 206 "))
    assert 0 < there == PARTS - received
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE((tmp_path / "target").stat().st_mode) == 0o666 & ~umask


def test_what_was_received_is_checked_before_it_is_trusted(
    client: Client, bucket: str, source: Path, tmp_path: Path, half: Path
) -> None:
    with half.open("r+b") as file:
        file.write(b"spoilt")
    assert finish(client, bucket, tmp_path) == source.read_bytes()


@pytest.mark.parametrize(
    "fault",
    [Fault(operation="getObject", status=503, times=9), Fault(operation="getObject", drop_before=True, times=9)],
    ids=["503", "no answer"],
)
def test_an_attempt_that_comes_to_nothing_loses_nothing(
    client: Client,
    store: BackgroundServer,
    bucket: str,
    source: Path,
    tmp_path: Path,
    half: Path,
    fault: Fault,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The store may still be away when it is tried again."""
    store.faults.add(fault)
    with pytest.raises((ServiceUnavailableError, NetworkError)) as caught:
        client.download(bucket, "big", tmp_path / "target", resume=True)
    assert "resume=True" in caught.value.__notes__[0]
    assert half.exists()
    store.faults.clear()
    caplog.set_level(logging.DEBUG, "astore_sdk")
    assert finish(client, bucket, tmp_path) == source.read_bytes()
    assert len(asked(caplog, r"GET .* 206 ")) < PARTS


def test_a_closed_client_loses_nothing(
    client: Client, make_client: ClientFactory, config: Config, bucket: str, source: Path, tmp_path: Path, half: Path
) -> None:
    with make_client(config) as closed:
        closed.close()
        with pytest.raises(InvalidInputError, match="closed"):
            closed.download(bucket, "big", tmp_path / "target", resume=True)
    assert half.exists()
    assert finish(client, bucket, tmp_path) == source.read_bytes()


def test_what_was_received_is_gone(client: Client, bucket: str, source: Path, tmp_path: Path, half: Path) -> None:
    half.unlink()
    assert finish(client, bucket, tmp_path) == source.read_bytes()


def test_a_download_with_nothing_to_go_on_with_leaves_nothing(
    client: Client, store: BackgroundServer, bucket: str, source: Path, tmp_path: Path, state: Path
) -> None:
    with pytest.raises(NotFoundError):
        client.download(bucket, "none", tmp_path / "target", resume=True)
    client.upload(bucket, "big", source)
    store.faults.add(Fault(operation="getObject", corrupt=True, skip=1, times=99))
    with pytest.raises(IntegrityError) as caught:
        client.download(bucket, "big", tmp_path / "target", resume=True)
    assert not hasattr(caught.value, "__notes__")
    assert list(state.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "state"]


def test_a_link_that_was_put_there_is_not_followed(client: Client, bucket: str, source: Path, tmp_path: Path, half: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    half.unlink()
    half.symlink_to(victim)
    assert finish(client, bucket, tmp_path) == source.read_bytes()
    assert victim.read_bytes() == b"precious"


def test_a_file_that_has_another_name_is_not_written_to(
    client: Client, bucket: str, source: Path, tmp_path: Path, half: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    half.unlink()
    half.hardlink_to(victim)
    assert finish(client, bucket, tmp_path) == source.read_bytes()
    assert victim.read_bytes() == b"precious"


def test_an_object_that_changed_in_between(client: Client, bucket: str, source: Path, tmp_path: Path, half: Path) -> None:
    other = source.read_bytes()[::-1]
    client.upload(bucket, "big", other)
    assert finish(client, bucket, tmp_path) == other


@pytest.mark.parametrize("size", [0, 1000, PART, 2 * PART + 1])
def test_an_object_that_became_smaller_in_between(client: Client, bucket: str, tmp_path: Path, half: Path, size: int) -> None:
    """What is beside the target has more bytes than it shall have."""
    other = os.urandom(size)
    client.upload(bucket, "big", other)
    client.download(bucket, "big", tmp_path / "target", resume=True)
    assert (tmp_path / "target").read_bytes() == other
    assert list(tmp_path.glob(".astore*")) == []


@pytest.mark.parametrize("integrity", [True, False])
def test_part_sizes_may_change_in_between(
    client: Client, bucket: str, source: Path, tmp_path: Path, half: Path, integrity: bool
) -> None:
    transfer = evolve(SMALL_PARTS, part_size=6 * MIB, concurrency=1, integrity=integrity)
    with pytest.raises(Enough):
        client.upload(bucket, "other", source, progress_callback=enough(2 * PART), resume=True)
    client.upload(bucket, "other", source, resume=True, transfer=transfer)
    assert client.read(bucket, "other") == source.read_bytes()
    client.download(bucket, "big", tmp_path / "target", resume=True, transfer=transfer)
    assert (tmp_path / "target").read_bytes() == source.read_bytes()
