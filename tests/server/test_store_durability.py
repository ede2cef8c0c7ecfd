"""What was acknowledged is there after any end, and what is damaged is never served as whole."""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import resource
import signal
import threading
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Limits, Store
from astore_sdk.server.catalogue import objects

from .processes import ForkingStarter, ServeProcess
from .wire import assert_problem, sha256

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.engine import Connection

KILLS = 20 * int(os.getenv("ASTORE_EXPLORE", "1"))


class _Writer:
    """Writes objects of all kinds until the store goes away, and notes what was acknowledged."""

    def __init__(self, url: str, number: int, seed: int) -> None:
        self._client = httpx.Client(base_url=url, timeout=20)
        self._random = random.Random(seed)
        self._prefix = f"/s3/bucket-{number}"
        self.acknowledged: dict[str, bytes | None] = {}
        """By path, None once its absence was acknowledged."""
        self.uncertain: dict[str, set[bytes | None]] = {}
        """What else may be there: a write that was under way when the store went."""
        self.gone = threading.Event()

    def run(self) -> None:
        try:
            self._client.put(self._prefix)
            while True:
                self._step()
        except httpx.TransportError:
            self.gone.set()
        finally:
            self._client.close()

    def _step(self) -> None:
        path = f"{self._prefix}/key-{self._random.randrange(12)}"
        data = self._random.randbytes(self._random.choice([0, 100, 5_000, 300_000]))
        kind = self._random.choice(["put", "put", "copy", "delete", "multipart"])
        if kind == "delete":
            self._change(path, None, lambda: self._client.delete(path))
        elif kind == "multipart":
            upload = self._client.post(f"{path}?uploads").json()["uploadId"]
            part = self._client.put(f"{path}?uploadId={upload}&partNumber=1", content=data)
            body = {"parts": [{"partNumber": 1, "etag": part.headers["etag"]}], "digest": sha256(data)}
            self._change(path, data, lambda: self._client.post(f"{path}?uploadId={upload}", json=body))
        elif kind == "copy":
            sources = [name for name, content in self.acknowledged.items() if content is not None]
            if sources:
                source = self._random.choice(sources)
                headers = {"x-amz-copy-source": source.removeprefix("/s3")}
                self._change(path, self.acknowledged[source], lambda: self._client.put(path, headers=headers))
        else:
            self._change(path, data, lambda: self._client.put(path, content=data))

    def _change(self, path: str, data: bytes | None, send: object) -> None:
        assert callable(send)
        self.uncertain[path] = {self.acknowledged.get(path), data}
        answer = send()
        assert answer.status_code in {200, 204}, answer.text
        del self.uncertain[path]
        self.acknowledged[path] = data


def _check(url: str, writers: list[_Writer]) -> None:
    with httpx.Client(base_url=url, timeout=20) as client:
        for writer in writers:
            for path in writer.acknowledged.keys() | writer.uncertain.keys():
                got = client.get(path)
                found = got.content if got.status_code == 200 else None
                assert got.status_code in {200, 404}, got.text
                assert found in writer.uncertain.get(path, {writer.acknowledged.get(path)})
                writer.acknowledged[path] = found
            writer.uncertain.clear()
        for bucket in client.get("/s3").json()["buckets"]:
            listed = client.get(f"/s3/{bucket['name']}").json()["objects"]
            # The counts were committed with the objects.
            assert bucket["objectCount"] == len(listed)
            assert bucket["totalSize"] == sum(entry["size"] for entry in listed)


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    data = tmp_path / "data"
    chance = random.Random(20_260_302)
    writers: list[_Writer] = []
    with ForkingStarter() as starter:
        for kill in range(KILLS):
            url = starter.start(data)
            _check(url, writers)
            # Three at a time, on buckets of their own; the ones before are checked once more after the next kill.
            begun = [_Writer(url, number, chance.randrange(1 << 30)) for number in range(kill * 3, kill * 3 + 3)]
            writers = [*writers[-3:], *begun]
            threads = [threading.Thread(target=writer.run) for writer in begun]
            for thread in threads:
                thread.start()
            begun[0].gone.wait(0.02 + chance.random() * 0.3)
            starter.kill()
            for thread in threads:
                thread.join()
        _check(starter.start(data), writers)
        starter.kill()
    assert sum(len(writer.acknowledged) for writer in writers) > 0
    with Store(data) as store:
        referenced = set(store.catalogue.read_now(lambda connection: list(objects.every_blob(connection))))
        assert {path.name for path in data.glob("blobs/*/*")} == referenced
        # What the kills left is elsewhere, and nothing of it is named.
        assert not {path.name for path in data.glob("lost/*/*")} & referenced


def test_a_body_under_way_at_the_kill_is_set_aside(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ServeProcess(data) as running:
        httpx.put(f"{running.url}/s3/some-bucket")
        sending = threading.Event()

        def body() -> object:
            for _ in range(40):
                yield os.urandom(1 << 20)
                if any(path.stat().st_size for path in data.glob("blobs/*/*")):
                    sending.set()

        def send() -> None:
            with pytest.raises(httpx.TransportError):
                httpx.put(f"{running.url}/s3/some-bucket/key", content=body())  # type: ignore[arg-type]

        thread = threading.Thread(target=send)
        thread.start()
        assert sending.wait(20)
        running.kill()
        thread.join()
    (half,) = data.glob("blobs/*/*")
    with ServeProcess(data) as running:
        assert httpx.get(f"{running.url}/s3/some-bucket").json()["objects"] == []
        assert list(data.glob("blobs/*/*")) == []
        assert [path.name for path in data.glob("lost/*/*")] == [half.name]


def _blob(server: BackgroundServer, size: int) -> Path:
    return next(path for path in server.data.glob("blobs/*/*") if path.stat().st_size == size)


@pytest.mark.parametrize("size", [1_000, 5_000_001])
def test_changed_bytes_are_never_served_as_whole(server: BackgroundServer, http: httpx.Client, bucket: str, size: int) -> None:
    data = os.urandom(size + int(hashlib.sha256(bucket.encode()).hexdigest()[:2], 16))
    path = f"/s3/{bucket}/key"
    http.put(path, content=data)
    with _blob(server, len(data)).open("r+b") as file:
        file.seek(len(data) // 2)
        byte = file.read(1)
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte[0] ^ 1]))
    if size < 1 << 20:
        # All of it is read before the head is sent.
        problem = assert_problem(http.get(path), 500, "DataCorrupted")
        assert problem["retryable"] is False
    else:
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(path)
    assert http.head(path).status_code == 200


@pytest.mark.parametrize("harm", ["truncated", "longer", "missing"])
def test_a_blob_of_the_wrong_size_is_refused_before_the_head(
    server: BackgroundServer, http: httpx.Client, bucket: str, harm: str
) -> None:
    data = os.urandom(2_000_003 + int(hashlib.sha256(f"{bucket}{harm}".encode()).hexdigest()[:3], 16))
    path = f"/s3/{bucket}/key"
    http.put(path, content=data)
    blob = _blob(server, len(data))
    if harm == "missing":
        blob.unlink()
    else:
        os.truncate(blob, len(data) - 1 if harm == "truncated" else len(data) + 1)
    assert_problem(http.get(path), 500, "DataCorrupted")
    assert_problem(http.get(path, headers={"Range": "bytes=0-9"}), 500, "DataCorrupted")
    # Stored anew, it is well again.
    http.put(path, content=data)
    assert http.get(path).content == data


def test_a_damaged_part_is_found_at_complete(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    upload = http.post(f"/s3/{bucket}/key?uploads").json()["uploadId"]
    parts = [os.urandom(100_000 + int(hashlib.sha256(bucket.encode()).hexdigest()[:3], 16)), b"tail"]
    etags = [
        http.put(f"/s3/{bucket}/key?uploadId={upload}&partNumber={number}", content=data).headers["etag"]
        for number, data in enumerate(parts, 1)
    ]
    with _blob(server, len(parts[0])).open("r+b") as file:
        file.write(bytes([parts[0][0] ^ 1]))
    body: dict[str, object] = {"parts": [{"partNumber": number, "etag": etag} for number, etag in enumerate(etags, 1)]}
    assert_problem(http.post(f"/s3/{bucket}/key?uploadId={upload}", json=body), 500, "DataCorrupted")
    body["digest"] = sha256(b"".join(parts))
    assert_problem(http.post(f"/s3/{bucket}/key?uploadId={upload}", json=body), 400, "BadDigest")
    assert http.head(f"/s3/{bucket}/key").status_code == 404


def test_a_full_disk_is_said_and_nothing_is_stored(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def limit_files() -> None:
        # A file may not grow beyond this, which the kernel tells in the same way as a full disk.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))

    with ServeProcess(data, preexec=limit_files) as running:
        httpx.put(f"{running.url}/s3/some-bucket")
        small = os.urandom(1000)
        assert httpx.put(f"{running.url}/s3/some-bucket/small", content=small).status_code == 200
        answer = httpx.put(f"{running.url}/s3/some-bucket/large", content=os.urandom(6_000_000))
        problem = assert_problem(answer, 507, "InsufficientStorage")
        assert problem["retryable"] is False
        assert httpx.get(f"{running.url}/s3/some-bucket/small").content == small
        assert [path.stat().st_size for path in data.glob("blobs/*/*")] == [1000]
        listed = httpx.get(f"{running.url}/s3/some-bucket").json()["objects"]
        assert [entry["key"] for entry in listed] == ["small"]
        assert httpx.put(f"{running.url}/s3/some-bucket/fits", content=bytes(2_000_000)).status_code == 200


def test_a_full_catalogue_is_said_and_nothing_is_stored(tmp_path: Path) -> None:
    with BackgroundServer(tmp_path / "data") as server, httpx.Client(base_url=server.url) as client:
        client.put("/s3/some-bucket")

        def fill(connection: Connection) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            # SQLite then says what it says when the disk is full.
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 10}")

        asyncio.run(server.store.catalogue.write(fill))
        acknowledged = []
        for number in range(200):
            answer = client.put(f"/s3/some-bucket/{number}", content=b"x", headers={"x-amz-meta-k": "v" * 4000})
            if answer.status_code != 200:
                assert_problem(answer, 507, "InsufficientStorage")
                break
            acknowledged.append(str(number))
        assert 0 < len(acknowledged) < 200
        assert client.get("/health/ready").status_code == 200
    with BackgroundServer(tmp_path / "data") as server, httpx.Client(base_url=server.url) as client:
        listed = [entry["key"] for entry in client.get("/s3/some-bucket").json()["objects"]]
        assert sorted(listed) == sorted(acknowledged)
        assert len(list(server.data.glob("blobs/*/*"))) == len(listed)
        assert client.put("/s3/some-bucket/more", content=b"x").status_code == 200


def test_a_store_that_cannot_write_is_not_ready(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with BackgroundServer(tmp_path / "data", limits=Limits()) as server:
        httpx.put(f"{server.url}/s3/some-bucket")
        httpx.put(f"{server.url}/s3/some-bucket/key", content=b"x")
        real = os.open

        def read_only(path: str, flags: int, mode: int = 0o777) -> int:
            if flags & os.O_WRONLY:
                raise OSError(30, "Read-only file system")
            return real(path, flags, mode)

        monkeypatch.setattr(os, "open", read_only)
        not_ready = httpx.get(f"{server.url}/health/ready")
        assert_problem(not_ready, 503, "NotReady")
        assert not_ready.headers["retry-after"]
        refused = httpx.put(f"{server.url}/s3/some-bucket/key", content=b"y")
        assert "cannot write" in str(assert_problem(refused, 507, "InsufficientStorage")["detail"])
        assert httpx.get(f"{server.url}/health/live").status_code == 200
        assert httpx.get(f"{server.url}/s3/some-bucket/key").content == b"x"
        monkeypatch.undo()
        assert httpx.get(f"{server.url}/health/ready").status_code == 200
