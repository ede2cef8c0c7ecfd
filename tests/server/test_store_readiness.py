"""A store that has lost its catalogue or its blobs says so, and acknowledges nothing."""

from __future__ import annotations

import os
import shutil
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.cli import main
from astore_sdk.server import BackgroundServer

from .processes import ServeProcess
from .wire import assert_problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CATALOGUE = "catalogue.sqlite3"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[BackgroundServer]:
    with BackgroundServer(tmp_path / "data") as server:
        httpx.put(f"{server.url}/s3/some-bucket")
        httpx.put(f"{server.url}/s3/some-bucket/key", content=b"stored")
        upload = httpx.post(f"{server.url}/s3/some-bucket/parts?uploads").json()["uploadId"]
        httpx.put(f"{server.url}/s3/some-bucket/parts?uploadId={upload}&partNumber=1", content=b"part")
        yield server


def _unlinked(data: Path) -> None:
    (data / CATALOGUE).unlink()


def _all_unlinked(data: Path) -> None:
    for path in data.glob(f"{CATALOGUE}*"):
        path.unlink()


def _moved_away(data: Path) -> None:
    (data / CATALOGUE).rename(data / "elsewhere")


def _replaced(data: Path) -> None:
    shutil.copy(data / CATALOGUE, data / "copy")
    (data / "copy").replace(data / CATALOGUE)


def _by_a_folder(data: Path) -> None:
    (data / CATALOGUE).unlink()
    (data / CATALOGUE).mkdir()


def _folder_moved(data: Path) -> None:
    data.rename(data.parent / "moved")


def _without_its_log(data: Path) -> None:
    (data / f"{CATALOGUE}-wal").unlink()


def _without_its_index(data: Path) -> None:
    (data / f"{CATALOGUE}-shm").unlink()


def _log_replaced(data: Path) -> None:
    shutil.copy(data / f"{CATALOGUE}-wal", data / "copy")
    (data / "copy").replace(data / f"{CATALOGUE}-wal")


def _log_cut(data: Path) -> None:
    os.truncate(data / f"{CATALOGUE}-wal", 5000)


def _cut(data: Path) -> None:
    os.truncate(data / CATALOGUE, 8192)


def _emptied(data: Path) -> None:
    os.truncate(data / CATALOGUE, 0)


def _overwritten_by_a_smaller_one(data: Path) -> None:
    """What `cp` does: the file stays, its bytes are others."""
    (data / CATALOGUE).write_bytes((data / CATALOGUE).read_bytes()[:4096])


GONE = [
    _unlinked,
    _all_unlinked,
    _moved_away,
    _replaced,
    _by_a_folder,
    _folder_moved,
    _cut,
    _emptied,
    _overwritten_by_a_smaller_one,
]
GONE_BESIDE = [_without_its_log, _without_its_index, _log_replaced, _log_cut]


@pytest.mark.parametrize("harm", GONE + GONE_BESIDE)
def test_nothing_is_acknowledged_by_a_catalogue_that_is_gone(running: BackgroundServer, harm: Callable[[Path], None]) -> None:
    url = running.url
    assert httpx.get(f"{url}/health/ready").status_code == 200
    before = {path.name for path in running.data.glob("blobs/*/*")}
    harm(running.data)
    assert_problem(httpx.get(f"{url}/health/ready"), 503, "NotReady")
    assert httpx.get(f"{url}/health/live").status_code == 200
    for answer in (
        httpx.put(f"{url}/s3/some-bucket/key", content=b"new"),
        httpx.put(f"{url}/s3/some-bucket/other", content=bytes(100_000)),
        httpx.put(f"{url}/s3/other-bucket"),
        httpx.delete(f"{url}/s3/some-bucket/key"),
        httpx.post(f"{url}/s3/some-bucket?delete", json={"keys": ["key"]}),
        httpx.put(f"{url}/s3/some-bucket/copy", headers={"x-amz-copy-source": "/some-bucket/key"}),
        httpx.post(f"{url}/s3/some-bucket/key?uploads"),
    ):
        assert_problem(answer, 503, "NotReady")
    if harm in GONE:
        assert_problem(httpx.get(f"{url}/s3/some-bucket/key"), 503, "NotReady")
        assert_problem(httpx.get(f"{url}/s3"), 503, "NotReady")
    # What was refused has left nothing.
    if running.data.exists():
        assert {path.name for path in running.data.glob("blobs/*/*")} == before


def test_a_catalogue_that_is_put_back_is_used_again(running: BackgroundServer) -> None:
    _moved_away(running.data)
    assert_problem(httpx.put(f"{running.url}/s3/some-bucket/key", content=b"new"), 503, "NotReady")
    (running.data / "elsewhere").rename(running.data / CATALOGUE)
    assert httpx.get(f"{running.url}/health/ready").status_code == 200
    assert httpx.get(f"{running.url}/s3/some-bucket/key").content == b"stored"
    assert httpx.put(f"{running.url}/s3/some-bucket/key", content=b"new").status_code == 200


def _blobs_gone(blobs: Path) -> None:
    shutil.rmtree(blobs)


def _blobs_moved(blobs: Path) -> None:
    blobs.rename(blobs.parent / "elsewhere")


def _blobs_replaced(blobs: Path) -> None:
    blobs.rename(blobs.parent / "elsewhere")
    shutil.copytree(blobs.parent / "elsewhere", blobs)


def _one_folder_gone(blobs: Path) -> None:
    empty = next(path for path in blobs.iterdir() if not any(path.iterdir()))
    empty.rmdir()


def _bare(blobs: Path) -> None:
    for path in blobs.iterdir():
        shutil.rmtree(path)


def _a_file(blobs: Path) -> None:
    shutil.rmtree(blobs)
    blobs.write_text("not a folder")


@pytest.mark.parametrize("harm", [_blobs_gone, _blobs_moved, _blobs_replaced, _one_folder_gone, _bare, _a_file])
def test_a_store_without_its_blobs_is_not_ready(running: BackgroundServer, harm: Callable[[Path], None]) -> None:
    harm(running.data / "blobs")
    assert_problem(httpx.get(f"{running.url}/health/ready"), 503, "NotReady")
    if harm in (_blobs_gone, _blobs_moved, _bare):
        assert_problem(httpx.put(f"{running.url}/s3/some-bucket/new", content=b"new"), 503, "NotReady")
        assert_problem(httpx.get(f"{running.url}/s3/some-bucket/key"), 500, "DataCorrupted")


def test_a_log_that_is_emptied_loses_nothing_that_is_acknowledged(running: BackgroundServer) -> None:
    os.truncate(running.data / f"{CATALOGUE}-wal", 0)
    assert httpx.put(f"{running.url}/s3/some-bucket/other", content=b"new").status_code >= 500
    assert_problem(httpx.get(f"{running.url}/health/ready"), 503, "NotReady")


def test_a_checkpoint_of_a_backup_tool_is_no_harm(running: BackgroundServer) -> None:
    for number in range(3):
        with closing(sqlite3.connect(running.data / CATALOGUE)) as foreign:
            assert foreign.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        if number % 2:
            assert httpx.get(f"{running.url}/health/ready").status_code == 200
        assert httpx.put(f"{running.url}/s3/some-bucket/other", content=b"new").status_code == 200
        assert httpx.get(f"{running.url}/health/ready").status_code == 200


def test_a_first_page_that_is_damaged_is_not_ready(running: BackgroundServer) -> None:
    with closing(sqlite3.connect(running.data / CATALOGUE)) as foreign:
        foreign.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with (running.data / CATALOGUE).open("r+b") as file:
        file.write(os.urandom(4096))
    assert_problem(httpx.get(f"{running.url}/health/ready"), 503, "NotReady")


@pytest.mark.parametrize("name", ["store.json", "lock"])
def test_a_small_file_that_is_gone_is_missed(running: BackgroundServer, name: str) -> None:
    (running.data / name).rename(running.data / "elsewhere")
    problem = assert_problem(httpx.get(f"{running.url}/health/ready"), 503, "NotReady")
    assert name in str(problem["detail"])
    (running.data / "elsewhere").rename(running.data / name)
    assert httpx.get(f"{running.url}/health/ready").status_code == 200


@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE"])
def test_a_lock_of_another_program_leaves_nothing_of_what_it_refused(tmp_path: Path, begin: str) -> None:
    """The store is a process of its own: what it leaves is looked for after it was killed."""
    data = tmp_path / "data"
    with ServeProcess(data) as serving, httpx.Client(base_url=f"{serving.url}/s3/", timeout=30) as client:
        client.put("some-bucket")
        client.put("some-bucket/key", content=b"stored")
        upload = client.post("some-bucket/parts?uploads").json()["uploadId"]
        part = f"some-bucket/parts?uploadId={upload}"
        tag = client.put(f"{part}&partNumber=1", content=b"part").headers["etag"]
        complete = {"parts": [{"partNumber": 1, "etag": tag}]}
        requests: list[Callable[[], httpx.Response]] = [
            lambda: client.put("some-bucket/new", content=b"new"),
            lambda: client.put("some-bucket/key", content=b"in its place"),
            lambda: client.put("some-bucket/large", content=bytes(3_000_000)),
            lambda: client.put(f"{part}&partNumber=1", content=b"in its place"),
            lambda: client.put(f"{part}&partNumber=2", content=bytes(3_000_000)),
            lambda: client.put("some-bucket/copy", headers={"x-amz-copy-source": "/some-bucket/key"}),
            lambda: client.post(part, json=complete),
            lambda: client.post("some-bucket/more?uploads"),
            lambda: client.post("some-bucket?delete", json={"keys": ["key"]}),
            lambda: client.delete("some-bucket/key"),
            lambda: client.delete(part),
            lambda: client.delete("some-bucket"),
            lambda: client.put("another-bucket"),
        ]
        before = {path.name for path in data.glob("blobs/*/*")}
        with closing(sqlite3.connect(data / CATALOGUE, isolation_level=None)) as foreign:
            foreign.execute(begin)
            with ThreadPoolExecutor(len(requests)) as threads:
                answers = [answer.result() for answer in [threads.submit(request) for request in requests]]
            for answer in answers:
                assert_problem(answer, 503, "SlowDown")
                assert answer.headers["retry-after"]
            assert {path.name for path in data.glob("blobs/*/*")} == before
            # What only reads goes on.
            assert client.get("some-bucket/key").content == b"stored"
            foreign.execute("ROLLBACK")
        serving.kill()
    assert main(["store", "check", "--digests", "--data", str(data)]) == 0
    with ServeProcess(data) as serving, httpx.Client(base_url=f"{serving.url}/s3/") as client:
        assert not (data / "lost").exists()
        assert client.put("some-bucket/new", content=b"new").status_code == 200
        assert client.post(part, json=complete).status_code == 200
        assert client.get("some-bucket/parts").content == b"part"


def test_whoever_gives_up_while_another_program_holds_the_lock_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ServeProcess(data) as serving:
        httpx.put(f"{serving.url}/s3/some-bucket")
        with closing(sqlite3.connect(data / CATALOGUE, isolation_level=None)) as foreign:
            foreign.execute("BEGIN EXCLUSIVE")
            with pytest.raises(httpx.ReadTimeout):
                httpx.put(f"{serving.url}/s3/some-bucket/new", content=b"new", timeout=1)
            # This one waits behind it, and is answered after it.
            assert_problem(httpx.put(f"{serving.url}/s3/some-bucket/other", content=b"new", timeout=30), 503, "SlowDown")
            foreign.execute("ROLLBACK")
        assert serving.terminate() == 0
    assert main(["store", "check", "--data", str(data)]) == 0
