"""Receiving one stretch of bytes, in one stream: every byte counted, going on after a cut."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol, cast

from attrs import define, field

from ..._core.flow import Close, Steps, open_answer, read, tell
from ..._core.operation import Operation
from ..._core.perform import check_resource, wait_or_raise
from ..._core.retry import FRESH_START, Budget, retry_after
from ..._operations import objects
from ..._wire import failures
from ...config import Settings
from ...exceptions import (
    ArtifactStoreError,
    IntegrityError,
    NetworkError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    ResponseDecodeError,
)
from ..digest import Hashing
from .expected_range import Reception, VersionChanged


class Sink(Protocol):
    """Where received bytes go."""

    @property
    def restartable(self) -> bool:
        """Whether it can forget what it was given."""
        ...

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Take the next chunk. A view is good until this has ended."""
        ...

    def restart(self) -> Steps[None]:
        """Forget what came."""
        ...


def read_to_the_end() -> Steps[bool]:
    """Say that an answer shall be read, whatever its head says."""
    yield from ()
    return True


@define
class Receiver:
    """Receives what a `Reception` expects."""

    settings: Settings
    bucket: str
    key: str
    reception: Reception
    sink: Sink
    budget: Budget
    moved: Callable[[int], object] | None
    """Hears how many bytes are there, if anybody wants to know. What it returns is awaited if it can be."""
    hashed: bool = False
    """Whether bytes are hashed as they come."""
    hashing: Hashing | None = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.hashing = Hashing() if self.hashed else None

    def run(self, go_on: Callable[[], Steps[bool]] = read_to_the_end) -> Steps[bool]:
        """Receive until everything is there. `go_on` is asked when the head of an answer is: if it says no, return False at once.

        Raises:
            VersionChanged: It is another version than that of the first answer.
            RangesIgnored: The server sent everything in place of a piece.
            ArtifactStoreError: It failed.
        """
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
                    check_resource(operation, answer, attempt)  # before anything is delivered
                    self.reception.accept(answer)
                    going_on = yield from go_on()
                    if going_on:
                        yield from self._receive()
                    else:
                        yield Close()
                    self.budget.move(self.reception.received - before)
                    return going_on
                failure: ArtifactStoreError = failures.from_answer(answer, operation.name, self.bucket, self.key)
                asked = retry_after(answer)
                if answer.status in (412, 416) and self.reception.head is not None:
                    raise VersionChanged(attempt)  # what was there a moment ago is not there any more
            except VersionChanged:
                yield Close()
                raise
            except NetworkError as error:
                failure = error
            except (IntegrityError, PreconditionFailedError, RangeNotSatisfiableError, ResponseDecodeError) as error:
                error.operation, error.bucket, error.key, error.attempts = operation.name, self.bucket, self.key, attempt
                raise
            yield Close()
            moved = self.reception.received - before
            self.budget.move(moved)
            if moved >= FRESH_START:
                attempt = 1
            yield from self._prepare_to_continue(failure, attempt)
            yield from wait_or_raise(operation, self.settings.retry, failure, attempt, asked, self.budget)

    def begin_anew(self) -> Steps[None]:
        """Forget what came."""
        self.reception = self.reception.anew()
        self.hashing = Hashing() if self.hashed else None
        yield from self.sink.restart()

    def _receive(self) -> Steps[None]:
        """Pass on what comes, until the answer ends. Its end is read too: the connection can then be used again."""
        reception = self.reception
        while chunk := (yield from read(reception.enough)):
            clipped = reception.clip(chunk)
            if clipped:
                yield from self.sink.write(clipped)
                if self.hashing is not None:
                    yield from self.hashing.feed(clipped)
                reception.received += len(clipped)
                if self.moved is not None:
                    yield from tell(partial(self.moved, reception.received))
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
        if not self.sink.restartable:
            failure.attempts = attempt
            failure.add_note(f"{self.reception.received} bytes were written already, and the store gives no ETag to go on safely.")
            raise failure
        yield from self.begin_anew()
