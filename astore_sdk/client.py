"""The synchronous client."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Self, overload

from . import _flows as flows
from . import _operations as operations
from . import _transfers as transfers
from .config import Config, RetryPolicy, Settings, Timeout, TransferConfig, override, usable
from .exceptions import InvalidInputError
from .files import ObjectReader, ObjectStream, ObjectWriter
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
from .supplychain.signers import PrivateKeySource
from .types import Data, ProgressCallback, Writer

if TYPE_CHECKING:
    import httpx


class Client:
    """A client of an artifact store.

    One client serves any number of threads, and survives a fork. It opens its first connection with the first call; close it, or
    use it in a `with` block, to give its connections back.

        with Client(Config("http://127.0.0.1:8080", token="…")) as client:
            client.upload("releases", "app.tar.gz", Path("dist/app.tar.gz"))

    Every method raises errors under `ArtifactStoreError`: `InvalidInputError` before anything is sent, `NetworkError` when no
    answer came, the class of the answer's status otherwise. A wrong type is a `TypeError`, a failure of the local disk an
    `OSError`.
    """

    def __init__(self, config: Config, *, transport: httpx.BaseTransport | None = None) -> None:
        """Make a client.

        Args:
            config: Where the store is, and how to speak with it.
            transport: An httpx transport to use in place of real connections. It is used as it is and never closed.
        """
        self._config = usable(config)
        self._settings = Settings(config.retry, config.transfer)
        from ._runners.sync import connect  # not before it is needed: with httpx it is most of an import's cost

        self._runner = connect(config, transport)
        self._owner = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._config.base_url!r})"

    def close(self) -> None:
        """Close the connections. A client made by `with_options` closes nothing."""
        if self._owner:
            self._runner.connections.close()

    def set_token(self, token: str | None) -> None:
        """Use another token from the next request on, here and in every client that shares connections with this one."""
        self._runner.channel.auth.set_token(token)

    def with_options(
        self,
        *,
        timeout: float | Timeout | None = None,
        retry: RetryPolicy | None = None,
        transfer: TransferConfig | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Return a client that shares this one's connections and token, and differs in what is given.

        Args:
            timeout: Idle seconds in each phase, or a `Timeout`.
            retry: When a failed request is sent again.
            transfer: How bytes move.
            headers: Sent with every request beside those of the configuration; the same name replaces.
        """
        other = object.__new__(type(self))
        other._config = override(self._config, timeout=timeout, retry=retry, transfer=transfer, headers=headers)
        other._settings = Settings(other._config.retry, other._config.transfer)
        other._runner = self._runner.through(other._config)
        other._owner = False
        return other

    def _moving(self, transfer: TransferConfig | None) -> Settings:
        return self._settings if transfer is None else Settings(self._settings.retry, transfer)

    # Objects

    def upload(
        self,
        bucket: str,
        key: str,
        data: Data,
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
        """Store data under a key, in place of what was there.

        Up to `TransferConfig.threshold` it is one request, above it a multipart upload, several parts at once, which any
        failure aborts. Memory stays small whatever the size: files are read as they are sent. Nothing becomes visible before
        all of it is there and its SHA-256 is right.

        Args:
            bucket: The bucket's name.
            key: The object's key, 1 to 1024 bytes of UTF-8.
            data: Bytes; a `Path`; a binary file, read from where it stands and left open; or an iterable of bytes.
            size: Bytes that data has, if you want that checked.
            content_type: Media type, `application/octet-stream` if not given.
            metadata: Text kept with the object, at most 8 KiB; names are lower-cased, a value of None is left out.
            progress_callback: Called with the bytes handed to the network so far; its exceptions cancel the upload.
            if_none_match: `"*"`: only if there is no object under this key yet.
            if_match: Only if the object there has this etag.
            transfer: How bytes move, in place of the configuration's.
            resume: Whether an upload in parts that does not get to its end is kept, so that the same call goes on with it, in
                this process or another one. For a `Path`; costs a second SHA-256 of each part.

        Returns:
            The object as it is stored.

        Raises:
            InvalidInputError: An argument breaks a rule, or size is not what data has; nothing was sent.
            SourceChangedError: data changed while they were sent; nothing was stored.
            PreconditionFailedError: `if_match` or `if_none_match` does not hold.
            NotFoundError: There is no such bucket.
            IntegrityError: The store received other bytes than were sent; nothing was stored.
            TransferInProgressError: Someone else is at the same resumable upload.
        """
        return self._runner.run(
            transfers.upload.one_object.upload(
                self._moving(transfer),
                bucket,
                key,
                data,
                size,
                awaits=False,
                content_type=content_type,
                metadata=metadata,
                progress_callback=progress_callback,
                if_none_match=if_none_match,
                if_match=if_match,
                resume_at=self._config.base_url if resume else None,
            )
        )

    def download(
        self,
        bucket: str,
        key: str,
        writer: Writer,
        *,
        byte_range: str | None = None,
        progress_callback: ProgressCallback | None = None,
        if_match: str | None = None,
        overwrite: bool = True,
        transfer: TransferConfig | None = None,
        resume: bool = False,
    ) -> Object:
        """Receive an object, or a range of it.

        A download that is cut goes on where it was cut, with the same version of the object. A file appears under its name only
        when it is whole, checked and on the disk. With a writer the bytes are handed over as they come: when `IntegrityError` is
        raised, it already has them.

        Args:
            bucket: The bucket's name.
            key: The object's key.
            writer: A `Path`, or a binary file, which is left open.
            byte_range: `"bytes=0-1023"`, `"bytes=5-"` or `"bytes=-500"`.
            progress_callback: Called with the bytes received so far; its exceptions cancel the download.
            if_match: Only if the object has this etag.
            overwrite: Whether a file that is there may be replaced.
            transfer: How bytes move, in place of the configuration's.
            resume: Whether what was received of a large object is kept when the download does not get to its end, so that the
                same call goes on with it, in this process or another one. For a `Path`.

        Returns:
            The object; its size is that of the whole also where a range was asked for.

        Raises:
            NotFoundError: There is no such object or bucket.
            IntegrityError: The bytes are not those that were stored.
            ObjectChangedError: The object changed while it was received.
            RangeNotSatisfiableError: The range is not within the object.
            FileExistsError: The file is there and `overwrite` is False.
            TransferInProgressError: Someone else is at the same resumable download.
        """
        return self._runner.run(
            transfers.download.one_object.download(
                self._moving(transfer),
                bucket,
                key,
                writer,
                awaits=False,
                byte_range=byte_range,
                progress_callback=progress_callback,
                if_match=if_match,
                overwrite=overwrite,
                resume_at=self._config.base_url if resume else None,
            )
        )

    def read(self, bucket: str, key: str, *, byte_range: str | None = None) -> bytes:
        """Return an object's bytes, or a range of them. The whole is SHA-256 checked before it is returned."""
        return self._runner.run(transfers.download.one_object.read_object(self._settings, bucket, key, byte_range=byte_range))

    def stream(self, bucket: str, key: str, *, byte_range: str | None = None) -> ObjectStream:
        """Return an object's bytes, or a range of them, as a context manager that iterates chunks over one connection.

            with client.stream("releases", "log.txt") as chunks:
                for chunk in chunks: ...

        Args:
            bucket: The bucket's name.
            key: The object's key.
            byte_range: `"bytes=0-1023"`, `"bytes=5-"` or `"bytes=-500"`.
        """
        return ObjectStream(
            self._runner.carry(transfers.download.one_object.stream_object(self._settings, bucket, key, byte_range=byte_range))
        )

    @overload
    def open(self, bucket: str, key: str, mode: Literal["rb"] = "rb") -> ObjectReader: ...

    @overload
    def open(
        self,
        bucket: str,
        key: str,
        mode: Literal["wb"],
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> ObjectWriter: ...

    def open(
        self,
        bucket: str,
        key: str,
        mode: Literal["rb", "wb"] = "rb",
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> ObjectReader | ObjectWriter:
        """Open an object as a binary file.

        For reading (`"rb"`) it is buffered and seekable, and reads one version of the object only. For writing (`"wb"`) it
        becomes a multipart upload as it grows; a clean close stores the object, leaving the `with` block by an exception does not.

        Args:
            bucket: The bucket's name.
            key: The object's key.
            mode: `"rb"` or `"wb"`.
            content_type: Media type of an object that is written.
            metadata: Text kept with an object that is written.

        Raises:
            NotFoundError: There is no such object to read.
            ObjectChangedError: The object changed while it was read; comes from the file's methods.
        """
        if mode == "wb":
            writing = transfers.upload.one_object.write_object(
                self._settings, bucket, key, content_type=content_type, metadata=metadata
            )
            return ObjectWriter(key, self._runner.carry(writing))
        if mode != "rb" or content_type is not None or metadata is not None:
            raise InvalidInputError("mode is 'rb' or 'wb', and only an object that is written has content_type and metadata")
        version = self.get_object_metadata(bucket, key)

        def fetch(start: int, end: int) -> bytes:
            return self._runner.run(transfers.download.one_object.read_block(self._settings, bucket, version, start, end))

        return ObjectReader(version, fetch)

    def list_objects(
        self,
        bucket: str,
        *,
        prefix: str = "",
        delimiter: str = "",
        marker: str | None = None,
        max_keys: int | None = None,
    ) -> ObjectList:
        """List objects in the byte order of their UTF-8 keys.

        Args:
            bucket: The bucket's name.
            prefix: Only keys that begin with this.
            delimiter: Roll keys up that share the part up to this, into `common_prefixes`.
            marker: Where to start, exclusive: the `next_marker` of an earlier list.
            max_keys: At most so many entries; None collects all pages.

        Raises:
            NotFoundError: There is no such bucket.
            ResponseDecodeError: The list goes on, but the store does not say where.
        """
        return self._runner.run(
            flows.listing.list_objects(self._settings, bucket, prefix=prefix, delimiter=delimiter, marker=marker, max_keys=max_keys)
        )

    def iter_objects(self, bucket: str, *, prefix: str = "") -> Iterator[Object]:
        """Iterate over all objects, page by page: memory stays small however many there are."""
        marker: str | None = None
        while True:
            page = self._runner.run(
                flows.listing.list_page(self._settings, bucket, prefix=prefix, delimiter="", marker=marker, max_keys=None)
            )
            yield from page.objects
            if not page.is_truncated:
                return
            marker = page.next_marker

    def get_object_metadata(self, bucket: str, key: str) -> Object:
        """Return what is known about an object, without its bytes.

        Raises:
            NotFoundError: There is no such object or bucket.
        """
        return self._runner.perform(operations.objects.head_object(bucket, key))

    def object_exists(self, bucket: str, key: str) -> bool:
        """Tell whether an object is there."""
        return self._runner.run(flows.objects.object_exists(self._settings, bucket, key))

    def delete_object(self, bucket: str, key: str, *, if_match: str | None = None) -> None:
        """Delete an object, with its supply-chain records. One that is not there is no error, unless `if_match` is given.

        Raises:
            PreconditionFailedError: The object has another etag, or is not there.
        """
        self._runner.run(flows.objects.delete_object(self._settings, bucket, key, if_match=if_match))

    def delete_objects(self, bucket: str, keys: Iterable[str]) -> DeleteResult:
        """Delete objects, 1000 in a request. What could not be deleted is in `errors`, and is not raised."""
        return self._runner.run(flows.objects.delete_objects(self._settings, bucket, keys))

    def copy_object(
        self,
        src_bucket: str,
        src_key: str,
        dst_bucket: str,
        dst_key: str,
        *,
        metadata: Mapping[str, str | None] | None = None,
        content_type: str | None = None,
    ) -> Object:
        """Copy an object within the store; no bytes travel. Supply-chain records stay with the source.

        Args:
            src_bucket: The source's bucket.
            src_key: The source's key.
            dst_bucket: The copy's bucket.
            dst_key: The copy's key.
            metadata: Replaces the source's; None keeps it.
            content_type: Replaces the source's; None keeps it.

        Raises:
            NotFoundError: There is no such source, or no such bucket.
            ObjectChangedError: The source changed while it was copied.
        """
        return self._runner.run(
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

    def create_bucket(self, bucket: str, *, exist_ok: bool = False) -> Bucket:
        """Create a bucket.

        Args:
            bucket: 3 to 63 of a-z, 0-9, '.' and '-', first and last a letter or digit.
            exist_ok: Whether a bucket that is there already is fine.

        Raises:
            ConflictError: The bucket is there already, and `exist_ok` is False.
        """
        return self._runner.run(flows.buckets.create_bucket(self._settings, bucket, exist_ok=exist_ok))

    def delete_bucket(self, bucket: str) -> None:
        """Delete a bucket without objects. Multipart uploads under way in it go with it.

        Raises:
            NotFoundError: There is no such bucket.
            ConflictError: It holds objects.
        """
        self._runner.run(flows.buckets.delete_bucket(self._settings, bucket))

    def bucket_exists(self, bucket: str) -> bool:
        """Tell whether a bucket is there."""
        return self._runner.run(flows.buckets.bucket_exists(self._settings, bucket))

    def list_buckets(self) -> BucketList:
        """List all buckets."""
        return self._runner.perform(operations.buckets.list_buckets())

    # Multipart

    def initiate_multipart_upload(
        self,
        bucket: str,
        key: str,
        *,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
    ) -> MultipartUpload:
        """Begin a multipart upload by hand. `upload()` does all of it by itself.

        Args:
            bucket: The bucket's name.
            key: The object's key.
            content_type: Media type of the object.
            metadata: Text kept with the object.
        """
        return self._runner.perform(
            operations.multipart.initiate(bucket, key, operations.objects.described(content_type, metadata))
        )

    def upload_part(self, bucket: str, key: str, upload_id: str, part_number: int, data: Data, size: int | None = None) -> str:
        """Store one part, in place of one with the same number, and return its etag.

        Args:
            bucket: The upload's bucket.
            key: The upload's key.
            upload_id: The upload's id.
            part_number: 1 to 10,000.
            data: As for `upload()`. What can be read only once is spooled first, above 64 MiB on the disk.
            size: Bytes that data has, if you want that checked.

        Raises:
            NotFoundError: The upload is not there; it was completed or aborted.
            IntegrityError: The store received other bytes than were sent.
        """
        return self._runner.run(
            flows.manual_uploads.upload_part(self._settings, bucket, key, upload_id, part_number, data, size, awaits=False)
        )

    def list_parts(self, bucket: str, key: str, upload_id: str) -> list[Part]:
        """List the parts of an upload that are stored."""
        return self._runner.run(flows.listing.list_parts(self._settings, bucket, key, upload_id))

    def list_multipart_uploads(self, bucket: str, *, prefix: str = "") -> list[MultipartUpload]:
        """List the uploads under way in a bucket."""
        return self._runner.run(flows.listing.list_multipart_uploads(self._settings, bucket, prefix))

    def complete_multipart_upload(
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
        """Make an object of the parts.

        Args:
            bucket: The upload's bucket.
            key: The upload's key.
            upload_id: The upload's id.
            parts: The parts, in any order.
            digest: `sha256:HEX` of the whole; the store compares it before anything becomes visible.
            size: Bytes of the whole, compared likewise.
            if_none_match: `"*"`: only if there is no object under this key yet.
            if_match: Only if the object there has this etag.

        Raises:
            BadRequestError: A part is missing, has another etag, or is too small.
            IntegrityError: The whole has another digest; nothing was committed, the parts are still there.
            NotFoundError: The upload is not there.
            PreconditionFailedError: `if_match` or `if_none_match` does not hold.
        """
        return self._runner.run(
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

    def abort_multipart_upload(self, bucket: str, key: str, upload_id: str) -> None:
        """Give up an upload and drop its parts. One that is not there is no error; no object is ever touched."""
        self._runner.run(flows.manual_uploads.abort(self._settings, bucket, key, upload_id))

    def abort_stale_uploads(self, bucket: str, older_than: timedelta) -> list[MultipartUpload]:
        """Abort the uploads that were begun longer ago than this and neither completed nor aborted; return them.

        They are what killed processes left behind. Choose a time in which no upload that is still under way can have begun.

        Raises:
            NotFoundError: There is no such bucket.
        """
        return self._runner.run(flows.manual_uploads.abort_stale_uploads(self._settings, bucket, older_than))

    # Folders

    def upload_dir(
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
        """Store every file under a folder; what is in the store with the same bytes already is passed over.

        Small files move side by side, large ones in parts. A file that fails stops no other one: its result says why. So it is with
        a name that cannot be a key: one that is not UTF-8, has control characters, or makes a key of more than 1024 bytes.

        Args:
            directory: The folder.
            bucket: The bucket's name.
            prefix: What keys begin with, like a folder: a slash is put behind it.
            include: Only files whose path within the folder matches one of these (`*.whl`, `docs/*`; `*` matches slashes too).
            exclude: No files that match one of these.
            progress_callback: Called with the bytes of all files so far; its exceptions cancel everything.
            transfer: How bytes move, in place of the configuration's.

        Returns:
            What became of each file, in the order of the keys.

        Raises:
            InvalidInputError: A link that leads out of the folder, to a folder or nowhere, or something that is no ordinary file;
                nothing was sent.
            NotADirectoryError: It is no folder.
        """
        return self._runner.run(
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

    def download_dir(
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
        """Receive every object under a prefix into a folder, which is made; what is there with the same bytes is passed over.

        Small objects move side by side, large ones in pieces. One that fails stops no other: its result says why. So it is with a
        key that the disk cannot have as a name (`OSError`), one that no object may have, and one that needs a folder where
        another object is a file (`InvalidInputError`).

        Args:
            bucket: The bucket's name.
            prefix: What the keys begin with, like a folder: a slash is put behind it. Empty for the whole bucket.
            directory: The folder.
            include: Only objects whose key behind the prefix matches one of these (`*.whl`, `docs/*`; `*` matches slashes too).
            exclude: No objects that match one of these.
            progress_callback: Called with the bytes of all objects so far; its exceptions cancel everything.
            transfer: How bytes move, in place of the configuration's.

        Returns:
            What became of each object, in the order of the keys.

        Raises:
            InvalidInputError: A key that would lead out of the folder, is a device's name on Windows, or is the same file as
                another one where case does not count; nothing was written.
            NotADirectoryError: Something that is no folder has the folder's name.
            NotFoundError: There is no such bucket.
        """
        return self._runner.run(
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

    def publish(
        self,
        bucket: str,
        key: str,
        data: Data,
        *,
        sign_with: PrivateKeySource,
        passphrase: str | bytes | None = None,
        sbom: Path | str | bytes | None = None,
        attest: Mapping[str, Mapping[str, object]] | None = None,
        content_type: str | None = None,
        metadata: Mapping[str, str | None] | None = None,
        progress_callback: ProgressCallback | None = None,
    ) -> Publication:
        """Store data with everything that proves them: a signature, an SBOM, signed attestations.

        What is signed is the SHA-256 of the data as they were read here, never of what the store says. Publishing the same again
        changes nothing; after a failure it adds what is missing.

        Args:
            bucket: The bucket's name.
            key: The object's key.
            data: As for `upload()`. They are hashed before they are sent: what can be read only once goes through a temporary file.
            sign_with: What to sign with, as for `sign_artifact()`.
            passphrase: What an encrypted key is encrypted with.
            sbom: An SBOM (SPDX or CycloneDX): its text, or a `Path`. It is attached, and signed as an attestation.
            attest: What else to attest and sign, by type: `{"build": {…}}`. Without it, one attestation names the object.
            content_type: Media type of the object.
            metadata: Text kept with the object.
            progress_callback: Called with the bytes handed to the network so far; never, if the store has them already.

        Raises:
            InvalidInputError: The key, the SBOM or an attestation is not right; nothing was sent.
            SourceChangedError: The data changed while they were read; nothing was signed.
            ArtifactStoreError: The hint says what is in the store by now.
        """
        holder = flows.signers.KeyHolder(sign_with, passphrase, "sign_with")
        del sign_with, passphrase  # no traceback shows them
        return self._runner.run(
            flows.publishing.publish(
                self._settings,
                bucket,
                key,
                data,
                holder,
                awaits=False,
                sbom=sbom,
                attest=attest,
                content_type=content_type,
                metadata=metadata,
                progress_callback=progress_callback,
            )
        )

    def fetch(
        self,
        bucket: str,
        key: str,
        target: Writer,
        *,
        policy: Policy,
        progress_callback: ProgressCallback | None = None,
    ) -> Object:
        """Receive an object if it is what a policy asks for. Nothing is at the target before everything held.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            target: A `Path`, or a binary file, for which the bytes wait in a temporary file.
            policy: What must hold.
            progress_callback: Called with the bytes received so far; its exceptions cancel the download.

        Raises:
            PolicyViolationError: `violations` lists every requirement that failed.
            IntegrityError: The bytes are not those that the store says they are.
            NotFoundError: There is no such object or bucket.
        """
        return self._runner.run(
            flows.fetching.fetch(
                self._settings, bucket, key, target, awaits=False, policy=policy, progress_callback=progress_callback
            )
        )

    def sign_artifact(
        self,
        bucket: str,
        key: str,
        private_key: PrivateKeySource,
        *,
        passphrase: str | bytes | None = None,
        signed_by: str | None = None,
        digest: str | None = None,
    ) -> Signature:
        """Sign an object's bytes and attach the signature. The private key never leaves this process.

        The object is received once and hashed: what is signed is what the store sends. To sign what you have yourself, and not what
        somebody may have put in its place, use `publish()`, or pass the digest that `upload()` returned.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            private_key: ECDSA P-256 or RSA, as PEM, as a `Path` to PEM, or as a key; or a `Signer` for a key elsewhere.
            passphrase: What an encrypted key is encrypted with.
            signed_by: Who signs; a claim. The key's fingerprint if not given.
            digest: `sha256:HEX` of the bytes, if you have hashed them: nothing is received then. Nor is it seen whether they are
                the encoding of an attestation, which a signature over them would then be: sign digests only of bytes that you
                know, or with a key that signs no attestations (`Policy(attestation_keys=…)`).

        Returns:
            The signature as it is stored. Signing again with the same key gives the same one.

        Raises:
            InvalidInputError: The key or passphrase is not right; nothing was sent.
            NotFoundError: There is no such object or bucket.
            ConflictError: The object has other bytes than those that were signed.
        """
        holder = flows.signers.KeyHolder(private_key, passphrase, "private_key")
        del private_key, passphrase  # no traceback shows them
        return self._runner.run(
            flows.signing.sign_artifact(self._settings, bucket, key, holder, awaits=False, signed_by=signed_by, digest=digest)
        )

    def verify_signatures(
        self,
        bucket: str,
        key: str,
        public_keys: Iterable[PublicKeySource],
        *,
        threshold: int | None = None,
    ) -> VerificationResult:
        """Receive an object once and tell whether keys that you trust signed its bytes.

        It proves who signed these bytes, not which name or version they had then: `fetch()` does that with a policy.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            public_keys: The keys that you trust, as PEM, as paths to PEM, or as keys. Those that the store has are never believed.
            threshold: How many of them must have signed; None for all. Each key counts once.

        Returns:
            The result, with why each signature counts or does not. An object that nobody signed is not an error, but not valid.

        Raises:
            InvalidInputError: There is no key, one that cannot be used, or a threshold that means nothing; nothing was sent.
            NotFoundError: There is no such object or bucket.
        """
        return self._runner.run(flows.verification.verify_signatures(self._settings, bucket, key, public_keys, threshold=threshold))

    def add_signature(
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
        """Attach a signature that was made elsewhere. An equal one is not stored twice.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            algorithm: `ECDSA-P256-SHA256` or `RSA-PKCS1v15-SHA256`.
            signature: The raw signature (DER for ECDSA).
            public_key: The signer's public key as PEM. A private key is refused and not sent.
            artifact_digest: `sha256:HEX` of the bytes that were signed.
            signed_by: Who signed; a claim.
            bundle: The same signature as a Sigstore bundle.

        Raises:
            ConflictError: The object has other bytes than those that were signed.
            NotFoundError: There is no such object or bucket.
        """
        return self._runner.perform(
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

    def get_signatures(self, bucket: str, key: str) -> list[Signature]:
        """List the signatures of an object, oldest first, also those of bytes it had earlier. They are not verified here."""
        return self._runner.run(flows.records.get_signatures(self._settings, bucket, key))

    def get_signature(self, bucket: str, key: str, id: str) -> Signature:  # noqa: A002 - the field's name for it
        """Return one signature of an object. It is not verified here.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            id: The record's id.

        Raises:
            NotFoundError: The object has no signature with this id, or there is no such object or bucket.
        """
        return self._runner.perform(operations.records.get_record(operations.records.SIGNATURES, bucket, key, id))

    def attach_sbom(
        self,
        bucket: str,
        key: str,
        format: str,  # noqa: A002 - the field's name for it
        content: str,
        *,
        content_type: str | None = None,
        created_by: str | None = None,
    ) -> Sbom:
        """Attach an SBOM. Its text is kept exactly; an equal one is not stored twice.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            format: `spdx` (2.x or 3.x, JSON) or `cyclonedx` (JSON or XML); the document must say the same of itself.
            content: The document's text.
            content_type: Its media type, if it is not the usual one.
            created_by: Who made it; a claim.

        Raises:
            InvalidInputError: The document is malformed or of another format; nothing was sent.
            NotFoundError: There is no such object or bucket.
        """
        marker = check_sbom(operations.supply_chain.check_format(format), content)
        return self._runner.perform(
            operations.supply_chain.attach_sbom(
                bucket, key, format, content, content_type=content_type or marker.media_type, created_by=created_by
            )
        )

    def get_sbom(
        self,
        bucket: str,
        key: str,
        *,
        format: str | None = None,  # noqa: A002 - as above
        id: str | None = None,  # noqa: A002 - as above
    ) -> Sbom:
        """Return the newest SBOM that speaks of the bytes the object has now, or the one with an id.

        The newest is whatever was attached last, by whoever may write records: what was signed is the predicate of an attestation.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            format: Only one of this format, `spdx` or `cyclonedx`.
            id: The record's id, in place of a format: that one, whichever bytes it speaks of.

        Raises:
            InvalidInputError: Both a format and an id are given; nothing was sent.
            NotFoundError: There is none, or no such object or bucket.
        """
        return self._runner.perform(operations.records.get_sbom(bucket, key, format, id))

    def list_sboms(self, bucket: str, key: str) -> list[Sbom]:
        """List the SBOMs of an object, newest first, also those of bytes it had earlier.

        Contents of more than 8 KiB are received one by one, as many as are 64 MiB together. Further ones are left out: `content`
        is None, `content_size` tells their size, and `get_sbom(bucket, key, id=…)` gives each.
        """
        return self._runner.run(flows.records.list_sboms(self._settings, bucket, key))

    def add_attestation(
        self,
        bucket: str,
        key: str,
        type: str,  # noqa: A002 - the field's name for it
        data: Mapping[str, object],
        *,
        predicate_type: str | None = None,
        sign_with: PrivateKeySource | None = None,
        passphrase: str | bytes | None = None,
        digest: str | None = None,
    ) -> Attestation:
        """Attach an attestation: plain, it is a note and proves nothing; signed, it is evidence. An equal one is not stored twice.

        With a key it is an in-toto statement in a DSSE envelope, about `bucket/key` and its bytes, which are received and hashed.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            type: What kind of thing is attested: `build`, `test`, `scan`, ….
            data: What is attested; must be expressible in JSON.
            predicate_type: The in-toto predicate type, a URI; if not given and it is signed, the one that fits type and data.
            sign_with: What to sign with: as for `sign_artifact()`, or an Ed25519 key.
            passphrase: What an encrypted key is encrypted with.
            digest: `sha256:HEX` of the bytes, if you have hashed them: nothing is received then.

        Raises:
            InvalidInputError: The key or passphrase is not right, or data are no JSON; nothing was sent.
            NotFoundError: There is no such object or bucket.
            ConflictError: The object has other bytes than those that the digest says.
        """
        holder = None if sign_with is None else flows.signers.KeyHolder(sign_with, passphrase, "sign_with")
        del sign_with, passphrase  # no traceback shows them
        return self._runner.run(
            flows.signing.add_attestation(
                self._settings, bucket, key, type, data, holder, awaits=False, predicate_type=predicate_type, digest=digest
            )
        )

    def get_attestations(self, bucket: str, key: str, *, type: str | None = None) -> list[Attestation]:  # noqa: A002 - as above
        """List the attestations of an object, oldest first, also those of bytes it had earlier. They are not verified here.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            type: Only those of this type.
        """
        return self._runner.run(flows.records.get_attestations(self._settings, bucket, key, type))

    def get_attestation(self, bucket: str, key: str, id: str) -> Attestation:  # noqa: A002 - as above
        """Return one attestation of an object. It is not verified here.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            id: The record's id.

        Raises:
            NotFoundError: The object has no attestation with this id, or there is no such object or bucket.
        """
        return self._runner.perform(operations.records.get_record(operations.records.ATTESTATIONS, bucket, key, id))

    def verify_attestations(
        self,
        bucket: str,
        key: str,
        public_keys: Iterable[PublicKeySource],
        *,
        type: str | None = None,  # noqa: A002 - as above
        threshold: int | None = None,
    ) -> VerificationResult:
        """Receive an object once and tell whether keys that you trust signed attestations about its bytes.

        What was signed stands in the result (`predicate`, `subjects`); the `data` of a record are what the store says.

        Args:
            bucket: The object's bucket.
            key: The object's key.
            public_keys: The keys that you trust; Ed25519 too.
            type: Only attestations of this type, or of this in-toto predicate type. What was signed tells, not the record.
            threshold: How many of the keys must have signed one; None for all.

        Raises:
            InvalidInputError: There is no key, one that cannot be used, or a threshold that means nothing; nothing was sent.
            NotFoundError: There is no such object or bucket.
        """
        return self._runner.run(
            flows.verification.verify_attestations(self._settings, bucket, key, public_keys, type_=type, threshold=threshold)
        )

    # System

    def get_health(self) -> Health:
        """Return how the store is: its version and features. Needs no token."""
        return self._runner.perform(operations.system.get_health())

    def get_readiness(self) -> Health:
        """Return how the store is if it can work; `ServiceUnavailableError` if it cannot. Needs no token."""
        return self._runner.perform(operations.system.get_readiness())

    def get_liveness(self) -> Health:
        """Return how the store is if it answers at all. Needs no token."""
        return self._runner.perform(operations.system.get_liveness())
