"""Whole folders, up and down."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import threading
from pathlib import Path

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astore_sdk import AsyncClient, Client, Config, InternalServerError, InvalidInputError, NotFoundError, TransferConfig
from astore_sdk._transfers.tree import Wanted, files_to_receive, trouble_of_name
from astore_sdk.server import BackgroundServer, Fault

from ..conftest import ClientFactory
from ..transfer.scripted import Heard, Reply, ScriptedServer
from .conftest import PART

FILES = {"a.txt": b"a", "sub/b.bin": os.urandom(70_000), "sub/deep/c": b"", "large": os.urandom(2 * PART + 5), "Ünïcode ☃": b"u"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "folder"
    for name, content in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def content_of(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("prefix", ["", "app/1.0", "app/1.0/"])
def test_a_folder_goes_up_and_comes_down(client: Client, bucket: str, folder: Path, tmp_path: Path, prefix: str) -> None:
    up: list[int] = []
    down: list[int] = []
    sent = client.upload_dir(folder, bucket, prefix, progress_callback=up.append)
    received = client.download_dir(bucket, prefix, tmp_path / "new" / "copy", progress_callback=down.append)
    base = "app/1.0/" if prefix else ""
    assert [result.key for result in sent] == sorted(base + name for name in FILES)
    assert {result.status for result in sent + received} == {"done"}
    assert content_of(tmp_path / "new" / "copy") == FILES
    for totals in (up, down):
        assert totals == sorted(set(totals))
        assert totals[-1] == sum(len(content) for content in FILES.values())


def test_what_is_the_same_is_passed_over(client: Client, bucket: str, folder: Path, tmp_path: Path) -> None:
    client.upload_dir(folder, bucket)
    again = client.upload_dir(folder, bucket)
    assert {result.status for result in again} == {"skipped"}
    assert [result.object and result.object.size for result in again] == [len(FILES[result.key]) for result in again]
    client.download_dir(bucket, "", tmp_path / "copy")
    before = (tmp_path / "copy" / "large").stat().st_ino
    (tmp_path / "copy" / "a.txt").write_bytes(b"b")  # as long as it was
    totals: list[int] = []
    received = client.download_dir(bucket, "", tmp_path / "copy", progress_callback=totals.append)
    assert {result.key: result.status for result in received} == {**dict.fromkeys(FILES, "skipped"), "a.txt": "done"}
    assert totals == [1]
    assert (tmp_path / "copy" / "large").stat().st_ino == before
    assert content_of(tmp_path / "copy") == FILES


def test_small_files_go_side_by_side(make_client: ClientFactory, tmp_path: Path) -> None:
    """None is answered before as many are under way as may be."""

    def answer(heard: Heard) -> Reply:
        if heard.method == "GET":
            return Reply(200, b'{"objects": []}')
        together.wait()
        return Reply(200)

    together = threading.Barrier(4, timeout=10)
    for number in range(8):
        (tmp_path / str(number)).write_bytes(bytes(number))
    with ScriptedServer(answer) as server, make_client(Config(server.url, transfer=TransferConfig(concurrency=4))) as client:
        results = client.upload_dir(tmp_path, "bucket")
        assert {result.status for result in results} == {"done"}
        assert server.connections <= 5


def test_the_last_total_is_told_however_fast_it_goes(client: Client, bucket: str, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / str(number)).write_bytes(bytes(7))
    totals: list[int] = []
    client.upload_dir(tmp_path, bucket, progress_callback=totals.append)
    assert totals[-1] == 21


def test_patterns_choose(client: Client, bucket: str, folder: Path, tmp_path: Path) -> None:
    sent = client.upload_dir(folder, bucket, include=["sub/*", "*.txt"], exclude=["*/c"])
    assert [result.key for result in sent] == ["a.txt", "sub/b.bin"]
    received = client.download_dir(bucket, "sub", tmp_path / "copy", exclude=["b.*"])
    assert received == []
    with pytest.raises(TypeError, match="include"):
        client.upload_dir(folder, bucket, include="*.txt")


@pytest.mark.parametrize("key", ["sub/b.bin", "large"])
def test_a_file_that_fails_stops_no_other(
    client: Client, store: BackgroundServer, bucket: str, folder: Path, tmp_path: Path, key: str
) -> None:
    store.faults.add(Fault(key=key, method="PUT", status=500, times=50))
    sent = {result.key: result for result in client.upload_dir(folder, bucket)}
    assert sent[key].status == "failed"
    assert isinstance(sent[key].error, InternalServerError)
    assert {result.status for other, result in sent.items() if other != key} == {"done"}
    store.faults.clear()
    again = {result.key: result.status for result in client.upload_dir(folder, bucket)}
    assert again == {**dict.fromkeys(FILES, "skipped"), key: "done"}
    (tmp_path / "copy" / "a.txt").mkdir(parents=True)
    received = {result.key: result for result in client.download_dir(bucket, "", tmp_path / "copy")}
    assert isinstance(received["a.txt"].error, IsADirectoryError)
    assert {result.status for other, result in received.items() if other != "a.txt"} == {"done"}


class DislikedError(OSError):
    pass


@pytest.mark.parametrize("only", ["*.txt", "large", "*"])
def test_what_the_callback_raises_ends_everything(client: Client, bucket: str, folder: Path, only: str) -> None:
    def on_progress(total: int) -> None:
        totals.append(total)
        if len(totals) == 1:
            raise DislikedError

    totals: list[int] = []
    with pytest.raises(DislikedError):
        client.upload_dir(folder, bucket, include=[only], progress_callback=on_progress)
    assert client.list_multipart_uploads(bucket) == []


@pytest.mark.parametrize(("raises", "only"), [(False, "*"), (True, "*"), (True, "large")])
def test_a_callback_may_be_async(config: Config, bucket: str, folder: Path, raises: bool, only: str) -> None:
    totals: list[int] = []

    async def on_progress(total: int) -> None:
        await anyio.lowlevel.checkpoint()
        totals.append(total)
        if raises and len(totals) == 1:
            raise OSError("of the callback")  # from anything else it would be the failure of one file

    async def main() -> None:
        async with AsyncClient(config) as client:
            await client.upload_dir(folder, bucket, include=[only], progress_callback=on_progress)

    if raises:
        with pytest.raises(OSError, match="of the callback"):
            anyio.run(main)
    else:
        anyio.run(main)
        assert totals[-1] == sum(len(content) for content in FILES.values())


def test_a_file_that_goes_away_in_between(client: Client, bucket: str, folder: Path) -> None:
    def on_progress(_total: int) -> None:
        (folder / "large").unlink(missing_ok=True)  # it is sent when the small ones are

    results = {result.key: result for result in client.upload_dir(folder, bucket, progress_callback=on_progress)}
    assert isinstance(results.pop("large").error, FileNotFoundError)
    assert {result.status for result in results.values()} == {"done"}


def test_what_is_no_folder(client: Client, bucket: str, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NotADirectoryError):
        client.upload_dir(folder / "a.txt", bucket)
    with pytest.raises(FileNotFoundError):
        client.upload_dir(tmp_path / "none", bucket)
    with pytest.raises(TypeError, match="Path"):
        client.upload_dir(str(folder), bucket)
    with pytest.raises(NotFoundError):
        client.download_dir("no-such-bucket", "", tmp_path / "copy")
    (tmp_path / "empty").mkdir()
    assert client.upload_dir(tmp_path / "empty", bucket) == []


def test_links(client: Client, bucket: str, folder: Path, tmp_path: Path) -> None:
    (folder / "within").symlink_to("a.txt")
    assert {result.status for result in client.upload_dir(folder, bucket, include=["within"])} == {"done"}
    assert client.read(bucket, "within") == b"a"
    (tmp_path / "secret").write_bytes(b"secret")
    for name, leads in (("out", "../secret"), ("folder-out", ".."), ("folder-in", "sub"), ("nowhere", "nothing")):
        link = folder / name
        link.symlink_to(leads)
        with pytest.raises(InvalidInputError, match=name):
            client.upload_dir(folder, bucket)
        link.unlink()
    os.mkfifo(folder / "fifo")
    with pytest.raises(InvalidInputError, match="fifo"):
        client.upload_dir(folder, bucket)
    assert client.list_objects(bucket).objects[0].key == "within"


@pytest.mark.parametrize(
    "keys",
    [
        ["../evil"],
        ["a/../../evil"],
        ["/etc/evil"],
        ["a//b"],
        ["./a"],
        ["CON"],
        ["sub/nul.txt"],
        ["Com1 .log"],
        ["File", "file"],
        ["straße", "STRASSE"],
        ["e\u0301", "\u00e9"],
        ["A", "a/b"],
        ["Dir/x", "dir/y"],
    ],
)
def test_keys_that_are_refused(client: Client, bucket: str, tmp_path: Path, keys: list[str]) -> None:
    for key in ["fine", *keys]:
        client.upload(bucket, key, b"evil")
    with pytest.raises(InvalidInputError, match="nothing was moved"):
        client.download_dir(bucket, "", tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []
    names = [*keys, *(key.replace("/", "*") for key in keys)]
    assert [result.key for result in client.download_dir(bucket, "", tmp_path / "copy", exclude=names)] == ["fine"]


def test_nothing_is_written_through_a_link(client: Client, bucket: str, tmp_path: Path) -> None:
    for key in ("sub/file", "fine"):
        client.upload(bucket, key, b"evil")
    (tmp_path / "outside").mkdir()
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "sub").symlink_to(tmp_path / "outside")
    with pytest.raises(InvalidInputError, match="link"):
        client.download_dir(bucket, "", tmp_path / "copy")
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_key_that_stands_for_a_folder_is_no_file(client: Client, bucket: str, tmp_path: Path) -> None:
    for key in ("sub/", "sub/file"):
        client.upload(bucket, key, b"")
    assert [result.key for result in client.download_dir(bucket, "sub", tmp_path / "copy")] == ["sub/file"]
    assert content_of(tmp_path / "copy") == {"file": b""}


class Listed:
    """A store that lists whatever keys it is told to, and has one byte under each."""

    def __init__(self, *keys: str) -> None:
        self.page = json.dumps({"objects": [{"key": key, "size": 1, "etag": "e"} for key in keys]}).encode()

    def __call__(self, heard: Heard) -> Reply:
        if heard.target.startswith("/s3/builds?") or heard.target == "/s3/builds":
            return Reply(200, self.page)
        return Reply(200, b"x", {"ETag": '"e"', "Repr-Digest": f"sha-256=:{X}:"})


X = base64.b64encode(hashlib.sha256(b"x").digest()).decode()

ODD: dict[str, tuple[str, type[Exception]]] = {
    "a name of 300 bytes": ("n" * 300, OSError),
    "a folder of 300 bytes": ("f" * 300 + "/file", OSError),
    "a name of 300 bytes within": ("sub/" + "n" * 300, OSError),
    "a key of 1025 bytes": ("sub/" * 256 + "x", InvalidInputError),
    "a path that is too long": ("sub/" * 2000 + "x", InvalidInputError),
    "NUL": ("nul\0byte", InvalidInputError),
    "NUL in a folder": ("nul\0byte/file", InvalidInputError),
    "ESC": ("esc\x1b[31m", InvalidInputError),
    "a line's end": ("line\nend", InvalidInputError),
    "C1": ("c1\x9b", InvalidInputError),
    "a lone surrogate": ("lone\ud800", InvalidInputError),
    "a byte in disguise": ("lone\udc80/file", InvalidInputError),
}


@pytest.mark.parametrize("lane", ["1", "0"])
@pytest.mark.parametrize("prefix", ["", "pre/fix"])
@pytest.mark.parametrize("odd", ODD)
def test_a_key_that_cannot_be_a_file_stops_no_other(
    odd: str, prefix: str, lane: str, make_client: ClientFactory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    base = f"{prefix}/" if prefix else ""
    name, kind = ODD[odd]
    keys = [base + each for each in ("a", name, "zz/last")]
    with ScriptedServer(Listed(*keys, "elsewhere")) as server, make_client(Config(server.url)) as client:
        results = client.download_dir("builds", prefix, tmp_path / "copy", exclude=["elsewhere"])
    assert [result.key for result in results] == sorted(keys)
    by_key = {result.key: result for result in results}
    failed = by_key.pop(base + name)
    assert (failed.status, failed.object) == ("failed", None)
    assert isinstance(failed.error, kind)
    assert str(failed.error).isprintable()
    if isinstance(failed.error, InvalidInputError):
        assert (failed.error.bucket, failed.error.key) == ("builds", base + name)
    assert {result.status for result in by_key.values()} == {"done"}
    assert content_of(tmp_path / "copy") == {"a": b"x", "zz/last": b"x"}


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("there", ["nothing", "a file", "a folder"])
def test_a_file_and_a_folder_of_one_name(there: str, order: int, make_client: ClientFactory, tmp_path: Path) -> None:
    keys = ["a", "a/b", "a/c/d", "z"][::order]
    (tmp_path / "copy").mkdir()
    if there == "a file":
        (tmp_path / "copy" / "a").write_bytes(b"before")
    elif there == "a folder":
        (tmp_path / "copy" / "a").mkdir()
    with ScriptedServer(Listed(*keys)) as server, make_client(Config(server.url)) as client:
        results = client.download_dir("builds", "", tmp_path / "copy")
        again = client.download_dir("builds", "", tmp_path / "copy")
    for each in (results, again):
        assert [result.key for result in each] == sorted(keys)
        errors = {result.key: result.error for result in each if result.error}
        if there == "a folder":
            assert list(errors) == ["a"]
            assert isinstance(errors["a"], IsADirectoryError)
        else:
            assert list(errors) == ["a/b", "a/c/d"]
            assert all(isinstance(error, InvalidInputError) and "'a' is a file" in str(error) for error in errors.values())
    expected = ["a/b", "a/c/d", "z"] if there == "a folder" else ["a", "z"]
    assert content_of(tmp_path / "copy") == dict.fromkeys(expected, b"x")


def test_a_file_where_a_folder_must_be(make_client: ClientFactory, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    (tmp_path / "copy" / "a").write_bytes(b"before")
    with ScriptedServer(Listed("a/b", "a/c/d", "z")) as server, make_client(Config(server.url)) as client:
        results = {result.key: result.error for result in client.download_dir("builds", "", tmp_path / "copy")}
    assert isinstance(results["a/b"], NotADirectoryError)
    assert isinstance(results["a/c/d"], NotADirectoryError)
    assert results["z"] is None
    assert content_of(tmp_path / "copy") == {"a": b"before", "z": b"x"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_may_not_be_written_to(make_client: ClientFactory, tmp_path: Path) -> None:
    for name, mode in (("closed", 0o000), ("read", 0o500)):
        (tmp_path / "copy" / name).mkdir(parents=True)
        (tmp_path / "copy" / name).chmod(mode)
    with ScriptedServer(Listed("closed/a", "read/a", "z")) as server, make_client(Config(server.url)) as client:
        results = {result.key: result.error for result in client.download_dir("builds", "", tmp_path / "copy")}
    for name in ("closed", "read"):
        (tmp_path / "copy" / name).chmod(0o700)
    assert isinstance(results["closed/a"], PermissionError)
    assert isinstance(results["read/a"], PermissionError)
    assert content_of(tmp_path / "copy") == {"z": b"x"}


def test_what_cannot_be_the_folder(make_client: ClientFactory, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    with ScriptedServer(Listed("a")) as server, make_client(Config(server.url)) as client:
        with pytest.raises(NotADirectoryError, match="file"):
            client.download_dir("builds", "", tmp_path / "file")
        with pytest.raises(TypeError, match=r"pathlib\.Path"):
            client.download_dir("builds", "", str(tmp_path / "copy"))
        with pytest.raises(InvalidInputError, match="NUL"):
            client.download_dir("builds", "", tmp_path / "co\0py")
        assert server.heard == []
    assert (tmp_path / "file").read_bytes() == b"before"


def test_a_name_that_cannot_be_a_key_stops_no_other(client: Client, bucket: str, tmp_path: Path) -> None:
    odd = [b"not-utf-8-\xff", b"esc-\x1b[31m", b"line\nend"]
    for name in (b"fine", *odd):
        (tmp_path / os.fsdecode(name)).write_bytes(b"x")
    deep = tmp_path.joinpath(*["d" * 250] * 4)
    deep.mkdir(parents=True)
    (deep / ("e" * 100)).write_bytes(b"x")
    results = client.upload_dir(tmp_path, bucket)
    assert len(results) == 5
    failed = [result for result in results if result.status == "failed"]
    assert len(failed) == 4
    for result in failed:
        assert isinstance(result.error, InvalidInputError)
        assert result.path.read_bytes() == b"x"
        assert str(result.error).isprintable()
    assert [item.key for item in client.list_objects(bucket).objects] == ["fine"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12), max_size=6, unique=True))
def test_no_key_leads_out(keys: list[str]) -> None:
    root = Path("/nonexistent/root")
    try:
        pairs = files_to_receive(root, "", keys, Wanted((), ()))
    except InvalidInputError:
        return
    paths = [Path(os.path.normpath(pair.path)) for pair in pairs]
    assert all(path.is_relative_to(root) and path != root for path in paths)
    assert len(set(paths)) == len(paths)


@given(st.text(st.sampled_from("./ab"), min_size=1))
def test_a_name_that_is_fine_stays_where_it_is(name: str) -> None:
    if trouble_of_name(name) is None:
        assert os.path.normpath(name) == name
