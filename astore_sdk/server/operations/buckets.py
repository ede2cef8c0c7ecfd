"""Buckets: list, create, ask for, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from astore_sdk.server.asgi import JsonValue, Request, Response, json_response
from astore_sdk.server.catalogue import buckets
from astore_sdk.server.values import timestamp

if TYPE_CHECKING:
    from astore_sdk.server.catalogue.buckets import StoredBucket
    from astore_sdk.server.store import Store


def _bucket_json(bucket: StoredBucket) -> JsonValue:
    return {
        "name": bucket.name,
        "creationDate": timestamp(bucket.created_us),
        "objectCount": bucket.object_count,
        "totalSize": bucket.total_size,
    }


async def list_buckets(store: Store, _request: Request) -> Response:
    """List every bucket."""
    found = await store.catalogue.read(buckets.list_all)
    return json_response(200, {"buckets": [_bucket_json(bucket) for bucket in found]})


async def create_bucket(store: Store, request: Request) -> Response:
    """Create an empty bucket."""
    created = await store.catalogue.write(lambda connection: buckets.create(connection, request.bucket, store.now_us()))
    return json_response(201, _bucket_json(created))


async def head_bucket(store: Store, request: Request) -> Response:
    """Say whether a bucket is there."""
    await store.catalogue.read(lambda connection: buckets.require_id(connection, request.bucket))
    return Response(status=200, length=0)


async def delete_bucket(store: Store, request: Request) -> Response:
    """Delete a bucket without objects."""
    doomed = await store.catalogue.write(lambda connection: buckets.remove(connection, request.bucket), frees=True)
    store.blobs.remove_unused(doomed)
    return Response(status=204)
