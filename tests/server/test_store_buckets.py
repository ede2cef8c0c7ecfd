from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from .wire import assert_problem

if TYPE_CHECKING:
    import httpx


def _listed(http: httpx.Client, name: str) -> dict[str, object] | None:
    return next((bucket for bucket in http.get("/s3").json()["buckets"] if bucket["name"] == name), None)


def test_a_bucket_is_created_listed_and_deleted(http: httpx.Client) -> None:
    created = http.put("/s3/made-here")
    assert created.status_code == 201
    assert created.headers["x-request-id"]
    shape = created.json()
    assert set(shape) == {"name", "creationDate", "objectCount", "totalSize"}
    assert datetime.fromisoformat(shape["creationDate"]).utcoffset() is not None
    assert (shape["objectCount"], shape["totalSize"]) == (0, 0)
    assert _listed(http, "made-here") == shape
    assert http.head("/s3/made-here").status_code == 200

    deleted = http.delete("/s3/made-here")
    assert deleted.status_code == 204
    assert deleted.content == b""
    assert _listed(http, "made-here") is None
    assert http.head("/s3/made-here").status_code == 404
    assert_problem(http.delete("/s3/made-here"), 404, "NoSuchBucket")


def test_buckets_are_listed_in_byte_order(http: httpx.Client) -> None:
    for name in ("order-b", "order-a.x", "order-a-x", "order-a0"):
        http.put(f"/s3/{name}")
    names = [bucket["name"] for bucket in http.get("/s3").json()["buckets"]]
    assert names == sorted(names, key=str.encode)


def test_a_name_is_taken_once(http: httpx.Client, bucket: str) -> None:
    assert_problem(http.put(f"/s3/{bucket}"), 409, "BucketAlreadyExists")


@pytest.mark.parametrize(
    "name",
    ["ab", "a" * 64, "Upper", "-front", "back-", ".front", "back.", "two..dots", "192.168.0.1", "under_score", "%C3%BC-x"],
)
def test_a_bad_name_is_refused(http: httpx.Client, name: str) -> None:
    for method in ("PUT", "GET", "DELETE"):
        assert_problem(http.request(method, f"/s3/{name}"), 400, "InvalidBucketName")
    assert http.head(f"/s3/{name}").status_code == 400


@pytest.mark.parametrize("name", ["abc", "a" * 63, "a.b-c", "0-9", "1.2.3.4.5", "999.999.999.999x"])
def test_a_good_name_is_taken(http: httpx.Client, name: str) -> None:
    assert http.put(f"/s3/{name}").status_code == 201
    assert http.delete(f"/s3/{name}").status_code == 204


def test_counts_follow_every_kind_of_write(http: httpx.Client, bucket: str) -> None:
    def counts() -> tuple[object, object]:
        listed = _listed(http, bucket)
        assert listed is not None
        return listed["objectCount"], listed["totalSize"]

    http.put(f"/s3/{bucket}/a", content=b"12345")
    http.put(f"/s3/{bucket}/b", content=b"123")
    assert counts() == (2, 8)
    http.put(f"/s3/{bucket}/a", content=b"1")
    assert counts() == (2, 4)
    http.put(f"/s3/{bucket}/c", headers={"x-amz-copy-source": f"/{bucket}/b"})
    assert counts() == (3, 7)
    http.delete(f"/s3/{bucket}/a")
    http.post(f"/s3/{bucket}?delete", json={"keys": ["b", "not-there"]})
    assert counts() == (1, 3)


def test_a_bucket_with_objects_stays(http: httpx.Client, bucket: str) -> None:
    http.put(f"/s3/{bucket}/a", content=b"x")
    assert_problem(http.delete(f"/s3/{bucket}"), 409, "BucketNotEmpty")
    assert http.get(f"/s3/{bucket}/a").content == b"x"


def test_pending_uploads_go_with_their_bucket(http: httpx.Client, bucket: str) -> None:
    upload = http.post(f"/s3/{bucket}/big?uploads").json()["uploadId"]
    http.put(f"/s3/{bucket}/big?uploadId={upload}&partNumber=1", content=b"part")
    assert http.delete(f"/s3/{bucket}").status_code == 204
    http.put(f"/s3/{bucket}")
    assert http.get(f"/s3/{bucket}?uploads").json()["uploads"] == []
    assert_problem(http.get(f"/s3/{bucket}/big?uploadId={upload}"), 404, "NoSuchUpload")


def test_a_missing_bucket_is_said_so_everywhere(http: httpx.Client) -> None:
    record = {"type": "build", "data": {}}
    for method, path, body in (
        ("GET", "/s3/not-there", None),
        ("GET", "/s3/not-there?uploads", None),
        ("POST", "/s3/not-there?delete", {"keys": ["a"]}),
        ("PUT", "/s3/not-there/key", None),
        ("GET", "/s3/not-there/key", None),
        ("POST", "/s3/not-there/key?uploads", None),
        ("PUT", "/s3/not-there/key?uploadId=u&partNumber=1", None),
        ("GET", "/s3/not-there/key?uploadId=u", None),
        ("POST", "/s3/not-there/key?uploadId=u", {"parts": [{"partNumber": 1, "etag": "e"}]}),
        ("POST", "/supplychain/attestations/not-there/key", record),
        ("GET", "/supplychain/signatures/not-there/key", None),
    ):
        assert_problem(http.request(method, path, json=body), 404, "NoSuchBucket")
    assert http.head("/s3/not-there/key").status_code == 404
    # These two are about making something be gone, and it is.
    assert http.delete("/s3/not-there/key").status_code == 204
    assert http.delete("/s3/not-there/key?uploadId=u").status_code == 204
