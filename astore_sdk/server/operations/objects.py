"""Objects: put, get, ask for, delete, copy, list."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_from_bytes

from attrs import frozen

from astore_sdk.server import digests
from astore_sdk.server.asgi import JsonValue, Request, Response, json_response
from astore_sdk.server.blob_reading import segments
from astore_sdk.server.catalogue import buckets, listing, objects
from astore_sdk.server.catalogue.objects import Content, Written
from astore_sdk.server.headers import METADATA_PREFIX, Conditions, description_of, http_date, parse_range
from astore_sdk.server.names import percent_decode, require_bucket_name, require_key, split_bucket_and_key
from astore_sdk.server.operations.bodies import receive_body
from astore_sdk.server.operations.json_bodies import json_body
from astore_sdk.server.problems import Problem
from astore_sdk.server.query import text_bytes, whole_number
from astore_sdk.server.store import entered
from astore_sdk.server.values import moment, timestamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from astore_sdk.server.blob_reading import Segment
    from astore_sdk.server.blobs import SmallRead
    from astore_sdk.server.catalogue.listing import Page
    from astore_sdk.server.headers import Span
    from astore_sdk.server.store import Store
    from astore_sdk.server.values import StoredObject


# Whatever is stored here, a browser that is shown it runs no script of it, and no other site's page can make use of it.
_SANDBOX = (("Content-Security-Policy", "sandbox"), ("Cross-Origin-Resource-Policy", "same-origin"))


def object_json(bucket: str, stored: StoredObject) -> dict[str, JsonValue]:
    """Write the shape `Object`."""
    metadata: dict[str, JsonValue] = dict(stored.description.metadata)
    return {
        "bucket": bucket,
        "key": stored.key.decode(),
        "size": stored.size,
        "lastModified": timestamp(stored.modified_us),
        "etag": stored.etag,
        "contentType": stored.description.content_type,
        "digest": stored.digest,
        "metadata": metadata,
    }


def object_written(bucket: str, stored: StoredObject) -> Response:
    """Answer a write with the object as it is now."""
    return json_response(200, object_json(bucket, stored), _version(stored))


def version_headers(etag: str, modified: datetime, digest: str) -> tuple[tuple[str, str], ...]:
    """Write the headers that tell one version of an object from another."""
    return (
        ("ETag", f'"{etag}"'),
        ("Last-Modified", http_date(modified)),
        ("Repr-Digest", digests.repr_digest(digest)),
    )


def _version(stored: StoredObject) -> tuple[tuple[str, str], ...]:
    return version_headers(stored.etag, moment(stored.modified_us), stored.digest)


async def put_object(store: Store, request: Request) -> Response:
    """Store the body as an object; nothing is visible before all of it is there and durable."""
    description = description_of(request.headers, store.limits.max_metadata_size)
    conditions = Conditions.of(request.headers)

    def check(connection: Connection) -> None:
        conditions.check_write(objects.require_place(connection, request.bucket, request.key).object)

    # What cannot succeed is refused before its body is read, if that pays; it is checked again with the write.
    if not request.has_small_body:
        await store.catalogue.read(check)

    async with receive_body(store, request) as blob:

        def change(connection: Connection) -> Written:
            place = objects.require_place(connection, request.bucket, request.key)
            conditions.check_write(place.object)
            content = Content.new(blob.size, blob.digest, [blob])
            return objects.put(connection, place, content, description, store.now_us())

        written = await store.catalogue.write(change)
    store.blobs.remove_unused(written.doomed)
    return object_written(request.bucket, written.object)


@frozen
class _Found:
    """An object that is asked for, and what is to be sent of it."""

    stored: StoredObject
    unchanged: bool = False
    span: Span | None = None
    wanted: tuple[Segment, ...] = ()
    small: SmallRead | None = None
    """The bytes, if they are few."""


async def get_object(store: Store, request: Request) -> Response:
    """Send an object, or one range of it; HEAD gets the same head."""
    conditions = Conditions.of_read(request.headers)

    def look_up(connection: Connection) -> _Found:
        found = objects.require_place(connection, request.bucket, request.key).object
        if found is None:
            conditions.check_absent_read()
            raise objects.no_such_key(request.bucket, request.key)
        if conditions.check_read(found):
            return _Found(found, unchanged=True)
        span = parse_range(request.headers.get("range"), found.size) if conditions.allow_range(found) else None
        if request.method == "HEAD":
            return _Found(found, span=span)
        start, length = (0, found.size) if span is None else (span.start, span.length)
        wanted = tuple(segments(objects.blobs_of(connection, found), start, length))
        return _Found(found, span=span, wanted=wanted, small=store.blobs.read_small(wanted))

    with entered(store) as reading:
        found = await store.catalogue.read(look_up)
        stored, span = found.stored, found.span
        version = (*_version(stored), ("Accept-Ranges", "bytes"), *_SANDBOX)
        if found.unchanged:
            return Response(status=304, headers=version)
        start, length = (0, stored.size) if span is None else (span.start, span.length)
        headers = [
            ("Content-Type", stored.description.content_type),
            *version,
            *((METADATA_PREFIX + name, value) for name, value in stored.description.metadata.items()),
        ]
        if span is not None:
            headers.append(("Content-Range", f"bytes {start}-{start + length - 1}/{stored.size}"))
        status = 200 if span is None else 206
        if request.method == "HEAD":
            return Response(status=status, headers=tuple(headers), length=length)
        if found.small is not None:
            body = await store.blobs.proven(found.small)
            return Response(status=status, headers=tuple(headers), body=body, length=length)
        release = reading.hold([segment.blob for segment in found.wanted])
        stream = store.blobs.read(found.wanted)
        return Response(status=status, headers=tuple(headers), stream=stream, length=length, finished=release)


async def delete_object(store: Store, request: Request) -> Response:
    """Delete an object; one that is not there is a success, unless `If-Match` says that it should be."""
    conditions = Conditions.of(request.headers)

    def change(connection: Connection) -> list[str]:
        place = objects.find_place(connection, request.bucket, request.key)
        conditions.check_write(None if place is None else place.object)
        return [] if place is None else objects.remove(connection, place)

    store.blobs.remove_unused(await store.catalogue.write(change, frees=True))
    return Response(status=204)


async def delete_objects(store: Store, request: Request) -> Response:
    """Delete many objects at once, with a result for each."""
    async with json_body(store, request, store.limits.max_delete_size) as body:
        keys = body.get("keys") if isinstance(body, dict) else None
    if not isinstance(keys, list) or not 1 <= len(keys) <= store.limits.max_delete_keys:
        raise Problem("InvalidRequest", f'The body is {{"keys": […]}} with 1 to {store.limits.max_delete_keys} keys.')
    wanted: list[str] = []
    errors: list[JsonValue] = []
    for key in keys:
        if not isinstance(key, str):
            raise Problem("InvalidRequest", "A key is a string.")
        try:
            require_key(key.encode())
        except Problem as problem:
            errors.append({"key": key, "code": problem.code, "message": problem.detail})
        else:
            wanted.append(key)

    def change(connection: Connection) -> list[str]:
        buckets.require_id(connection, request.bucket)
        doomed: list[str] = []
        for key in wanted:
            doomed += objects.remove(connection, objects.require_place(connection, request.bucket, key.encode()))
        return doomed

    store.blobs.remove_unused(await store.catalogue.write(change, frees=True))
    deleted: list[JsonValue] = list(wanted)
    return json_response(200, {"bucket": request.bucket, "deleted": deleted, "errors": errors})


async def copy_object(store: Store, request: Request) -> Response:
    """Copy an object without moving a byte: both point at the same content."""
    source_bucket, source_key = _copy_source(request.headers.get("x-amz-copy-source") or "")
    directive = (request.headers.get("x-amz-metadata-directive") or "COPY").upper()
    if directive not in {"COPY", "REPLACE"}:
        raise Problem("InvalidArgument", "x-amz-metadata-directive is COPY or REPLACE.")
    given = description_of(request.headers, store.limits.max_metadata_size)
    conditions = Conditions.of(request.headers)
    source_conditions = Conditions.of(request.headers, prefix="x-amz-copy-source-")

    def find_source(connection: Connection) -> StoredObject:
        source = objects.require(connection, source_bucket, source_key)
        source_conditions.check_source(source)
        return source

    await _require_good(store, find_source)

    def change(connection: Connection) -> Written:
        # Whatever has replaced the source meanwhile was itself written, or checked, by this process.
        source = find_source(connection)
        place = objects.require_place(connection, request.bucket, request.key)
        conditions.check_write(place.object)
        description = given if directive == "REPLACE" else source.description
        return objects.put(connection, place, Content.of(source), description, store.now_us())

    written = await store.catalogue.write(change)
    store.blobs.remove_unused(written.doomed)
    return object_written(request.bucket, written.object)


async def _require_good(store: Store, find: Callable[[Connection], StoredObject]) -> None:
    """See that an object has the bytes that were stored."""
    with entered(store) as reading:
        blobs = await store.catalogue.read(lambda connection: objects.blobs_of(connection, find(connection)))
        release = reading.hold(blobs)
        try:
            await store.blobs.require_good(blobs)
        finally:
            release()


def _copy_source(header: str) -> tuple[str, bytes]:
    path = percent_decode(header.encode("latin-1"), "InvalidArgument").removeprefix(b"/")
    bucket, key = split_bucket_and_key(path)
    if key is None:
        shown = quote_from_bytes(path)
        raise Problem("InvalidArgument", f"x-amz-copy-source is '/bucket/key', percent-encoded; got '{shown}'.")
    return require_bucket_name(bucket), require_key(key)


async def list_objects(store: Store, request: Request) -> Response:
    """List one page of a bucket."""
    most = store.limits.max_page
    limit = whole_number(request.query, "max-keys", default=most, least=1, most=most)
    prefix, delimiter = text_bytes(request.query, "prefix"), text_bytes(request.query, "delimiter")
    marker = text_bytes(request.query, "marker")

    def look_up(connection: Connection) -> Page:
        bucket = buckets.require_id(connection, request.bucket)
        return listing.page(connection, bucket, prefix=prefix, delimiter=delimiter, marker=marker, most=limit)

    page = await store.catalogue.read(look_up)
    return json_response(
        200,
        {
            "bucket": request.bucket,
            "objects": [object_json(request.bucket, stored) for stored in page.objects],
            "commonPrefixes": [common.decode() for common in page.common_prefixes],
            "isTruncated": page.next_marker is not None,
            "nextMarker": None if page.next_marker is None else page.next_marker.decode(),
        },
    )
