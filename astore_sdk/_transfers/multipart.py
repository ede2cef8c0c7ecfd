"""A multipart upload as a flow: parts sent side by side, hashed in their order, and made an object of."""

from __future__ import annotations

from functools import partial

from attrs import define, evolve, field

from .._operations import multipart
from .._transport.crew import Crew, employ, hire
from .._transport.perform import perform
from .._transport.retry import Budget
from .._transport.steps import Steps, tell
from ..config import RetryPolicy
from ..exceptions import ArtifactStoreError, IntegrityError
from ..models import MultipartUpload, Object
from .body import SourceBody
from .destination import Destination, compared
from .digest import RunningDigest
from .parts import FeedParts, SourceParts
from .progress import Progress, Tally
from .stored import list_parts

ABORT_HASTE = 5.0
"""Seconds that each phase of an abort may take: it stands between a Ctrl-C and the prompt."""


def send_in_parts(into: Destination, origin: SourceParts | FeedParts) -> Steps[Object]:
    """Send parts and return the object. On any failure, Ctrl-C included, all work stops and the upload is aborted."""
    crew = yield from hire(into.settings.transfer.concurrency)
    task = InParts(into, origin, crew)
    try:
        return (yield from employ(crew, task.run()))
    except GeneratorExit:
        raise
    except BaseException as error:
        task.release_all()
        if task.begun is not None:
            yield from _abandon(task.begun, into.settings.retry, error)
        raise


@define
class InParts:
    """One multipart upload."""

    into: Destination
    origin: SourceParts | FeedParts
    crew: Crew
    begun: MultipartUpload | None = field(default=None, init=False)
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
        begun = yield from self._begin()
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
        return self.begun

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
        self._under_way[number] = (body, 1 if self._digest is None else 2)
        self._send(begun, number, body)
        if self._digest is not None:
            self.crew.submit(body.hash(self._digest), lambda _: self._done_with(number), local=True)

    def _send(self, begun: MultipartUpload, number: int, body: SourceBody) -> None:
        into = self.into

        def moved(position: int) -> object:
            return self.crew.report(partial(self._tally.reach, number, position))

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
