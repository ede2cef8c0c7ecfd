"""Multipart uploads: begin, parts, abort, and the lists of them. `complete` has a file of its own."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from astore_sdk.server.asgi import JsonValue, Request, Response, json_response
from astore_sdk.server.catalogue import buckets, uploads
from astore_sdk.server.headers import description_of
from astore_sdk.server.operations.bodies import receive_body
from astore_sdk.server.query import text_bytes, whole_number
from astore_sdk.server.values import StoredPart, StoredUpload, timestamp

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from astore_sdk.server.catalogue.uploads import PartPage, UploadPage
    from astore_sdk.server.store import Store


def _upload_json(store: Store, bucket: str, upload: StoredUpload) -> JsonValue:
    return {
        "uploadId": upload.id,
        "bucket": bucket,
        "key": upload.key.decode(),
        "initiated": timestamp(upload.initiated_us),
        "minPartSize": store.limits.min_part_size,
        "maxPartSize": store.limits.max_body_size,
        "maxParts": store.limits.max_parts,
    }


async def initiate_multipart_upload(store: Store, request: Request) -> Response:
    """Begin an upload; content type and metadata of this request become the object's."""
    description = description_of(request.headers, store.limits.max_metadata_size)
    upload = StoredUpload(secrets.token_hex(16), request.key, description, store.now_us())

    def change(connection: Connection) -> None:
        uploads.create(connection, buckets.require_id(connection, request.bucket), upload)

    await store.catalogue.write(change)
    return json_response(200, _upload_json(store, request.bucket, upload))


async def upload_part(store: Store, request: Request) -> Response:
    """Store the body as a part, in place of one with the same number."""
    upload = request.query["uploadId"]
    number = whole_number(request.query, "partNumber", default=0, least=1, most=store.limits.max_parts)

    def check(connection: Connection) -> None:
        uploads.require(connection, buckets.require_id(connection, request.bucket), request.key, upload)

    if not request.has_small_body:
        await store.catalogue.read(check)

    async with receive_body(store, request) as blob:
        # Equal bytes have an equal tag, so a part that is sent again keeps the tag its sender has noted.
        part = StoredPart(number, blob, blob.digest.removeprefix("sha256:")[:32])

        def change(connection: Connection) -> list[str]:
            check(connection)
            return uploads.put_part(connection, upload, part, store.now_us())

        doomed = await store.catalogue.write(change)
    store.blobs.remove_unused(doomed)
    return Response(status=200, headers=(("ETag", f'"{part.etag}"'),), length=0)


async def list_parts(store: Store, request: Request) -> Response:
    """List one page of the parts of an upload."""
    upload = request.query["uploadId"]
    most = store.limits.max_page
    limit = whole_number(request.query, "max-parts", default=most, least=1, most=most)
    after = whole_number(request.query, "part-number-marker", default=0, least=0, most=store.limits.max_parts)

    def look_up(connection: Connection) -> PartPage:
        uploads.require(connection, buckets.require_id(connection, request.bucket), request.key, upload)
        return uploads.parts_page(connection, upload, after=after, most=limit)

    page = await store.catalogue.read(look_up)
    return json_response(
        200,
        {
            "bucket": request.bucket,
            "key": request.key.decode(),
            "parts": [
                {"partNumber": part.number, "etag": part.etag, "size": part.blob.size, "digest": part.blob.digest}
                for part in page.parts
            ],
            "isTruncated": page.is_truncated,
            "nextPartNumberMarker": page.parts[-1].number if page.is_truncated else None,
        },
    )


async def abort_multipart_upload(store: Store, request: Request) -> Response:
    """Forget an upload and its parts, if it is there at all; never touches an object."""

    def change(connection: Connection) -> list[str]:
        bucket = buckets.find_id(connection, request.bucket)
        if bucket is None or uploads.find(connection, bucket, request.key, request.query["uploadId"]) is None:
            return []
        return uploads.remove(connection, request.query["uploadId"])

    store.blobs.remove_unused(await store.catalogue.write(change, frees=True))
    return Response(status=204)


async def list_multipart_uploads(store: Store, request: Request) -> Response:
    """List one page of the uploads under way in a bucket."""
    most = store.limits.max_page
    limit = whole_number(request.query, "max-uploads", default=most, least=1, most=most)

    def look_up(connection: Connection) -> UploadPage:
        return uploads.page(
            connection,
            buckets.require_id(connection, request.bucket),
            prefix=text_bytes(request.query, "prefix"),
            key_marker=text_bytes(request.query, "key-marker"),
            upload_marker=request.query.get("upload-id-marker", ""),
            most=limit,
        )

    page = await store.catalogue.read(look_up)
    last = page.uploads[-1] if page.is_truncated else None
    return json_response(
        200,
        {
            "bucket": request.bucket,
            "uploads": [_upload_json(store, request.bucket, upload) for upload in page.uploads],
            "isTruncated": page.is_truncated,
            "nextKeyMarker": None if last is None else last.key.decode(),
            "nextUploadIdMarker": None if last is None else last.id,
        },
    )
