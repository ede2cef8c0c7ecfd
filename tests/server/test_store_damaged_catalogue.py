"""A catalogue that is damaged, or no catalogue at all, is said in one line: at the start and while the store runs."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import time
from contextlib import closing, redirect_stderr, redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.cli import main
from astore_sdk.server import BackgroundServer

from .processes import ServeProcess, command
from .wire import assert_problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CATALOGUE = "catalogue.sqlite3"
COUNT = 300


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose catalogue has several pages for each of its tables."""
    data = tmp_path_factory.mktemp("original") / "data"
    with BackgroundServer(data) as server, httpx.Client(base_url=server.url) as client:
        client.put("/s3/some-bucket")
        for number in range(COUNT):
            client.put(f"/s3/some-bucket/key-{number}", content=b"", headers={"x-amz-meta-long": "x" * 50})
    return data


@pytest.fixture
def catalogue(original: Path, tmp_path: Path) -> Path:
    """The catalogue of a copy."""
    from shutil import copytree

    return copytree(original, tmp_path / "data") / CATALOGUE


def _pages(catalogue: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(catalogue)) as connection:
        return (
            connection.execute("PRAGMA page_count").fetchone()[0],
            connection.execute("PRAGMA page_size").fetchone()[0],
        )


def _root(catalogue: Path, name: str) -> int:
    with closing(sqlite3.connect(catalogue)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    return int(page)


def _overwrite(catalogue: Path, page: int) -> None:
    _, size = _pages(catalogue)
    with catalogue.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(os.urandom(size))


def refused(catalogue: Path, count: int = COUNT) -> str:
    """See that the store does not start, says why in one line, and takes no time about it."""
    began = time.monotonic()
    with redirect_stdout(StringIO()) as out, redirect_stderr(StringIO()) as errors:
        assert main(["serve", "--port", "0", "--data", str(catalogue.parent)]) == 1
    said = errors.getvalue()
    assert out.getvalue() == ""
    assert said.count("\n") == 1
    assert said.startswith("astore serve: cannot use the data folder")
    assert "Traceback" not in said
    assert "[SQL" not in said
    assert time.monotonic() - began < 10
    assert len(list(catalogue.parent.glob("blobs/*/*"))) == count
    return said


@pytest.mark.parametrize(
    "name",
    ["buckets", "contents", "content_blobs", "objects", "sqlite_autoindex_objects_1", "objects_by_content", "parts", "store"],
)
def test_a_damaged_page(catalogue: Path, name: str) -> None:
    _overwrite(catalogue, _root(catalogue, name))
    assert "--adopt-catalogue" in refused(catalogue)


def test_any_damaged_page(catalogue: Path) -> None:
    count, _ = _pages(catalogue)
    assert count > 20
    whole = catalogue.read_bytes()
    for page in range(1, count + 1, 7):
        catalogue.write_bytes(whole)
        _overwrite(catalogue, page)
        refused(catalogue)


def _truncated(catalogue: Path) -> None:
    os.truncate(catalogue, catalogue.stat().st_size // 2)


def _cut_within_a_page(catalogue: Path) -> None:
    os.truncate(catalogue, 5000)


def _only_its_head(catalogue: Path) -> None:
    os.truncate(catalogue, 100)


def _text(catalogue: Path) -> None:
    catalogue.write_text("not a database\n" * 1000)


def _zeros(catalogue: Path) -> None:
    catalogue.write_bytes(bytes(catalogue.stat().st_size))


def _folder(catalogue: Path) -> None:
    catalogue.unlink()
    catalogue.mkdir()


def _pipe(catalogue: Path) -> None:
    catalogue.unlink()
    os.mkfifo(catalogue)


def _loop(catalogue: Path) -> None:
    catalogue.unlink()
    catalogue.symlink_to(catalogue)


def _sql(statement: str) -> Callable[[Path], None]:
    def harm(catalogue: Path) -> None:
        with closing(sqlite3.connect(catalogue)) as connection:
            connection.execute("PRAGMA foreign_keys=OFF")
            connection.execute(statement)
            connection.commit()

    return harm


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (_truncated, "malformed"),
        (_cut_within_a_page, "cannot use the catalogue"),
        (_only_its_head, "cannot use the catalogue"),
        (_text, "not a database"),
        (_zeros, "cannot use the catalogue"),
        (_folder, "not a file"),
        (_pipe, "not a file"),
        (_loop, "cannot use the catalogue"),
        (_sql("DROP TABLE objects"), "tables are missing (objects)"),
        (_sql("DROP TABLE records"), "tables are missing (records)"),
        (_sql("DROP TABLE parts"), "tables are missing (parts)"),
        (_sql("ALTER TABLE objects RENAME COLUMN etag TO tag"), "etag"),
        (_sql("ALTER TABLE store RENAME COLUMN opened TO began"), "opened"),
        (_sql("INSERT INTO store SELECT 'x', opened, opened_before, generation FROM store"), "more than one store id"),
        (_sql("DELETE FROM store"), "older"),
        (_sql("UPDATE store SET generation = 'many'"), "generation"),
        (_sql("UPDATE store SET generation = -1"), "generation"),
        (_sql("UPDATE store SET id = char(27) || '[31m' || char(10)"), "store id"),
        (_sql("UPDATE store SET opened = x'ff'"), "store id"),
        (_sql("PRAGMA user_version=99"), "newer astore"),
    ],
)
def test_other_damage(catalogue: Path, harm: Callable[[Path], None], words: str) -> None:
    harm(catalogue)
    assert words in refused(catalogue)


def _to_a_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def _to_a_pipe(path: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


def _to_a_loop(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        *((name, harm) for name in ("store.json", f"{CATALOGUE}-wal") for harm in (_to_a_folder, _to_a_pipe, _to_a_loop)),
        # A pipe can be locked as well as a file.
        *(("lock", harm) for harm in (_to_a_folder, _to_a_loop)),
    ],
)
def test_what_is_not_a_file(catalogue: Path, name: str, harm: Callable[[Path], None]) -> None:
    harm(catalogue.with_name(name))
    refused(catalogue)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[" * 4000,
        "[" * 1_000_000,
        "9" * 4000,
        "null",
        '{"form": 1, "id": "", "opened": "", "generation": 1}',
        '{"form": 1, "id": "\\u001b[31m\\n", "opened": "%(opened)s", "generation": 1}',
        '{"form": 1, "id": "%(id)s", "opened": "%(opened)s", "generation": true}',
        '{"form": 1, "id": "%(id)s", "opened": "%(opened)s", "generation": -1}',
        '{"form": 1, "id": "%(id)s", "opened": "%(opened)s", "generation": 99999999999999999999999}',
        '{"form": 1, "id": "%(id)s", "opened": "%(opened)s", "generation": 1e400}',
        '{"form": 2, "id": "%(id)s", "opened": "%(opened)s", "generation": 1}',
        '{"form": 1, "id": "%(id)s", "opened": "%(opened)s", "generation": 1',
        "\udcff",
    ],
)
def test_marks_that_are_none(catalogue: Path, text: str) -> None:
    marks = catalogue.with_name("store.json")
    whole = marks.read_bytes()
    found = json.loads(whole)
    marks.write_bytes((text % found if "%" in text else text).encode(errors="surrogateescape"))
    assert "store.json" in refused(catalogue)
    if '"form": 2' not in text:
        assert main(["store", "repair", "--adopt-catalogue", "--data", str(catalogue.parent)]) == 0
        with BackgroundServer(catalogue.parent) as server:
            assert httpx.get(f"{server.url}/s3/some-bucket/key-7").status_code == 200


@pytest.mark.parametrize("harm", ["removed", "emptied", "cut", "flipped", "zeros", "of an earlier moment"])
@pytest.mark.parametrize("name", ["wal", "shm"])
def test_files_beside_the_catalogue_after_a_crash(tmp_path: Path, name: str, harm: str) -> None:
    """The index is made anew from the log; a log that is not whole is an older catalogue. Nothing is thrown away."""
    data = tmp_path / "data"
    with ServeProcess(data) as running:
        httpx.put(f"{running.url}/s3/some-bucket")
        path = data / f"{CATALOGUE}-{name}"
        earlier = path.read_bytes()
        for number in range(9):
            assert httpx.put(f"{running.url}/s3/some-bucket/key-{number}", content=b"content").status_code == 200
        running.kill()
    whole = path.read_bytes()
    middle = len(whole) // 2 + 100
    path.write_bytes(
        {
            "removed": b"",
            "emptied": b"",
            "cut": whole[: len(whole) // 2],
            "flipped": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
            "zeros": bytes(len(whole)),
            "of an earlier moment": earlier,
        }[harm]
    )
    if harm == "removed":
        path.unlink()
    if name == "wal":
        # What the index says of a log that is another makes no difference.
        assert "older" in refused(data / CATALOGUE, 9)
        path.write_bytes(whole)
    with BackgroundServer(data) as server:
        for number in range(9):
            assert httpx.get(f"{server.url}/s3/some-bucket/key-{number}").content == b"content"
    assert not (data / "lost").exists()


def test_it_is_one_line_of_a_process_as_well(catalogue: Path) -> None:
    _overwrite(catalogue, _root(catalogue, "objects"))
    done = subprocess.run(
        command("serve", "--port", "0", "--data", str(catalogue.parent)), capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1


def test_a_catalogue_that_another_program_holds(catalogue: Path) -> None:
    with closing(sqlite3.connect(catalogue, isolation_level=None)) as foreign:
        foreign.execute("PRAGMA locking_mode=EXCLUSIVE")
        foreign.execute("BEGIN EXCLUSIVE")
        assert "locked" in refused(catalogue)
    with BackgroundServer(catalogue.parent) as server:
        assert httpx.get(f"{server.url}/s3/some-bucket/key-7").status_code == 200


def test_damage_that_is_found_while_it_runs(catalogue: Path, caplog: pytest.LogCaptureFixture) -> None:
    objects = _root(catalogue, "objects")
    index = _root(catalogue, "sqlite_autoindex_objects_1")
    with BackgroundServer(catalogue.parent) as server:
        for page in (objects, index):
            _overwrite(catalogue, page)
        before = {path.name for path in (catalogue.parent / "blobs").glob("*/*")}
        for answer in (
            httpx.get(f"{server.url}/s3/some-bucket/key-5"),
            httpx.put(f"{server.url}/s3/some-bucket/key-5", content=b"new"),
            httpx.put(f"{server.url}/s3/some-bucket/key-6", content=bytes(100_000)),
            httpx.delete(f"{server.url}/s3/some-bucket/key-7"),
            httpx.get(f"{server.url}/s3/some-bucket"),
        ):
            problem = assert_problem(answer, 500, "DataCorrupted")
            assert problem["retryable"] is False
            assert "catalogue" in str(problem["detail"])
        assert {path.name for path in (catalogue.parent / "blobs").glob("*/*")} == before
        errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
        assert "database disk image is malformed" in errors[0]
        assert all("\n" not in message for message in errors)
