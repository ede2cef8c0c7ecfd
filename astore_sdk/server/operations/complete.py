"""Completing a multipart upload: the parts become the object's blobs, and not a byte moves.

The whole is read once before anything is visible, to compare it with the digest that the client sent, or to find the
digest if it sent none; a single part is read only if it is not known to be good. What was answered is kept for a week: a
client that lost the answer asks again and gets it.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.asgi import JsonValue, Request, Response, json_response
from astore_sdk.server.catalogue import buckets, objects, uploads
from astore_sdk.server.catalogue.objects import Content
from astore_sdk.server.catalogue.uploads import Completed, no_such_upload
from astore_sdk.server.digests import is_digest
from astore_sdk.server.headers import Conditions
from astore_sdk.server.operations.json_bodies import json_body
from astore_sdk.server.operations.objects import object_json, version_headers
from astore_sdk.server.problems import Problem
from astore_sdk.server.store import entered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.engine import Connection

    from astore_sdk.server.store import Store
    from astore_sdk.server.values import Blob, StoredPart, StoredUpload

_REMEMBERED_US = 7 * 24 * 3600 * 1_000_000


@frozen
class CompleteRequest:
    """What a client wants: parts by number and tag, in order, and what the whole must be."""

    parts: Sequence[tuple[int, str]]
    digest: str | None
    size: int | None

    @classmethod
    def parse(cls, body: JsonValue, max_parts: int) -> CompleteRequest:
        """Read the JSON body."""
        if not isinstance(body, dict) or not isinstance(body.get("parts"), list):
            raise Problem("InvalidRequest", 'The body is {"parts": [{"partNumber", "etag"}, …], "digest"?, "size"?}.')
        digest, size = body.get("digest"), body.get("size")
        if digest is not None and not (isinstance(digest, str) and is_digest(digest)):
            raise Problem("InvalidRequest", "'digest' is 'sha256:' and 64 lower-case hexadecimal digits.")
        if size is not None and (not isinstance(size, int) or isinstance(size, bool) or size < 0):
            raise Problem("InvalidRequest", "'size' is a number of bytes.")
        listed = body["parts"]
        parts = [_part(entry) for entry in listed] if isinstance(listed, list) else []
        if not 1 <= len(parts) <= max_parts:
            raise Problem("InvalidPart", f"An object is made of 1 to {max_parts} parts.")
        for before, after in pairwise(parts):
            if before[0] >= after[0]:
                raise Problem("InvalidPartOrder", f"Part {after[0]} is named after part {before[0]}; parts ascend.")
        return cls(parts, digest, size)

    @property
    def fingerprint(self) -> str:
        """Give a text that is equal for requests for the same parts."""
        return hashlib.sha256(json.dumps(list(self.parts)).encode()).hexdigest()

    def choose(self, stored: Sequence[StoredPart], min_part_size: int) -> list[Blob]:
        """Pick the blobs of the named parts."""
        by_number = {part.number: part for part in stored}
        chosen: list[Blob] = []
        for number, etag in self.parts:
            part = by_number.get(number)
            if part is None or part.etag != etag:
                what = "is not there" if part is None else "has another ETag; it was uploaded anew"
                raise Problem("InvalidPart", f"Part {number} {what}.")
            chosen.append(part.blob)
        for (number, _), blob in zip(self.parts, chosen[:-1], strict=False):
            if blob.size < min_part_size:
                raise Problem(
                    "EntityTooSmall",
                    f"Part {number} has {blob.size} bytes; every part but the last has at least {min_part_size}.",
                )
        return chosen


def _part(entry: JsonValue) -> tuple[int, str]:
    number = entry.get("partNumber") if isinstance(entry, dict) else None
    etag = entry.get("etag") if isinstance(entry, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or not isinstance(etag, str):
        raise Problem("InvalidRequest", 'A part is {"partNumber": number, "etag": text}.')
    return number, etag.removeprefix('"').removesuffix('"')


async def complete_multipart_upload(store: Store, request: Request) -> Response:
    """Make an object of the named parts, or give the object that an equal request made."""
    conditions = Conditions.of(request.headers)
    async with json_body(store, request, store.limits.max_complete_size) as body:
        asked = CompleteRequest.parse(body, store.limits.max_parts)
    # A client that gave up waiting repeats the request while the first is still reading: it waits for that one.
    async with store.completing(request.query["uploadId"]):
        with entered(store) as reading:
            found = await store.catalogue.read(lambda connection: _look_up(connection, request))
            if isinstance(found, Completed):
                return _repeat(found, asked, request)
            upload, stored = found
            chosen = asked.choose(stored, store.limits.min_part_size)
            size = sum(blob.size for blob in chosen)
            if asked.size is not None and asked.size != size:
                raise Problem("BadDigest", f"The parts have {size} bytes together, not {asked.size}; nothing was stored.")
            release = reading.hold(chosen)
            try:
                digest = await _digest(store, chosen, asked.digest)
            finally:
                release()
        content = Content.new(size, digest, chosen)
        answer, doomed = await store.catalogue.write(_commit(store, request, asked, upload, content, conditions))
        store.blobs.remove_unused(doomed)
        return _answer(answer)


def _look_up(connection: Connection, request: Request) -> Completed | tuple[StoredUpload, list[StoredPart]]:
    bucket = buckets.require_id(connection, request.bucket)
    upload = request.query["uploadId"]
    done = uploads.completed(connection, bucket, request.key, upload)
    if done is not None:
        return done
    return uploads.require(connection, bucket, request.key, upload), uploads.all_parts(connection, upload)


async def _digest(store: Store, chosen: list[Blob], expected: str | None) -> str:
    if len(chosen) == 1:
        await store.blobs.require_good(chosen)
        digest = chosen[0].digest
    else:
        # Without a digest to compare the whole with, each part is compared with its own.
        digest = await store.blobs.digest(chosen, check_each=expected is None)
    if expected is not None and digest != expected:
        raise Problem("BadDigest", f"The parts together have the digest {digest}, not {expected}; nothing was stored.")
    return digest


def _commit(
    store: Store,
    request: Request,
    asked: CompleteRequest,
    upload: StoredUpload,
    content: Content,
    conditions: Conditions,
) -> Callable[[Connection], tuple[dict[str, JsonValue], list[str]]]:
    def change(connection: Connection) -> tuple[dict[str, JsonValue], list[str]]:
        place = objects.require_place(connection, request.bucket, request.key)
        uploads.require(connection, place.bucket_id, request.key, upload.id)
        if asked.choose(uploads.all_parts(connection, upload.id), 0) != content.blobs:
            raise Problem("InvalidPart", "A part was uploaded anew while the upload was being completed.")
        conditions.check_write(place.object)
        now_us = store.now_us()
        names = set(uploads.remove(connection, upload.id)) - {blob.name for blob in content.blobs}
        written = objects.put(connection, place, content, upload.description, now_us)
        answer = object_json(request.bucket, written.object)
        done = Completed(asked.fingerprint, json.dumps(answer))
        forget_before_us = now_us - _REMEMBERED_US
        uploads.remember(
            connection, place.bucket_id, request.key, upload.id, done, now_us=now_us, forget_before_us=forget_before_us
        )
        return answer, [*names, *written.doomed]

    return change


def _repeat(done: Completed, asked: CompleteRequest, request: Request) -> Response:
    if done.request != asked.fingerprint:
        raise no_such_upload(request.query["uploadId"])
    # What an older store remembered does not name the bucket.
    answer: dict[str, JsonValue] = {"bucket": request.bucket, **json.loads(done.answer)}
    if asked.digest not in (None, answer["digest"]) or asked.size not in (None, answer["size"]):
        raise Problem("BadDigest", "The upload was completed with another digest or size.")
    return _answer(answer)


def _answer(answer: dict[str, JsonValue]) -> Response:
    modified = datetime.fromisoformat(str(answer["lastModified"]))
    return json_response(200, answer, version_headers(str(answer["etag"]), modified, str(answer["digest"])))
