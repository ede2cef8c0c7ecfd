"""The retry loop around one operation, as a flow."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Generic, TypeVar, cast

from attrs import frozen

from .._wire import failures
from .._wire.messages import Answer
from .._wire.resource import check_location, check_members
from ..config import RetryPolicy
from ..exceptions import ArtifactStoreError, NetworkError, ResponseDecodeError, WrongObjectError
from .flow import Body, Sleep, Steps, exchange
from .operation import Operation
from .retry import Budget, GiveUp, decide, is_ambiguous, retry_after

T = TypeVar("T")

logger = logging.getLogger("astore_sdk")


@frozen
class Settled(Generic[T]):
    """The result of an attempt whose answer was lost."""

    result: T


Settle = Callable[[ArtifactStoreError], Steps[Settled[T] | None]]
"""Asks the store what became of an attempt whose answer was lost: what it gave if it had succeeded, else None."""


def perform(
    operation: Operation[T],
    policy: RetryPolicy,
    body: Body | None = None,
    *,
    settle: Settle[T] | None = None,
    budget: Budget | None = None,
    shielded: bool = False,
) -> Steps[T]:
    """Send an operation, again where that is right, and return its result.

    Raises:
        ArtifactStoreError: It failed, or its answer cannot be understood.
    """
    attempt = 0
    ambiguous = False
    while True:
        attempt += 1
        asked = None
        try:
            answer = yield from exchange(cast("Operation[object]", operation), body, attempt=attempt, shielded=shielded)
        except NetworkError as error:
            failure: ArtifactStoreError = error
        else:
            if answer.ok:
                return parse(operation, answer, attempt)
            if answer.status == 304:
                check_resource(operation, answer, attempt)
            failure = failures.from_answer(answer, operation.name, operation.bucket, operation.key)
            asked = retry_after(answer)
            if ambiguous and settle and failure.status_code in (404, 409, 412):
                try:
                    settled = yield from settle(failure)
                except WrongObjectError:
                    raise
                except ArtifactStoreError as error:
                    failure.add_note(f"An earlier attempt may have succeeded; to look that up failed: {error}")
                    settled = None
                if settled is not None:
                    return settled.result
        ambiguous = ambiguous or is_ambiguous(failure)
        yield from wait_or_raise(operation, policy, failure, attempt, asked, budget, shielded=shielded)


def wait_or_raise(
    operation: Operation[T],
    policy: RetryPolicy,
    failure: ArtifactStoreError,
    attempt: int,
    asked: float | None,
    budget: Budget | None,
    *,
    shielded: bool = False,
) -> Steps[None]:
    """Wait until the operation may be sent again, or raise the failure."""
    failure.attempts = attempt
    decision = decide(policy, failure, attempt=attempt, repeatable=operation.repeatable, asked=asked)
    if not isinstance(decision, GiveUp) and budget and not budget.take():
        decision = GiveUp(f"The transfer was repeated {budget.repeats} times, which is its limit.")
    if isinstance(decision, GiveUp):
        failure.hint = decision.reason or failure.hint
        raise failure
    logger.warning(
        "%s failed (%s), attempt %d of %d; again in %s%.1f s",
        operation.name,
        failure.status_code or type(failure).__name__,
        attempt,
        policy.max_attempts,
        "at most " if decision.jitter else "",
        decision.seconds,
    )
    yield Sleep(decision.seconds, decision.jitter, shielded)


def parse(operation: Operation[T], answer: Answer, attempt: int) -> T:
    """Read a success; what cannot be understood says which request it answers."""
    check_resource(operation, answer, attempt)
    try:
        result = operation.parse(answer)
        if answer.document is not None and operation.bucket is not None:
            check_members(answer, operation.request.method, operation.bucket, operation.key)
    except (ResponseDecodeError, WrongObjectError) as error:
        _explain(error, operation, answer, attempt)
        raise
    return result


def check_resource(operation: Operation[T], answer: Answer, attempt: int) -> None:
    """Make sure, as far as its head says, that an answer is about what was asked for.

    Raises:
        WrongObjectError: It is about something else. No repeat cures that.
    """
    if operation.bucket is None:
        return
    try:
        check_location(answer, operation.request.method, operation.request.path)
    except WrongObjectError as error:
        _explain(error, operation, answer, attempt)
        raise


def _explain(error: ArtifactStoreError, operation: Operation[T], answer: Answer, attempt: int) -> None:
    """Say which request the answer that `error` is about belongs to."""
    error.status_code = answer.status
    error.request_id = failures.request_id_of(answer)
    error.operation, error.bucket, error.key = operation.name, operation.bucket, operation.key
    error.attempts = attempt
