"""Multipart uploads by hand: one part, and the object made of parts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import cast

from .._core.flow import Steps, work
from .._core.perform import Settled, perform
from .._operations import multipart
from .._transfers.plan import MAX_PARTS
from .._transfers.upload.body import SourceBody
from .._transfers.upload.destination import settle_by_digest
from .._transfers.upload.source import Feed, Source, open_data, wrong_size
from .._wire.digests import check_digest
from ..config import MAX_PUT_SIZE, Settings
from ..exceptions import ArtifactStoreError, InvalidInputError
from ..models import CompletedPart, MultipartUpload, Object, Part
from ..types import AsyncData
from .listing import list_multipart_uploads


def upload_part(
    settings: Settings,
    bucket: str,
    key: str,
    upload_id: str,
    part_number: int,
    data: AsyncData,
    size: int | None,
    *,
    awaits: bool,
) -> Steps[str]:
    """Store one part and return its etag."""
    if isinstance(part_number, bool) or not isinstance(cast("object", part_number), int):
        raise TypeError(f"part_number is a whole number, not {type(part_number).__name__}")
    if not 1 <= part_number <= MAX_PARTS:
        raise InvalidInputError(f"part_number must be between 1 and {MAX_PARTS}, not {part_number}")
    multipart.upload_part(bucket, key, upload_id, part_number, None)  # names are refused before data are read
    opening = partial(open_data, data, size, awaits=awaits)
    opened = (yield from work(opening)) if isinstance(data, os.PathLike) else opening()
    source: Source | None = None
    try:
        source = (yield from opened.take(MAX_PUT_SIZE + 1)) if isinstance(opened, Feed) else opened
        if size is not None and source.size != size:
            raise wrong_size(size, source.size)
        if source.size > MAX_PUT_SIZE:
            raise InvalidInputError(f"a part has at most {MAX_PUT_SIZE} bytes, not {source.size}")
        body = SourceBody.whole(source)
        digest = (yield from body.sha256()) if settings.transfer.integrity else None
        operation = multipart.upload_part(bucket, key, upload_id, part_number, digest)
        return (yield from perform(operation, settings.retry, body))
    finally:
        if source is not None:
            source.close()
        opened.close()


def complete(
    settings: Settings,
    bucket: str,
    key: str,
    upload_id: str,
    parts: Iterable[CompletedPart | Part],
    *,
    digest: str | None,
    size: int | None,
    if_match: str | None,
    if_none_match: str | None,
) -> Steps[Object]:
    """Make an object of parts and return it."""
    listed = _in_order(parts)
    if digest is not None:
        check_digest("digest", digest)
    sizes = [part.size for part in listed if isinstance(part, Part) and part.size is not None]
    known = sum(sizes) if size is None and len(sizes) == len(listed) else size
    operation = multipart.complete(
        bucket,
        key,
        upload_id,
        [(part.part_number, part.etag) for part in listed],
        None if known is None else Object(key, known, digest=digest),
        size=size,
        digest=digest,
        if_match=if_match,
        if_none_match=if_none_match,
    )
    settle = settle_by_digest(settings.retry, bucket, key, digest) if digest else None
    return (yield from perform(operation, settings.retry, settle=settle))


def _in_order(parts: Iterable[CompletedPart | Part]) -> list[CompletedPart | Part]:
    listed = list(parts)
    if not listed:
        raise InvalidInputError("parts is empty; an upload is completed with at least one")
    if stray := next((part for part in listed if not isinstance(cast("object", part), CompletedPart | Part)), None):
        raise TypeError(f"parts has {type(stray).__name__}; it is made of CompletedPart or Part")
    listed.sort(key=lambda part: part.part_number)
    for part, following in pairwise(listed):
        if part.part_number == following.part_number:
            raise InvalidInputError(f"parts has part {part.part_number} twice")
    if listed[0].part_number < 1 or listed[-1].part_number > MAX_PARTS:
        raise InvalidInputError(f"parts has numbers outside 1 to {MAX_PARTS}")
    return listed


def abort(settings: Settings, bucket: str, key: str, upload_id: str) -> Steps[None]:
    """Drop an upload and its parts. After a lost answer, an upload that is gone was dropped."""

    def settle(failure: ArtifactStoreError) -> Steps[Settled[None] | None]:
        yield from ()
        return Settled(None) if failure.status_code == 404 else None

    yield from perform(multipart.abort(bucket, key, upload_id), settings.retry, settle=settle)


def abort_stale_uploads(settings: Settings, bucket: str, older_than: timedelta) -> Steps[list[MultipartUpload]]:
    """Abort the uploads of a bucket that were begun before so long, and return them."""
    if not isinstance(cast("object", older_than), timedelta):
        raise TypeError(f"older_than is a datetime.timedelta, not {type(older_than).__name__}")
    if older_than < timedelta(0):
        raise InvalidInputError("older_than is negative: that would be uploads of the future")
    limit = datetime.now(UTC) - older_than
    found = yield from list_multipart_uploads(settings, bucket, "")
    stale = [upload for upload in found if upload.initiated is not None and upload.initiated <= limit]
    for upload in stale:
        yield from abort(settings, bucket, upload.key, upload.upload_id)
    return stale
