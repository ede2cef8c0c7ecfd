"""`astore store check` and `astore store repair` on real folders."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.cli import main
from astore_sdk.server import BackgroundServer, Limits

from .processes import ServeProcess, command
from .test_store_lost_catalogue import CATALOGUE, COUNT, blobs, copy_catalogue, fill, lost, serves_all, tree, warnings
from .wire import assert_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    with BackgroundServer(data) as server:
        fill(server.url, 0, COUNT)
    return data


@pytest.fixture
def run(data: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run `astore store`; gives the exit code and what it said."""

    def run(*arguments: str) -> tuple[int, str]:
        code = main(["store", arguments[0], "--data", str(data), *arguments[1:]])
        said = capsys.readouterr()
        assert (said.err == "") == (code == 0 or (code == 1 and arguments[0] == "check"))
        assert said.err.count("\n") <= 1
        return code, said.out + said.err

    return run


def checked(run: Callable[..., tuple[int, str]], *arguments: str) -> dict[str, object]:
    code, said = run("check", "--json", *arguments)
    found: dict[str, object] = json.loads(said)
    assert code == (0 if found["ok"] else 1)
    return found


def blob_of(data: Path, number: int) -> Path:
    content = f"content {number}".encode()
    (found,) = (path for path in data.glob("blobs/*/*") if path.read_bytes() == content)
    return found


def test_all_is_well_and_nothing_is_changed(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    before = tree(data)
    for arguments in ((), ("--digests",)):
        code, said = run("check", *arguments)
        assert code == 0, said
        assert "all is well" in said
        assert checked(run, *arguments)["blobs"] == {"count": COUNT, "size": sum(len(f"content {n}") for n in range(COUNT))}
    assert tree(data) == before


def test_it_refuses_while_a_store_runs(data: Path) -> None:
    with BackgroundServer(data):
        (data / "lock").unlink()
        for arguments, code in ((("check",), 2), (("repair", "--delete-lost"), 1), (("repair", "--adopt-catalogue"), 1)):
            done = subprocess.run(
                command("store", *arguments, "--data", str(data)), capture_output=True, text=True, timeout=30, check=False
            )
            assert done.returncode == code
            assert "in use" in done.stderr
            assert done.stderr.count("\n") == 1


def test_what_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    absent = tmp_path / "absent"
    assert main(["store", "check", "--data", str(absent)]) == 2
    assert main(["store", "repair", "--delete-lost", "--data", str(absent)]) == 1
    assert "No such file" in capsys.readouterr().err
    assert not absent.exists()


@pytest.mark.parametrize("days", ["soon", "-1", "nan", "inf", ""])
def test_days_are_a_number(days: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["store", "repair", "--delete-lost", "--older-than", days])
    assert f"days are a number, 0 or more, not {days!r}" in capsys.readouterr().err


def test_nothing_is_done_unasked(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    before = tree(data)
    assert run("repair")[0] == 2
    assert run("repair", "--dry-run")[0] == 2
    assert run("repair", "--older-than", "3", "--move-unreferenced")[0] == 2
    assert tree(data) == before


@pytest.mark.parametrize(
    ("harm", "problem"),
    [
        (lambda path: path.unlink(), "missing"),
        (lambda path: path.write_bytes(b"short"), "size"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"), "digest"),
        (lambda path: path.rename(path.parent.parent / ("00" if path.parent.name != "00" else "01") / path.name), "missing"),
    ],
)
def test_damage_is_found_with_who_needs_it(
    data: Path, run: Callable[..., tuple[int, str]], harm: Callable[[Path], object], problem: str
) -> None:
    with BackgroundServer(data) as server:
        httpx.put(f"{server.url}/s3/some-bucket/copy%20of%203", headers={"x-amz-copy-source": "/some-bucket/key-3"})
    harm(blob_of(data, 3))
    found = checked(run, *(["--digests"] if problem == "digest" else []))
    assert found["ok"] is False
    (damaged,) = found["damaged"]  # type: ignore[misc]
    assert damaged["problem"] == problem
    assert {(entry["bucket"], entry["key"]) for entry in damaged["references"]} == {
        ("some-bucket", "key-3"),
        ("some-bucket", "copy of 3"),
    }
    code, said = run("check", "--digests")
    assert code == 1
    assert "some-bucket/copy of 3" in said


def test_what_is_gone_is_forgotten_on_request_only(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    with BackgroundServer(data, limits=Limits(min_part_size=1)) as server, httpx.Client(base_url=server.url) as client:
        client.put("/s3/some-bucket/copy", headers={"x-amz-copy-source": "/some-bucket/key-3"})
        upload = client.post("/s3/some-bucket/parts?uploads").json()["uploadId"]
        for number in (1, 2):
            client.put(f"/s3/some-bucket/parts?uploadId={upload}&partNumber={number}", content=f"part {number}".encode())
    blob_of(data, 3).unlink()
    blob_of(data, 5).write_bytes(b"")
    next(path for path in data.glob("blobs/*/*") if path.read_bytes() == b"part 1").unlink()
    before = tree(data)
    code, said = run("repair", "--forget-missing", "--dry-run")
    assert code == 0
    assert "Would have deleted some-bucket/key-3" in said
    assert tree(data) == before
    code, said = run("repair", "--forget-missing")
    assert code == 0
    for gone in ("some-bucket/key-3", "some-bucket/key-5", "some-bucket/copy", f"part 1 of upload {upload}"):
        assert gone in said
    assert "Deleted 4 entries" in said
    with BackgroundServer(data) as server, httpx.Client(base_url=server.url) as client:
        (bucket,) = client.get("/s3").json()["buckets"]
        assert bucket["objectCount"] == COUNT - 2
        assert_problem(client.get("/s3/some-bucket/key-3"), 404, "NoSuchKey")
        assert client.get("/s3/some-bucket/key-4").content == b"content 4"
        parts = client.get(f"/s3/some-bucket/parts?uploadId={upload}").json()["parts"]
        assert [part["partNumber"] for part in parts] == [2]
    # The blob of the wrong size is in `lost/` now.
    assert len(lost(data)) == 1
    assert checked(run)["ok"] is True


def test_an_older_catalogue_is_adopted_and_the_newer_one_after_it(
    data: Path, tmp_path: Path, run: Callable[..., tuple[int, str]]
) -> None:
    backup, newer = tmp_path / "backup", tmp_path / "newer"
    for folder in (backup, newer):
        folder.mkdir()
    copy_catalogue(data, backup)
    with BackgroundServer(data) as server:
        fill(server.url, COUNT, COUNT + 5)
    copy_catalogue(data, newer)
    copy_catalogue(backup, data)
    # While the pair does not fit, nothing else is done.
    found = checked(run)
    assert "older" in str(found["refused"])
    assert len(found["unreferenced"]) == 5  # type: ignore[arg-type]
    before = tree(data)
    for step in ("--move-unreferenced", "--forget-missing", "--delete-lost", "--return-lost"):
        code, said = run("repair", step)
        assert code == 1
        assert "older" in said
    assert run("repair", "--adopt-catalogue", "--dry-run")[0] == 0
    assert tree(data) == before
    assert run("repair", "--adopt-catalogue", "--move-unreferenced")[0] == 0
    assert len(lost(data)) == 5
    assert checked(run)["ok"] is True
    with BackgroundServer(data) as server:
        assert httpx.get(f"{server.url}/s3/some-bucket/key-{COUNT - 1}").status_code == 200
    # The newer one is found again: it is another copy now, and has to be adopted as well.
    copy_catalogue(newer, data)
    assert "older" in str(checked(run)["refused"])
    assert run("repair", "--adopt-catalogue")[0] == 0
    found = checked(run)
    assert len(found["lost"]["named"]) == 5  # type: ignore[call-overload, index]
    # What is missed is not deleted.
    code, said = run("repair", "--delete-lost", "--forget-missing")
    assert code == 0
    assert "Kept" in said
    assert len(lost(data)) == 5
    code, said = run("repair", "--return-lost")
    assert "Moved 5 blobs back" in said
    assert not (data / "lost").exists() or not any((data / "lost").iterdir())
    serves_all(data, COUNT + 5)


def test_only_the_right_bytes_come_back(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    blob = blob_of(data, 3)
    (data / "lost" / "by hand").mkdir(parents=True)
    right = blob.read_bytes()
    moved = data / "lost" / "by hand" / blob.name
    blob.rename(moved)
    moved.write_bytes(right[:-1] + b"!")
    assert "Moved 0 blobs back from lost; 1 blob still missing" in run("repair", "--return-lost")[1]
    moved.write_bytes(right)
    assert "Would have moved 1 blob back" in run("repair", "--return-lost", "--dry-run")[1]
    assert moved.exists()
    assert "Moved 1 blob back" in run("repair", "--return-lost")[1]
    serves_all(data)


def test_lost_files_are_deleted_by_age(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    for folder in ("2020-01-01T000000Z", "2020-01-01T000000Z-2", "2999-01-01T000000Z"):
        (data / "lost" / folder).mkdir(parents=True)
        (data / "lost" / folder / f"file {folder}").write_bytes(b"1234")
    code, said = run("check")
    assert code == 0
    assert "files in lost: 3 (12 bytes)" in said
    assert "Would have deleted 2 files (8 bytes)" in run("repair", "--delete-lost", "--dry-run")[1]
    assert len(lost(data)) == 3
    assert "Deleted 0 files" in run("repair", "--delete-lost", "--older-than", "100000")[1]
    assert "Deleted 2 files (8 bytes)" in run("repair", "--delete-lost", "--older-than", "30")[1]
    assert lost(data) == {"file 2999-01-01T000000Z"}
    serves = blobs(data)
    assert len(serves) == COUNT


def test_the_start_says_what_is_missing(data: Path) -> None:
    next(data.glob("blobs/*/*")).unlink()
    with ServeProcess(data) as running:
        assert running.terminate() == 0
    (said,) = warnings(running)
    assert "1 blob that the catalogue names is missing" in said
    assert "astore store check" in said


def test_there_must_be_something_to_adopt(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    for path in data.glob(f"{CATALOGUE}*"):
        path.unlink()
    found = checked(run)
    assert "is missing" in str(found["refused"])
    assert len(found["unreferenced"]) == COUNT  # type: ignore[arg-type]
    code, said = run("repair", "--adopt-catalogue")
    assert code == 1
    assert "no catalogue.sqlite3" in said
    (data / CATALOGUE).touch()
    code, said = run("repair", "--adopt-catalogue")
    assert code == 1
    assert "is empty" in said
    (data / CATALOGUE).write_bytes(b"not a database" * 100)
    code, said = run("repair", "--adopt-catalogue")
    assert code == 1
    assert "not a database" in said
    assert "not a database" in str(checked(run)["refused"])
    assert len(blobs(data)) == COUNT


@pytest.mark.parametrize("marks", [None, b"", b"{}", b"\xff\xfe"])
def test_marks_that_are_lost_are_made_anew(data: Path, run: Callable[..., tuple[int, str]], marks: bytes | None) -> None:
    if marks is None:
        (data / "store.json").unlink()
    else:
        (data / "store.json").write_bytes(marks)
    assert checked(run)["ok"] is False
    assert run("repair", "--adopt-catalogue")[0] == 0
    assert checked(run)["ok"] is True
    serves_all(data)


def test_blobs_that_are_gone_for_good_are_given_up(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    shutil.rmtree(data / "blobs")
    assert "blobs is missing" in str(checked(run)["refused"])
    assert run("repair", "--forget-missing", "--dry-run")[0] == 0
    assert not (data / "blobs").exists()
    assert f"Deleted {COUNT} entries" in run("repair", "--forget-missing")[1]
    with BackgroundServer(data) as server:
        assert httpx.get(f"{server.url}/s3/some-bucket").json()["objects"] == []


def test_a_damaged_page_is_found_by_a_check(data: Path, run: Callable[..., tuple[int, str]]) -> None:
    with closing(sqlite3.connect(data / CATALOGUE)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'sqlite_autoindex_objects_1'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (data / CATALOGUE).open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\x55" * 200)
    found = checked(run)
    assert "damaged" in str(found["refused"]) or "malformed" in str(found["refused"])


def test_the_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, words in (
        (["store", "--help"], ("check", "repair")),
        (["store", "check", "--help"], ("--digests", "--json", "Exit code")),
        (["store", "repair", "--help"], ("--adopt-catalogue", "--return-lost", "--forget-missing", "--delete-lost", "--dry-run")),
    ):
        with pytest.raises(SystemExit):
            main(arguments)
        said = capsys.readouterr().out
        assert all(word in said for word in words)
