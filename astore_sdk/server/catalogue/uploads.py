"""Multipart uploads in the catalogue."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import and_, bindparam, delete, insert, or_, select

from astore_sdk.server.catalogue.listing import successor
from astore_sdk.server.catalogue.tables import completed_uploads, parts, uploads
from astore_sdk.server.problems import Problem
from astore_sdk.server.values import Blob, Description, StoredPart, StoredUpload

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection, RowMapping

_UPLOAD = select(uploads.c.id, uploads.c.key, uploads.c.content_type, uploads.c.metadata, uploads.c.initiated_us)
_FIND = _UPLOAD.where(
    uploads.c.id == bindparam("upload"), uploads.c.bucket_id == bindparam("bucket"), uploads.c.key == bindparam("key")
)
_PART = select(parts.c.number, parts.c.name, parts.c.size, parts.c.digest, parts.c.etag)
_PARTS = _PART.where(parts.c.upload_id == bindparam("upload"), parts.c.number > bindparam("after")).order_by(parts.c.number)
_OLD_PART = select(parts.c.name).where(parts.c.upload_id == bindparam("upload"), parts.c.number == bindparam("part_number"))
_DROP_PART = delete(parts).where(parts.c.upload_id == bindparam("upload"), parts.c.number == bindparam("part_number"))
_INSERT_PART = insert(parts)


@frozen
class Completed:
    """What a complete was asked (a fingerprint of it) and what it answered."""

    request: str
    answer: str


@frozen
class UploadPage:
    """Uploads of a list, and whether there are more."""

    uploads: list[StoredUpload]
    is_truncated: bool


@frozen
class PartPage:
    """Parts of a list, and whether there are more."""

    parts: list[StoredPart]
    is_truncated: bool


def no_such_upload(upload: str) -> Problem:
    """Say that an upload is not there."""
    return Problem(
        "NoSuchUpload",
        f"There is no multipart upload '{upload}' for this key: it was never begun, or was completed or aborted.",
    )


def create(connection: Connection, bucket: int, upload: StoredUpload) -> None:
    """Begin an upload."""
    connection.execute(
        insert(uploads).values(
            id=upload.id,
            bucket_id=bucket,
            key=upload.key,
            content_type=upload.description.content_type,
            metadata=json.dumps(dict(upload.description.metadata)),
            initiated_us=upload.initiated_us,
        )
    )


def find(connection: Connection, bucket: int, key: bytes, upload: str) -> StoredUpload | None:
    """Give an upload of this bucket and key, or None."""
    row = connection.execute(_FIND, {"upload": upload, "bucket": bucket, "key": key}).mappings().first()
    return None if row is None else _stored_upload(row)


def require(connection: Connection, bucket: int, key: bytes, upload: str) -> StoredUpload:
    """Give an upload that has to be there."""
    found = find(connection, bucket, key, upload)
    if found is None:
        raise no_such_upload(upload)
    return found


def put_part(connection: Connection, upload: str, part: StoredPart, modified_us: int) -> list[str]:
    """Store a part in place of one with the same number; give the blobs of that one."""
    place = {"upload": upload, "part_number": part.number}
    doomed = list(connection.execute(_OLD_PART, place).scalars())
    if doomed:
        connection.execute(_DROP_PART, place)
    connection.execute(
        _INSERT_PART,
        {
            "upload_id": upload,
            "number": part.number,
            "name": part.blob.name,
            "size": part.blob.size,
            "digest": part.blob.digest,
            "etag": part.etag,
            "modified_us": modified_us,
        },
    )
    return doomed


def all_parts(connection: Connection, upload: str) -> list[StoredPart]:
    """List the parts of an upload, by number."""
    return [_stored_part(row) for row in connection.execute(_PARTS, {"upload": upload, "after": 0}).mappings()]


def parts_page(connection: Connection, upload: str, *, after: int, most: int) -> PartPage:
    """List at most `most` parts with a number greater than `after`."""
    rows = connection.execute(_PARTS.limit(most + 1), {"upload": upload, "after": after}).mappings().all()
    return PartPage([_stored_part(row) for row in rows[:most]], len(rows) > most)


def page(connection: Connection, bucket: int, *, prefix: bytes, key_marker: bytes, upload_marker: str, most: int) -> UploadPage:
    """List at most `most` uploads after a key, or after one upload of that key."""
    query = _UPLOAD.where(uploads.c.bucket_id == bucket, uploads.c.key >= prefix, uploads.c.key < successor(prefix))
    if key_marker and upload_marker:
        later = and_(uploads.c.key == key_marker, uploads.c.id > upload_marker)
        query = query.where(or_(uploads.c.key > key_marker, later))
    elif key_marker:
        query = query.where(uploads.c.key > key_marker)
    rows = connection.execute(query.order_by(uploads.c.key, uploads.c.id).limit(most + 1)).mappings().all()
    return UploadPage([_stored_upload(row) for row in rows[:most]], len(rows) > most)


def remove(connection: Connection, upload: str) -> list[str]:
    """Forget an upload; give the blobs of its parts."""
    names = list(connection.execute(select(parts.c.name).where(parts.c.upload_id == upload)).scalars())
    connection.execute(delete(uploads).where(uploads.c.id == upload))
    return names


def remove_parts(connection: Connection, upload: str, blobs: Iterable[str]) -> None:
    """Forget the parts of an upload that are in these blobs."""
    for name in blobs:
        connection.execute(delete(parts).where(parts.c.upload_id == upload, parts.c.name == name))


def completed(connection: Connection, bucket: int, key: bytes, upload: str) -> Completed | None:
    """Give what a complete of this upload answered, if one has succeeded."""
    row = connection.execute(
        select(completed_uploads.c.request, completed_uploads.c.answer).where(
            completed_uploads.c.upload_id == upload,
            completed_uploads.c.bucket_id == bucket,
            completed_uploads.c.key == key,
        )
    ).first()
    return None if row is None else Completed(*row)


def remember(
    connection: Connection, bucket: int, key: bytes, upload: str, done: Completed, *, now_us: int, forget_before_us: int
) -> None:
    """Keep what a complete answered, and forget what is too old for anyone to ask again."""
    connection.execute(delete(completed_uploads).where(completed_uploads.c.completed_us < forget_before_us))
    connection.execute(
        insert(completed_uploads).values(
            upload_id=upload,
            bucket_id=bucket,
            key=key,
            request=done.request,
            answer=done.answer,
            completed_us=now_us,
        )
    )


def _stored_upload(row: RowMapping) -> StoredUpload:
    description = Description(row["content_type"], json.loads(row["metadata"]))
    return StoredUpload(row["id"], row["key"], description, row["initiated_us"])


def _stored_part(row: RowMapping) -> StoredPart:
    return StoredPart(row["number"], Blob(row["name"], row["size"], row["digest"]), row["etag"])
