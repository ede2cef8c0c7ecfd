"""Whatever stops a transfer, it stops at once and leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import os
import random
import signal
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
import trustme
from attrs import evolve

from astore_sdk import AsyncClient, Client, Config
from astore_sdk._runners.threads import ThreadedCrew
from astore_sdk.server import BackgroundServer, Fault

from .conftest import PART, SOAK
from .tap import Tap

IN_TIME = 5.0
"""Seconds from a Ctrl-C to the prompt, at most. Most of it is for a busy machine."""
SEEDS = range(20 if SOAK else 4)
"""Random moments at which each transfer is stopped; `make soak` tries more."""


@contextmanager
def ctrl_c(after: float) -> Iterator[Callable[[], float]]:
    """Press Ctrl-C after so many seconds. Yields what tells how long ago that was."""
    pressed: list[float] = []

    def press(*_: object) -> None:
        pressed.append(time.monotonic())
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGALRM, press)
    signal.setitimer(signal.ITIMER_REAL, after)
    try:
        yield lambda: time.monotonic() - pressed[0]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        with warnings.catch_warnings():
            # In the middle of what httpx does, a Ctrl-C may leave a socket to the garbage collector.
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture
def client(config: Config) -> Iterator[Client]:
    with Client(config) as client:
        yield client


def nothing_is_left(client: Client, bucket: str, key: str, *folders: Path, or_all_of_it: bool = False) -> None:
    assert client.list_multipart_uploads(bucket) == []
    assert or_all_of_it or not client.object_exists(bucket, key)
    assert [path.name for folder in folders for path in folder.glob(".astore*")] == []
    assert [thread.name for thread in threading.enumerate() if thread.name == "astore-transfer"] == []


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.parametrize("operation", ["initiateMultipartUpload", "uploadPart", "completeMultipartUpload"])
def test_ctrl_c_while_the_store_is_silent(
    client: Client, store: BackgroundServer, bucket: str, source: Path, operation: str
) -> None:
    store.faults.add(Fault(operation=operation, stall_before=True, times=10))
    with ctrl_c(0.5) as since, pytest.raises(KeyboardInterrupt):
        client.upload(bucket, "big", source)
    assert since() < IN_TIME
    store.faults.clear()
    nothing_is_left(client, bucket, "big")
    assert client.upload(bucket, "small", b"the client is usable").size == 20


def test_ctrl_c_while_the_store_is_silent_over_tls(
    config: Config, store: BackgroundServer, bucket: str, source: Path, tmp_path: Path
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    with Tap(store.url, context) as tap, Client(evolve(config, base_url=tap.url, verify=tmp_path / "ca.pem")) as client:
        client.upload(bucket, "there", source)
        store.faults.add(Fault(operation="uploadPart", stall_before=True, times=10))
        with ctrl_c(0.5) as since, pytest.raises(KeyboardInterrupt):
            client.upload(bucket, "big", source)
        assert since() < IN_TIME
        store.faults.clear()
        store.faults.add(Fault(operation="getObject", stall_after=1000, skip=1, times=10))
        with ctrl_c(0.5) as since, pytest.raises(KeyboardInterrupt):
            client.download(bucket, "there", tmp_path / "target")
        assert since() < IN_TIME
        store.faults.clear()
        nothing_is_left(client, bucket, "big", tmp_path)


@pytest.mark.parametrize("seed", SEEDS)
def test_ctrl_c_at_any_moment_of_an_upload(client: Client, store: BackgroundServer, bucket: str, source: Path, seed: int) -> None:
    store.faults.add(Fault(operation="uploadPart", delay=0.1, times=10))  # so that there is something to interrupt
    moment = random.Random(seed).uniform(0.001, 0.3)
    try:
        with ctrl_c(moment) as since:
            client.upload(bucket, "big", source)
    except KeyboardInterrupt:
        assert since() < IN_TIME
        nothing_is_left(client, bucket, "big", or_all_of_it=True)
    else:
        assert client.object_exists(bucket, "big")


def test_ctrl_c_when_the_workers_are_let_go(client: Client, bucket: str, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections that were given back are whole: nobody may cut them any more."""
    see_off = ThreadedCrew._see_off

    def interrupted(crew: ThreadedCrew) -> None:
        see_off(crew)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(ThreadedCrew, "_see_off", interrupted)
        with pytest.raises(KeyboardInterrupt):
            client.upload(bucket, "big", source)
    nothing_is_left(client, bucket, "big", or_all_of_it=True)
    assert client.upload(bucket, "big", source).size == source.stat().st_size


def test_what_is_read_from_a_pipe_is_let_go(client: Client, bucket: str) -> None:
    reading, writing = os.pipe()

    def fill() -> None:
        with os.fdopen(writing, "wb") as file:
            for _ in range(3):
                file.write(bytes(PART))
            file.flush()
            ended.wait()

    ended = threading.Event()
    thread = threading.Thread(target=fill)
    thread.start()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        try:
            with ctrl_c(0.5) as since, pytest.raises(KeyboardInterrupt):
                client.upload(bucket, "big", pipe)
            assert since() < IN_TIME
        finally:
            ended.set()
            thread.join()
    nothing_is_left(client, bucket, "big")


class Disliked(Exception):  # noqa: N818 - a signal of the test
    pass


def test_an_exception_of_the_callback(client: Client, bucket: str, source: Path) -> None:
    def on_progress(_total: int) -> None:
        raise Disliked

    with pytest.raises(Disliked):
        client.upload(bucket, "big", source, progress_callback=on_progress)
    nothing_is_left(client, bucket, "big")


def test_an_exception_of_the_source(client: Client, bucket: str) -> None:
    def pieces() -> Iterator[bytes]:
        yield bytes(3 * PART)
        raise Disliked

    with pytest.raises(Disliked):
        client.upload(bucket, "big", pieces())
    nothing_is_left(client, bucket, "big")


def test_a_failed_abort_is_a_note(client: Client, store: BackgroundServer, bucket: str, source: Path) -> None:
    def on_progress(_total: int) -> None:
        raise Disliked

    store.faults.add(Fault(operation="abortMultipartUpload", status=500, times=10))
    with pytest.raises(Disliked) as caught:
        client.upload(bucket, "big", source, progress_callback=on_progress)
    store.faults.clear()
    (left,) = client.list_multipart_uploads(bucket)
    (note,) = caught.value.__notes__
    assert left.upload_id in note
    assert "abort_multipart_upload()" in note
    client.abort_multipart_upload(bucket, "big", left.upload_id)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", ["up", "down"])
def test_ctrl_c_at_any_moment_of_an_event_loop(
    config: Config, client: Client, store: BackgroundServer, bucket: str, source: Path, tmp_path: Path, way: str, seed: int
) -> None:
    """asyncio turns it into the cancellation of the task, and then into a KeyboardInterrupt again."""
    client.upload(bucket, "stored", source)
    store.faults.add(Fault(operation="uploadPart", delay=0.1, times=10))
    store.faults.add(Fault(operation="getObject", delay=0.05, times=10))
    target = tmp_path / "target"
    target.write_bytes(b"old")
    moment = random.Random(seed).uniform(0.001, 0.3)
    ended: list[float] = []

    async def main() -> None:
        async with AsyncClient(config) as other:
            with ctrl_c(moment) as since:
                try:
                    await (other.upload(bucket, "big", source) if way == "up" else other.download(bucket, "stored", target))
                except asyncio.CancelledError:
                    ended.append(since())
                    raise

    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        assert all(seconds < IN_TIME for seconds in ended)
        assert target.read_bytes() in (b"old", source.read_bytes())
        nothing_is_left(client, bucket, "big", tmp_path, or_all_of_it=True)
    else:
        assert client.object_exists(bucket, "big") if way == "up" else target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_task_that_is_cancelled(
    config: Config, client: Client, store: BackgroundServer, bucket: str, source: Path, seed: int
) -> None:
    store.faults.add(Fault(operation="uploadPart", delay=0.1, times=10))
    moment = random.Random(seed).uniform(0.001, 0.3)

    async def main() -> bool:
        async with AsyncClient(config) as other:
            with anyio.move_on_after(moment) as scope:
                await other.upload(bucket, "big", source)
            assert anyio.current_time() - scope.deadline < IN_TIME
            await other.upload(bucket, "small", b"the client is usable")
        return scope.cancelled_caught

    if anyio.run(main):
        nothing_is_left(client, bucket, "big", or_all_of_it=True)
    else:
        assert client.object_exists(bucket, "big")


@pytest.mark.filterwarnings("error::ResourceWarning")
@pytest.mark.parametrize("operation", ["initiateMultipartUpload", "uploadPart", "completeMultipartUpload"])
def test_a_task_that_is_cancelled_while_the_store_is_silent(
    config: Config, client: Client, store: BackgroundServer, bucket: str, source: Path, operation: str
) -> None:
    store.faults.add(Fault(operation=operation, stall_before=True, times=10))

    async def main() -> float:
        async with AsyncClient(config) as other:
            with anyio.move_on_after(0.5) as scope:
                await other.upload(bucket, "big", source)
            return anyio.current_time() - scope.deadline

    assert anyio.run(main) < IN_TIME
    store.faults.clear()
    nothing_is_left(client, bucket, "big")


@pytest.fixture
def stored(client: Client, bucket: str, source: Path) -> str:
    client.upload(bucket, "stored", source)
    return "stored"


@pytest.mark.parametrize("seed", SEEDS)
def test_ctrl_c_at_any_moment_of_a_download(
    client: Client, store: BackgroundServer, bucket: str, stored: str, source: Path, tmp_path: Path, seed: int
) -> None:
    store.faults.add(Fault(operation="getObject", delay=0.05, times=10))
    target = tmp_path / "target"
    target.write_bytes(b"old")
    moment = random.Random(seed).uniform(0.001, 0.25)
    try:
        with ctrl_c(moment) as since:
            client.download(bucket, stored, target)
    except KeyboardInterrupt:
        assert since() < IN_TIME
        assert target.read_bytes() in (b"old", source.read_bytes())
        nothing_is_left(client, bucket, "none", tmp_path)
    else:
        assert target.read_bytes() == source.read_bytes()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_download_that_is_cancelled(
    config: Config, client: Client, store: BackgroundServer, bucket: str, stored: str, source: Path, tmp_path: Path, seed: int
) -> None:
    store.faults.add(Fault(operation="getObject", delay=0.05, times=10))
    target = tmp_path / "target"
    target.write_bytes(b"old")
    moment = random.Random(seed).uniform(0.001, 0.25)

    async def main() -> None:
        async with AsyncClient(config) as other:
            with anyio.move_on_after(moment) as scope:
                await other.download(bucket, stored, target)
            assert anyio.current_time() - scope.deadline < IN_TIME

    anyio.run(main)
    assert target.read_bytes() in (b"old", source.read_bytes())
    nothing_is_left(client, bucket, "none", tmp_path)


def test_ctrl_c_while_pieces_are_silent(client: Client, store: BackgroundServer, bucket: str, stored: str, tmp_path: Path) -> None:
    store.faults.add(Fault(operation="getObject", stall_after=1000, skip=1, times=10))
    with ctrl_c(0.5) as since, pytest.raises(KeyboardInterrupt):
        client.download(bucket, stored, tmp_path / "target")
    assert since() < IN_TIME
    nothing_is_left(client, bucket, "none", tmp_path)


def test_a_writer_that_raises_ends_a_download(client: Client, bucket: str, stored: str) -> None:
    class Writer:
        def write(self, _data: bytes) -> None:
            raise Disliked

    with pytest.raises(Disliked):
        client.download(bucket, stored, Writer())


def test_a_closed_client_says_so(config: Config, source: Path) -> None:
    client = Client(config)
    client.close()
    with pytest.raises(ValueError, match="closed"):
        client.upload("bucket", "big", source)
