"""Buckets in the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from astore_sdk.server.catalogue.tables import buckets, parts, uploads
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


@frozen
class StoredBucket:
    """A bucket and what it holds."""

    name: str
    created_us: int
    object_count: int
    total_size: int


_ID = select(buckets.c.id).where(buckets.c.name == bindparam("name"))
_ALL = select(buckets.c.name, buckets.c.created_us, buckets.c.object_count, buckets.c.total_size).order_by(buckets.c.name)
_ACCOUNT = (
    update(buckets)
    .where(buckets.c.id == bindparam("bucket"))
    .values(
        object_count=buckets.c.object_count + bindparam("objects"),
        total_size=buckets.c.total_size + bindparam("bytes"),
    )
)


def no_such_bucket(name: str) -> Problem:
    """Say that a bucket is not there."""
    return Problem("NoSuchBucket", f"There is no bucket '{name}'.")


def find_id(connection: Connection, name: str) -> int | None:
    """Give the id of a bucket, or None."""
    return connection.execute(_ID, {"name": name}).scalar()


def require_id(connection: Connection, name: str) -> int:
    """Give the id of a bucket that has to be there."""
    found = find_id(connection, name)
    if found is None:
        raise no_such_bucket(name)
    return found


def list_all(connection: Connection) -> list[StoredBucket]:
    """List every bucket, in the byte order of the names."""
    return [StoredBucket(*row) for row in connection.execute(_ALL)]


def create(connection: Connection, name: str, created_us: int) -> StoredBucket:
    """Create an empty bucket."""
    if find_id(connection, name) is not None:
        raise Problem("BucketAlreadyExists", f"There is a bucket '{name}' already.")
    connection.execute(insert(buckets).values(name=name, created_us=created_us, object_count=0, total_size=0))
    return StoredBucket(name, created_us, 0, 0)


def remove(connection: Connection, name: str) -> list[str]:
    """Delete a bucket without objects, with the uploads under way in it; give the blobs that go with them."""
    bucket = require_id(connection, name)
    doomed = connection.execute(select(parts.c.name).join(uploads).where(uploads.c.bucket_id == bucket))
    names = list(doomed.scalars())
    try:
        connection.execute(delete(buckets).where(buckets.c.id == bucket))
    except IntegrityError as error:
        raise Problem("BucketNotEmpty", f"Bucket '{name}' still holds objects; delete them first, then the bucket.") from error
    return names


def account(connection: Connection, bucket: int, *, objects: int, size: int) -> None:
    """Keep the counts of a bucket."""
    connection.execute(_ACCOUNT, {"bucket": bucket, "objects": objects, "bytes": size})
