"""A download as a flow: one version of an object, every byte counted, going on after a cut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import cast

from attrs import define, evolve, field

from .._operations import objects
from .._operations.operation import Operation
from .._transport.perform import wait_or_raise
from .._transport.retry import FRESH_START, Budget, retry_after
from .._transport.steps import Close, Steps, open_answer, read, tell
from .._wire import convert, failures
from .._wire.ranges import ByteRange
from ..config import Settings
from ..exceptions import (
    ArtifactStoreError,
    IntegrityError,
    NetworkError,
    NotFoundError,
    ObjectChangedError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    ResponseDecodeError,
)
from ..models import Object
from ..types import AsyncWriter, ProgressCallback
from .digest import RunningDigest
from .progress import Progress, check_callback
from .reception import Reception, VersionChanged
from .target import CallerTarget, MemoryTarget, NoTarget, Target, open_target

Accept = Callable[[Object], Steps[None]]
"""Looks at an object that was received whole, before its file gets its name; raises if it shall not."""


def download(
    settings: Settings,
    bucket: str,
    key: str,
    writer: AsyncWriter,
    *,
    awaits: bool,
    byte_range: str | None,
    progress_callback: ProgressCallback | None,
    if_match: str | None,
    overwrite: bool,
    accept: Accept | None = None,
) -> Steps[Object]:
    """Receive an object, or a range of it, into a writer or a file; a file only if what came is accepted."""
    wanted = None if byte_range is None else ByteRange.parse(byte_range)
    objects.get_object(bucket, key, if_match=if_match)  # names are refused before a file is made
    progress = Progress(check_callback(progress_callback))
    target = open_target(writer, overwrite=overwrite, awaits=awaits)
    task = Download(settings, bucket, key, Reception(wanted, if_match), target, progress)
    try:
        yield from target.begin()
        received = yield from task.run()
        if accept is not None:
            yield from accept(received)
        yield from target.commit()
        return received
    finally:
        target.discard()


def hash_object(settings: Settings, bucket: str, key: str) -> Steps[str]:
    """Receive an object once and return the SHA-256 of the bytes that came, as `sha256:HEX`. None of them is kept."""
    received = yield from Download(hashing(settings), bucket, key, Reception(None, None), NoTarget(), Progress(None)).run()
    return digest_received(received)


def hashing(settings: Settings) -> Settings:
    """Return settings with which every object that is received whole is hashed."""
    return evolve(settings, transfer=evolve(settings.transfer, integrity=True))


def digest_received(received: Object) -> str:
    """Return the SHA-256 of the bytes that came, of an object that was received whole and hashed."""
    if received.digest is None:
        raise AssertionError("unreachable")
    return received.digest


def read_object(settings: Settings, bucket: str, key: str, *, byte_range: str | None) -> Steps[bytes]:
    """Receive an object, or a range of it, into memory."""
    wanted = None if byte_range is None else ByteRange.parse(byte_range)
    target = MemoryTarget()
    yield from Download(settings, bucket, key, Reception(wanted, None), target, Progress(None)).run()
    return target.content


def stream_object(settings: Settings, bucket: str, key: str, *, byte_range: str | None) -> Steps[Object]:
    """Hand an object, or a range of it, to the caller, chunk by chunk."""
    wanted = None if byte_range is None else ByteRange.parse(byte_range)
    return (yield from Download(settings, bucket, key, Reception(wanted, None), CallerTarget(), Progress(None)).run())


def read_block(settings: Settings, bucket: str, version: Object, start: int, end: int) -> Steps[bytes]:
    """Receive the bytes from start up to, not including, end, of exactly this version of an object."""
    target = MemoryTarget()
    reception = Reception(ByteRange(start, end - 1), version.etag)
    task = Download(settings, bucket, version.key, reception, target, Progress(None))
    try:
        found = yield from task.run()
    except (NotFoundError, PreconditionFailedError, RangeNotSatisfiableError) as error:
        raise _changed(bucket, version.key, error.attempts) from None
    if (found.etag, found.size) != (version.etag, version.size):
        raise _changed(bucket, version.key, 1)
    return target.content


def _changed(bucket: str, key: str, attempts: int) -> ObjectChangedError:
    return ObjectChangedError(
        "the object changed since it was opened",
        operation="getObject",
        bucket=bucket,
        key=key,
        attempts=attempts,
        hint="Open it again.",
    )


@define
class Download:
    """One object on its way out of the store."""

    settings: Settings
    bucket: str
    key: str
    reception: Reception
    target: Target
    progress: Progress
    _digest: RunningDigest | None = field(default=None, init=False)
    _restarted: bool = field(default=False, init=False)

    def run(self) -> Steps[Object]:
        """Receive until everything is there, and return what it is."""
        budget = Budget(self.settings.retry.max_attempts)
        self._digest = self._fresh_digest()
        attempt = 0
        while True:
            attempt += 1
            before = self.reception.received
            range_, etag = self.reception.request()
            operation = objects.get_object(self.bucket, self.key, range_=range_, if_match=etag)
            asked = None
            try:
                answer = yield from open_answer(cast("Operation[object]", operation), attempt)
                if answer.ok:
                    self.reception.accept(answer)
                    yield from self._receive()
                    return self._finished()
                failure: ArtifactStoreError = failures.from_answer(answer, operation.name, self.bucket, self.key)
                asked = retry_after(answer)
                if answer.status in (412, 416) and self.reception.head is not None:
                    raise VersionChanged  # what was there a moment ago is not there any more
            except VersionChanged:
                yield Close()
                yield from self._restart_once(attempt)
                continue
            except NetworkError as error:
                failure = error
            except (IntegrityError, PreconditionFailedError, RangeNotSatisfiableError, ResponseDecodeError) as error:
                self._name(error, attempt)
                raise
            yield Close()
            moved = self.reception.received - before
            budget.moved += moved
            if moved >= FRESH_START:
                attempt = 1
            yield from self._prepare_to_continue(failure, attempt)
            yield from wait_or_raise(operation, self.settings.retry, failure, attempt, asked, budget)

    def _receive(self) -> Steps[None]:
        """Pass on what comes, until the answer ends. Its end is read too: the connection can then be used again."""
        reception = self.reception
        while chunk := (yield from read()):
            clipped = reception.clip(chunk)
            if clipped:
                yield from self.target.write(clipped, reception.received, self._digest)
                reception.received += len(clipped)
                yield from tell(partial(self.progress.reach, reception.received))
            if reception.left == 0 and reception.sliced:
                break
        yield Close()
        if reception.left:
            raise NetworkError(
                f"the answer ended {reception.left} bytes early",
                operation="getObject",
                bucket=self.bucket,
                key=self.key,
            )

    def _prepare_to_continue(self, failure: ArtifactStoreError, attempt: int) -> Steps[None]:
        """Without a reliable ETag what came cannot be continued: begin anew where the target can."""
        if self.reception.can_continue:
            return
        if not self.target.restartable:
            failure.attempts = attempt
            failure.add_note(f"{self.reception.received} bytes were written already, and the store gives no ETag to go on safely.")
            raise failure
        yield from self._begin_anew()

    def _restart_once(self, attempt: int) -> Steps[None]:
        """Begin anew with the object's new version, once."""
        untouched = self.reception.received == 0
        if self._restarted or not (self.target.restartable or untouched):
            written = "" if self.target.restartable else f" after {self.reception.received} bytes of it were written"
            raise ObjectChangedError(
                f"the object changed while it was received{written}",
                operation="getObject",
                bucket=self.bucket,
                key=self.key,
                attempts=attempt,
                hint="Receive it again.",
            )
        self._restarted = True
        yield from self._begin_anew()

    def _begin_anew(self) -> Steps[None]:
        self.reception = self.reception.anew()
        self._digest = self._fresh_digest()
        yield from self.target.restart()

    def _fresh_digest(self) -> RunningDigest | None:
        whole = self.reception.wanted is None
        return RunningDigest() if whole and self.settings.transfer.integrity else None

    def _finished(self) -> Object:
        """Compare what came with what the store says it is."""
        reception = self.reception
        head = reception.head
        if head is None:
            raise AssertionError("unreachable")
        size = reception.received if reception.size is None else reception.size
        if self._digest is not None and reception.digest not in (None, self._digest.value):
            raise IntegrityError(
                f"the bytes received have {self._digest.value}, but the store says {reception.digest}",
                hint="What was received is not what was stored: receive it again.",
            )
        found = convert.object_of_head(head, self.key, size)
        return found if found.digest or not self._digest else evolve(found, digest=self._digest.value)

    def _name(self, error: ArtifactStoreError, attempt: int) -> None:
        error.operation, error.bucket, error.key, error.attempts = "getObject", self.bucket, self.key, attempt
