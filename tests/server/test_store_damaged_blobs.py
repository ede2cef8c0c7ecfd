"""Damaged bytes are given to nobody: not in a range, not as a copy, not as an object made of parts.

The digest of a blob covers all of it. So these look at what would be given away without reading all of a blob.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, checked_blobs

from .processes import ServeProcess
from .wire import assert_problem, sha256

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

KIB = 1024
MIB = 1024 * KIB
SIZES = [1_000, MIB, 3 * MIB + 17]
PATH = "/s3/some-bucket/key"


class Folder:
    """A data folder, and the store on it, which is started anew whenever a test wants."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self._start()
        self.http.put("/s3/some-bucket")

    def _start(self) -> None:
        self._running = BackgroundServer(self.data)
        self._running.start()
        self.http = httpx.Client(base_url=self._running.url, timeout=30)

    def restart(self, meanwhile: Callable[[], None] = lambda: None) -> None:
        self.close()
        meanwhile()
        self._start()

    def close(self) -> None:
        self.http.close()
        self._running.stop()

    def blob(self, size: int) -> Path:
        return next(path for path in self.data.glob("blobs/*/*") if path.stat().st_size == size)

    def flip(self, size: int) -> None:
        """Change the last byte of the blob that has `size` bytes."""
        with self.blob(size).open("r+b") as file:
            file.seek(size - 1)
            byte = file.read(1)
            file.seek(size - 1)
            file.write(bytes([byte[0] ^ 1]))

    def upload(self, *parts: bytes) -> tuple[str, dict[str, object]]:
        """Send parts; gives where to complete them, and with what."""
        upload = self.http.post(f"{PATH}?uploads").json()["uploadId"]
        etags = [
            self.http.put(f"{PATH}?uploadId={upload}&partNumber={number}", content=part).headers["etag"]
            for number, part in enumerate(parts, 1)
        ]
        listed = [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]
        return f"{PATH}?uploadId={upload}", {"parts": listed}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    opened = Folder(tmp_path / "data")
    yield opened
    opened.close()


def harm(folder: Folder, size: int, when: str) -> None:
    if when == "stopped":
        folder.restart(lambda: folder.flip(size))
    else:
        folder.flip(size)


def get_range(http: httpx.Client, value: str) -> httpx.Response:
    return http.get(PATH, headers={"Range": f"bytes={value}"})


@pytest.mark.parametrize("when", ["stopped", "running"])
@pytest.mark.parametrize("size", SIZES)
def test_no_range_of_a_damaged_blob_is_sent(folder: Folder, size: int, when: str) -> None:
    data = os.urandom(size)
    folder.http.put(PATH, content=data)
    assert get_range(folder.http, "0-9").content == data[:10]
    harm(folder, size, when)
    for value in ("0-9", "5-5", f"{size // 2}-", "-1", f"0-{size - 2}", "0-9"):
        problem = assert_problem(get_range(folder.http, value), 500, "DataCorrupted")
        assert problem["retryable"] is False
    # Stored anew, it is well again.
    folder.http.put(PATH, content=data)
    assert get_range(folder.http, "-1").content == data[-1:]


@pytest.mark.parametrize("when", ["stopped", "running"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("to", ["/s3/some-bucket/copy", "/s3/other-bucket/copy", PATH])
def test_what_is_damaged_is_not_copied(folder: Folder, size: int, when: str, to: str) -> None:
    data = os.urandom(size)
    folder.http.put("/s3/other-bucket")
    before = folder.http.put(PATH, content=data).json()
    headers = {"x-amz-copy-source": "/some-bucket/key", "x-amz-metadata-directive": "REPLACE", "Content-Type": "text/x-new"}
    harm(folder, size, when)
    assert_problem(folder.http.put(to, headers=headers), 500, "DataCorrupted")
    if to == PATH:
        assert folder.http.head(to).headers["etag"] == f'"{before["etag"]}"'
    else:
        assert folder.http.head(to).status_code == 404
    folder.http.put(PATH, content=data)
    assert folder.http.put(to, headers=headers).status_code == 200
    assert folder.http.get(to).content == data


@pytest.mark.parametrize("when", ["stopped", "running"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("named", [False, True])
def test_no_object_is_made_of_a_damaged_single_part(folder: Folder, size: int, when: str, *, named: bool) -> None:
    data = os.urandom(size)
    url, body = folder.upload(data)
    if named:
        body |= {"digest": sha256(data), "size": size}
    harm(folder, size, when)
    assert_problem(folder.http.post(url, json=body), 500, "DataCorrupted")
    assert folder.http.head(PATH).status_code == 404
    # The part is sent again, and the upload goes on.
    folder.http.put(f"{url}&partNumber=1", content=data)
    assert folder.http.post(url, json=body).status_code == 200
    assert folder.http.get(PATH).content == data


@pytest.mark.parametrize("when", ["stopped", "running"])
@pytest.mark.parametrize("damaged", [0, 1])
def test_parts_of_an_object_are_looked_at_one_by_one(folder: Folder, damaged: int, when: str) -> None:
    parts = [os.urandom(5 * MIB), os.urandom(2 * MIB + 1)]
    url, body = folder.upload(*parts)
    data = b"".join(parts)
    harm(folder, len(parts[damaged]), when)
    assert_problem(folder.http.post(url, json=body), 500, "DataCorrupted")
    # With a digest the whole is compared, and what differs is not the store's to say.
    assert_problem(folder.http.post(url, json=body | {"digest": sha256(data)}), 400, "BadDigest")
    assert folder.http.head(PATH).status_code == 404
    folder.http.put(f"{url}&partNumber={damaged + 1}", content=parts[damaged])
    assert folder.http.post(url, json=body).status_code == 200
    harm(folder, len(parts[damaged]), when)
    # The other part is well, and what is wanted of it is given.
    ranges = [("0-9", data[:10]), ("-9", data[-9:])]
    value, good = ranges[1 - damaged]
    assert get_range(folder.http, value).content == good
    assert_problem(get_range(folder.http, ranges[damaged][0]), 500, "DataCorrupted")
    assert_problem(get_range(folder.http, f"{5 * MIB - 5}-{5 * MIB + 5}"), 500, "DataCorrupted")
    headers = {"x-amz-copy-source": "/some-bucket/key"}
    assert_problem(folder.http.put("/s3/some-bucket/copy", headers=headers), 500, "DataCorrupted")


@pytest.mark.parametrize("size", [999, 1_001, None])
@pytest.mark.parametrize("when", ["stopped", "running"])
def test_blobs_of_another_size_are_neither_copied_nor_completed(folder: Folder, size: int | None, when: str) -> None:
    folder.http.put(PATH, content=os.urandom(1_000))
    alone, all_of_one = folder.upload(os.urandom(1_002))
    several, all_of_two = folder.upload(os.urandom(5 * MIB), os.urandom(1_003))

    def spoil() -> None:
        for blob in [folder.blob(had) for had in (1_000, 1_002, 1_003)]:
            if size is None:
                blob.unlink()
            else:
                os.truncate(blob, blob.stat().st_size + size - 1_000)

    if when == "stopped":
        folder.restart(spoil)
    else:
        spoil()
    assert_problem(get_range(folder.http, "0-9"), 500, "DataCorrupted")
    copied = folder.http.put("/s3/some-bucket/copy", headers={"x-amz-copy-source": "/some-bucket/key"})
    assert_problem(copied, 500, "DataCorrupted")
    assert_problem(folder.http.post(alone, json=all_of_one), 500, "DataCorrupted")
    assert_problem(folder.http.post(several, json=all_of_two), 500, "DataCorrupted")


def test_a_change_that_hides_its_time_is_seen(folder: Folder) -> None:
    folder.http.put(PATH, content=b"some bytes")
    assert get_range(folder.http, "0-3").content == b"some"
    before = folder.blob(10).stat()
    folder.flip(10)
    os.utime(folder.blob(10), ns=(before.st_atime_ns, before.st_mtime_ns))
    assert_problem(get_range(folder.http, "0-3"), 500, "DataCorrupted")
    # The very bytes back again: that is looked at, too.
    folder.flip(10)
    assert get_range(folder.http, "0-3").content == b"some"


def test_an_empty_object_is_copied(folder: Folder) -> None:
    folder.http.put(PATH, content=b"")
    folder.restart()
    copied = folder.http.put("/s3/some-bucket/copy", headers={"x-amz-copy-source": "/some-bucket/key"})
    assert (copied.status_code, copied.json()["size"]) == (200, 0)


@pytest.mark.skipif(not Path("/proc/self/io").is_file(), reason="counts bytes in /proc, which only Linux has")
def test_a_blob_is_checked_once_whoever_asks_and_not_at_all_by_who_wrote_it(tmp_path: Path) -> None:
    size = 24 * MIB
    data = os.urandom(size)
    copy = {"x-amz-copy-source": "/some-bucket/key"}
    places = [number * MIB for number in range(16)]
    with ServeProcess(tmp_path) as running, httpx.Client(base_url=running.url) as http:
        http.put("/s3/some-bucket")
        http.put(PATH, content=data)
        upload = http.post(f"{PATH}-2?uploads").json()["uploadId"]
        part = http.put(f"{PATH}-2?uploadId={upload}&partNumber=1", content=data)
        body = {"parts": [{"partNumber": 1, "etag": part.headers["etag"]}]}
        # What was written here is known to be good.
        before = bytes_read(running)
        assert get_range(http, "5-9").content == data[5:10]
        assert http.put("/s3/some-bucket/copy", headers=copy).status_code == 200
        assert http.post(f"{PATH}-2?uploadId={upload}", json=body).status_code == 200
        assert bytes_read(running) - before < 4 * MIB
        assert running.terminate() == 0

    def ask(start: int) -> bool:
        return get_range(http, f"{start}-{start + 99}").content == data[start : start + 100]

    with ServeProcess(tmp_path) as running, httpx.Client(base_url=running.url) as http:
        # All at once, the first time: they wait for one.
        before = bytes_read(running)
        with ThreadPoolExecutor(16) as threads:
            assert all(threads.map(ask, places))
        assert size <= bytes_read(running) - before < 1.5 * size
        # And never again.
        before = bytes_read(running)
        assert all(map(ask, places))
        assert http.put("/s3/some-bucket/copy", headers=copy).status_code == 200
        assert bytes_read(running) - before < 4 * MIB


def bytes_read(running: ServeProcess) -> int:
    """Return the bytes that the store has read so far, from files and connections."""
    lines = Path(f"/proc/{running.process.pid}/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["rchar"])


def test_what_cannot_be_remembered_is_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checked_blobs, "_MOST", 2)
    with BackgroundServer(tmp_path) as server, httpx.Client(base_url=server.url) as http:
        http.put("/s3/some-bucket")
        for number in range(5):
            http.put(f"/s3/some-bucket/{number}", content=b"%d bytes" % number)
        for number in [*range(5), *range(5)]:
            assert http.get(f"/s3/some-bucket/{number}", headers={"Range": "bytes=0-1"}).content == b"%d " % number
