"""Every public call of `AsyncClient`, as type checkers see it. Checked by mypy and pyright, never run."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Literal, assert_type

from astore_sdk import ArtifactStoreError, AsyncClient, Config, Policy, RetryPolicy, Timeout, TransferConfig
from astore_sdk.aio_files import AsyncObjectReader, AsyncObjectStream, AsyncObjectWriter
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


async def configuration(url: str | None) -> None:
    config = Config(base_url=url, token=None, timeout=60, insecure_skip_verify=False, user_agent="my-app/1.0")
    config = Config("http://host", timeout=Timeout(read=5), retry=RetryPolicy(max_attempts=1), transfer=TransferConfig())
    assert_type(Config.from_env(), Config)
    assert_type(config.base_url, str)
    assert_type(config.token, str | None)
    async with AsyncClient(config) as client:
        assert_type(client, AsyncClient)
    assert_type(client.with_options(timeout=1, headers={"X-Tenant": "a"}), AsyncClient)
    assert_type(client.set_token("new-token"), None)
    assert_type(await client.close(), None)


async def objects(client: AsyncClient, file: BinaryIO, path: Path, pieces: Iterable[bytes], later: AsyncIterable[bytes]) -> None:
    for data in (b"", bytearray(), memoryview(b""), file, path, pieces):
        assert_type(await client.upload("releases", "key", data), Object)
    stored = await client.upload(
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
    assert_type(await client.download("releases", "key", file, byte_range="bytes=0-1023"), Object)
    assert_type(await client.download("releases", "key", path, overwrite=False), Object)
    assert_type(await client.upload("releases", "key", path, resume=True), Object)
    assert_type(await client.download("releases", "key", path, resume=True), Object)
    assert_type(await client.read("releases", "key"), bytes)
    async with client.stream("releases", "key") as chunks:
        assert_type(chunks, AsyncObjectStream)
        async for chunk in chunks:
            assert_type(chunk, bytes)
    assert_type(await client.open("releases", "key"), AsyncObjectReader)
    assert_type(await client.open("releases", "key", "rb"), AsyncObjectReader)
    assert_type(await client.open("releases", "key", "wb", metadata={}), AsyncObjectWriter)
    async with await client.open("releases", "key") as opened:
        assert_type(await opened.read(5), bytes)
        assert_type(await client.upload("releases", "copy", opened), Object)
    assert_type(await client.upload("releases", "key", later), Object)
    listed = await client.list_objects("releases", prefix="app/", max_keys=100)
    assert_type(listed, ObjectList)
    assert_type(listed.objects, list[Object])
    assert_type(listed.common_prefixes, list[str])
    assert_type(listed.next_marker, str | None)
    assert_type(client.iter_objects("releases"), AsyncIterator[Object])
    async for item in client.iter_objects("releases"):
        assert_type(item, Object)
    assert_type(await client.get_object_metadata("releases", "key"), Object)
    assert_type(await client.object_exists("releases", "key"), bool)
    assert_type(await client.delete_object("releases", "key"), None)
    result = await client.delete_objects("releases", ["key"])
    assert_type(result, DeleteResult)
    assert_type(result.errors, list[DeleteError])
    assert_type(await client.copy_object("releases", "a", "archive", "b", metadata={}), Object)


async def buckets(client: AsyncClient) -> None:
    assert_type(await client.create_bucket("builds", exist_ok=True), Bucket)
    found = await client.list_buckets()
    assert_type(found, BucketList)
    assert_type([(bucket.name, bucket.creation_date) for bucket in found.buckets], list[tuple[str, datetime | None]])
    assert_type(await client.bucket_exists("builds"), bool)
    assert_type(await client.delete_bucket("builds"), None)


async def multipart(client: AsyncClient, file: BinaryIO) -> None:
    upload = await client.initiate_multipart_upload("releases", "big", content_type="application/gzip")
    assert_type(upload, MultipartUpload)
    etag = await client.upload_part(upload.bucket, upload.key, upload.upload_id, 1, file, 13)
    assert_type(etag, str)
    parts = await client.list_parts(upload.bucket, upload.key, upload.upload_id)
    assert_type(parts, list[Part])
    assert_type(await client.list_multipart_uploads("releases"), list[MultipartUpload])
    assert_type(await client.abort_stale_uploads("releases", timedelta(days=1)), list[MultipartUpload])
    done = [CompletedPart(part_number=1, etag=etag)]
    assert_type(await client.complete_multipart_upload(upload.bucket, upload.key, upload.upload_id, done), Object)
    assert_type(await client.complete_multipart_upload(upload.bucket, upload.key, upload.upload_id, parts), Object)
    assert_type(await client.abort_multipart_upload(upload.bucket, upload.key, upload.upload_id), None)


async def folders(client: AsyncClient, folder: Path) -> None:
    sent = await client.upload_dir(folder, "releases", "app", include=["*.whl"], exclude=["tmp/*"], progress_callback=print)
    assert_type(sent, list[FileResult])
    assert_type(sent[0].status, Literal["done", "skipped", "failed"])
    assert_type(sent[0].object, Object | None)
    assert_type(sent[0].error, ArtifactStoreError | OSError | None)
    assert_type(await client.download_dir("releases", "app", folder, transfer=TransferConfig(concurrency=8)), list[FileResult])


async def supply_chain(client: AsyncClient) -> None:
    signature = await client.add_signature(
        "releases", "key", algorithm="ECDSA-P256-SHA256", signature=b"", public_key="", artifact_digest=""
    )
    assert_type(signature, Signature)
    assert_type(signature.signature, bytes | None)
    assert_type(await client.get_signatures("releases", "key"), list[Signature])
    assert_type(await client.attach_sbom("releases", "key", "spdx", "{}"), Sbom)
    assert_type(await client.get_sbom("releases", "key", format="spdx"), Sbom)
    assert_type(await client.get_sbom("releases", "key", id="1"), Sbom)
    assert_type(await client.get_signature("releases", "key", "1"), Signature)
    assert_type(await client.get_attestation("releases", "key", "1"), Attestation)
    assert_type(await client.list_sboms("releases", "key"), list[Sbom])
    attestation = await client.add_attestation("builds", "key", "build", {"status": "success", "testsPassed": 142})
    assert_type(attestation, Attestation)
    assert_type(attestation.data.get("status"), object | None)
    assert_type(await client.get_attestations("builds", "key", type="build"), list[Attestation])


async def signed(client: AsyncClient, target: BinaryIO, pem: str, trusted: list[str]) -> None:
    signature = await client.sign_artifact("releases", "key", pem, passphrase=None)
    assert_type(signature, Signature)
    result = await client.verify_signatures("releases", "key", trusted, threshold=1)
    assert_type(result, VerificationResult)
    assert_type(result.valid, bool)
    assert_type(result.message, str)
    assert_type(result.signatures, list[SignatureCheck])
    assert_type(await client.add_attestation("builds", "key", "build", {}, sign_with=Path("key.pem")), Attestation)
    assert_type(await client.verify_attestations("builds", "key", trusted, type="build"), VerificationResult)
    published = await client.publish(
        "releases", "key", b"", sign_with=pem, sbom=Path("sbom.json"), attest={"build": {"status": "success"}}
    )
    assert_type(published, Publication)
    assert_type(published.object, Object)
    assert_type(published.attestations, list[Attestation])
    policy = Policy(trusted, threshold=1, sbom=True, attestations=["build"])
    assert_type(await client.fetch("releases", "key", target, policy=policy), Object)
    assert_type(Policy.from_file(Path("policy.toml")), Policy)


async def system(client: AsyncClient) -> None:
    assert_type(await client.get_health(), Health)
    assert_type(await client.get_readiness(), Health)
    assert_type(await client.get_liveness(), Health)
