"""Uploads, as flows: one PUT, or a multipart upload part after part."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from functools import partial

from attrs import define, field, frozen

from .._operations import multipart, objects
from .._transport.perform import Settle, Settled, perform
from .._transport.retry import Budget
from .._transport.steps import Steps, work
from .._wire.names import check_bucket, check_key
from ..config import RetryPolicy, Settings
from ..exceptions import (
    ArtifactStoreError,
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    SourceChangedError,
)
from ..models import MultipartUpload, Object
from ..types import AsyncData, ProgressCallback
from .digest import RunningDigest
from .plan import MAX_PARTS, part_size_for, plan_parts, stream_part_size
from .progress import Progress, check_callback
from .source import CallerFeed, Feed, Source, open_data, wrong_size

ABORT_HASTE = 5.0
"""Seconds that each phase of an abort may take: it stands between a Ctrl-C and the prompt."""


@define
class SourceBody:
    """A stretch of a source as the body of a request; hashes what passes, and counts it."""

    source: Source
    offset: int
    length: int
    begin: int = 0
    """Where the stretch begins in the whole."""
    digest: RunningDigest | None = None
    progress: Progress = field(factory=lambda: Progress(None))
    _position: int = field(default=0, init=False)

    @property
    def in_memory(self) -> bool:
        """Whether reading it never waits for a disk."""
        return self.source.in_memory

    def chunks(self) -> Iterator[bytes]:
        """Read it from its start."""
        self._position = self.begin
        position = self.begin
        for chunk in self.source.chunks(self.offset, self.length):
            if self.digest is not None:
                self.digest.feed(position, chunk)
            position += len(chunk)
            yield chunk

    def sent(self, count: int) -> object:
        """Count what was handed to the network."""
        self._position += count
        return self.progress.reach(self._position)


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
) -> Steps[Object]:
    """Store data under a key, at once or in parts, and return the object."""
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
    task = Upload(settings, bucket, described, headers, progress, if_match, if_none_match)
    opening = partial(open_data, data, size, awaits=awaits)
    opened = (yield from work(opening)) if isinstance(data, os.PathLike) else opening()
    try:
        if isinstance(opened, Feed):
            return (yield from task.feed(opened, size))
        if opened.size <= settings.transfer.threshold:
            return (yield from task.put(opened))
        return (yield from task.in_parts(SourceParts(opened, settings.transfer.part_size)))
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


@frozen
class Upload:
    """One object on its way into the store."""

    settings: Settings
    bucket: str
    described: Object
    """What is known of it, but for its size and digest."""
    headers: Mapping[str, str]
    progress: Progress
    if_match: str | None
    if_none_match: str | None

    @property
    def key(self) -> str:
        """Its key."""
        return self.described.key

    def feed(self, feed: Feed, size: int | None) -> Steps[Object]:
        """Send what can be read only once: whole if it ends by the threshold, in parts if it does not."""
        first = yield from feed.take(self.settings.transfer.threshold + 1)
        if first.size <= self.settings.transfer.threshold:
            try:
                if size is not None and first.size != size:
                    raise wrong_size(size, first.size)
                return (yield from self.put(first))
            finally:
                first.close()
        feed.put_back(first)
        if size is not None and size < first.size:
            raise InvalidInputError(f"size is {size}, but data has at least {first.size} bytes")
        return (yield from self.in_parts(FeedParts(feed, size, self.settings.transfer.part_size)))

    def put(self, source: Source) -> Steps[Object]:
        """Send a source in one request. Its digest stands in the head, so it is hashed before it is sent."""
        digest = (yield from work(partial(sha256, source))) if self.settings.transfer.integrity else None
        sent = self._sent(source.size, digest)
        operation = objects.put_object(
            self.bucket, self.key, sent, self.headers, if_match=self.if_match, if_none_match=self.if_none_match
        )
        body = SourceBody(source, 0, source.size, progress=self.progress)
        try:
            stored = yield from perform(operation, self.settings.retry, body, settle=self._settle(digest))
        except IntegrityError:
            yield from self._blame_source(source, digest)
            raise
        return _compared(stored, sent)

    def in_parts(self, parts: SourceParts | FeedParts) -> Steps[Object]:
        """Send parts one after another. On any failure, Ctrl-C included, the upload is aborted."""
        retry = self.settings.retry
        budget = Budget(retry.max_attempts)
        digest = RunningDigest() if self.settings.transfer.integrity else None
        begun = yield from perform(multipart.initiate(self.bucket, self.key, self.headers), retry, budget=budget)
        try:
            done: list[tuple[int, str]] = []
            size = 0
            while (body := (yield from parts.following())) is not None:
                body.begin, body.digest, body.progress = size, digest, self.progress
                operation = multipart.upload_part(self.bucket, self.key, begun.upload_id, len(done) + 1, None)
                try:
                    done.append((len(done) + 1, (yield from perform(operation, retry, body, budget=budget))))
                finally:
                    parts.release(body)
                size += body.length
                budget.moved = size
            parts.check(size)
            return (yield from self._complete(begun, done, size, digest.value if digest else None, parts, budget))
        except GeneratorExit:
            raise
        except BaseException as error:
            yield from _abandon(begun, retry, error)
            raise

    def _complete(
        self,
        begun: MultipartUpload,
        parts: list[tuple[int, str]],
        size: int,
        digest: str | None,
        origin: SourceParts | FeedParts,
        budget: Budget,
    ) -> Steps[Object]:
        sent = self._sent(size, digest)
        operation = multipart.complete(
            self.bucket,
            self.key,
            begun.upload_id,
            parts,
            sent,
            size=size,
            digest=digest,
            if_match=self.if_match,
            if_none_match=self.if_none_match,
        )
        try:
            stored = yield from perform(operation, self.settings.retry, settle=self._settle(digest), budget=budget)
        except IntegrityError:
            if isinstance(origin, SourceParts):
                yield from self._blame_source(origin.source, digest)
            raise
        return _compared(stored, sent)

    def _sent(self, size: int, digest: str | None) -> Object:
        return Object(self.key, size, content_type=self.described.content_type, digest=digest, metadata=self.described.metadata)

    def _settle(self, digest: str | None) -> Settle[Object] | None:
        return settle_by_digest(self.settings.retry, self.bucket, self.key, digest) if digest else None

    def _blame_source(self, source: Source, digest: str | None) -> Steps[None]:
        """Raise a SourceChangedError if the store got other bytes because the source has others now."""
        if digest is not None and (yield from work(partial(sha256, source))) != digest:
            raise SourceChangedError("the data changed while they were sent", bucket=self.bucket, key=self.key)


class SourceParts:
    """The parts of a source."""

    def __init__(self, source: Source, part_size: int) -> None:
        self.source = source
        self._plan = plan_parts(source.size, part_size)

    def following(self) -> Steps[SourceBody | None]:
        """Return the next part, None at the end."""
        yield from ()
        part = next(self._plan, None)
        return SourceBody(self.source, part.offset, part.length) if part else None

    def release(self, body: SourceBody) -> None:
        """Keep the source: its next part comes from it too."""

    def check(self, _size: int) -> None:
        """Raise a SourceChangedError if the source is not what it was."""
        self.source.check()


class FeedParts:
    """The parts of a feed, each spooled while it is sent."""

    def __init__(self, feed: Feed, size: int | None, part_size: int) -> None:
        self._feed = feed
        self._size = size
        self._part_size = part_size
        self._count = 0

    def following(self) -> Steps[SourceBody | None]:
        """Return the next part, None at the end."""
        self._count += 1
        if self._size is None:
            length = stream_part_size(self._count, self._part_size)
        else:
            length = part_size_for(self._size, self._part_size)
        source = yield from self._feed.take(length)
        if not source.size:
            source.close()
            return None
        if self._count > MAX_PARTS:
            source.close()
            raise SourceChangedError(f"data did not end where it should: more than {MAX_PARTS} parts")
        return SourceBody(source, 0, source.size)

    def release(self, body: SourceBody) -> None:
        """Drop what was spooled."""
        body.source.close()

    def check(self, size: int) -> None:
        """Raise a SourceChangedError if the feed did not have what was said."""
        if self._size is not None and size != self._size:
            raise SourceChangedError(f"size was {self._size}, but data had {size} bytes")


def sha256(source: Source) -> str:
    """Return the digest of a whole source, as `sha256:HEX`."""
    digest = RunningDigest()
    for chunk in source.chunks(0, source.size):
        digest.feed(digest.position, chunk)
    return digest.value


def settle_by_digest(retry: RetryPolicy, bucket: str, key: str, digest: str) -> Settle[Object]:
    """Return what settles a write whose answer was lost: it succeeded if the object has these bytes."""

    def settle(_failure: ArtifactStoreError) -> Steps[Settled[Object] | None]:
        try:
            found = yield from perform(objects.head_object(bucket, key), retry)
        except NotFoundError:
            return None
        return Settled(found) if found.digest == digest else None

    return settle


def _compared(stored: Object, sent: Object) -> Object:
    if stored.size != sent.size or (sent.digest is not None and stored.digest != sent.digest):
        raise IntegrityError(
            f"the store says that it has {stored.size} bytes with {stored.digest}, "
            f"but {sent.size} bytes with {sent.digest} were sent",
            key=sent.key,
        )
    return stored


def _abandon(upload: MultipartUpload, retry: RetryPolicy, error: BaseException) -> Steps[None]:
    """Abort an upload because of an error; what goes wrong with that is a note on the error."""
    operation = multipart.abort(upload.bucket, upload.key, upload.upload_id, haste=ABORT_HASTE)
    brief = RetryPolicy(max_attempts=min(2, retry.max_attempts), backoff_base=0.1, backoff_max=1, retry_after_max=1)
    try:
        yield from perform(operation, brief, shielded=True)
    except ArtifactStoreError as failure:
        error.add_note(
            f"The multipart upload {upload.upload_id} could not be aborted: {failure} "
            "Its parts take room until abort_multipart_upload() is called for it."
        )
