"""What the store tells, as frozen values.

A field that the store left out is None; a list or mapping that it left out is empty.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "Attestation",
    "Bucket",
    "BucketList",
    "CompletedPart",
    "DeleteError",
    "DeleteResult",
    "Health",
    "MultipartUpload",
    "Object",
    "ObjectList",
    "Part",
    "Sbom",
    "Signature",
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
    """The same signature as a Sigstore bundle."""


@frozen
class Sbom:
    """A stored software bill of materials."""

    id: str
    format: str | None = None
    """`spdx` or `cyclonedx`."""
    content: str | None = None
    """The document's text, exactly as it was attached."""
    version: str | None = None
    """The format's version, as the document states it."""
    content_type: str | None = None
    created_by: str | None = None
    artifact_digest: str | None = None
    """SHA-256 of the bytes it speaks of."""
    matches_current: bool | None = None
    """Whether the object has these bytes now."""
    timestamp: datetime | None = None


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
class Health:
    """How the store is."""

    status: str | None = None
    """`ok` when all is well."""
    version: str | None = None
    api_version: str | None = None
    features: list[str] = field(factory=list[str], hash=False)
