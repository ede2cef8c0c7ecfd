"""A download as a flow: one version of an object, every byte counted, going on after a cut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from attrs import define, evolve, field, frozen

from ..._core.flow import Steps, tell, work
from ..._core.retry import Budget
from ..._core.workers import Crew, OnCall, employ
from ..._operations import objects
from ..._wire import convert
from ..._wire.ranges import ByteRange
from ...config import Settings
from ...exceptions import (
    IntegrityError,
    InvalidInputError,
    NotFoundError,
    ObjectChangedError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
)
from ...models import Object
from ...types import AsyncWriter, ProgressCallback
from ..digest import ASIDE
from ..progress import Progress, check_callback
from ..resume.journal import Journal
from ..resume.resumable import ResumableDownload, is_final
from .expected_range import RangesIgnored, Reception, VersionChanged
from .in_ranges import divisible, receive_in_pieces
from .receiver import Receiver, Sink
from .target import CallerTarget, MemoryTarget, NoTarget, PathTarget, Target, open_target

Accept = Callable[[Object, bytes], Steps[None]]
"""Looks at an object that was received whole, and at its first bytes, before its file gets its name; raises if it shall not."""


@frozen
class Whole:
    """What is known of an object that was received whole, and not kept."""

    digest: str
    """Its SHA-256, as `sha256:HEX`."""
    beginning: bytes
    """Its first bytes, `digest.BEGINNING` at most."""


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
    resume_at: str | None = None,
    accept: Accept | None = None,
) -> Steps[Object]:
    """Receive an object, or a range of it, into a writer or a file; a file only if what came is accepted.

    `resume_at` is the store's address if the download is resumable.
    """
    wanted = None if byte_range is None else ByteRange.parse(byte_range)
    objects.get_object(bucket, key, if_match=if_match)  # names are refused before a file is made
    progress = Progress(check_callback(progress_callback))
    target = open_target(writer, overwrite=overwrite, awaits=awaits)
    task = Download(settings, bucket, key, Reception(wanted, if_match), target, progress)
    if resume_at is None:
        return (yield from _land(task, target, accept))
    if not isinstance(target, PathTarget):
        raise InvalidInputError("resume=True needs the pathlib.Path of an ordinary file")
    path, part = str(target.path), byte_range or "all"
    journal = yield from work(partial(Journal, "download", resume_at, bucket, key, path, part))
    try:
        what = {"kind": "download", "store": resume_at, "bucket": bucket, "key": key, "path": path, "range": part}
        task.resumable = ResumableDownload(journal, what)
        target.last(journal.name)
        received = yield from _land(task, target, accept)
    except GeneratorExit:
        raise
    except BaseException as error:
        if task.is_kept(error):
            error.add_note("What was received is kept: call download(…, resume=True) again to go on with it.")
        else:
            yield from work(journal.end, shielded=True)
        raise
    else:
        yield from work(journal.end)
        return received
    finally:
        journal.close()


def _land(task: Download, target: Target, accept: Accept | None) -> Steps[Object]:
    """Receive, and then commit."""
    try:
        yield from target.begin()
        received = yield from task.run()
        if accept is not None:
            yield from accept(received, task.beginning)
        yield from target.commit()
        return received
    except BaseException as error:
        if task.is_kept(error) and isinstance(target, PathTarget):
            target.keep()
        raise
    finally:
        target.discard()


def hash_object(settings: Settings, bucket: str, key: str) -> Steps[Whole]:
    """Receive an object once and return the SHA-256 of the bytes that came. Only its first bytes are kept."""
    task = Download(hashing(settings), bucket, key, Reception(None, None), NoTarget(), Progress(None))
    received = yield from task.run()
    return Whole(digest_received(received), task.beginning)


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
    """One object on its way out of the store: in one stream, or in pieces side by side where it is large."""

    settings: Settings
    bucket: str
    key: str
    reception: Reception
    target: Sink
    progress: Progress
    resumable: ResumableDownload | None = None
    _receiver: Receiver = field(init=False)
    _crew: OnCall = field(factory=OnCall, init=False)
    _hired: Crew | None = field(default=None, init=False)
    _whole: bool = field(default=False, init=False)
    """Whether it must come in one stream."""
    _restarted: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._receiver = Receiver(
            self.settings,
            self.bucket,
            self.key,
            self.reception,
            self.target,
            Budget(self.settings.retry.max_attempts),
            self._moved if self.progress.callback is not None else None,
            hashed=self.reception.wanted is None and self.settings.transfer.integrity,
        )

    def run(self) -> Steps[Object]:
        """Receive until everything is there, and return what it is."""
        return (yield from employ(self._crew, self._run_with_crew()))

    def _run_with_crew(self) -> Steps[Object]:
        try:
            return (yield from self._run())
        finally:
            self._release_hashing()

    def _release_hashing(self) -> None:
        if self._receiver.hashing is not None:
            self._receiver.hashing.release()

    def _run(self) -> Steps[Object]:
        while True:
            try:
                if not (yield from self._receiver.run(self._in_one_stream)):
                    yield from self._receive_pieces()
                break
            except RangesIgnored:
                if self._receiver.hashing is not None:
                    yield from self._receiver.hashing.finish()
                yield from self._crew.stop()
                self._whole = True
                if self.target.restartable:
                    yield from self._receiver.begin_anew()
            except VersionChanged as changed:
                self._release_hashing()
                yield from self._crew.stop()
                yield from self._restart_once(changed.attempts)
        digest = (yield from self._receiver.hashing.finish()) if self._receiver.hashing is not None else None
        yield from tell(partial(self.progress.finish, self._receiver.reception.received))
        return self._finished(digest)

    @property
    def beginning(self) -> bytes:
        """The first bytes of an object that was received whole and hashed."""
        return self._receiver.hashing.running.beginning if self._receiver.hashing is not None else b""

    def is_kept(self, error: BaseException) -> bool:
        """Tell whether another process can go on with what is there when this failed."""
        return self.resumable is not None and self.resumable.begun and not is_final(error)

    def _moved(self, position: int) -> object:
        reception = self._receiver.reception
        self.progress.total = None if reception.end is None else reception.end - reception.first
        return self.progress.reach(position)

    def _in_one_stream(self) -> Steps[bool]:
        """Tell, by the head of an answer, whether this goes on in one stream. If not, or if that is long, a crew is hired."""
        reception, transfer, hashing = self._receiver.reception, self.settings.transfer, self._receiver.hashing
        left = reception.left or 0
        if not self._whole and reception.divisible and divisible(self.target) and left > transfer.threshold:
            self._hired = yield from self._crew.hire(transfer.concurrency)
            if self.resumable is not None or (self._hired.parallel and self._hired.size > 1):
                return False
        if hashing is not None and not hashing.is_aside and left > ASIDE:
            hashing.begin_aside((yield from self._crew.hire(1)))
        return True

    def _receive_pieces(self) -> Steps[None]:
        if self._hired is None:
            raise AssertionError("unreachable")
        yield from receive_in_pieces(self._receiver, self.target, self._hired, self.progress, self.resumable)

    def _restart_once(self, attempts: int) -> Steps[None]:
        """Begin anew with the object's new version, once."""
        written = 0 if self.target.restartable else self._receiver.reception.received
        if self._restarted or written:
            raise ObjectChangedError(
                f"the object changed while it was received{f' after {written} bytes of it were written' if written else ''}",
                operation="getObject",
                bucket=self.bucket,
                key=self.key,
                attempts=attempts,
                hint="Receive it again.",
            )
        self._restarted = True
        yield from self._receiver.begin_anew()

    def _finished(self, digest: str | None) -> Object:
        """Compare what came with what the store says it is."""
        reception = self._receiver.reception
        head = reception.head
        if head is None:
            raise AssertionError("unreachable")
        size = reception.received if reception.size is None else reception.size
        if digest is not None and reception.digest not in (None, digest):
            raise IntegrityError(
                f"the bytes received have {digest}, but the store says {reception.digest}",
                operation="getObject",
                bucket=self.bucket,
                key=self.key,
                attempts=1,
                hint="What was received is not what was stored: receive it again.",
            )
        found = convert.object_of_head(head, self.key, size)
        return found if found.digest or not digest else evolve(found, digest=digest)
