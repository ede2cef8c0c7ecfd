"""A multipart upload as a flow: parts sent side by side, hashed in their order, and made an object of."""

from __future__ import annotations

from functools import partial

from attrs import define, evolve, field

from ..._core.flow import Steps, tell, work
from ..._core.perform import perform
from ..._core.retry import Budget
from ..._core.workers import Crew, employ, hire
from ..._operations import multipart
from ...config import RetryPolicy
from ...exceptions import ArtifactStoreError, IntegrityError, NotFoundError
from ...models import MultipartUpload, Object, Part
from ..digest import RunningDigest
from ..progress import Progress, Tally
from ..resume.resumable import ResumableUpload, is_final
from ..resume.state import SentPart, UploadState
from .body import SourceBody
from .destination import Destination, compared, find_by_digest
from .part_sources import FeedParts, SourceParts
from .stored_parts import list_parts

ABORT_HASTE = 5.0
"""Seconds that each phase of an abort may take: it stands between a Ctrl-C and the prompt."""


def send_in_parts(into: Destination, origin: SourceParts | FeedParts, resumable: ResumableUpload | None = None) -> Steps[Object]:
    """Send parts and return the object. On any failure, Ctrl-C included, all work stops and the upload is aborted.

    A resumable one is kept, unless there is nothing to go on with.
    """
    crew = yield from hire(into.settings.transfer.concurrency)
    task = InParts(into, origin, crew, resumable)
    try:
        return (yield from employ(crew, task.run()))
    except GeneratorExit:
        raise
    except BaseException as error:
        task.release_all()
        if task.begun is not None and resumable is not None and resumable.begun and not is_final(error):
            error.add_note(
                f"The upload is kept: call upload(…, resume=True) again to go on with it, or give it up with "
                f"abort_multipart_upload({into.bucket!r}, {into.key!r}, {task.begun.upload_id!r})."
            )
        elif task.begun is not None:
            yield from _abandon(task.begun, into.settings.retry, error)
            if resumable is not None:
                yield from work(resumable.journal.end, shielded=True)
        raise


@define
class InParts:
    """One multipart upload."""

    into: Destination
    origin: SourceParts | FeedParts
    crew: Crew
    resumable: ResumableUpload | None
    begun: MultipartUpload | None = field(default=None, init=False)
    _stored: dict[int, Part] = field(factory=dict[int, Part], init=False)
    """Parts that the store has from an earlier process, as it says."""
    _earlier: UploadState | None = field(default=None, init=False)
    _digests: dict[int, str] = field(factory=dict[int, str], init=False)
    """Of the parts that were hashed, if that is written down."""
    _etags: dict[int, str] = field(factory=dict[int, str], init=False)
    _count: int = field(default=0, init=False)
    _size: int = field(default=0, init=False)
    """Bytes of the parts that were taken so far."""
    _under_way: dict[int, tuple[SourceBody, int]] = field(factory=dict[int, tuple[SourceBody, int]], init=False)
    """Parts that were taken, and how much is still to be done with each: to send, to hash."""
    _digest: RunningDigest | None = field(init=False)
    _tally: Tally = field(init=False)
    _budget: Budget = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._digest = RunningDigest() if self.into.settings.transfer.integrity else None
        self._tally = Tally(self.into.progress)
        self._budget = Budget(self.into.settings.retry.max_attempts)

    def run(self) -> Steps[Object]:
        """Do all of it."""
        if self.resumable is not None:
            finished = yield from self._find_earlier(self.resumable)
            if finished is not None:
                return finished
        begun = self.begun or (yield from self._begin())
        yield from self._send_all(begun)
        self.origin.check(self._size)
        yield from tell(partial(self.into.progress.finish, self._size))
        try:
            return (yield from self._complete(begun))
        except IntegrityError as refusal:
            yield from self._mend(begun, refusal)
        return (yield from self._complete(begun))

    def release_all(self) -> None:
        """Drop what is kept for parts that were not done with."""
        while self._under_way:
            _, (body, _) = self._under_way.popitem()
            self.origin.release(body)

    def _begin(self) -> Steps[MultipartUpload]:
        """Begin an upload. It may end by itself when all is stopped: else the store would have one that nobody knows of."""
        into = self.into
        operation = multipart.initiate(into.bucket, into.key, into.headers)

        def then(begun: MultipartUpload) -> None:
            self.begun = begun

        job = perform(operation, into.settings.retry, budget=self._budget, shielded=True)
        self.crew.submit(job, then, graceful=True)
        while self.begun is None:
            yield from self.crew.attend()
        if self.resumable is not None:
            yield from work(partial(self.resumable.begin, self.begun.upload_id))
        return self.begun

    def _find_earlier(self, resumable: ResumableUpload) -> Steps[Object | None]:
        """Go on with the upload of an earlier process where that can be. Return the object if that process had finished it."""
        into = self.into
        earlier = yield from work(resumable.found)
        if earlier is None or not isinstance(self.origin, SourceParts):
            return None
        begun = MultipartUpload(into.bucket, into.key, earlier.upload_id)
        if not earlier.plan.goes_on_with(resumable.plan):
            yield from _abort(into, earlier)
            return None
        try:
            listed = yield from list_parts(into.settings, into.bucket, into.key, earlier.upload_id)
        except NotFoundError:
            return (yield from self._find_completed(earlier))
        yield from work(partial(resumable.go_on, earlier))
        self._stored = {part.part_number: part for part in listed}
        self._earlier = earlier
        self.origin = SourceParts(self.origin.source, earlier.plan.part_size)
        self.begun = begun
        return None

    def _find_completed(self, earlier: UploadState) -> Steps[Object | None]:
        """Return the object if an earlier process got it completed and did not live to see that."""
        if earlier.completing is None or not isinstance(self.origin, SourceParts):
            return None
        into = self.into
        local = yield from SourceBody.whole(self.origin.source).sha256()
        if local != earlier.completing:
            return None
        found = yield from find_by_digest(into.settings.retry, into.bucket, into.key, local)
        if found is not None:
            yield from tell(partial(into.progress.finish, found.size))
        return found

    def _send_all(self, begun: MultipartUpload) -> Steps[None]:
        more = True
        while more or self._under_way:
            while more and self.crew.free and len(self._under_way) < self.origin.window(self.crew.size):
                body = yield from self.origin.following()
                if body is None:
                    more = False
                else:
                    self._take(begun, body)
            if self._under_way:
                yield from self.crew.attend()

    def _take(self, begun: MultipartUpload, body: SourceBody) -> None:
        self._count += 1
        number = self._count
        self._size += body.length
        own = None if self.resumable is None else RunningDigest()
        digests = [digest for digest in (self._digest, own) if digest is not None]
        stored = self._stored.get(number)
        is_there = stored is not None and stored.size in (body.length, None)
        self._under_way[number] = (body, (not is_there) + bool(digests))
        if not is_there:
            self._send(begun, number, body)

        def hashed(_: None) -> object:
            told: object = None
            if own is not None:
                self._digests[number] = own.value
            if stored is not None and is_there and own is not None and self._earlier is not None:
                if self._earlier.has(number, stored.etag, stored.digest, own.value):
                    self._etags[number] = stored.etag
                    told = self._tally.finish(number, body.length)
                else:
                    self._under_way[number] = (body, 2)
                    self._send(begun, number, body)
            self._done_with(number)
            return told

        if digests:
            self.crew.submit(body.hash(*digests), hashed, local=True)

    def _send(self, begun: MultipartUpload, number: int, body: SourceBody) -> None:
        into = self.into

        def moved(position: int) -> object:
            return self.crew.report(partial(self._tally.reach, number, position)) if into.progress.callback is not None else None

        def then(etag: str) -> object:
            self._etags[number] = etag
            self._budget.move(body.length)
            self._done_with(number)
            return self._tally.finish(number, body.length)

        operation = multipart.upload_part(into.bucket, into.key, begun.upload_id, number, None)
        self.crew.submit(perform(operation, into.settings.retry, evolve(body, moved=moved), budget=self._budget), then)

    def _done_with(self, number: int) -> None:
        """Hear that a part was sent, or hashed."""
        body, left = self._under_way[number]
        if left > 1:
            self._under_way[number] = (body, left - 1)
        else:
            del self._under_way[number]
            self.origin.release(body)
            if self.resumable is not None and number in self._digests:
                part = SentPart(self._etags[number], self._digests[number])
                self.crew.submit(work(partial(self.resumable.sent, number, part)), lambda _: None, local=True)

    def _complete(self, begun: MultipartUpload) -> Steps[Object]:
        into = self.into
        digest = self._digest.value if self._digest else None
        sent = into.sent(self._size, digest)
        operation = multipart.complete(
            into.bucket,
            into.key,
            begun.upload_id,
            sorted(self._etags.items()),
            sent,
            size=self._size,
            digest=digest,
            if_match=into.if_match,
            if_none_match=into.if_none_match,
        )
        settle = into.settle(digest)
        if self.resumable is not None and digest is not None:
            yield from work(partial(self.resumable.completing, digest))
        stored = yield from perform(operation, into.settings.retry, settle=settle, budget=self._budget)
        return compared(stored, sent)

    def _mend(self, begun: MultipartUpload, refusal: IntegrityError) -> Steps[None]:
        """The store has other bytes than were hashed: send those parts again that are not what they should be."""
        origin, into = self.origin, self.into
        if isinstance(origin, FeedParts) or self._digest is None or refusal.status_code is None:
            raise refusal
        listed = yield from list_parts(into.settings, begun.bucket, begun.key, begun.upload_id)
        stored = {part.part_number: part.digest for part in listed}
        whole = RunningDigest()
        for part in origin.every():
            digest = RunningDigest()
            body = origin.part(part)
            yield from body.hash(digest, whole)
            if stored.get(part.number) not in (digest.value, None):
                self._under_way[part.number] = (body, 1)
        if whole.value != self._digest.value:
            raise into.source_changed()
        if not self._under_way:
            raise refusal
        self._tally = Tally(Progress(None))  # these bytes were counted
        for number, (body, _) in self._under_way.items():
            self._send(begun, number, body)
        while self._under_way:
            yield from self.crew.attend()


def forget_earlier(into: Destination, resumable: ResumableUpload) -> Steps[None]:
    """Abort what an earlier process began, if it did."""
    earlier = yield from work(resumable.found)
    if earlier is not None:
        yield from _abort(into, earlier)


def _abort(into: Destination, earlier: UploadState) -> Steps[None]:
    yield from perform(multipart.abort(into.bucket, into.key, earlier.upload_id), into.settings.retry)


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
