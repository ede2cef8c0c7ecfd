"""The values that pass between the catalogue, the blob store and the operations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from attrs import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class Blob:
    """A file of the blob store: its name there, its bytes and its SHA-256 (`sha256:HEX`)."""

    name: str
    size: int
    digest: str


@frozen
class Description:
    """What the writer of an object said about it; values are the text of their headers, verbatim."""

    content_type: str
    metadata: Mapping[str, str]


@frozen
class StoredObject:
    """An object as the catalogue knows it."""

    id: int
    key: bytes
    content_id: int
    only_blob: str | None
    """Name of the content's blob if it has just one, as most have; saves a look at the list."""
    size: int
    digest: str
    etag: str
    description: Description
    modified_us: int


@frozen
class StoredPart:
    """A part of an upload that is under way."""

    number: int
    blob: Blob
    etag: str


@frozen
class StoredUpload:
    """A multipart upload that is under way."""

    id: str
    key: bytes
    description: Description
    initiated_us: int


def microseconds(moment: datetime) -> int:
    """Give a moment as the catalogue keeps it: whole microseconds since 1970."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def moment(microseconds_since_epoch: int) -> datetime:
    """Give back the moment that `microseconds` was given."""
    return _EPOCH + timedelta(microseconds=microseconds_since_epoch)


def timestamp(microseconds_since_epoch: int) -> str:
    """Write a moment as RFC 3339 with offset."""
    return moment(microseconds_since_epoch).isoformat()
