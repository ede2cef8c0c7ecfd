"""A disk that is really full: uploads are refused, deletions succeed, and the store starts again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Limits

from .processes import ServeProcess
from .wire import assert_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MIB = 1024 * 1024
SMALL = 64 * 1024
"""So little that it does not make up for the reserve."""
LIMITS = Limits(min_part_size=64 * 1024)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 24 MiB."""
    path = tmp_path / "disk"
    path.mkdir()
    try:
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(path)], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        pytest.skip("a full disk needs a file system of its own, and there is no `mount`")
    if done.returncode:
        pytest.skip(f"a full disk needs a file system of its own, which this user cannot mount: {done.stderr.strip()}")
    try:
        yield path
    finally:
        subprocess.run(["umount", str(path)], check=True)


def occupy(disk: Path) -> None:
    """Take all the room that is left, as another program would."""
    with (disk / "filler").open("ab", buffering=0) as file:
        while free(disk):
            file.write(bytes(min(free(disk), MIB)))


def free(disk: Path) -> int:
    status = os.statvfs(disk)
    return status.f_bavail * status.f_frsize


def prepare(url: str) -> str:
    """Store objects, and an upload under way; gives the id of the upload."""
    with httpx.Client(base_url=url) as client:
        for bucket in ("some-bucket", "only-parts"):
            client.put(f"/s3/{bucket}")
        for number in range(6):
            assert client.put(f"/s3/some-bucket/key-{number}", content=os.urandom(SMALL)).status_code == 200
        for bucket in ("some-bucket", "only-parts"):
            upload: str = client.post(f"/s3/{bucket}/parts?uploads").json()["uploadId"]
            client.put(f"/s3/{bucket}/parts?uploadId={upload}&partNumber=1", content=os.urandom(SMALL))
        uploads = client.get("/s3/some-bucket?uploads").json()["uploads"]
        return str(uploads[0]["uploadId"])


def fill_through_the_store(url: str) -> None:
    """Upload until there is no room, in sizes that leave none."""
    with httpx.Client(base_url=url) as client:
        for size in (MIB, 64 * 1024, 4096, 1):
            number = 0
            while True:
                answer = client.put(f"/s3/some-bucket/filler-{size}-{number}", content=os.urandom(size))
                if answer.status_code != 200:
                    assert_problem(answer, 507, "InsufficientStorage")
                    break
                number += 1


DELETIONS: dict[str, Callable[[httpx.Client, str], httpx.Response]] = {
    "object": lambda client, _: client.delete("/s3/some-bucket/key-0"),
    "object with a condition": lambda client, _: client.delete(
        "/s3/some-bucket/key-1", headers={"If-Match": client.head("/s3/some-bucket/key-1").headers["etag"]}
    ),
    "objects": lambda client, _: client.post("/s3/some-bucket?delete", json={"keys": ["key-2", "key-3"]}),
    "upload": lambda client, upload: client.delete(f"/s3/some-bucket/parts?uploadId={upload}"),
    "bucket": lambda client, _: client.delete("/s3/only-parts"),
}


@pytest.mark.parametrize("first", DELETIONS)
def test_deletions_succeed_on_a_full_disk(disk: Path, first: str) -> None:
    data = disk / "data"
    with BackgroundServer(data, limits=LIMITS) as server, httpx.Client(base_url=server.url) as client:
        upload = prepare(server.url)
        occupy(disk)
        assert free(disk) == 0
        reserve = (data / "reserve").stat().st_blocks * 512
        assert reserve >= MIB
        for size in (0, 1, 10_000, 2 * MIB):
            assert_problem(client.put("/s3/some-bucket/new", content=bytes(size)), 507, "InsufficientStorage")
        assert_problem(client.put("/s3/another-bucket"), 507, "InsufficientStorage")
        assert_problem(client.get("/health/ready"), 503, "NotReady")
        assert (data / "reserve").exists()
        # Whichever is the first, and all the others after it.
        assert DELETIONS[first](client, upload).is_success
        assert not (data / "reserve").exists()
        for size in (0, 1, 10_000, 2 * MIB):
            assert_problem(client.put("/s3/some-bucket/new", content=bytes(size)), 507, "InsufficientStorage")
        assert all(delete(client, upload).is_success for name, delete in DELETIONS.items() if name != first)
        assert [item["name"] for item in client.get("/s3").json()["buckets"]] == ["some-bucket"]
        assert {item["key"] for item in client.get("/s3/some-bucket").json()["objects"]} == {"key-4", "key-5"}
        # With room again, the reserve comes first.
        (disk / "filler").unlink()
        assert client.put("/s3/some-bucket/new", content=bytes(10_000)).status_code == 200
        assert (data / "reserve").stat().st_blocks * 512 == reserve
        assert client.get("/health/ready").status_code == 200


def test_a_disk_that_uploads_have_filled_can_be_emptied(disk: Path) -> None:
    data = disk / "data"
    with BackgroundServer(data, limits=LIMITS) as server, httpx.Client(base_url=server.url) as client:
        prepare(server.url)
        fill_through_the_store(server.url)
        assert (data / "reserve").exists()
        for entry in client.get("/s3/some-bucket").json()["objects"]:
            assert client.delete(f"/s3/some-bucket/{entry['key']}").status_code == 204
        assert client.put("/s3/some-bucket/new", content=bytes(MIB)).status_code == 200


def test_the_reserve_is_not_for_uploads(disk: Path) -> None:
    data = disk / "data"
    with BackgroundServer(data, limits=LIMITS) as server, httpx.Client(base_url=server.url) as client:
        prepare(server.url)
        occupy(disk)
        assert client.delete("/s3/some-bucket/key-0").status_code == 204
        assert not (data / "reserve").exists()
        before = {path.name for path in data.glob("blobs/*/*")}
        room = free(disk)
        for _ in range(20):
            assert_problem(client.put("/s3/some-bucket/new", content=bytes(100_000)), 507, "InsufficientStorage")
            assert_problem(client.put("/s3/another-bucket"), 507, "InsufficientStorage")
            assert_problem(client.post("/s3/some-bucket/new?uploads"), 507, "InsufficientStorage")
        assert free(disk) >= room
        assert {path.name for path in data.glob("blobs/*/*")} <= before
        # An object whose bytes another still has frees nothing, and goes all the same.
        for number in range(1, 6):
            assert client.delete(f"/s3/some-bucket/key-{number}").status_code == 204


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_it_starts_on_a_full_disk(disk: Path, end: str) -> None:
    data = disk / "data"
    with ServeProcess(data) as running:
        prepare(running.url)
        if end == "killed":
            # What a kill leaves has to be moved, which needs room as well.
            (data / "blobs" / "00" / ("0" * 32)).write_bytes(bytes(1000))
            occupy(disk)
            running.kill()
        else:
            running.terminate()
            occupy(disk)
    # Once more and once more: what the reserve gave is enough for many starts.
    for number in range(2):
        with ServeProcess(data) as running, httpx.Client(base_url=running.url) as client:
            assert client.get("/s3/some-bucket/key-5").status_code == 200
            assert_problem(client.put("/s3/some-bucket/new", content=bytes(10_000)), 507, "InsufficientStorage")
            assert client.delete(f"/s3/some-bucket/key-{number}").status_code == 204
            running.kill()
    assert len(list(data.glob(f"lost/*/{'0' * 32}"))) == (end == "killed")
    with ServeProcess(data) as running, httpx.Client(base_url=running.url) as client:
        (disk / "filler").unlink()
        assert client.put("/s3/some-bucket/new", content=bytes(10_000)).status_code == 200


def test_a_reserve_can_be_declined_and_is_never_much_of_a_disk(disk: Path) -> None:
    with BackgroundServer(disk / "none", limits=Limits(reserve_size=0)) as server:
        assert not (disk / "none" / "reserve").exists()
        assert httpx.put(f"{server.url}/s3/some-bucket").status_code == 201
    with BackgroundServer(disk / "some"):
        assert (disk / "some" / "reserve").stat().st_size == 24 * MIB // 16
