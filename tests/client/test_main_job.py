"""The calls that people know, on both clients, against the store."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from astore_sdk import Client, NotFoundError
from astore_sdk.models import CompletedPart


def test_upload_and_download(client: Client, bucket: str) -> None:
    totals: list[int] = []
    stored = client.upload(bucket, "app.tar.gz", io.BytesIO(b"artifact data"), 13, content_type="application/gzip")
    assert (stored.key, stored.size, stored.content_type) == ("app.tar.gz", 13, "application/gzip")
    received = io.BytesIO()
    client.download(bucket, "app.tar.gz", received, byte_range="bytes=0-7", progress_callback=totals.append)
    assert received.getvalue() == b"artifact"
    assert totals == [8]


def test_file_above_the_threshold_goes_up_and_comes_down(client: Client, bucket: str, tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(os.urandom(20 * 1024 * 1024 + 7))
    totals: list[int] = []
    stored = client.upload(bucket, "big", source, metadata={"Commit": "9f2c1ab"}, progress_callback=totals.append)
    assert totals == sorted(totals)
    assert totals[-1] == stored.size == source.stat().st_size
    assert stored.metadata == {"commit": "9f2c1ab"}
    client.download(bucket, "big", target)
    assert target.read_bytes() == source.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]
    assert client.list_multipart_uploads(bucket) == []


def test_what_can_be_read_once_arrives_whole(client: Client, bucket: str) -> None:
    data = os.urandom(17 * 1024 * 1024)
    client.upload(bucket, "pieces", (data[start : start + 777_777] for start in range(0, len(data), 777_777)))
    assert client.read(bucket, "pieces") == data


def test_multipart_by_hand(client: Client, bucket: str) -> None:
    begun = client.initiate_multipart_upload(bucket, "big", content_type="application/gzip", metadata={"size": "500MB"})
    etag = client.upload_part(begun.bucket, begun.key, begun.upload_id, 1, io.BytesIO(b"data"), 4)
    assert [part.etag for part in client.list_parts(begun.bucket, begun.key, begun.upload_id)] == [etag]
    part = CompletedPart(part_number=1, etag=etag)
    stored = client.complete_multipart_upload(begun.bucket, begun.key, begun.upload_id, [part])
    assert (stored.size, stored.content_type, stored.metadata["size"]) == (4, "application/gzip", "500MB")
    client.abort_multipart_upload(begun.bucket, begun.key, begun.upload_id)
    assert client.read(bucket, "big") == b"data"


def test_lists_copies_and_deletes(client: Client, bucket: str) -> None:
    for key in ("app/1", "app/2", "lib/1", "readme"):
        client.upload(bucket, key, key.encode(), metadata={"version": key})
    assert [item.key for item in client.list_objects(bucket, prefix="app/", max_keys=100).objects] == ["app/1", "app/2"]
    rolled = client.list_objects(bucket, delimiter="/")
    assert ([item.key for item in rolled.objects], rolled.common_prefixes) == (["readme"], ["app/", "lib/"])
    assert [item.key for item in client.iter_objects(bucket)] == ["app/1", "app/2", "lib/1", "readme"]
    assert client.copy_object(bucket, "app/1", bucket, "copy", content_type="text/plain").metadata == {"version": "app/1"}
    assert client.get_object_metadata(bucket, "copy").content_type == "text/plain"
    client.delete_object(bucket, "copy")
    assert not client.object_exists(bucket, "copy")
    assert sorted(client.delete_objects(bucket, ["app/1", "app/2"]).deleted) == ["app/1", "app/2"]
    assert [found.name for found in client.list_buckets().buckets if found.name == bucket] == [bucket]


def test_records_about_an_object(client: Client, bucket: str) -> None:
    digest = client.upload(bucket, "app", b"artifact").digest
    text = '{"spdxVersion": "SPDX-2.3"}'
    assert client.attach_sbom(bucket, "app", "spdx", text).id
    assert (client.get_sbom(bucket, "app").format, client.get_sbom(bucket, "app").content) == ("spdx", text)
    assert client.add_attestation(bucket, "app", "build", {"status": "success", "testsPassed": 142}).id
    (attestation,) = client.get_attestations(bucket, "app")
    assert (attestation.type, attestation.data["testsPassed"], attestation.artifact_digest) == ("build", 142, digest)
    with pytest.raises(NotFoundError) as caught:
        client.get_sbom(bucket, "app", format="cyclonedx")
    assert caught.value.code == "NoSuchSBOM"
