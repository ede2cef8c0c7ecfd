"""What no well-behaved client, disk or server brings about, but may happen all the same."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from astore_sdk.server import App, BackgroundServer, Fault, Limits
from astore_sdk.server.asgi import RequestHeaders
from astore_sdk.server.blob_reading import DamagedBlobError, Reader, Segment
from astore_sdk.server.catalogue import engine
from astore_sdk.server.faults import fault_from_json
from astore_sdk.server.headers import description_of
from astore_sdk.server.problems import Problem, from_database_error, from_os_error
from astore_sdk.server.query import parse_query
from astore_sdk.server.routes import _object_operation
from astore_sdk.server.values import Blob

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sqlalchemy import Connection


@pytest.mark.parametrize(
    ("number", "code"),
    [(28, "InsufficientStorage"), (122, "InsufficientStorage"), (30, "InsufficientStorage"), (5, "InternalError")],
)
def test_failures_of_the_disk(number: int, code: str) -> None:
    assert from_os_error(OSError(number, "")).code == code


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("database or disk is full", "InsufficientStorage"),
        ("attempt to write a readonly database", "InsufficientStorage"),
        ("database is locked", "SlowDown"),
        ("disk I/O error", "InternalError"),
    ],
)
def test_failures_of_the_catalogue(said: str, code: str) -> None:
    assert from_database_error(OperationalError("INSERT", {}, Exception(said))).code == code


def test_a_status_without_a_name() -> None:
    assert b'"title": "SlowDown"' in Problem("SlowDown", "", status=599).body(request_id="r")


def test_a_query_has_no_fragment() -> None:
    with pytest.raises(Problem, match="fragment"):
        parse_query(b"prefix=a#b")


def test_a_part_has_a_number_and_bytes_of_its_own() -> None:
    with pytest.raises(Problem, match="partNumber"):
        _object_operation("PUT", {"uploadId": "u"}, is_copy=False)
    with pytest.raises(Problem, match="copied"):
        _object_operation("PUT", {"uploadId": "u", "partNumber": "1"}, is_copy=True)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        (b"content-type", b"text/\x01plain", "InvalidArgument"),
        (b"content-type", b"x" * 4000, "InvalidArgument"),
        (b"x-amz-meta-a(b", b"value", "InvalidMetadata"),
        (b"x-amz-meta-a", b"va\x01lue", "InvalidMetadata"),
    ],
)
def test_headers_that_a_parser_should_not_let_through(name: bytes, value: bytes, code: str) -> None:
    with pytest.raises(Problem) as caught:
        description_of(RequestHeaders([(name, value)]), 8192)
    assert caught.value.code == code


def test_a_fault_of_another_kind_is_refused() -> None:
    with pytest.raises(Problem, match="no 'nope'"):
        fault_from_json({"nope": 1})


def test_whole_seconds_are_seconds() -> None:
    assert fault_from_json({"delay": 1}).delay == 1
    with pytest.raises(Problem, match="wrong type"):
        fault_from_json({"delay": True})


def test_an_answer_that_is_no_stream_can_be_cut_too(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    server.faults.add(Fault(operation="listObjects", drop_after=5))
    with pytest.raises(httpx.TransportError):
        http.get(f"/s3/{bucket}")


def test_what_is_not_http_gets_no_answer() -> None:
    asyncio.run(App(None)({"type": "lifespan"}, None, None))


def test_a_server_that_does_not_run() -> None:
    server = BackgroundServer()
    with pytest.raises(RuntimeError, match="not been started"):
        _ = server.data
    with pytest.raises(RuntimeError, match="not running"):
        _ = server.store
    server.stop()


def test_a_blob_that_is_lost_while_it_is_read(tmp_path: Path) -> None:
    blob = Blob("name", 10, "sha256:0")
    reader = Reader(lambda name: str(tmp_path / name), [Segment(blob, 0, 10)])
    with pytest.raises(DamagedBlobError, match="missing"):
        reader.next_batch()
    (tmp_path / "name").write_bytes(b"short")
    reader = Reader(lambda name: str(tmp_path / name), [Segment(blob, 0, 10)])
    assert reader.next_batch().data == b"short"
    with pytest.raises(DamagedBlobError, match="10 bytes"):
        reader.next_batch()
    reader.close()


def test_a_body_of_no_announced_length_has_a_limit() -> None:
    with BackgroundServer(limits=Limits(max_body_size=1000)) as server, httpx.Client(base_url=server.url) as client:
        client.put("/s3/bucket")
        answer = client.put("/s3/bucket/key", content=iter([bytes(600), bytes(600)]))
        assert answer.json()["code"] == "EntityTooLarge"
        assert client.get("/s3/bucket/key").status_code == 404


def test_an_upload_that_ends_before_it_was_to_be_dropped(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    server.faults.add(Fault(operation="putObject", drop_upload_after=1000))
    with pytest.raises(httpx.TransportError):
        http.put(f"/s3/{bucket}/key", content=b"less")
    assert http.get(f"/s3/{bucket}/key").status_code == 404


def test_one_change_that_fails_spoils_no_other(tmp_path: Path) -> None:
    """Changes that wait together are committed together; if one breaks the commit, each is tried by itself."""
    going_on = threading.Event()

    def first(_: Connection) -> str:
        going_on.wait()
        return "first"

    def bad(connection: Connection) -> None:
        connection.execute(text("nonsense"))

    async def main(threads: ThreadPoolExecutor) -> list[object]:
        catalogue = engine.Catalogue(tmp_path / "catalogue", threads, readers=1)
        try:
            changes: list[Callable[[Connection], object]] = [first, bad, lambda _: "good", lambda _: "given up"]
            tasks = [asyncio.ensure_future(catalogue.write(change)) for change in changes]
            await asyncio.sleep(0)  # each has asked
            tasks[3].cancel()
            going_on.set()
            return await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            going_on.set()
            catalogue.close()

    with ThreadPoolExecutor(1) as threads:
        done, failed, good, given_up = asyncio.run(main(threads))
    assert (done, good) == ("first", "good")
    assert isinstance(failed, SQLAlchemyError)
    assert isinstance(given_up, asyncio.CancelledError)


def test_more_changes_than_one_commit_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "_MOST_CHANGES_IN_A_COMMIT", 2)

    async def main(threads: ThreadPoolExecutor) -> list[int]:
        catalogue = engine.Catalogue(tmp_path / "catalogue", threads, readers=1)
        try:
            return await asyncio.gather(*(catalogue.write(lambda _, number=number: number) for number in range(7)))
        finally:
            catalogue.close()

    with ThreadPoolExecutor(1) as threads:
        assert asyncio.run(main(threads)) == list(range(7))


def test_nobody_waits_for_a_change_any_more() -> None:
    loop = asyncio.new_event_loop()
    change = engine._Change(lambda _: None, loop)
    loop.close()
    change.settle(None)
