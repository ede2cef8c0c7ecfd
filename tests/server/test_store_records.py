"""Lists of records in pages, records by their own GET, and the limits on how many and how large they are."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Limits

from .processes import ServeProcess
from .wire import assert_problem, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
MIB = 1024 * KIB
PEM = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(bytes(91)).decode()}\n-----END PUBLIC KEY-----\n"
DIGEST = sha256(b"artifact")
# List, and where a record is sent to.
KINDS = {"signatures": "signatures", "sboms": "sbom", "attestations": "attestations"}


@pytest.fixture
def path(http: httpx.Client, bucket: str) -> str:
    http.put(f"/s3/{bucket}/dir/app", content=b"artifact")
    return f"{bucket}/dir/app"


def body(kind: str, number: int, padding: int = 0) -> dict[str, object]:
    match kind:
        case "signatures":
            signature = base64.b64encode(number.to_bytes(4)).decode()
            return {
                "algorithm": "ECDSA-P256-SHA256",
                "signature": signature,
                "publicKey": PEM,
                "artifactDigest": DIGEST,
                "bundle": {"padding": "x" * padding},
            }
        case "sboms":
            return {"format": "spdx", "content": f"{number} {'x' * padding}"}
        case _:
            return {"type": f"type-{number % 2}", "data": {"number": number, "padding": "x" * padding}}


def add(http: httpx.Client, path: str, kind: str, number: int, padding: int = 0) -> dict[str, object]:
    answer = http.post(f"/supplychain/{KINDS[kind]}/{path}", json=body(kind, number, padding))
    assert answer.status_code == 201, answer.text
    return answer.json()


def pages(http: httpx.Client, path: str, kind: str, **query: object) -> Iterator[list[dict[str, object]]]:
    marker: dict[str, str] = {}
    while True:
        answer = http.get(f"/supplychain/{kind}/{path}", params={**query, **marker})
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert set(page) == {kind, "bucket", "key", "isTruncated", "nextMarker"}
        assert f"{page['bucket']}/{page['key']}" == path
        assert page["isTruncated"] == (page["nextMarker"] is not None)
        yield page[kind]
        if not page["isTruncated"]:
            return
        marker = {"marker": page["nextMarker"]}


@pytest.mark.parametrize("kind", KINDS)
def test_pages_have_each_record_once_while_more_are_added(http: httpx.Client, path: str, kind: str) -> None:
    made = [add(http, path, kind, number) for number in range(7)]
    whole = made[::-1] if kind == "sboms" else made
    assert list(pages(http, path, kind)) == [whole]
    assert list(pages(http, path, kind, **{"max-keys": 7})) == [whole]
    for size in (1, 3):
        listed = list(pages(http, path, kind, **{"max-keys": size}))
        assert listed == [whole[start : start + size] for start in range(0, 7, size)]
    found: list[dict[str, object]] = []
    for number, page in enumerate(pages(http, path, kind, **{"max-keys": 2})):
        found += page
        if number < 3:
            made.append(add(http, path, kind, 100 + number))
    # Newest first, what is added is before the first page; oldest first, it is on the last.
    assert found == (whole if kind == "sboms" else made)


@pytest.mark.parametrize("kind", KINDS)
def test_one_digest_can_be_asked_for(http: httpx.Client, path: str, kind: str) -> None:
    old = [add(http, path, kind, number) for number in range(3)]
    http.put(f"/s3/{path}", content=b"other")
    new = []
    for number in range(3):
        sent = {**body(kind, number), "artifactDigest": sha256(b"other")}
        new.append(http.post(f"/supplychain/{KINDS[kind]}/{path}", json=sent).json())
    for digest, made in ((DIGEST, old), (sha256(b"other"), new), (sha256(b"none"), [])):
        for size in (1, 2, 1000):
            found = pages(http, path, kind, **{"artifact-digest": digest, "max-keys": size})
            listed = [record for page in found for record in page]
            assert sorted(record["id"] for record in listed) == sorted(record["id"] for record in made)
    assert sum(len(page) for page in pages(http, path, kind, **{"max-keys": 4})) == 6
    url = f"/supplychain/{kind}/{path}"
    for wrong in ("", "md5:00", DIGEST.upper(), DIGEST[:-1], DIGEST + "0"):
        assert_problem(http.get(url, params={"artifact-digest": wrong}), 400, "InvalidArgument")


def test_type_and_digest_and_pages_go_together(http: httpx.Client, path: str) -> None:
    made = [add(http, path, "attestations", number) for number in range(9)]
    listed = pages(http, path, "attestations", type="type-1", **{"artifact-digest": DIGEST, "max-keys": 3})
    assert list(listed) == [made[1:7:2], made[7::2]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_page_is_refused(http: httpx.Client, bucket: str, path: str, kind: str) -> None:
    url = f"/supplychain/{kind}/{path}"
    for wrong in ("0", "1001", "-1", "x", "", "1.0", "٣"):
        assert_problem(http.get(url, params={"max-keys": wrong}), 400, "InvalidArgument")
    assert_problem(http.get(url, params={"marker": "nobody"}), 400, "InvalidArgument")
    # A marker of another object, or of another kind, is none of this list's.
    http.put(f"/s3/{bucket}/other", content=b"artifact")
    foreign = add(http, f"{bucket}/other", kind, 1)["id"]
    other = next(name for name in KINDS if name != kind)
    for marker in (foreign, add(http, path, other, 1)["id"]):
        assert_problem(http.get(url, params={"marker": marker}), 400, "InvalidArgument")
        assert_problem(http.get(url, params={"id": marker}), 404, "NoSuchRecord")
    assert_problem(http.get(url, params={"id": ""}), 404, "NoSuchRecord")
    assert_problem(http.get(f"/supplychain/{kind}/{bucket}/absent", params={"id": foreign}), 404, "NoSuchKey")
    assert_problem(http.get(f"/supplychain/{kind}/{bucket}-x/absent", params={"id": foreign}), 404, "NoSuchBucket")


LARGE = {"signatures": ["bundle"], "sboms": ["content"], "attestations": ["data"]}


@pytest.mark.parametrize("kind", KINDS)
def test_lists_leave_out_what_is_large_and_the_records_own_get_has_it(http: httpx.Client, path: str, kind: str) -> None:
    small, large = add(http, path, kind, 1), add(http, path, kind, 2, 9000)
    assert large["omitted"] == small["omitted"] == []
    (listed,) = pages(http, path, kind)
    found = {record["id"]: record for record in listed}
    assert found[small["id"]] == small
    assert found[large["id"]] == {**large, **dict.fromkeys(LARGE[kind]), "omitted": LARGE[kind]}
    for record in (small, large):
        assert http.get(f"/supplychain/{kind}/{path}", params={"id": record["id"]}).json() == record
    # The repeat of a large one is answered whole as well.
    again = http.post(f"/supplychain/{KINDS[kind]}/{path}", json=body(kind, 2, 9000))
    assert (again.status_code, again.json()) == (200, large)


def test_eight_kib_of_json_are_the_bound(http: httpx.Client, path: str) -> None:
    for content, is_left_out in (
        ("x" * 8190, False),
        ("x" * 8191, True),
        ('"' * 4095, False),
        ('"' * 4096, True),
        ("ü" * 4095, False),
        ("ü" * 4096, True),
    ):
        made = http.post(f"/supplychain/sbom/{path}", json={"format": "spdx", "content": content}).json()
        assert made["content"] == content
        listed = http.get(f"/supplychain/sboms/{path}", params={"max-keys": 1}).json()["sboms"]
        assert listed[0]["id"] == made["id"]
        assert (listed[0]["content"], listed[0]["omitted"]) == ((None, ["content"]) if is_left_out else (content, []))
        assert listed[0]["contentDigest"] == sha256(content.encode())


def test_data_and_envelope_are_each_left_out(http: httpx.Client, path: str) -> None:
    envelope = {"payloadType": "t", "payload": "e30=", "signatures": [{"sig": "A" * 9000}]}
    url = f"/supplychain/attestations/{path}"
    made = http.post(url, json={"type": "build", "data": {"n": ["x"] * 4000}, "envelope": envelope}).json()
    (listed,) = http.get(url).json()["attestations"]
    assert listed == {**made, "data": None, "envelope": None, "omitted": ["data", "envelope"]}


def test_a_page_ends_early_when_its_records_are_many_kib(http: httpx.Client, path: str) -> None:
    for number in range(200):
        add(http, path, "attestations", number, 8000)
    sizes = [len(json.dumps(page)) for page in pages(http, path, "attestations")]
    assert len(sizes) == 2
    assert max(sizes) < 1.2 * MIB
    assert sum(len(page) for page in pages(http, path, "attestations")) == 200


@pytest.mark.parametrize("text", ["plain", "ü€🎉\x7f\u2028"], ids=["ascii", "beyond"])
def test_a_large_record_travels_whole(server: BackgroundServer, path: str, text: str) -> None:
    content = text * (3 * MIB // len(text.encode()))
    with httpx.Client(base_url=server.url, timeout=30) as http:
        limited = http.post(f"/supplychain/sbom/{path}", json={"format": "spdx", "content": content})
        assert limited.status_code == 201
        made = limited.json()
        assert made["content"] == content
        assert http.get(f"/supplychain/sbom/{path}").json() == made
        assert http.get(f"/supplychain/sboms/{path}", params={"id": made["id"]}).json() == made
        assert http.post(f"/supplychain/sbom/{path}", json={"format": "spdx", "content": content}).json() == made


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("signatures", {"signature": "AAAA" * 2049}),
        ("signatures", {"signedBy": "x" * 1025}),
        ("sboms", {"createdBy": "ü" * 513}),
        ("sboms", {"contentType": "x" * 1025}),
        ("attestations", {"type": "x" * 1025}),
        ("attestations", {"predicateType": "x" * 1025}),
        ("attestations", {"createdBy": "x" * 1025}),
    ],
)
def test_names_are_short(http: httpx.Client, path: str, kind: str, changes: dict[str, object]) -> None:
    answer = http.post(f"/supplychain/{KINDS[kind]}/{path}", json={**body(kind, 1), **changes})
    assert_problem(answer, 400, "InvalidRequest")
    assert list(pages(http, path, kind)) == [[]]


def test_nesting_that_a_reader_might_not_follow_is_refused(http: httpx.Client, path: str) -> None:
    url = f"/supplychain/attestations/{path}"
    for depth, status in ((90, 201), (101, 400), (900, 400)):
        text = f'{{"type": "build", "data": {{"n": {"[" * depth}{"]" * depth}}}}}'
        answer = http.post(url, content=text.encode(), headers={"Content-Type": "application/json"})
        assert answer.status_code == status
    assert len(http.get(url).json()["attestations"]) == 1


@pytest.fixture
def narrow() -> Iterator[httpx.Client]:
    limits = Limits(max_records=3, max_record_size=20 * KIB, max_sbom_size=100 * KIB)
    with BackgroundServer(limits=limits) as server, httpx.Client(base_url=server.url) as http:
        http.put("/s3/narrow")
        http.put("/s3/narrow/app", content=b"artifact")
        yield http


@pytest.mark.parametrize("kind", KINDS)
def test_so_many_records_of_the_same_bytes_and_no_more(narrow: httpx.Client, kind: str) -> None:
    url = f"/supplychain/{KINDS[kind]}/narrow/app"
    made = [add(narrow, "narrow/app", kind, number) for number in range(3)]
    assert_problem(narrow.post(url, json=body(kind, 3)), 409, "TooManyRecords")
    # What is there already is still answered, and other bytes have their own.
    again = narrow.post(url, json=body(kind, 2))
    assert (again.status_code, again.json()) == (200, made[2])
    narrow.put("/s3/narrow/app", content=b"other")
    sent = {**body(kind, 3), "artifactDigest": sha256(b"other")}
    assert narrow.post(url, json=sent).status_code == 201
    narrow.put("/s3/narrow/app", content=b"artifact")
    assert_problem(narrow.post(url, json=body(kind, 3)), 409, "TooManyRecords")
    narrow.delete("/s3/narrow/app")
    narrow.put("/s3/narrow/app", content=b"artifact")
    add(narrow, "narrow/app", kind, 3)


@pytest.mark.parametrize(("kind", "most"), [("signatures", 20), ("sboms", 100), ("attestations", 20)])
def test_so_large_and_no_larger(narrow: httpx.Client, kind: str, most: int) -> None:
    add(narrow, "narrow/app", kind, 1, (most - 1) * KIB)
    answer = narrow.post(f"/supplychain/{KINDS[kind]}/narrow/app", json=body(kind, 2, most * KIB))
    assert_problem(answer, 413, "EntityTooLarge")


def test_the_limits_are_those_of_the_contract() -> None:
    limits = Limits()
    assert (limits.max_records, limits.max_record_size, limits.max_sbom_size) == (1000, MIB, 32 * MIB)


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_before_gets_its_heads(tmp_path: Path, kind: str) -> None:
    """What an older version stored, without heads and in ASCII, is listed, found and recognised like what is stored today."""
    data = tmp_path / "data"
    sent = [body(kind, 1), body(kind, 2, 9000), {**body(kind, 3), "createdBy" if kind != "signatures" else "signedBy": "ü"}]
    with BackgroundServer(data) as server, httpx.Client(base_url=server.url) as http:
        http.put("/s3/old")
        http.put("/s3/old/app", content=b"artifact")
        made = [http.post(f"/supplychain/{KINDS[kind]}/old/app", json=one).json() for one in sent]
        listed = http.get(f"/supplychain/{kind}/old/app").json()
    with closing(sqlite3.connect(data / "catalogue.sqlite3")) as database:
        database.execute("DROP TABLE record_heads")
        for number, text in database.execute("SELECT number, body FROM records").fetchall():
            database.execute("UPDATE records SET body = ? WHERE number = ?", (json.dumps(json.loads(text), sort_keys=True), number))
        database.commit()
    for _ in range(2):  # and once more with heads
        with BackgroundServer(data) as server, httpx.Client(base_url=server.url) as http:
            assert http.get(f"/supplychain/{kind}/old/app").json() == listed
            for one, record in zip(sent, made, strict=True):
                assert http.get(f"/supplychain/{kind}/old/app", params={"id": record["id"]}).json() == record
                again = http.post(f"/supplychain/{KINDS[kind]}/old/app", json=one)
                assert (again.status_code, again.json()) == (200, record)
    with BackgroundServer(data) as server, httpx.Client(base_url=server.url) as http:
        http.delete("/s3/old/app")
    with closing(sqlite3.connect(data / "catalogue.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM record_heads").fetchone() == (0,)


def peak(process: ServeProcess, name: str = "VmHWM") -> int:
    """Bytes that a process had at most, or has."""
    status = Path(f"/proc/{process.process.pid}/status").read_text()
    found = re.search(rf"{name}:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * KIB


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak of a process is read from Linux's /proc")
def test_many_large_sboms_are_listed_and_read_in_little_memory(tmp_path: Path) -> None:
    """Nine of 30 MiB: each list, and four readers of a whole one at a time, while the store says that it lives."""
    data = tmp_path / "data"
    with ServeProcess(data) as process, httpx.Client(base_url=process.url, timeout=60) as http:
        http.put("/s3/large")
        http.put("/s3/large/app", content=b"artifact")
        for number in range(9):
            content = json.dumps({"packages": [f"{number}-{'x' * 100}"] * (30 * MIB // 107)})
            made = http.post("/supplychain/sbom/large/app", json={"format": "spdx", "content": content})
            assert made.status_code == 201
        digest = hashlib.sha256(content.encode()).hexdigest()
        assert process.terminate() == 0
    with ServeProcess(data) as process, httpx.Client(base_url=process.url, timeout=60) as http:
        http.get("/supplychain/sboms/large/app")
        before = peak(process, "VmRSS")
        Path(f"/proc/{process.process.pid}/clear_refs").write_text("5")
        for _ in range(3):
            (listed,) = pages(http, "large/app", "sboms")
            assert [record["omitted"] for record in listed] == [["content"]] * 9
        assert peak(process) - before < 8 * MIB
        received: list[str] = []

        def read() -> None:
            answer = httpx.get(f"{process.url}/supplychain/sbom/large/app", timeout=60)
            received.append(hashlib.sha256(answer.json()["content"].encode()).hexdigest())

        readers = [threading.Thread(target=read) for _ in range(4)]
        for reader in readers:
            reader.start()
        slowest = 0.0
        while any(reader.is_alive() for reader in readers):
            answer = http.get("/health/live", timeout=10)
            assert answer.status_code == 200
            slowest = max(slowest, answer.elapsed.total_seconds())
        assert received == [digest] * 4
        assert peak(process) - before < 48 * MIB
        assert slowest < 2
    shutil.rmtree(data)  # 270 MiB
