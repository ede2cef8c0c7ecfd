"""One store on a folder at a time, whatever happens to the files and names of the folder."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Store, StoreError

from .processes import ServeProcess, command
from .wire import assert_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _nothing(data: Path) -> Path:
    return data


def _removed(data: Path) -> Path:
    (data / "lock").unlink()
    return data


def _replaced(data: Path) -> Path:
    (data / "lock.new").touch()
    (data / "lock.new").replace(data / "lock")
    return data


def _both_removed(data: Path) -> Path:
    (data / "lock").unlink()
    (data / "store.json").unlink()
    return data


def _moved(data: Path) -> Path:
    return data.rename(data.parent / "moved")


def _linked(data: Path) -> Path:
    link = data.parent / "link"
    link.symlink_to(data)
    return link


def _by_another_path(data: Path) -> Path:
    return data.parent / "x" / ".." / data.name


def _hard_links(data: Path) -> Path:
    """What `cp -al` makes: another folder with the same files."""
    copy = data.parent / "copy"
    shutil.copytree(data, copy, copy_function=os.link)
    (copy / "lock").unlink()
    return copy


@pytest.mark.parametrize("harm", [_nothing, _removed, _replaced, _both_removed, _moved, _linked, _by_another_path, _hard_links])
def test_no_second_store_gets_in(tmp_path: Path, harm: Callable[[Path], Path]) -> None:
    (tmp_path / "x").mkdir()
    data = tmp_path / "data"
    with BackgroundServer(data) as server:
        httpx.put(f"{server.url}/s3/some-bucket")
        # An upload under way: its blob is nobody's yet.
        upload = data / "blobs" / "00" / ("0" * 32)
        upload.write_bytes(b"under way")
        inode = upload.stat().st_ino
        path = harm(data)
        with pytest.raises(StoreError, match="in use"):
            Store(path)
        done = subprocess.run(
            command("serve", "--port", "0", "--data", str(path)), capture_output=True, text=True, timeout=30, check=False
        )
        assert done.returncode == 1
        assert "in use" in done.stderr
        assert done.stderr.count("\n") == 1
        assert (path / "blobs" / "00" / ("0" * 32)).stat().st_ino == inode
        assert not (path / "lost").exists()


def test_a_store_on_a_mount_is_found(tmp_path: Path) -> None:
    data, mounted = tmp_path / "data", tmp_path / "mounted"
    mounted.mkdir()
    with BackgroundServer(data):
        done = subprocess.run(["mount", "--bind", str(data), str(mounted)], capture_output=True, check=False)
        if done.returncode:
            pytest.skip("this user cannot mount")
        try:
            (data / "lock").unlink()
            with pytest.raises(StoreError, match="in use"):
                Store(mounted)
        finally:
            subprocess.run(["umount", str(mounted)], check=True)


def test_the_lock_ends_with_the_process(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data") as running:
        running.kill()
    with Store(tmp_path / "data"):
        pass
    with Store(tmp_path / "data"):
        pass


@pytest.mark.parametrize("harm", [_removed, _replaced])
def test_a_store_whose_lock_is_gone_is_not_ready(tmp_path: Path, harm: Callable[[Path], Path]) -> None:
    data = tmp_path / "data"
    with BackgroundServer(data) as server:
        assert httpx.get(f"{server.url}/health/ready").status_code == 200
        harm(data)
        problem = assert_problem(httpx.get(f"{server.url}/health/ready"), 503, "NotReady")
        assert "lock" in str(problem["detail"])
        assert httpx.get(f"{server.url}/health/live").status_code == 200
