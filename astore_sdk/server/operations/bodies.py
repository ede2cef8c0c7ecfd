"""Request bodies that become blobs."""

from __future__ import annotations

import sqlite3
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from astore_sdk.server.asgi import ClientGoneError, Request
from astore_sdk.server.digests import require_content_digest
from astore_sdk.server.problems import OutcomeUnknownError, Problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from astore_sdk.server.store import Store
    from astore_sdk.server.values import Blob


@asynccontextmanager
async def receive_body(store: Store, request: Request) -> AsyncGenerator[Blob]:
    """Write the body to a blob, durable and equal to its `Content-Digest`, for as long as it takes to refer to it.

    The blob is removed again when the body was not good or the catalogue has certainly not taken it. When that is not
    known (the commit itself failed, or the server is being stopped) the blob stays: if nothing refers to it, the next
    start moves it to `lost/`.
    """
    expected = require_content_digest(request.headers.get("content-digest"))
    limit = store.limits.max_body_size
    announced = request.content_length()
    if announced is not None and announced > limit:
        raise _too_large(limit)
    writer = store.blobs.writer()
    try:
        async for chunk in request.chunks():
            if writer.size + len(chunk) > limit:
                raise _too_large(limit)
            await writer.write(chunk)
        if announced is not None and writer.size != announced:
            raise ClientGoneError
        blob = await writer.finish()
        if expected is not None and blob.digest != f"sha256:{expected.hex()}":
            raise Problem(
                "BadDigest",
                f"The body has the digest {blob.digest}, not the one that Content-Digest names; send it again.",
            )
    except BaseException:
        await writer.discard()
        raise
    try:
        yield blob
    except OutcomeUnknownError:
        raise
    except (Problem, SQLAlchemyError, sqlite3.Error):
        await writer.discard()
        raise


def _too_large(limit: int) -> Problem:
    return Problem("EntityTooLarge", f"One request carries at most {limit} bytes; send more as a multipart upload.")
