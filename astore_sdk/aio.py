"""The asynchronous client, twin of `Client`: the same methods, arguments and errors. What they mean stands there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, overload

from . import _flows as flows
from . import _operations as operations
from . import _transfers as transfers
from .aio_files import AsyncObjectReader, AsyncObjectStream, AsyncObjectWriter
from .config import Config, RetryPolicy, Settings, Timeout, TransferConfig, override, usable
from .exceptions import InvalidInputError
from .models import (
    Attestation,
    Bucket,
    BucketList,
    CompletedPart,
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
    VerificationResult,
)
from .supplychain.keys import PublicKeySource
from .supplychain.policy import Policy
from .supplychain.sbom import check_sbom
from .supplychain.signers import AsyncPrivateKeySource
from .types import AsyncData, AsyncWriter, ProgressCallback

if TYPE_CHECKING:
    import httpx


class AsyncClient:
    """A client of an artifact store for async programs, on asyncio or trio. It belongs to one event loop.

        async with AsyncClient(Config("http://127.0.0.1:8080", token="…")) as client:
            await client.upload("releases", "app.tar.gz", Path("dist/app.tar.gz"))

    Files are read and written on worker threads. A progress callback is called on the event loop and may be async.
    """

    def __init__(self, config: Config, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Make a client; see `Client`."""
        self._config = usable(config)
        self._settings = Settings(config.retry, config.transfer)
        from ._runners.aio import connect  # not before it is needed: with httpx it is most of an import's cost

        self._runner = connect(config, transport)
        self._owner = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config.base_url!r})"

    async def close(self) -> None:
        """See `Client.close`."""
        if self._owner:
            await self._runner.connections.close()

    def set_token(self, token: str | None) -> None:
        """See `Client.set_token`."""
        self._runner.channel.auth.set_token(token)

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        transfer: TransferConfig | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """See `Client.with_options`."""
        other = object.__new__(type(self))
        other._config = override(self._config, timeout=timeout, retry=retry, transfer=transfer, headers=headers)
        other._settings = Settings(other._config.retry, other._config.transfer)
        other._runner = self._runner.through(other._config)
        other._owner = False
        return other

    def _moving(self, transfer: TransferConfig | None) -> Settings:
        return self._settings if transfer is None else Settings(self._settings.retry, transfer)

    # Objects

    async def upload(
        self,
        bucket: str,
        key: str,
        data: AsyncData,
        size: int | None = None,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
        progress_callback: ProgressCallback | None = None,
        if_none_match: str | None = None,
        if_match: str | None = None,
        transfer: TransferConfig | None = None,
        resume: bool = False,
    ) -> Object:
        """See `Client.upload`."""
        return await self._runner.run(
            transfers.upload.one_object.upload(
                self._moving(transfer),
                bucket,
                key,
                data,
                size,
                awaits=True,
                content_type=content_type,
                metadata=metadata,
                progress_callback=progress_callback,
                if_none_match=if_none_match,
                if_match=if_match,
                resume_at=self._config.base_url if resume else None,
            )
        )

    async def download(
        self,
        bucket: str,
        key: str,
        writer: AsyncWriter,
        *,
        byte_range: str | None = None,
        progress_callback: ProgressCallback | None = None,
        if_match: str | None = None,
        overwrite: bool = True,
        transfer: TransferConfig | None = None,
        resume: bool = False,
    ) -> Object:
        """See `Client.download`."""
        return await self._runner.run(
            transfers.download.one_object.download(
                self._moving(transfer),
                bucket,
                key,
                writer,
                awaits=True,
                byte_range=byte_range,
                progress_callback=progress_callback,
                if_match=if_match,
                overwrite=overwrite,
                resume_at=self._config.base_url if resume else None,
            )
        )

    async def read(self, bucket: str, key: str, *, byte_range: str | None = None) -> bytes:
        """See `Client.read`."""
        return await self._runner.run(transfers.download.one_object.read_object(self._settings, bucket, key, byte_range=byte_range))

    def stream(self, bucket: str, key: str, *, byte_range: str | None = None) -> AsyncObjectStream:
        """See `Client.stream`."""
        return AsyncObjectStream(
            self._runner.carry(transfers.download.one_object.stream_object(self._settings, bucket, key, byte_range=byte_range))
        )

    @overload
    async def open(self, bucket: str, key: str, mode: Literal["rb"] = "rb") -> AsyncObjectReader: ...

    @overload
    async def open(
        self,
        bucket: str,
        key: str,
        mode: Literal["wb"],
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> AsyncObjectWriter: ...

    async def open(
        self,
        bucket: str,
        key: str,
        mode: Literal["rb", "wb"] = "rb",
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> AsyncObjectReader | AsyncObjectWriter:
        """See `Client.open`; the methods of the file are awaited."""
        if mode == "wb":
            writing = transfers.upload.one_object.write_object(
                self._settings, bucket, key, content_type=content_type, metadata=metadata
            )
            return await AsyncObjectWriter.begin(key, self._runner.carry(writing))
        if mode != "rb" or content_type is not None or metadata is not None:
            raise InvalidInputError("mode is 'rb' or 'wb', and only an object that is written has content_type and metadata")
        version = await self.get_object_metadata(bucket, key)

        async def fetch(start: int, end: int) -> bytes:
            return await self._runner.run(transfers.download.one_object.read_block(self._settings, bucket, version, start, end))

        return AsyncObjectReader(version, fetch)

    async def list_objects(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        marker: str | None = None,
        max_keys: int | None = None,
    ) -> ObjectList:
        """See `Client.list_objects`."""
        return await self._runner.run(
            flows.listing.list_objects(self._settings, bucket, prefix=prefix, delimiter=delimiter, marker=marker, max_keys=max_keys)
        )

    async def iter_objects(self, bucket: str, *, prefix: str = "") -> AsyncIterator[Object]:
        """See `Client.iter_objects`."""
        marker: str | None = None
        while True:
            page = await self._runner.run(
                flows.listing.list_page(self._settings, bucket, prefix=prefix, delimiter="", marker=marker, max_keys=None)
            )
            for item in page.objects:
                yield item
            if not page.is_truncated:
                return
            marker = page.next_marker

    async def get_object_metadata(self, bucket: str, key: str) -> Object:
        """See `Client.get_object_metadata`."""
        return await self._runner.perform(operations.objects.head_object(bucket, key))

    async def object_exists(self, bucket: str, key: str) -> bool:
        """See `Client.object_exists`."""
        return await self._runner.run(flows.objects.object_exists(self._settings, bucket, key))

    async def delete_object(self, bucket: str, key: str, *, if_match: str | None = None) -> None:
        """See `Client.delete_object`."""
        await self._runner.run(flows.objects.delete_object(self._settings, bucket, key, if_match=if_match))

    async def delete_objects(self, bucket: str, keys: Iterable[str]) -> DeleteResult:
        """See `Client.delete_objects`."""
        return await self._runner.run(flows.objects.delete_objects(self._settings, bucket, keys))

    async def copy_object(
        self,
        src_bucket: str,
        src_key: str,
        dst_bucket: str,
        dst_key: str,
        *,
        metadata: Mapping[str, str | None] | None = None,
        content_type: str | None = None,
    ) -> Object:
        """See `Client.copy_object`."""
        return await self._runner.run(
            flows.objects.copy_object(
                self._settings,
                (src_bucket, src_key),
                dst_bucket,
                dst_key,
                metadata=metadata,
                content_type=content_type,
            )
        )

    # Buckets

    async def create_bucket(self, bucket: str, *, exist_ok: bool = False) -> Bucket:
        """See `Client.create_bucket`."""
        return await self._runner.run(flows.buckets.create_bucket(self._settings, bucket, exist_ok=exist_ok))

    async def delete_bucket(self, bucket: str) -> None:
        """See `Client.delete_bucket`."""
        await self._runner.run(flows.buckets.delete_bucket(self._settings, bucket))

    async def bucket_exists(self, bucket: str) -> bool:
        """See `Client.bucket_exists`."""
        return await self._runner.run(flows.buckets.bucket_exists(self._settings, bucket))

    async def list_buckets(self) -> BucketList:
        """See `Client.list_buckets`."""
        return await self._runner.perform(operations.buckets.list_buckets())

    # Multipart

    async def initiate_multipart_upload(
        self,
        bucket: str,
        key: str,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> MultipartUpload:
        """See `Client.initiate_multipart_upload`."""
        return await self._runner.perform(
            operations.multipart.initiate(bucket, key, operations.objects.described(content_type, metadata))
        )

    async def upload_part(
        self, bucket: str, key: str, upload_id: str, part_number: int, data: AsyncData, size: int | None = None
    ) -> str:
        """See `Client.upload_part`."""
        return await self._runner.run(
            flows.manual_uploads.upload_part(self._settings, bucket, key, upload_id, part_number, data, size, awaits=True)
        )

    async def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        """See `Client.list_parts`."""
        return await self._runner.run(flows.listing.list_parts(self._settings, bucket, key, upload_id))

    async def list_multipart_uploads(self, bucket: str, *, prefix: str = "") -> list[MultipartUpload]:
        """See `Client.list_multipart_uploads`."""
        return await self._runner.run(flows.listing.list_multipart_uploads(self._settings, bucket, prefix))

    async def complete_multipart_upload(
        self,
        bucket: str,
        key: str,
        upload_id: str,
        parts: Iterable[CompletedPart | Part],
        *,
        digest: str | None = None,
        size: int | None = None,
        if_none_match: str | None = None,
        if_match: str | None = None,
    ) -> Object:
        """See `Client.complete_multipart_upload`."""
        return await self._runner.run(
            flows.manual_uploads.complete(
                self._settings,
                bucket,
                key,
                upload_id,
                parts,
                digest=digest,
                size=size,
                if_none_match=if_none_match,
                if_match=if_match,
            )
        )

    async def abort_multipart_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """See `Client.abort_multipart_upload`."""
        await self._runner.run(flows.manual_uploads.abort(self._settings, bucket, key, upload_id))

    async def abort_stale_uploads(self, bucket: str, older_than: timedelta) -> list[MultipartUpload]:
        """See `Client.abort_stale_uploads`."""
        return await self._runner.run(flows.manual_uploads.abort_stale_uploads(self._settings, bucket, older_than))

    # Folders

    async def upload_dir(
        self,
        directory: Path,
        bucket: str,
        prefix: str = "",
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        progress_callback: ProgressCallback | None = None,
        transfer: TransferConfig | None = None,
    ) -> list[FileResult]:
        """See `Client.upload_dir`."""
        return await self._runner.run(
            flows.folders.upload_dir(
                self._moving(transfer),
                directory,
                bucket,
                prefix,
                include=include,
                exclude=exclude,
                progress_callback=progress_callback,
            )
        )

    async def download_dir(
        self,
        bucket: str,
        prefix: str,
        directory: Path,
        *,
        include: Iterable[str] = (),
        exclude: Iterable[str] = (),
        progress_callback: ProgressCallback | None = None,
        transfer: TransferConfig | None = None,
    ) -> list[FileResult]:
        """See `Client.download_dir`."""
        return await self._runner.run(
            flows.folders.download_dir(
                self._moving(transfer),
                bucket,
                prefix,
                directory,
                include=include,
                exclude=exclude,
                progress_callback=progress_callback,
            )
        )

    # Supply chain

    async def publish(
        self,
        bucket: str,
        key: str,
        data: AsyncData,
        *,
        sign_with: AsyncPrivateKeySource,
        passphrase: str | bytes | None = None,
        sbom: Path | str | bytes | None = None,
        attest: Mapping[str, Mapping[str, object]] | None = None,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> Publication:
        """See `Client.publish`."""
        holder = flows.signers.KeyHolder(sign_with, passphrase, "sign_with")
        del sign_with, passphrase  # no traceback shows them
        return await self._runner.run(
            flows.publishing.publish(
                self._settings,
                bucket,
                key,
                data,
                holder,
                awaits=True,
                sbom=sbom,
                attest=attest,
                content_type=content_type,
                metadata=metadata,
                progress_callback=progress_callback,
            )
        )

    async def fetch(
        self,
        bucket: str,
        key: str,
        target: AsyncWriter,
        *,
        policy: Policy,
        progress_callback: ProgressCallback | None = None,
    ) -> Object:
        """See `Client.fetch`."""
        return await self._runner.run(
            flows.fetching.fetch(
                self._settings, bucket, key, target, awaits=True, policy=policy, progress_callback=progress_callback
            )
        )

    async def sign_artifact(
        self,
        bucket: str,
        key: str,
        private_key: AsyncPrivateKeySource,
        *,
        passphrase: str | bytes | None = None,
        signed_by: str | None = None,
        digest: str | None = None,
    ) -> Signature:
        """See `Client.sign_artifact`."""
        holder = flows.signers.KeyHolder(private_key, passphrase, "private_key")
        del private_key, passphrase  # no traceback shows them
        return await self._runner.run(
            flows.signing.sign_artifact(self._settings, bucket, key, holder, awaits=True, signed_by=signed_by, digest=digest)
        )

    async def verify_signatures(
        self,
        bucket: str,
        key: str,
        public_keys: Iterable[PublicKeySource],
        *,
        threshold: int | None = None,
    ) -> VerificationResult:
        """See `Client.verify_signatures`."""
        return await self._runner.run(
            flows.verification.verify_signatures(self._settings, bucket, key, public_keys, threshold=threshold)
        )

    async def add_signature(
        self,
        bucket: str,
        key: str,
        *,
        algorithm: str,
        signature: bytes,
        public_key: str | bytes,
        artifact_digest: str,
        signed_by: str | None = None,
        bundle: Mapping[str, object] | None = None,
    ) -> Signature:
        """See `Client.add_signature`."""
        return await self._runner.perform(
            operations.supply_chain.add_signature(
                bucket,
                key,
                algorithm=algorithm,
                signature=signature,
                public_key=public_key,
                artifact_digest=artifact_digest,
                signed_by=signed_by,
                bundle=bundle,
            )
        )

    async def get_signatures(self, bucket: str, key: str) -> list[Signature]:
        """See `Client.get_signatures`."""
        return await self._runner.run(flows.records.get_signatures(self._settings, bucket, key))

    async def get_signature(self, bucket: str, key: str, id: str) -> Signature:  # noqa: A002 - the field's name for it
        """See `Client.get_signature`."""
        return await self._runner.perform(operations.records.get_record(operations.records.SIGNATURES, bucket, key, id))

    async def attach_sbom(
        self,
        bucket: str,
        key: str,
        format: str,  # noqa: A002 - the field's name for it
        content: str,
        *,
        content_type: str | None = None,
        created_by: str | None = None,
    ) -> Sbom:
        """See `Client.attach_sbom`."""
        marker = check_sbom(operations.supply_chain.check_format(format), content)
        return await self._runner.perform(
            operations.supply_chain.attach_sbom(
                bucket, key, format, content, content_type=content_type or marker.media_type, created_by=created_by
            )
        )

    async def get_sbom(
        self,
        bucket: str,
        key: str,
        *,
        format: str | None = None,  # noqa: A002 - as above
        id: str | None = None,  # noqa: A002 - as above
    ) -> Sbom:
        """See `Client.get_sbom`."""
        return await self._runner.perform(operations.records.get_sbom(bucket, key, format, id))

    async def list_sboms(self, bucket: str, key: str) -> list[Sbom]:
        """See `Client.list_sboms`."""
        return await self._runner.run(flows.records.list_sboms(self._settings, bucket, key))

    async def add_attestation(
        self,
        bucket: str,
        key: str,
        type: str,  # noqa: A002 - the field's name for it
        data: Mapping[str, object],
        *,
        predicate_type: str | None = None,
        sign_with: AsyncPrivateKeySource | None = None,
        passphrase: str | bytes | None = None,
        digest: str | None = None,
    ) -> Attestation:
        """See `Client.add_attestation`."""
        holder = None if sign_with is None else flows.signers.KeyHolder(sign_with, passphrase, "sign_with")
        del sign_with, passphrase  # no traceback shows them
        return await self._runner.run(
            flows.signing.add_attestation(
                self._settings, bucket, key, type, data, holder, awaits=True, predicate_type=predicate_type, digest=digest
            )
        )

    async def get_attestations(self, bucket: str, key: str, *, type: str | None = None) -> list[Attestation]:  # noqa: A002 - as above
        """See `Client.get_attestations`."""
        return await self._runner.run(flows.records.get_attestations(self._settings, bucket, key, type))

    async def get_attestation(self, bucket: str, key: str, id: str) -> Attestation:  # noqa: A002 - as above
        """See `Client.get_attestation`."""
        return await self._runner.perform(operations.records.get_record(operations.records.ATTESTATIONS, bucket, key, id))

    async def verify_attestations(
        self,
        bucket: str,
        key: str,
        public_keys: Iterable[PublicKeySource],
        *,
        type: str | None = None,  # noqa: A002 - as above
        threshold: int | None = None,
    ) -> VerificationResult:
        """See `Client.verify_attestations`."""
        return await self._runner.run(
            flows.verification.verify_attestations(self._settings, bucket, key, public_keys, type_=type, threshold=threshold)
        )

    # System

    async def get_health(self) -> Health:
        """See `Client.get_health`."""
        return await self._runner.perform(operations.system.get_health())

    async def get_readiness(self) -> Health:
        """See `Client.get_readiness`."""
        return await self._runner.perform(operations.system.get_readiness())

    async def get_liveness(self) -> Health:
        """See `Client.get_liveness`."""
        return await self._runner.perform(operations.system.get_liveness())
