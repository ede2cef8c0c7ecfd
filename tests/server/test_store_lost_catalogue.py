"""A catalogue that is lost, empty, older or another store's never makes the store throw its blobs away."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from contextlib import closing, redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.cli import main
from astore_sdk.server import BackgroundServer, Store

from .processes import ServeProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

COUNT = 21
CATALOGUE = "catalogue.sqlite3"


def fill(url: str, begin: int, end: int) -> None:
    with httpx.Client(base_url=url) as client:
        client.put("/s3/some-bucket")
        for number in range(begin, end):
            assert client.put(f"/s3/some-bucket/key-{number}", content=f"content {number}".encode()).status_code == 200


def blobs(data: Path) -> set[str]:
    return {path.name for path in data.glob("blobs/*/*")}


def lost(data: Path) -> set[str]:
    return {path.name for path in data.glob("lost/*/*")}


def tree(data: Path) -> dict[str, bytes]:
    # The index of the WAL is made anew by whoever looks.
    return {
        str(path.relative_to(data)): path.read_bytes()
        for path in data.rglob("*")
        if path.is_file() and path.suffix != ".sqlite3-shm" and path.stat().st_size
    }


def copy_catalogue(source: Path, target: Path) -> None:
    """Put a copy of a catalogue and its WAL in place of another."""
    for path in target.glob(f"{CATALOGUE}*"):
        path.unlink()
    for path in source.glob(f"{CATALOGUE}*"):
        shutil.copy(path, target / path.name)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder whose store has ended well."""
    data = tmp_path / "data"
    with BackgroundServer(data) as server:
        fill(server.url, 0, COUNT)
    return data


def warnings(ended: ServeProcess) -> list[str]:
    return [line for line in ended.errors.splitlines() if " INFO " not in line]


def refused(data: Path, words: str) -> str:
    """See that the store does not start, in one line, and that it leaves everything as it was."""
    before = tree(data)
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        assert main(["serve", "--port", "0", "--data", str(data)]) == 1
    said = errors.getvalue()
    assert out.getvalue() == ""
    assert said.count("\n") == 1
    assert said.startswith("astore serve: ")
    assert words in said
    assert "astore store " in said
    assert tree(data) == before
    return said


def serves_all(data: Path, count: int = COUNT) -> None:
    with BackgroundServer(data) as server:
        for number in range(count):
            assert httpx.get(f"{server.url}/s3/some-bucket/key-{number}").content == f"content {number}".encode()
    assert lost(data) == set()


def _remove(data: Path) -> None:
    for path in data.glob(f"{CATALOGUE}*"):
        path.unlink()


def _empty(data: Path) -> None:
    _remove(data)
    (data / CATALOGUE).touch()


def _without_tables(data: Path) -> None:
    _remove(data)
    with closing(sqlite3.connect(data / CATALOGUE)) as connection:
        connection.execute("PRAGMA user_version=1")
        connection.execute("VACUUM")


def _of_another_store(data: Path) -> None:
    other = data.parent / "other"
    with BackgroundServer(other) as server:
        fill(server.url, 0, 3)
    copy_catalogue(other, data)


def _of_an_empty_store(data: Path) -> None:
    other = data.parent / "other"
    with Store(other):
        pass
    copy_catalogue(other, data)


def _dangling(data: Path) -> None:
    _remove(data)
    (data / CATALOGUE).symlink_to(data.parent / "nowhere")


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_remove, "is missing"),
        (_empty, "is empty"),
        (_without_tables, "is empty"),
        (_of_another_store, "another store"),
        (_of_an_empty_store, "another store"),
        (_dangling, "is missing"),
    ],
)
def test_a_catalogue_that_is_not_the_blobs_is_refused(data: Path, harm: Callable[[Path], None], words: str) -> None:
    kept = data.parent / "kept"
    kept.mkdir()
    copy_catalogue(data, kept)
    before = blobs(data)
    assert len(before) == COUNT
    harm(data)
    refused(data, words)
    assert blobs(data) == before
    # With the right one back, all is well.
    copy_catalogue(kept, data)
    serves_all(data)


def test_a_backup_of_an_earlier_start_is_refused(data: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    copy_catalogue(data, backup)
    with BackgroundServer(data) as server:
        fill(server.url, COUNT, COUNT + 5)
    kept = tmp_path / "kept"
    kept.mkdir()
    copy_catalogue(data, kept)
    copy_catalogue(backup, data)
    refused(data, "is older")
    assert len(blobs(data)) == COUNT + 5
    copy_catalogue(kept, data)
    serves_all(data, COUNT + 5)


@pytest.mark.parametrize("end", ["clean", "killed"])
def test_a_backup_of_the_same_start_is_refused(data: Path, tmp_path: Path, end: str) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    with ServeProcess(data) as running:
        with (
            closing(sqlite3.connect(data / CATALOGUE)) as source,
            closing(sqlite3.connect(backup / CATALOGUE)) as target,
        ):
            source.backup(target)
        fill(running.url, COUNT, COUNT + 1)
        if end == "clean":
            assert running.terminate() == 0
        else:
            running.kill()
    copy_catalogue(backup, data)
    refused(data, "is older")
    assert len(blobs(data)) == COUNT + 1


def test_a_backup_of_all_that_was_committed_is_taken(data: Path, tmp_path: Path) -> None:
    backup = tmp_path / "backup"
    backup.mkdir()
    with ServeProcess(data) as running:
        fill(running.url, COUNT, COUNT + 1)
        with (
            closing(sqlite3.connect(data / CATALOGUE)) as source,
            closing(sqlite3.connect(backup / CATALOGUE)) as target,
        ):
            source.backup(target)
        running.kill()
    copy_catalogue(backup, data)
    serves_all(data, COUNT + 1)


def test_a_wal_that_is_lost_after_a_crash_is_noticed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ServeProcess(data) as running:
        fill(running.url, 0, COUNT)
        running.kill()
    before = blobs(data)
    wal = data / f"{CATALOGUE}-wal"
    kept = wal.read_bytes()
    for harm in (wal.unlink, lambda: wal.write_bytes(b""), lambda: wal.write_bytes(kept[: len(kept) // 2])):
        harm()
        (data / f"{CATALOGUE}-shm").unlink(missing_ok=True)
        refused(data, "is older")
        assert blobs(data) == before
        wal.write_bytes(kept)
    (data / f"{CATALOGUE}-shm").unlink(missing_ok=True)
    serves_all(data)


def test_a_wal_with_nothing_in_it_is_not_missed(data: Path) -> None:
    with ServeProcess(data) as running:
        running.kill()
    for path in data.glob(f"{CATALOGUE}-*"):
        path.unlink()
    serves_all(data)


def test_copies_that_went_separate_ways_tell_each_other_apart(data: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(data, copy)
    with BackgroundServer(data) as server:
        fill(server.url, COUNT, COUNT + 1)
    with BackgroundServer(copy) as server:
        fill(server.url, COUNT, COUNT + 9)
    copy_catalogue(copy, data)
    refused(data, "another copy")


def test_what_an_earlier_version_wrote_is_taken_as_it_is(data: Path) -> None:
    with closing(sqlite3.connect(data / CATALOGUE)) as connection:
        connection.execute("DROP TABLE store")
    (data / "store.json").unlink()
    orphan = data / "blobs" / "00" / ("0" * 32)
    orphan.write_bytes(b"half")
    with BackgroundServer(data) as server:
        for number in range(COUNT):
            assert httpx.get(f"{server.url}/s3/some-bucket/key-{number}").content == f"content {number}".encode()
    assert lost(data) == {orphan.name}
    # From now on it has an id.
    _remove(data)
    refused(data, "is missing")


def test_an_earlier_catalogue_without_an_id_is_refused_beside_a_folder_that_has_one(data: Path) -> None:
    with closing(sqlite3.connect(data / CATALOGUE)) as connection:
        connection.execute("DROP TABLE store")
    refused(data, "is older")


def test_a_folder_without_its_marks_is_refused(data: Path) -> None:
    marks = (data / "store.json").read_bytes()
    (data / "store.json").unlink()
    refused(data, "store.json is missing")
    (data / "store.json").write_bytes(marks)
    serves_all(data)
    (data / "store.json").write_bytes(b"{")
    refused(data, "store.json is damaged")


@pytest.mark.parametrize("bare", [False, True])
def test_blobs_that_are_not_mounted_are_missed(data: Path, bare: bool) -> None:
    (data / "blobs").rename(data.parent / "elsewhere")
    if bare:
        (data / "blobs").mkdir()
    refused(data, "blobs")
    if bare:
        (data / "blobs").rmdir()
    (data.parent / "elsewhere").rename(data / "blobs")
    serves_all(data)


@pytest.mark.parametrize("steps", range(12))
def test_a_first_start_that_is_broken_off_goes_on(data: Path, steps: int) -> None:
    """Whichever write the first start with marks ends before, the next one takes the folder as its own."""
    with closing(sqlite3.connect(data / CATALOGUE)) as connection:
        connection.execute("DROP TABLE store")
    (data / "store.json").unlink()
    child = os.fork()
    if not child:
        left = steps
        for name in ("open", "write", "pwrite", "fsync", "fdatasync", "mkdir", "replace"):
            real = getattr(os, name)

            def dying(*arguments: object, _real: Callable[..., object] = real, **options: object) -> object:
                nonlocal left
                if not left:
                    os._exit(9)
                left -= 1
                return _real(*arguments, **options)

            setattr(os, name, dying)
        Store(data)
        os._exit(0)
    os.waitpid(child, 0)
    serves_all(data)


def test_the_start_says_what_it_moved_and_never_deletes(data: Path) -> None:
    names = [f"{number:032x}" for number in (1, 2, 3)]
    for name in names:
        (data / "blobs" / name[:2] / name).write_bytes(b"left over")
    with ServeProcess(data) as running:
        assert running.terminate() == 0
    (said,) = warnings(running)
    assert "moved 3 blobs" in said
    assert lost(data) == set(names)
    with ServeProcess(data) as running:
        assert running.terminate() == 0
    assert warnings(running) == []
    # The same name once more does not replace the first.
    (data / "blobs" / "00" / names[0]).write_bytes(b"another")
    with Store(data):
        pass
    assert sorted(path.read_bytes() for path in data.glob(f"lost/*/{names[0]}")) == [b"another", b"left over"]


def test_the_marks_are_json_that_grows_with_each_commit(data: Path) -> None:
    def marks() -> dict[str, object]:
        found: dict[str, object] = json.loads((data / "store.json").read_text())
        return found

    before = marks()
    with BackgroundServer(data) as server:
        begun = marks()
        assert begun["id"] == before["id"]
        assert begun["opened"] != before["opened"]
        fill(server.url, 0, 1)
        written = marks()
        assert written["generation"] > begun["generation"]  # type: ignore[operator]
        # What changes nothing costs nothing.
        assert httpx.put(f"{server.url}/s3/some-bucket/key-0", headers={"If-None-Match": "*"}).status_code == 412
        assert marks() == written
