from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from astore_sdk.server import Store
from astore_sdk.server.catalogue import buckets, listing, objects
from astore_sdk.server.catalogue.objects import Content
from astore_sdk.server.values import Blob, Description

from .wire import assert_problem

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.engine import Connection

    from astore_sdk.server import BackgroundServer

PAGE_FIELDS = {"bucket", "objects", "commonPrefixes", "isTruncated", "nextMarker"}


def _fill(http: httpx.Client, bucket: str, keys: list[str]) -> None:
    for key in keys:
        assert http.put(f"/s3/{bucket}/{key}", content=key.encode()).status_code == 200


def _page(http: httpx.Client, bucket: str, **query: str | int) -> tuple[list[str], list[str], str | None]:
    answer = http.get(f"/s3/{bucket}", params={name.replace("_", "-"): value for name, value in query.items()})
    assert answer.status_code == 200
    page = answer.json()
    assert set(page) == PAGE_FIELDS
    assert page["isTruncated"] == (page["nextMarker"] is not None)
    return [entry["key"] for entry in page["objects"]], page["commonPrefixes"], page["nextMarker"]


def test_folders(http: httpx.Client, bucket: str) -> None:
    _fill(http, bucket, ["a", "b/1", "b/2", "b/c/3", "b0", "d/", "d/e"])
    assert _page(http, bucket, delimiter="/") == (["a", "b0"], ["b/", "d/"], None)
    assert _page(http, bucket, delimiter="/", prefix="b/") == (["b/1", "b/2"], ["b/c/"], None)
    assert _page(http, bucket, delimiter="/", prefix="d/") == (["d/", "d/e"], [], None)
    assert _page(http, bucket, delimiter="/", prefix="b") == (["b0"], ["b/"], None)
    assert _page(http, bucket, prefix="b/") == (["b/1", "b/2", "b/c/3"], [], None)
    assert _page(http, bucket, prefix="nothing") == ([], [], None)
    assert _page(http, bucket, delimiter="/c") == (["a", "b/1", "b/2", "b0", "d/", "d/e"], ["b/c"], None)


def test_a_marker_is_exclusive_also_in_a_common_prefix(http: httpx.Client, bucket: str) -> None:
    _fill(http, bucket, ["a", "b/1", "b/2", "c"])
    assert _page(http, bucket, marker="a") == (["b/1", "b/2", "c"], [], None)
    assert _page(http, bucket, marker="b/") == (["b/1", "b/2", "c"], [], None)
    assert _page(http, bucket, delimiter="/", marker="b/") == (["c"], [], None)
    assert _page(http, bucket, delimiter="/", marker="b/1") == (["c"], [], None)
    assert _page(http, bucket, delimiter="/", marker="b") == (["c"], ["b/"], None)
    assert _page(http, bucket, delimiter="/", marker="zzz") == ([], [], None)


def test_truncation_is_true_to_fact(http: httpx.Client, bucket: str) -> None:
    _fill(http, bucket, ["a", "b/1", "b/2", "c"])
    assert _page(http, bucket, max_keys=4) == (["a", "b/1", "b/2", "c"], [], None)
    assert _page(http, bucket, max_keys=3) == (["a", "b/1", "b/2"], [], "b/2")
    assert _page(http, bucket, max_keys=3, delimiter="/") == (["a", "c"], ["b/"], None)
    assert _page(http, bucket, max_keys=2, delimiter="/") == (["a"], ["b/"], "b/")
    assert _page(http, bucket, max_keys=2, prefix="b/") == (["b/1", "b/2"], [], None)


@pytest.mark.parametrize("value", ["0", "1001", "-1", "x", "", "1.0", "٣", "9" * 30])
def test_page_sizes_have_bounds(http: httpx.Client, bucket: str, value: str) -> None:
    assert_problem(http.get(f"/s3/{bucket}", params={"max-keys": value}), 400, "InvalidArgument")


def test_text_that_is_not_utf_8_is_refused(http: httpx.Client, bucket: str) -> None:
    assert_problem(http.get(f"/s3/{bucket}?prefix=%FF"), 400, "InvalidArgument")


def test_order_is_that_of_bytes(http: httpx.Client, bucket: str) -> None:
    # U+FF5E comes before U+1F600 in UTF-8, after it in UTF-16.
    keys = ["Z", "a", "é", "\uff5e", "😀", "a b", "a+b", "_"]
    _fill(http, bucket, [key.replace("+", "%2B") for key in keys])
    assert _page(http, bucket)[0] == sorted(keys, key=str.encode)
    assert _page(http, bucket, prefix="a+")[0] == ["a+b"]
    assert _page(http, bucket, prefix="a ")[0] == ["a b"]


def test_a_list_during_writes_shows_whole_objects(server: BackgroundServer, http: httpx.Client, bucket: str) -> None:
    def write(number: int) -> None:
        with httpx.Client(base_url=server.url) as mine:
            for turn in range(20):
                mine.put(f"/s3/{bucket}/k{number}", content=b"x" * (1000 + turn))
                if turn % 5 == 4:
                    mine.delete(f"/s3/{bucket}/k{number}")

    with ThreadPoolExecutor(4) as threads:
        writing = [threads.submit(write, number) for number in range(4)]
        while not all(future.done() for future in writing):
            for entry in http.get(f"/s3/{bucket}").json()["objects"]:
                assert 1000 <= entry["size"] < 1020
                assert entry["digest"].startswith("sha256:")
    for future in writing:
        future.result()


# Against a model: what a page must be, computed from all keys at once.

_SIMPLE = st.text(st.sampled_from("ab/-"), min_size=1, max_size=6)


def _model(keys: set[str], prefix: str, delimiter: str, marker: str, most: int) -> tuple[list[str], str | None]:
    def rolled(key: str) -> str:
        place = key.find(delimiter, len(prefix)) if delimiter and key.startswith(prefix) else -1
        return key if place < 0 else key[: place + len(delimiter)]

    entries = sorted({rolled(key) for key in keys if key.startswith(prefix)})
    if marker:
        # What begins with the marker's own common prefix was shown on the page before.
        after = rolled(marker)
        entries = [entry for entry in entries if entry > after]
    page = entries[:most]
    return page, page[-1] if len(entries) > most else None


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store(tmp_path_factory.mktemp("listing") / "data") as opened:
        yield opened


def _put(connection: Connection, bucket: str, key: str) -> None:
    place = objects.require_place(connection, bucket, key.encode())
    blob = Blob("name", 1, "sha256:00")
    objects.put(connection, place, Content.new(1, "sha256:00", [blob]), Description("t", {}), 1)


@settings(max_examples=150, deadline=None)
@given(
    keys=st.sets(_SIMPLE, max_size=25),
    prefix=st.one_of(st.just(""), _SIMPLE),
    delimiter=st.sampled_from(["", "/", "-", "/-", "a"]),
    marker=st.one_of(st.just(""), _SIMPLE),
    most=st.integers(1, 6),
)
def test_pages_are_what_the_model_says(store: Store, keys: set[str], prefix: str, delimiter: str, marker: str, most: int) -> None:
    with store.catalogue._writing.connect() as connection:
        outer = connection.begin()
        buckets.create(connection, "model", 1)
        for key in keys:
            _put(connection, "model", key)
        bucket = buckets.require_id(connection, "model")
        at: str | None = marker
        while at is not None:
            page = listing.page(
                connection, bucket, prefix=prefix.encode(), delimiter=delimiter.encode(), marker=at.encode(), most=most
            )
            expected, following = _model(keys, prefix, delimiter, at, most)
            entries = sorted([stored.key.decode() for stored in page.objects] + [p.decode() for p in page.common_prefixes])
            assert entries == expected
            assert (None if page.next_marker is None else page.next_marker.decode()) == following
            at = following
        outer.rollback()


def test_a_page_of_folders_steps_over_their_keys(tmp_path: Path) -> None:
    with Store(tmp_path / "data") as opened:
        engine = opened.catalogue._writing
        with engine.begin() as connection:
            buckets.create(connection, "deep", 1)
            for folder in range(5):
                for number in range(400):
                    _put(connection, "deep", f"folder-{folder}/{number:04}")
        statements: list[str] = []
        with engine.connect() as connection, connection.begin():
            bucket = buckets.require_id(connection, "deep")
            event.listen(connection, "before_cursor_execute", lambda *arguments: statements.append(arguments[2]))
            page = listing.page(connection, bucket, prefix=b"", delimiter=b"/", marker=b"", most=1000)
        assert page.common_prefixes == [f"folder-{folder}/".encode() for folder in range(5)]
        assert len(statements) <= 6
        explain = json.dumps([tuple(row) for row in _explain(opened, statements[0])])
        assert "SCAN" not in explain


def _explain(store: Store, statement: str) -> list[tuple[object, ...]]:
    def query(connection: Connection) -> list[tuple[object, ...]]:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", (1, b"", b"\xff", 64, 0))
        return [tuple(row) for row in rows]

    return store.catalogue.read_now(query)
