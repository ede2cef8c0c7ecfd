"""Every public call of `Client`, as type checkers see it. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal, assert_type

from astore_sdk import ArtifactStoreError, Client, Config, Policy, RetryPolicy, Timeout, TransferConfig
from astore_sdk.files import ObjectReader, ObjectStream, ObjectWriter
from astore_sdk.models import (
    Attestation,
    Bucket,
    BucketList,
    CompletedPart,
    DeleteError,
    DeleteResult,
    FileResult,
    Health,
    MultipartUpload,
    Object,
    ObjectList,
    Part,
    Publication,
    Sbom,
    Signature,
    SignatureCheck,
    VerificationResult,
)


def configuration(url: str | None) -> None:
    config = Config(base_url=url, token=None, timeout=60, insecure_skip_verify=False, user_agent="my-app/1.0")
    config = Config("http://host", timeout=Timeout(read=5), retry=RetryPolicy(max_attempts=1), transfer=TransferConfig())
    assert_type(Config.from_env(), Config)
    assert_type(config.base_url, str)
    assert_type(config.token, str | None)
    with Client(config) as client:
        assert_type(client, Client)
    assert_type(client.with_options(timeout=1, headers={"X-Tenant": "a"}), Client)
    assert_type(client.set_token("new-token"), None)
    assert_type(client.close(), None)


def objects(client: Client, file: BinaryIO, path: Path, pieces: Iterable[bytes]) -> None:
    for data in (b"", bytearray(), memoryview(b""), file, path, pieces):
        assert_type(client.upload("releases", "key", data), Object)
    stored = client.upload(
        "releases",
        "key",
        file,
        13,
        content_type="application/gzip",
        metadata={"commit": None},
        progress_callback=print,
        if_none_match="*",
        transfer=TransferConfig(integrity=False),
    )
    assert_type(stored.key, str)
    assert_type(stored.size, int)
    assert_type(stored.etag, str | None)
    assert_type(stored.last_modified, datetime | None)
    assert_type(stored.metadata.get("version"), str | None)
    assert_type(client.download("releases", "key", file, byte_range="bytes=0-1023"), Object)
    assert_type(client.download("releases", "key", path, overwrite=False), Object)
    assert_type(client.upload("releases", "key", path, resume=True), Object)
    assert_type(client.download("releases", "key", path, resume=True), Object)
    assert_type(client.read("releases", "key"), bytes)
    with client.stream("releases", "key") as chunks:
        assert_type(chunks, ObjectStream)
        for chunk in chunks:
            assert_type(chunk, bytes)
    assert_type(client.open("releases", "key"), ObjectReader)
    assert_type(client.open("releases", "key", "rb"), ObjectReader)
    assert_type(client.open("releases", "key", "wb", metadata={}), ObjectWriter)
    with client.open("releases", "key") as file:
        assert_type(file.read(5), bytes)
    listed = client.list_objects("releases", prefix="app/", max_keys=100)
    assert_type(listed, ObjectList)
    assert_type(listed.objects, list[Object])
    assert_type(listed.common_prefixes, list[str])
    assert_type(listed.next_marker, str | None)
    assert_type(client.iter_objects("releases"), Iterator[Object])
    for item in client.iter_objects("releases"):
        assert_type(item, Object)
    assert_type(client.get_object_metadata("releases", "key"), Object)
    assert_type(client.object_exists("releases", "key"), bool)
    assert_type(client.delete_object("releases", "key"), None)
    result = client.delete_objects("releases", ["key"])
    assert_type(result, DeleteResult)
    assert_type(result.errors, list[DeleteError])
    assert_type(client.copy_object("releases", "a", "archive", "b", metadata={}), Object)


def buckets(client: Client) -> None:
    assert_type(client.create_bucket("builds", exist_ok=True), Bucket)
    found = client.list_buckets()
    assert_type(found, BucketList)
    assert_type([(bucket.name, bucket.creation_date) for bucket in found.buckets], list[tuple[str, datetime | None]])
    assert_type(client.bucket_exists("builds"), bool)
    assert_type(client.delete_bucket("builds"), None)


def multipart(client: Client, file: BinaryIO) -> None:
    upload = client.initiate_multipart_upload("releases", "big", content_type="application/gzip")
    assert_type(upload, MultipartUpload)
    etag = client.upload_part(upload.bucket, upload.key, upload.upload_id, 1, file, 13)
    assert_type(etag, str)
    parts = client.list_parts(upload.bucket, upload.key, upload.upload_id)
    assert_type(parts, list[Part])
    assert_type(client.list_multipart_uploads("releases"), list[MultipartUpload])
    assert_type(client.abort_stale_uploads("releases", timedelta(days=1)), list[MultipartUpload])
    done = [CompletedPart(part_number=1, etag=etag)]
    assert_type(client.complete_multipart_upload(upload.bucket, upload.key, upload.upload_id, done), Object)
    assert_type(client.complete_multipart_upload(upload.bucket, upload.key, upload.upload_id, parts), Object)
    assert_type(client.abort_multipart_upload(upload.bucket, upload.key, upload.upload_id), None)


def folders(client: Client, folder: Path) -> None:
    sent = client.upload_dir(folder, "releases", "app", include=["*.whl"], exclude=["tmp/*"], progress_callback=print)
    assert_type(sent, list[FileResult])
    assert_type(sent[0].status, Literal["done", "skipped", "failed"])
    assert_type(sent[0].object, Object | None)
    assert_type(sent[0].error, ArtifactStoreError | OSError | None)
    assert_type(client.download_dir("releases", "app", folder, transfer=TransferConfig(concurrency=8)), list[FileResult])


def supply_chain(client: Client) -> None:
    signature = client.add_signature(
        "releases", "key", algorithm="ECDSA-P256-SHA256", signature=b"", public_key="", artifact_digest=""
    )
    assert_type(signature, Signature)
    assert_type(signature.signature, bytes | None)
    assert_type(client.get_signatures("releases", "key"), list[Signature])
    assert_type(client.attach_sbom("releases", "key", "spdx", "{}"), Sbom)
    assert_type(client.get_sbom("releases", "key", format="spdx"), Sbom)
    assert_type(client.get_sbom("releases", "key", id="1"), Sbom)
    assert_type(client.get_signature("releases", "key", "1"), Signature)
    assert_type(client.get_attestation("releases", "key", "1"), Attestation)
    assert_type(client.list_sboms("releases", "key"), list[Sbom])
    attestation = client.add_attestation("builds", "key", "build", {"status": "success", "testsPassed": 142})
    assert_type(attestation, Attestation)
    assert_type(attestation.data.get("status"), object | None)
    assert_type(client.get_attestations("builds", "key", type="build"), list[Attestation])


def signed(client: Client, target: BinaryIO, pem: str, trusted: list[str]) -> None:
    signature = client.sign_artifact("releases", "key", pem, passphrase=None)
    assert_type(signature, Signature)
    result = client.verify_signatures("releases", "key", trusted, threshold=1)
    assert_type(result, VerificationResult)
    assert_type(result.valid, bool)
    assert_type(result.message, str)
    assert_type(result.signatures, list[SignatureCheck])
    assert_type(client.add_attestation("builds", "key", "build", {}, sign_with=Path("key.pem")), Attestation)
    assert_type(client.verify_attestations("builds", "key", trusted, type="build"), VerificationResult)
    published = client.publish(
        "releases", "key", b"", sign_with=pem, sbom=Path("sbom.json"), attest={"build": {"status": "success"}}
    )
    assert_type(published, Publication)
    assert_type(published.object, Object)
    assert_type(published.attestations, list[Attestation])
    policy = Policy(trusted, threshold=1, sbom=True, attestations=["build"])
    assert_type(client.fetch("releases", "key", target, policy=policy), Object)
    assert_type(Policy.from_file(Path("policy.toml")), Policy)


def system(client: Client) -> None:
    assert_type(client.get_health(), Health)
    assert_type(client.get_readiness(), Health)
    assert_type(client.get_liveness(), Health)
