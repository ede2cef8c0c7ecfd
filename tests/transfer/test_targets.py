"""Where a download's bytes go, apart from an ordinary new file."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from astore_sdk import Client

DATA = os.urandom(300_000)


@pytest.fixture(autouse=True)
def stored(client: Client, bucket: str) -> None:
    client.upload(bucket, "k", DATA)


def test_a_fifo_is_written_directly(client: Client, bucket: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(fifo.read_bytes()))
    reader.start()
    client.download(bucket, "k", fifo)
    reader.join()
    assert read == [DATA]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_fifo_is_read_to_its_end(client: Client, bucket: str, tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_bytes(DATA))
    writer.start()
    client.upload(bucket, "from-fifo", fifo)
    writer.join()
    assert client.read(bucket, "from-fifo") == DATA


def test_a_link_stays_a_link(client: Client, bucket: str, tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    target.chmod(0o640)
    link.symlink_to(target)
    client.download(bucket, "k", link)
    assert link.is_symlink()
    assert target.read_bytes() == DATA
    assert stat.S_IMODE(target.stat().st_mode) == 0o640


@pytest.mark.parametrize("links", [True, False], ids=["links", "no links"])
def test_what_is_there_is_not_overwritten(
    client: Client, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(1, "this file system has no links")

    if not links:
        monkeypatch.setattr(Path, "hardlink_to", refuse)
    target = tmp_path / "target"
    client.download(bucket, "k", target, overwrite=False)
    assert target.read_bytes() == DATA
    with pytest.raises(FileExistsError):
        client.download(bucket, "k", target, overwrite=False)
    late = tmp_path / "late"
    with pytest.raises(FileExistsError):
        client.download(bucket, "k", late, overwrite=False, progress_callback=lambda _: late.write_bytes(b"another's"))
    assert late.read_bytes() == b"another's"
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["late", "target"]


def test_folders_and_missing_folders_are_refused(client: Client, bucket: str, tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        client.download(bucket, "k", tmp_path)
    with pytest.raises(FileNotFoundError):
        client.download(bucket, "k", tmp_path / "missing" / "target")


def test_until_it_is_whole_a_file_is_its_owners_alone(client: Client, bucket: str, tmp_path: Path) -> None:
    modes: set[int] = set()

    def look(_total: int) -> None:
        (temporary,) = tmp_path.iterdir()
        modes.add(stat.S_IMODE(temporary.stat().st_mode))

    client.download(bucket, "k", tmp_path / "target", progress_callback=look)
    assert modes == {0o600}


def test_a_temporary_file_that_someone_truncates_does_not_become_the_target(client: Client, bucket: str, tmp_path: Path) -> None:
    def truncate(total: int) -> None:
        if total == len(DATA):
            (temporary,) = tmp_path.iterdir()
            os.truncate(temporary, 10)

    with pytest.raises(OSError, match="shorter"):
        client.download(bucket, "k", tmp_path / "target", progress_callback=truncate)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_may_take_less_than_it_is_given(client: Client, bucket: str) -> None:
    taken = bytearray()

    class Narrow:
        def write(self, data: bytes) -> int:
            taken.extend(data[:1000])
            return min(len(data), 1000)

    client.download(bucket, "k", Narrow())
    assert taken == DATA


class Odd:
    """A writer that returns what no writer should, and has taken everything."""

    def __init__(self, returned: object) -> None:
        self.taken = bytearray()
        self.returned = returned

    def write(self, data: bytes) -> object:
        self.taken.extend(data)
        return self.returned


@pytest.mark.parametrize("returned", [None, True, "all of it", 10**9], ids=repr)
def test_a_writer_that_does_not_say_how_much_it_took_took_everything(client: Client, bucket: str, returned: object) -> None:
    writer = Odd(returned)
    client.download(bucket, "k", writer)
    assert writer.taken == DATA


@pytest.mark.parametrize("returned", [0, -1])
def test_a_writer_that_takes_nothing_is_not_asked_for_ever(client: Client, bucket: str, returned: int) -> None:
    with pytest.raises(OSError, match="takes nothing"):
        client.download(bucket, "k", Odd(returned))


def test_a_file_that_never_waits_is_refused_when_it_takes_nothing(client: Client, bucket: str) -> None:
    """`io.RawIOBase.write` returns None then: what it did not take would be missing."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(reader), os.fdopen(writer, "wb", buffering=0) as file, pytest.raises(BlockingIOError, match="non-blocking"):
        client.download(bucket, "k", file)


def test_a_file_that_never_waits_is_refused_when_it_has_nothing(client: Client, bucket: str) -> None:
    class Impatient:
        def read(self, size: int) -> None:
            return None

    with pytest.raises(BlockingIOError, match="non-blocking"):
        client.upload(bucket, "k", Impatient())
