"""An upload as a flow: one PUT, or a multipart upload."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial

from ..._core.flow import Steps, work
from ..._core.perform import perform
from ..._operations import objects
from ..._wire.names import check_bucket, check_key
from ...config import Settings
from ...exceptions import IntegrityError, InvalidInputError
from ...models import Object
from ...types import AsyncData, ProgressCallback
from ..plan import part_size_for
from ..progress import Progress, check_callback
from ..resume.journal import Journal, Record
from ..resume.resumable import ResumableUpload
from ..resume.state import UploadPlan
from ..resume.state import described as described_by
from .body import SourceBody
from .destination import Destination, compared
from .in_parts import forget_earlier, send_in_parts
from .part_sources import FeedParts, SourceParts
from .source import CallerFeed, Feed, FileSource, Source, open_data, wrong_size


def upload(
    settings: Settings,
    bucket: str,
    key: str,
    data: AsyncData | CallerFeed,
    size: int | None,
    *,
    awaits: bool,
    content_type: str | None,
    metadata: Mapping[str, str | None] | None,
    progress_callback: ProgressCallback | None,
    if_match: str | None,
    if_none_match: str | None,
    resume_at: str | None = None,
) -> Steps[Object]:
    """Store data under a key, at once or in parts, and return the object. `resume_at` is the store's address if it is resumable."""
    check_bucket(bucket)
    check_key(key)
    objects.write_conditions(if_match, if_none_match)
    headers = objects.described(content_type, metadata)
    progress = Progress(check_callback(progress_callback))
    described = Object(
        key,
        0,
        content_type=headers["Content-Type"],
        metadata={name.lower(): text for name, text in (metadata or {}).items() if text is not None},
    )
    into = Destination(settings, bucket, described, headers, progress, if_match, if_none_match)
    if resume_at is None:
        return (yield from _send(into, data, size, awaits=awaits, journal=None))
    if not isinstance(data, os.PathLike):
        raise InvalidInputError("resume=True needs a pathlib.Path: what else could be read again by another process?")
    path = os.path.realpath(data)
    journal = yield from work(partial(Journal, "upload", resume_at, bucket, key, path))
    try:
        what = {"kind": "upload", "store": resume_at, "bucket": bucket, "key": key, "path": path}
        stored = yield from _send(into, data, size, awaits=awaits, journal=(journal, what))
        yield from work(journal.end)
        return stored
    finally:
        journal.close()


def _send(
    into: Destination, data: AsyncData | CallerFeed, size: int | None, *, awaits: bool, journal: tuple[Journal, Record] | None
) -> Steps[Object]:
    transfer = into.settings.transfer
    opening = partial(open_data, data, size, awaits=awaits)
    opened = (yield from work(opening)) if isinstance(data, os.PathLike) else opening()
    try:
        if isinstance(opened, Feed):
            if journal is not None:
                raise InvalidInputError("resume=True needs an ordinary file")
            return (yield from _send_feed(into, opened, size))
        resumable = None
        if journal is not None and isinstance(opened, FileSource):
            part_size = part_size_for(opened.size, transfer.part_size)
            resumable = ResumableUpload(*journal, UploadPlan(opened.identity(), described_by(into.headers), part_size))
        if opened.size <= transfer.threshold:
            if resumable is not None:
                yield from forget_earlier(into, resumable)
            return (yield from _put(into, opened))
        if isinstance(opened, FileSource) and not opened.by_offset:
            return (yield from send_in_parts(into, FeedParts(opened.once(), opened.size, transfer.part_size, file=opened)))
        return (yield from send_in_parts(into, SourceParts(opened, transfer.part_size), resumable))
    finally:
        opened.close()


def write_object(
    settings: Settings, bucket: str, key: str, *, content_type: str | None, metadata: Mapping[str, str | None] | None
) -> Steps[Object]:
    """Store what the caller hands over piece by piece."""
    return upload(
        settings,
        bucket,
        key,
        CallerFeed(),
        None,
        awaits=False,
        content_type=content_type,
        metadata=metadata,
        progress_callback=None,
        if_match=None,
        if_none_match=None,
    )


def _send_feed(into: Destination, feed: Feed, size: int | None) -> Steps[Object]:
    """Send what can be read only once: whole if it ends by the threshold, in parts if it does not."""
    transfer = into.settings.transfer
    first = yield from feed.take(transfer.threshold + 1)
    if first.size <= transfer.threshold:
        try:
            if size is not None and first.size != size:
                raise wrong_size(size, first.size)
            return (yield from _put(into, first))
        finally:
            first.close()
    feed.put_back(first)
    if size is not None and size < first.size:
        raise InvalidInputError(f"size is {size}, but data has at least {first.size} bytes")
    return (yield from send_in_parts(into, FeedParts(feed, size, transfer.part_size)))


def _put(into: Destination, source: Source) -> Steps[Object]:
    """Send a source in one request. Its digest stands in the head, so it is hashed before it is sent."""
    into.progress.total = source.size
    body = SourceBody.whole(source, into.progress.reach)
    digest = (yield from body.sha256()) if into.settings.transfer.integrity else None
    sent = into.sent(source.size, digest)
    operation = objects.put_object(
        into.bucket, into.key, sent, into.headers, if_match=into.if_match, if_none_match=into.if_none_match
    )
    try:
        stored = yield from perform(operation, into.settings.retry, body, settle=into.settle(digest))
    except IntegrityError:
        if digest is not None and (yield from SourceBody.whole(source).sha256()) != digest:
            raise into.source_changed() from None  # the store got other bytes because there are others now
        raise
    return compared(stored, sent)
