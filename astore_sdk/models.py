"""What the store tells, as frozen values.

A field that the store left out is None; a list or mapping that it left out is empty.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import field, frozen

from ._sigstore import encoded, make_bundle

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .exceptions import ArtifactStoreError

__all__ = [
    "Attestation",
    "Bucket",
    "BucketList",
    "CompletedPart",
    "DeleteError",
    "DeleteResult",
    "FileResult",
    "Health",
    "MultipartUpload",
    "Object",
    "ObjectList",
    "Part",
    "Publication",
    "Sbom",
    "Signature",
    "SignatureCheck",
    "VerificationResult",
]


@frozen
class Bucket:
    """A bucket, with what it holds now."""

    name: str
    creation_date: datetime | None = None
    object_count: int | None = None
    total_size: int | None = None
    """Bytes."""


@frozen
class BucketList:
    """All buckets, in the byte order of their names."""

    buckets: list[Bucket] = field(factory=list[Bucket], hash=False)


@frozen
class Object:
    """An object, without its bytes."""

    key: str
    size: int
    """Bytes in the whole object, also when only a range of it was asked for."""
    etag: str | None = None
    """The version's opaque tag, without quotes. It says nothing about the bytes."""
    last_modified: datetime | None = None
    content_type: str | None = None
    digest: str | None = None
    """SHA-256 of the bytes: `sha256:` and 64 hexadecimal digits."""
    metadata: Mapping[str, str] = field(factory=dict[str, str], hash=False)
    """What the writer said about it; names are in lower case."""


@frozen
class ObjectList:
    """Objects of a bucket, in the byte order of their UTF-8 keys."""

    objects: list[Object] = field(factory=list[Object], hash=False)
    common_prefixes: list[str] = field(factory=list[str], hash=False)
    """What keys were rolled up into, with a `delimiter`."""
    is_truncated: bool = False
    next_marker: str | None = None
    """The `marker` that goes on from here, if there is more."""


@frozen
class DeleteError:
    """Why one key was not deleted."""

    key: str
    code: str | None = None
    message: str | None = None


@frozen
class DeleteResult:
    """What became of each key."""

    deleted: list[str] = field(factory=list[str], hash=False)
    errors: list[DeleteError] = field(factory=list[DeleteError], hash=False)


@frozen
class FileResult:
    """What became of one file of a folder."""

    path: Path
    key: str
    status: Literal["done", "skipped", "failed"]
    """`skipped`: the same bytes were there already."""
    object: Object | None = None
    """The object, if it was moved or is there already."""
    error: ArtifactStoreError | OSError | None = None
    """Why it failed."""


@frozen
class MultipartUpload:
    """An upload that is under way, with the limits it has to keep (bytes)."""

    bucket: str
    key: str
    upload_id: str
    initiated: datetime | None = None
    min_part_size: int | None = None
    """The least size of a part but the last, in bytes."""
    max_part_size: int | None = None
    max_parts: int | None = None


@frozen
class CompletedPart:
    """A part that an object shall have, as `complete_multipart_upload` takes it."""

    part_number: int
    etag: str


@frozen
class Part:
    """A part that is stored."""

    part_number: int
    etag: str
    size: int | None = None
    """Bytes."""
    digest: str | None = None
    """SHA-256 of the bytes: `sha256:` and 64 hexadecimal digits."""


@frozen
class Signature:
    """A stored signature over an object's bytes.

    `signed_by` and `public_key` are what its writer claimed: verify with keys that you trust.
    """

    id: str
    signature: bytes | None = None
    algorithm: str | None = None
    """`ECDSA-P256-SHA256` or `RSA-PKCS1v15-SHA256`."""
    signed_by: str | None = None
    artifact_digest: str | None = None
    """SHA-256 of the bytes it speaks of."""
    matches_current: bool | None = None
    """Whether the object has these bytes now."""
    timestamp: datetime | None = None
    public_key: str | None = None
    """PEM."""
    key_id: str | None = None
    bundle: Mapping[str, object] | None = field(default=None, hash=False)
    """The same signature as a Sigstore bundle, if its writer attached one."""

    def to_bundle(self) -> dict[str, object]:
        """Return it as a Sigstore bundle (v0.3), as `cosign verify-blob --bundle` and `@sigstore/verify` take it.

        Raises:
            ValueError: The store left out the signature, its digest or its key.
        """
        return make_bundle(*self._whole())

    def to_files(self, directory: Path, name: str = "artifact") -> list[Path]:
        """Write it in the forms that other tools take, and return the files.

        Args:
            directory: Where to; it is there already.
            name: What the files are called: `name.sig` (base64), `name.pub` (PEM) and `name.sigstore.json` (bundle).

        Raises:
            ValueError: The store left out the signature, its digest or its key; or the name is not that of a file.
            OSError: The files cannot be written.
        """
        if not name or Path(name).name != name:
            raise ValueError(f"name is the name of a file, not {name!r}")
        signature, digest, public_key = self._whole()
        texts = {
            ".sig": encoded(signature) + "\n",
            ".pub": public_key,
            ".sigstore.json": json.dumps(make_bundle(signature, digest, public_key), indent=2) + "\n",
        }
        files = [directory / f"{name}{ending}" for ending in texts]
        for file, text in zip(files, texts.values(), strict=True):
            file.write_text(text, encoding="ascii")
        return files

    def _whole(self) -> tuple[bytes, str, str]:
        if self.signature is None or self.artifact_digest is None or self.public_key is None:
            raise ValueError("the store left out the signature, its digest or its key")
        return self.signature, self.artifact_digest, self.public_key


@frozen
class Sbom:
    """A stored software bill of materials."""

    id: str
    format: str | None = None
    """`spdx` or `cyclonedx`."""
    content: str | None = None
    """The document's text, exactly as it was attached. In long lists None where it is large: `get_sbom(…, id=…)` gives it."""
    version: str | None = None
    """The format's version, as the document states it."""
    content_type: str | None = None
    created_by: str | None = None
    artifact_digest: str | None = None
    """SHA-256 of the bytes it speaks of."""
    matches_current: bool | None = None
    """Whether the object has these bytes now."""
    timestamp: datetime | None = None
    content_size: int | None = None
    """Bytes of the document's text, as the store tells them."""
    content_digest: str | None = None
    """SHA-256 of the document's text, as the store tells it."""


@frozen
class Attestation:
    """A stored statement about an object's bytes."""

    id: str
    type: str | None = None
    data: Mapping[str, object] = field(factory=dict[str, object], hash=False)
    predicate_type: str | None = None
    envelope: Mapping[str, object] | None = field(default=None, hash=False)
    """The same as a signed in-toto statement (DSSE), if it was signed."""
    created_by: str | None = None
    artifact_digest: str | None = None
    """SHA-256 of the bytes it speaks of."""
    matches_current: bool | None = None
    """Whether the object has these bytes now."""
    timestamp: datetime | None = None


@frozen
class MalformedRecord:
    """A record that cannot be read, in a list where that must not spoil the others."""

    id: str | None
    reason: str


@frozen
class SignatureCheck:
    """Whether one stored signature, or one signed attestation, counts; and why not."""

    id: str | None
    """The record's id, if it has one."""
    algorithm: str | None
    """What the record says it was signed with; of an attestation, the algorithm of the key that verified it."""
    verified_by: str | None
    """The fingerprint of the trusted key that verified it. It says who signed; what a record claims does not."""
    reason: str | None
    """Why it does not count, None if it does."""
    predicate_type: str | None = None
    """Of an attestation: what kind of thing was signed."""
    subjects: tuple[str, ...] = ()
    """Of an attestation: the names that were signed for these bytes, `bucket/key`."""
    predicate: Mapping[str, object] | None = field(default=None, hash=False)
    """Of an attestation: what was signed. Believe this one: the `data` beside it is what the store says."""

    @property
    def counts(self) -> bool:
        """Whether it counts."""
        return self.reason is None


@frozen
class VerificationResult:
    """What trusted keys say about bytes that were received."""

    valid: bool
    """Whether as many trusted keys signed as were needed."""
    message: str
    """The result in words."""
    digest: str
    """SHA-256 of the bytes that were received."""
    signatures: list[SignatureCheck] = field(factory=list[SignatureCheck], hash=False)
    """What became of each signature that the store has."""


@frozen
class Publication:
    """What `publish` left in the store."""

    object: Object
    signature: Signature
    sbom: Sbom | None = None
    attestations: list[Attestation] = field(factory=list[Attestation], hash=False)
    """The signed ones: that of the SBOM first, if there is one."""


@frozen
class Health:
    """How the store is."""

    status: str | None = None
    """`ok` when all is well."""
    version: str | None = None
    api_version: str | None = None
    features: list[str] = field(factory=list[str], hash=False)
