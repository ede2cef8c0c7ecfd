"""Downloads in pieces, side by side."""

from __future__ import annotations

import errno
import io
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import respx
from attrs import evolve

from astore_sdk import Client, Config, IntegrityError, NetworkError, ObjectChangedError, ServerError, TransferConfig
from astore_sdk.server import BackgroundServer, Fault

from ..conftest import ClientFactory
from .conftest import PART, SMALL_PARTS
from .tap import Tap

SIZE = 4 * PART + 1_234_567
DATA = os.urandom(SIZE)


class Landing:
    """A place to receive to: a file, or a writer that takes what it is given bit by bit."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.file = io.BytesIO()

    @property
    def target(self) -> Path | io.BytesIO:
        return self.path or self.file

    @property
    def content(self) -> bytes:
        return self.path.read_bytes() if self.path else self.file.getvalue()


@pytest.fixture(params=["path", "writer"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    return Landing(tmp_path / "target" if request.param == "path" else None)


@pytest.fixture
def stored(config: Config, bucket: str) -> str:
    with Client(config) as client:
        client.upload(bucket, "big", DATA)
    return "big"


def only_the_target(landing: Landing) -> bool:
    return landing.path is None or [path.name for path in landing.path.parent.iterdir()] == ["target"]


@pytest.mark.parametrize("integrity", [True, False])
def test_pieces_travel_side_by_side(
    make_client: ClientFactory,
    tapped: Config,
    tap: Tap,
    store: BackgroundServer,
    bucket: str,
    stored: str,
    landing: Landing,
    integrity: bool,
) -> None:
    store.faults.add(Fault(operation="getObject", delay=0.1, skip=1, times=4))
    totals: list[int] = []
    transfer = evolve(SMALL_PARTS, integrity=integrity)
    with make_client(tapped) as client:
        found = client.download(bucket, stored, landing.target, progress_callback=totals.append, transfer=transfer)
    assert landing.content == DATA
    assert found.size == SIZE
    assert tap.most_open >= 4
    assert totals == sorted(set(totals))
    assert totals[-1] == SIZE
    assert only_the_target(landing)


@pytest.mark.parametrize(("byte_range", "expected"), [("bytes=3-", DATA[3:]), (f"bytes=-{2 * PART}", DATA[-2 * PART :])])
def test_a_large_range_comes_in_pieces_too(
    client: Client, bucket: str, stored: str, landing: Landing, byte_range: str, expected: bytes
) -> None:
    found = client.download(bucket, stored, landing.target, byte_range=byte_range)
    assert landing.content == expected
    assert found.size == SIZE


def test_a_small_object_is_one_get(make_client: ClientFactory, landing: Landing) -> None:
    with respx.mock, make_client(Config("http://store.test")) as client:
        route = respx.get("http://store.test/s3/bucket/small").respond(content=b"small", headers={"Accept-Ranges": "bytes"})
        client.download("bucket", "small", landing.target)
        assert landing.content == b"small"
        assert "Range" not in route.calls.last.request.headers
        assert len(respx.calls) == 1


def test_one_at_a_time_is_one_get(
    make_client: ClientFactory, tapped: Config, tap: Tap, bucket: str, stored: str, landing: Landing
) -> None:
    with make_client(evolve(tapped, transfer=evolve(SMALL_PARTS, concurrency=1))) as client:
        client.download(bucket, stored, landing.target)
    assert landing.content == DATA
    assert tap.most_open == 1


def test_respx_still_answers_pieces(make_client: ClientFactory, landing: Landing) -> None:
    def answer(request: object) -> object:
        import httpx

        asked = request.headers.get("Range")
        headers = {"ETag": '"v"', "Accept-Ranges": "bytes"}
        if asked is None:
            return httpx.Response(200, content=DATA, headers=headers)
        first, last = (int(part) for part in asked.removeprefix("bytes=").split("-"))
        headers["Content-Range"] = f"bytes {first}-{last}/{SIZE}"
        return httpx.Response(206, content=DATA[first : last + 1], headers=headers)

    config = Config("http://store.test", transfer=TransferConfig(threshold=PART, part_size=PART))
    with respx.mock, make_client(config) as client:
        respx.get("http://store.test/s3/bucket/big").mock(side_effect=answer)
        client.download("bucket", "big", landing.target)
        assert landing.content == DATA
        assert {call.request.headers.get("If-Match") for call in respx.calls} == {None, '"v"'}


@pytest.mark.parametrize("integrity", [True, False])
def test_ranges_that_are_ignored_are_noticed(make_client: ClientFactory, landing: Landing, integrity: bool) -> None:
    config = Config("http://store.test", transfer=TransferConfig(threshold=PART, part_size=PART, integrity=integrity))
    with respx.mock, make_client(config) as client:
        route = respx.get("http://store.test/s3/bucket/big").respond(
            content=DATA, headers={"ETag": '"v"', "Accept-Ranges": "bytes"}
        )
        client.download("bucket", "big", landing.target)
        assert landing.content == DATA
        assert "Range" not in route.calls.last.request.headers or landing.path is None
    assert only_the_target(landing)


@pytest.mark.parametrize(
    "fault",
    [
        Fault(operation="getObject", status=503, skip=2),
        Fault(operation="getObject", drop_before=True, skip=2, times=2),
        Fault(operation="getObject", drop_after=1_000_000, skip=1, times=3),
        Fault(operation="getObject", drop_after=PART - 1, skip=3, reset=True),
    ],
    ids=lambda fault: f"{fault.status} {fault.drop_before} {fault.drop_after}",
)
def test_a_piece_that_fails_goes_on(
    client: Client, store: BackgroundServer, bucket: str, stored: str, landing: Landing, fault: Fault
) -> None:
    store.faults.add(fault)
    totals: list[int] = []
    client.download(bucket, stored, landing.target, progress_callback=totals.append)
    assert landing.content == DATA
    assert totals == sorted(set(totals))
    assert totals[-1] == SIZE
    assert store.faults.pending() == []


def test_a_piece_that_is_silent_is_asked_for_again(
    make_client: ClientFactory, config: Config, store: BackgroundServer, bucket: str, stored: str, landing: Landing
) -> None:
    store.faults.add(Fault(operation="getObject", stall_after=1_000_000, skip=2))
    with make_client(evolve(config, timeout=1)) as client:
        client.download(bucket, stored, landing.target)
    assert landing.content == DATA


@pytest.mark.parametrize("fault", [Fault(operation="getObject", status=500, skip=1, times=100)])
def test_a_piece_that_always_fails_ends_it(
    client: Client, store: BackgroundServer, bucket: str, stored: str, landing: Landing, fault: Fault
) -> None:
    store.faults.add(fault)
    if landing.path:
        landing.path.write_bytes(b"old")
    with pytest.raises((ServerError, NetworkError)):
        client.download(bucket, stored, landing.target)
    if landing.path:
        assert landing.content == b"old"
        assert only_the_target(landing)


def test_a_wrong_byte_is_an_integrity_error(
    client: Client, store: BackgroundServer, bucket: str, stored: str, landing: Landing
) -> None:
    store.faults.add(Fault(operation="getObject", corrupt=True, skip=1, times=9))
    if landing.path:
        landing.path.write_bytes(b"old")
    with pytest.raises(IntegrityError):
        client.download(bucket, stored, landing.target)
    if landing.path:
        assert landing.content == b"old"
        assert only_the_target(landing)


def once(change: Callable[[], object]) -> Callable[[int], None]:
    """A callback that does something the first time that something moved."""
    done: list[object] = []

    def on_progress(_total: int) -> None:
        if not done:
            done.append(None)
            change()

    return on_progress


def test_an_object_that_changes_is_received_anew(client: Client, config: Config, bucket: str, stored: str, tmp_path: Path) -> None:
    other = DATA[::-1]
    with Client(config) as writer:
        client.download(
            bucket,
            stored,
            tmp_path / "target",
            progress_callback=once(lambda: writer.upload(bucket, stored, other)),
            transfer=evolve(SMALL_PARTS, concurrency=2),
        )
    assert (tmp_path / "target").read_bytes() == other


def test_an_object_that_changes_again_and_again(
    client: Client, store: BackgroundServer, bucket: str, stored: str, landing: Landing
) -> None:
    store.faults.add(Fault(operation="getObject", status=412, skip=1, times=1))
    store.faults.add(Fault(operation="getObject", status=412, skip=5, times=100))
    with pytest.raises(ObjectChangedError):
        client.download(bucket, stored, landing.target)
    assert landing.path is None or list(landing.path.parent.iterdir()) == []


def test_a_full_disk_is_found_out_at_once(
    client: Client, bucket: str, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> os.statvfs_result:
        return os.statvfs_result((4096, 4096, 1000, 10, 10, 0, 0, 0, 0, 255))

    monkeypatch.setattr(os, "fstatvfs", full)
    with pytest.raises(OSError, match="No space left"):
        client.download(bucket, stored, tmp_path / "target")
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_that_cannot_make_room_ahead(
    client: Client, bucket: str, stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unsupported(*_: object) -> None:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    monkeypatch.setattr(os, "posix_fallocate", unsupported)
    client.download(bucket, stored, tmp_path / "target")
    monkeypatch.delattr(os, "posix_fallocate")
    client.download(bucket, stored, tmp_path / "other")
    assert (tmp_path / "target").read_bytes() == (tmp_path / "other").read_bytes() == DATA


def test_a_path_that_cannot_be_opened(client: Client, bucket: str, stored: str, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "socket"))
        with pytest.raises(OSError, match="socket"):
            client.download(bucket, stored, tmp_path / "socket")


class Grudging(io.BytesIO):
    """A writer that takes little at a time, as a raw file may."""

    def write(self, data: bytes, /) -> int:
        return super().write(data[:70_000])


def test_a_writer_gets_everything_in_order(client: Client, bucket: str, stored: str) -> None:
    target = Grudging()
    client.download(bucket, stored, target)
    assert target.getvalue() == DATA
