"""JSON bodies of requests: neither their size nor what is in them may stop the store, or fill its memory.

A large body waits on disk until it is its turn. Only one is parsed at a time, in a thread, and the operation keeps the
turn for as long as it needs the value. A turn never waits for a client, and twenty large requests take the memory of one.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING

from astore_sdk.server.asgi import ClientGoneError, JsonValue, Request
from astore_sdk.server.digests import require_content_digest
from astore_sdk.server.json_texts import parse_json
from astore_sdk.server.limits import KIB
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from typing import IO

    from astore_sdk.server.store import Store

# Bytes. Less is parsed in a few milliseconds, which a thread would take to wake up under load.
_SMALL = 256 * KIB


@asynccontextmanager
async def json_body(store: Store, request: Request, limit: int) -> AsyncGenerator[JsonValue]:
    """Read the body as JSON, checked against its `Content-Digest`, for as long as the value is needed.

    `limit` is the most bytes it may have.
    """
    request.require_json_type()
    expected = require_content_digest(request.headers.get("content-digest"))
    announced = request.content_length()
    if announced is not None and announced > limit:
        raise _too_large(limit)
    with SpooledTemporaryFile(max_size=_SMALL, dir=str(store.data)) as file:
        size = 0
        async for chunk in request.chunks():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            if size > _SMALL:
                await store.in_thread(partial(file.write, chunk))
            else:
                file.write(chunk)
        if announced is not None and size != announced:
            raise ClientGoneError
        if size <= _SMALL:
            yield _parsed(file, expected)
        else:
            async with store.large_json:
                yield await store.in_json_thread(partial(_parsed, file, expected))


def _parsed(file: IO[bytes], expected: bytes | None) -> JsonValue:
    file.seek(0)
    body = file.read()
    if expected is not None and sha256(body).digest() != expected:
        raise Problem("BadDigest", "The body does not have the digest that Content-Digest names.")
    return parse_json(body)


def _too_large(limit: int) -> Problem:
    return Problem("EntityTooLarge", f"The JSON body of this request has at most {limit} bytes.")
