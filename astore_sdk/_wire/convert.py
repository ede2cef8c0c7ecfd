"""From generated models to what callers see: lenient in what is left out, strict in what is there.

A generated model takes any value for any field and hides a broken record of a list: so lists are read record by record, and
the type of each field is checked here. Whatever does not fit is a `ResponseDecodeError`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Generic, Protocol, TypeVar, cast

import astore_api.models as api
from astore_api.types import Unset
from attrs import frozen

from .. import models
from ..exceptions import ResponseDecodeError, WrongObjectError
from .dates import as_utc, parse_http_date
from .digests import digest_of_field, is_digest
from .failures import code_of
from .messages import Answer
from .metadata import PREFIX, decode_metadata
from .names import bare_etag
from .resource import HINT as PROXY_HINT

T = TypeVar("T")
M_co = TypeVar("M_co", covariant=True)


class _Model(Protocol[M_co]):
    """The class of a generated model."""

    def from_dict(self, src_dict: Mapping[str, object], /) -> M_co: ...


def _wrong(what: str, value: object) -> ResponseDecodeError:
    # The value is not shown: an answer may repeat what was sent, the token too.
    return ResponseDecodeError(f"the answer's {what} is not what the contract says, but a {type(value).__name__} that it cannot be")


def _typed(what: str, value: object, kind: type[T]) -> T | None:
    if value is None or isinstance(value, Unset):
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise _wrong(what, value)
    return value


def text(what: str, value: object) -> str | None:
    """Return a field that is text, None if it is absent."""
    return _typed(what, value, str)


def size(what: str, value: object) -> int | None:
    """Return a field that counts something, None if it is absent."""
    number = _typed(what, value, int)
    if number is not None and number < 0:
        raise _wrong(what, value)
    return number


def flag(what: str, value: object) -> bool | None:
    """Return a field that is true or false, None if it is absent."""
    return _typed(what, value, bool)


def moment(what: str, value: object) -> datetime | None:
    """Return a field that is a timestamp, in UTC, None if it is absent."""
    time = _typed(what, value, datetime)
    try:
        return as_utc(time) if time else None
    except OverflowError:  # in the year 1 or 9999, on the wrong side of UTC
        raise _wrong(what, value) from None


def _needed(what: str, value: str | None) -> str:
    if not value:
        raise ResponseDecodeError(f"the answer has no {what}")
    return value


def _strings(what: str, value: object) -> list[str]:
    return [_needed(what, text(what, item)) for item in _items(what, value)]


def _items(what: str, value: object) -> list[object]:
    return cast("list[object]", _typed(what, value, list)) or []  # pyright: ignore[reportUnknownArgumentType]


def _mapping(what: str, value: object) -> Mapping[str, object] | None:
    if value is None or isinstance(value, Unset):
        return None
    to_dict = cast("Callable[[], object] | None", getattr(value, "to_dict", None))
    plain = to_dict() if to_dict else value
    if not isinstance(plain, dict):
        raise _wrong(what, value)
    return cast("dict[str, object]", plain)


def model(kind: _Model[T], record: object) -> T:
    """Return the generated model of a JSON object."""
    if not isinstance(record, dict):
        raise _wrong("record", record)
    try:
        return kind.from_dict(cast("dict[str, object]", record))
    except KeyError as error:
        raise ResponseDecodeError(f"the answer has no {error.args[0]}") from None
    except (TypeError, ValueError, AttributeError):
        raise ResponseDecodeError("a record of the answer is not what the contract says") from None


def records(page: Mapping[str, object], name: str, convert: Callable[[object], T]) -> list[T]:
    """Return a page's list, each record converted; an absent list is empty."""
    return [convert(record) for record in _items(name, page.get(name))]


@frozen
class Listed(Generic[T]):
    """A supply-chain record as a list has it."""

    record: T
    omitted: frozenset[str] = frozenset()
    """Its fields that were left out because of their size; its own GET has them."""


def listed(convert: Callable[[object], T]) -> Callable[[object], Listed[T]]:
    """Return what converts a record of a list."""

    def read(record: object) -> Listed[T]:
        converted = convert(record)
        omitted = _strings("omitted", cast("dict[str, object]", record).get("omitted"))
        return Listed(converted, frozenset(omitted))

    return read


def listed_or_malformed(convert: Callable[[object], T]) -> Callable[[object], Listed[T | models.MalformedRecord]]:
    """Return what converts a record of a list, or says why it cannot."""

    def attempt(record: object) -> Listed[T | models.MalformedRecord]:
        try:
            found = listed(convert)(record)
        except ResponseDecodeError as error:
            named = cast("dict[str, object]", record).get("id") if isinstance(record, dict) else None
            return Listed(models.MalformedRecord(named if isinstance(named, str) else None, error.message))
        return Listed[T | models.MalformedRecord](found.record, found.omitted)

    return attempt


def bucket(record: object) -> models.Bucket:
    """Convert a Bucket."""
    raw = model(api.Bucket, record)
    return models.Bucket(
        name=_needed("name", text("name", raw.name)),
        creation_date=moment("creationDate", raw.creation_date),
        object_count=size("objectCount", raw.object_count),
        total_size=size("totalSize", raw.total_size),
    )


def object_(record: object, *, known_size: int | None = None, bucket: str | None = None) -> models.Object:
    """Convert an Object; `known_size` stands in for a size that was left out. `bucket` is where it must be, if it says so."""
    raw = model(api.Object, record)
    found = size("size", raw.size)
    if found is None:
        found = known_size
    if found is None:
        raise ResponseDecodeError("the answer has no size")
    metadata = _mapping("metadata", raw.metadata) or {}
    digest = text("digest", raw.digest)
    if digest is not None and not is_digest(digest):
        raise _wrong("digest", digest)
    if bucket is not None and text("bucket", raw.bucket) not in (bucket, None):
        raise WrongObjectError("the list has objects of another bucket than was asked for", hint=PROXY_HINT)
    return models.Object(
        key=_needed("key", text("key", raw.key)),
        size=found,
        etag=bare_etag(text("etag", raw.etag)),
        last_modified=moment("lastModified", raw.last_modified),
        content_type=text("contentType", raw.content_type),
        digest=digest,
        metadata=decode_metadata((PREFIX + name, text("metadata", value) or "") for name, value in metadata.items()),
    )


def object_of_head(answer: Answer, key: str, size: int) -> models.Object:
    """Make an Object of the headers that a GET or HEAD answers with."""
    fields = answer.fields
    return models.Object(
        key=key,
        size=size,
        etag=bare_etag(fields.get("etag")),
        last_modified=parse_http_date(fields.get("last-modified")),
        content_type=fields.get("content-type"),
        digest=digest_of_field(fields.get("repr-digest")),
        metadata=decode_metadata(fields.items()),
    )


def object_written(answer: Answer, key: str, *, sent: models.Object | None) -> models.Object:
    """Make an Object of the answer to a write. `sent` is what is known of it: it fills in what the answer leaves out."""
    record = dict(answer.json()) if answer.body.lstrip().startswith(b"{") or sent is None else {}
    record.setdefault("key", key)
    found = object_(record, known_size=sent.size if sent else None)
    return models.Object(
        key=found.key,
        size=found.size,
        etag=found.etag or bare_etag(answer.fields.get("etag")),
        last_modified=found.last_modified or parse_http_date(answer.fields.get("last-modified")),
        content_type=found.content_type or (sent.content_type if sent else None),
        digest=found.digest or digest_of_field(answer.fields.get("repr-digest")) or (sent.digest if sent else None),
        metadata=found.metadata or (sent.metadata if sent else {}),
    )


def object_list(answer: Answer, bucket: str) -> models.ObjectList:
    """Convert one page of the objects of a bucket."""
    page = answer.json()
    return models.ObjectList(
        objects=records(page, "objects", lambda record: object_(record, bucket=bucket)),
        common_prefixes=_strings("commonPrefixes", page.get("commonPrefixes")),
        is_truncated=flag("isTruncated", page.get("isTruncated")) or False,
        next_marker=text("nextMarker", page.get("nextMarker")),
    )


def delete_result(answer: Answer) -> models.DeleteResult:
    """Convert what became of the keys."""
    page = answer.json()

    def error(record: object) -> models.DeleteError:
        raw = model(api.DeleteError, record)
        return models.DeleteError(
            _needed("key", text("key", raw.key)),
            code_of(answer, text("code", raw.code)),
            answer.quote(text("message", raw.message)),
        )

    return models.DeleteResult(_strings("deleted", page.get("deleted")), records(page, "errors", error))


def multipart_upload(record: object, bucket: str, key: str | None = None) -> models.MultipartUpload:
    """Convert a MultipartUpload; bucket and key stand in for what was left out."""
    raw = model(api.MultipartUpload, record)
    if key is None and text("bucket", raw.bucket) not in (bucket, None):
        raise WrongObjectError("the list has uploads of another bucket than was asked for", hint=PROXY_HINT)
    return models.MultipartUpload(
        bucket=bucket,
        key=_needed("key", key or text("key", raw.key)),
        upload_id=_needed("uploadId", text("uploadId", raw.upload_id)),
        initiated=moment("initiated", raw.initiated),
        min_part_size=size("minPartSize", raw.min_part_size),
        max_part_size=size("maxPartSize", raw.max_part_size),
        max_parts=size("maxParts", raw.max_parts),
    )


def part(record: object) -> models.Part:
    """Convert a Part."""
    raw = model(api.Part, record)
    number = size("partNumber", raw.part_number)
    if not number:
        raise _wrong("partNumber", raw.part_number)
    return models.Part(
        part_number=number,
        etag=_needed("etag", bare_etag(text("etag", raw.etag))),
        size=size("size", raw.size),
        digest=text("digest", raw.digest),
    )


def signature(record: object) -> models.Signature:
    """Convert a Signature."""
    raw = model(api.Signature, record)
    encoded = text("signature", raw.signature)
    try:
        decoded = base64.b64decode(encoded, validate=True) if encoded is not None else None
    except (binascii.Error, ValueError):
        raise _wrong("signature", encoded) from None
    return models.Signature(
        id=_needed("id", text("id", raw.id)),
        signature=decoded,
        algorithm=text("algorithm", raw.algorithm),
        signed_by=text("signedBy", raw.signed_by),
        artifact_digest=text("artifactDigest", raw.artifact_digest),
        matches_current=flag("matchesCurrent", raw.matches_current),
        timestamp=moment("timestamp", raw.timestamp),
        public_key=text("publicKey", raw.public_key),
        key_id=text("keyId", raw.key_id),
        bundle=_mapping("bundle", raw.bundle),
    )


def sbom(record: object) -> models.Sbom:
    """Convert an SBOM."""
    raw = model(api.SBOM, record)
    return models.Sbom(
        id=_needed("id", text("id", raw.id)),
        format=text("format", raw.format_),
        content=text("content", raw.content),
        version=text("version", raw.version),
        content_type=text("contentType", raw.content_type),
        created_by=text("createdBy", raw.created_by),
        artifact_digest=text("artifactDigest", raw.artifact_digest),
        matches_current=flag("matchesCurrent", raw.matches_current),
        timestamp=moment("timestamp", raw.timestamp),
        content_size=size("contentSize", raw.content_size),
        content_digest=text("contentDigest", raw.content_digest),
    )


def attestation(record: object) -> models.Attestation:
    """Convert an Attestation."""
    raw = model(api.Attestation, record)
    return models.Attestation(
        id=_needed("id", text("id", raw.id)),
        type=text("type", raw.type_),
        data=_mapping("data", raw.data) or {},
        predicate_type=text("predicateType", raw.predicate_type),
        envelope=_mapping("envelope", raw.envelope),
        created_by=text("createdBy", raw.created_by),
        artifact_digest=text("artifactDigest", raw.artifact_digest),
        matches_current=flag("matchesCurrent", raw.matches_current),
        timestamp=moment("timestamp", raw.timestamp),
    )


def health(answer: Answer) -> models.Health:
    """Convert a Health."""
    raw = model(api.Health, answer.json())
    return models.Health(
        status=text("status", raw.status),
        version=text("version", raw.version),
        api_version=text("apiVersion", raw.api_version),
        features=_strings("features", raw.features),
    )
