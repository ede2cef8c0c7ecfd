"""A store that has lost its catalogue or its blobs says so, and acknowledges nothing."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer

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


GONE = [_unlinked, _all_unlinked, _moved_away, _replaced, _by_a_folder, _folder_moved, _without_its_log]


@pytest.mark.parametrize("harm", GONE)
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
    if harm is not _without_its_log:
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


def test_a_lock_of_another_program_leaves_nothing_of_what_it_refused(
    running: BackgroundServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {path.name for path in running.data.glob("blobs/*/*")}
    with closing(sqlite3.connect(running.data / CATALOGUE, isolation_level=None)) as foreign:
        foreign.execute("BEGIN IMMEDIATE")
        answer = httpx.put(f"{running.url}/s3/some-bucket/new", content=b"new", timeout=9)
        assert_problem(answer, 503, "SlowDown")
        assert answer.headers["retry-after"]
        assert {path.name for path in running.data.glob("blobs/*/*")} == before
        # What only reads goes on.
        assert httpx.get(f"{running.url}/s3/some-bucket/key").content == b"stored"
        foreign.execute("ROLLBACK")
    assert httpx.put(f"{running.url}/s3/some-bucket/new", content=b"new").status_code == 200
