"""Objects in the catalogue: finding, replacing and deleting them, and what becomes of their blobs."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import and_, bindparam, delete, insert, select, union_all, update

from astore_sdk.server.catalogue import buckets
from astore_sdk.server.catalogue.tables import buckets as buckets_table
from astore_sdk.server.catalogue.tables import content_blobs, contents, objects, parts
from astore_sdk.server.problems import Problem
from astore_sdk.server.values import Blob, Description, StoredObject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy.engine import Connection, RowMapping

SELECT_OBJECT = select(
    objects.c.id,
    objects.c.key,
    objects.c.content_id,
    contents.c.size,
    contents.c.digest,
    contents.c.only_blob,
    objects.c.etag,
    objects.c.content_type,
    objects.c.metadata,
    objects.c.modified_us,
).join(contents)

_LOCATE = (
    select(buckets_table.c.id.label("bucket_id"), *SELECT_OBJECT.selected_columns)
    .select_from(
        buckets_table.outerjoin(
            objects, and_(objects.c.bucket_id == buckets_table.c.id, objects.c.key == bindparam("key"))
        ).outerjoin(contents)
    )
    .where(buckets_table.c.name == bindparam("name"))
)
_BLOBS = (
    select(content_blobs.c.name, content_blobs.c.size, content_blobs.c.digest)
    .where(content_blobs.c.content_id == bindparam("content"))
    .order_by(content_blobs.c.position)
)
_STILL_USED = select(objects.c.id).where(objects.c.content_id == bindparam("content")).limit(1)
_INSERT_CONTENT = insert(contents).returning(contents.c.id)
_INSERT_BLOB = insert(content_blobs)
_INSERT_OBJECT = insert(objects).returning(objects.c.id)
_UPDATE_OBJECT = (
    update(objects)
    .where(objects.c.id == bindparam("object"))
    .values(
        content_id=bindparam("content_id"),
        etag=bindparam("etag"),
        content_type=bindparam("content_type"),
        metadata=bindparam("metadata"),
        modified_us=bindparam("modified_us"),
    )
)
_DELETE_OBJECT = delete(objects).where(objects.c.id == bindparam("object"))
_DELETE_CONTENT = delete(contents).where(contents.c.id == bindparam("content"))


@frozen
class Content:
    """What an object shall hold: new blobs, or (`id`) the content of another object."""

    size: int
    digest: str
    blobs: Sequence[Blob] = ()
    id: int | None = None
    only_blob: str | None = None

    @classmethod
    def new(cls, size: int, digest: str, blobs: Sequence[Blob]) -> Content:
        """Make a content of blobs that no object has yet."""
        return cls(size, digest, blobs, only_blob=blobs[0].name if len(blobs) == 1 else None)

    @classmethod
    def of(cls, stored: StoredObject) -> Content:
        """Share the content of an object."""
        return cls(stored.size, stored.digest, id=stored.content_id, only_blob=stored.only_blob)


@frozen
class Written:
    """An object as it is now, and the blobs that nothing refers to any more."""

    object: StoredObject
    doomed: list[str]


def etag_of(digest: str, description: Description) -> str:
    """Derive an object's tag from all that a reader of it can see: bytes, media type, metadata.

    A strong validator (RFC 9110 §8.8.1). Two writes of the very same object have the same tag, on purpose: a repeat of
    a write whose answer was lost does not disturb a download that holds on to the tag, and `If-Match` still never lets
    an update get lost, since whatever its holder has not seen has another tag.
    """
    seen = json.dumps([digest, description.content_type, sorted(description.metadata.items())])
    return hashlib.sha256(seen.encode()).hexdigest()[:32]


def stored_object(row: RowMapping) -> StoredObject:
    """Read a row of `SELECT_OBJECT`."""
    return StoredObject(
        row["id"],
        row["key"],
        row["content_id"],
        row["only_blob"],
        row["size"],
        row["digest"],
        row["etag"],
        Description(row["content_type"], json.loads(row["metadata"])),
        row["modified_us"],
    )


@frozen
class Place:
    """A key of a bucket that is there, and the object under it, if there is one."""

    bucket_id: int
    key: bytes
    object: StoredObject | None


def find_place(connection: Connection, bucket: str, key: bytes) -> Place | None:
    """Look a key up; None without the bucket."""
    row = connection.execute(_LOCATE, {"name": bucket, "key": key}).mappings().first()
    if row is None:
        return None
    return Place(row["bucket_id"], key, None if row["id"] is None else stored_object(row))


def require_place(connection: Connection, bucket: str, key: bytes) -> Place:
    """Look a key up in a bucket that has to be there."""
    place = find_place(connection, bucket, key)
    if place is None:
        raise buckets.no_such_bucket(bucket)
    return place


def require(connection: Connection, bucket: str, key: bytes) -> StoredObject:
    """Give an object that has to be there."""
    found = require_place(connection, bucket, key).object
    if found is None:
        raise no_such_key(bucket, key)
    return found


def no_such_key(bucket: str, key: bytes) -> Problem:
    """Say that an object is not there."""
    return Problem("NoSuchKey", f"Bucket '{bucket}' has no object '{key.decode()}'.")


def blobs_of(connection: Connection, stored: StoredObject) -> list[Blob]:
    """List the blobs of an object, in order."""
    if stored.only_blob is not None:
        return [Blob(stored.only_blob, stored.size, stored.digest)]
    return [Blob(*row) for row in connection.execute(_BLOBS, {"content": stored.content_id})]


def put(connection: Connection, place: Place, content: Content, description: Description, modified_us: int) -> Written:
    """Store an object in place of the one that is there."""
    old = place.object
    content_id = content.id if content.id is not None else _insert_content(connection, content)
    etag = etag_of(content.digest, description)
    values = {
        "content_id": content_id,
        "etag": etag,
        "content_type": description.content_type,
        "metadata": json.dumps(dict(description.metadata)),
        "modified_us": modified_us,
    }
    doomed: list[str] = []
    if old is None:
        identity: int = connection.execute(_INSERT_OBJECT, {"bucket_id": place.bucket_id, "key": place.key, **values}).scalar_one()
        buckets.account(connection, place.bucket_id, objects=1, size=content.size)
    else:
        # The row stays: supply-chain records belong to the key and outlive what they speak of.
        connection.execute(_UPDATE_OBJECT, {"object": old.id, **values})
        identity = old.id
        doomed = _drop_unused(connection, old)
        if content.size != old.size:
            buckets.account(connection, place.bucket_id, objects=0, size=content.size - old.size)
    now = StoredObject(
        identity,
        place.key,
        content_id,
        content.only_blob,
        content.size,
        content.digest,
        etag,
        description,
        modified_us,
    )
    return Written(now, doomed)


def remove(connection: Connection, place: Place) -> list[str]:
    """Delete the object, if there is one, and its records; give the blobs that nothing refers to any more."""
    old = place.object
    if old is None:
        return []
    connection.execute(_DELETE_OBJECT, {"object": old.id})
    buckets.account(connection, place.bucket_id, objects=-1, size=-old.size)
    return _drop_unused(connection, old)


def every_blob(connection: Connection) -> Iterable[str]:
    """Name every blob that anything refers to."""
    only = select(contents.c.only_blob).where(contents.c.only_blob.is_not(None))
    return connection.execute(union_all(only, select(content_blobs.c.name), select(parts.c.name))).scalars()


def _insert_content(connection: Connection, content: Content) -> int:
    made = connection.execute(_INSERT_CONTENT, {"size": content.size, "digest": content.digest, "only_blob": content.only_blob})
    content_id: int = made.scalar_one()
    if content.only_blob is not None:
        return content_id
    rows = [
        {"content_id": content_id, "position": position, "name": blob.name, "size": blob.size, "digest": blob.digest}
        for position, blob in enumerate(content.blobs)
    ]
    connection.execute(_INSERT_BLOB, rows)
    return content_id


def _drop_unused(connection: Connection, old: StoredObject) -> list[str]:
    content = {"content": old.content_id}
    if connection.execute(_STILL_USED, content).first() is not None:
        return []
    names = [blob.name for blob in blobs_of(connection, old)]
    connection.execute(_DELETE_CONTENT, content)
    return names
