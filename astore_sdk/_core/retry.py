"""When a request is sent again, and after how long: pure decisions."""

from __future__ import annotations

import re
import threading

from attrs import define, field, frozen

from .._wire.dates import parse_http_date
from .._wire.failures import CERTIFICATE_REFUSED
from .._wire.messages import Answer
from ..config import RetryPolicy
from ..exceptions import ArtifactStoreError, NetworkError

REPEATED = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses after which an operation that is safe to repeat is repeated."""
NOT_DONE = frozenset({429, 503})
"""Statuses that say that nothing was done: after these every operation is repeated."""

FRESH_START = 1024 * 1024
"""A download that moved at least so many bytes before it was cut counts its attempts anew."""
BYTES_PER_REPEAT = 100 * 1024 * 1024
"""A transfer may make one repeat more for so many bytes that it moved."""


@frozen
class Wait:
    """Send it again after so many seconds, or with jitter after a random part of them."""

    seconds: float
    jitter: bool


@frozen
class GiveUp:
    """Do not send it again; `reason` says why if that is not plain."""

    reason: str | None = None


def retry_after(answer: Answer) -> float | None:
    """Return the seconds that `Retry-After` asks for, None if it asks for nothing (RFC 9110, section 10.2.3)."""
    value = (answer.fields.get("retry-after") or "").strip()
    if re.fullmatch(r"\d+", value, re.ASCII):
        return float(value) if len(value) < 16 else float("inf")
    date = parse_http_date(value)
    return max(0.0, date.timestamp() - answer.at) if date else None


def decide(
    policy: RetryPolicy, failure: ArtifactStoreError, *, attempt: int, repeatable: bool, asked: float | None = None
) -> Wait | GiveUp:
    """Decide what follows the attempt with this number (from 1) and this failure; `asked` is the answer's `Retry-After`."""
    status = failure.status_code
    if status is None:
        again = repeatable and isinstance(failure, NetworkError) and failure.code != CERTIFICATE_REFUSED
    else:
        again = status in (REPEATED if repeatable else NOT_DONE)
    if not again or attempt >= policy.max_attempts:
        return GiveUp()
    if asked is not None and asked > policy.retry_after_max:
        return GiveUp(
            f"The store asks to wait {asked:.0f} s, more than RetryPolicy.retry_after_max ({policy.retry_after_max:.0f} s)."
        )
    if asked:
        return Wait(asked, jitter=False)
    # Full jitter: clients that failed together come back apart.
    return Wait(min(policy.backoff_max, policy.backoff_base * 2.0 ** (attempt - 1)), jitter=True)


def is_ambiguous(failure: ArtifactStoreError) -> bool:
    """Tell whether the request may have taken effect although it failed."""
    return failure.status_code is None or (failure.status_code in REPEATED and failure.status_code not in NOT_DONE)


@define
class Budget:
    """How many repeats a whole transfer may make: three times `max_attempts`, and one more per 100 MiB moved. Shared by threads."""

    max_attempts: int
    moved: int = 0
    """Bytes."""
    repeats: int = field(default=0, init=False)
    _lock: threading.Lock = field(factory=threading.Lock, init=False, repr=False, eq=False)

    def move(self, count: int) -> None:
        """Count bytes that moved."""
        with self._lock:
            self.moved += count

    def take(self) -> bool:
        """Count one more repeat; False if there is none left."""
        with self._lock:
            if self.repeats >= 3 * self.max_attempts + self.moved // BYTES_PER_REPEAT:
                return False
            self.repeats += 1
            return True
