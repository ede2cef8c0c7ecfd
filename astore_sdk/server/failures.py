"""What the store's log says of its failures: each answer of 500 and above with its cause, and one cause not a thousand times.

A full disk fails every upload. The first failure of a cause is logged in full; those that follow within some seconds are
counted, and the count is logged. The access log has each of them, with the code that was answered.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from attrs import define
from sqlalchemy.exc import DBAPIError

from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

log: logging.Logger = logging.getLogger("astore_sdk.server")

# Seconds in which a cause is logged in full once.
_PERIOD = 10.0
# Causes that are remembered at once; more than that are no repetition.
_MOST = 64

Cause = tuple[str, ...]


@define
class _Repeated:
    text: str
    since: float
    more: int = 0


class FailureLog:
    """Logs failures; `clock` gives seconds."""

    def __init__(self, *, period: float = _PERIOD, clock: Callable[[], float] = time.monotonic) -> None:
        self._period = period
        self._clock = clock
        self._known: dict[Cause, _Repeated] = {}

    def note(
        self, problem: Problem, error: BaseException, *, request_id: str, operation: str | None, unexpected: bool = False
    ) -> None:
        """Log why a request was answered with `problem`; call it in the event loop. The `unexpected` come with a traceback."""
        root = _root(error)
        kind, detail = type(root).__name__, _detail(root)
        cause = _cause(problem, root, kind, detail, unexpected=unexpected)
        now = self._clock()
        known = self._known.get(cause)
        if known is not None and now - known.since < self._period:
            known.more += 1
            if known.more == 1:
                asyncio.get_running_loop().call_later(known.since + self._period - now, self._sum_up, cause, known)
            return
        if known is not None:
            self._sum_up(cause, known)
        if len(self._known) >= _MOST:
            oldest = next(iter(self._known))
            self._sum_up(oldest, self._known[oldest])
        self._known[cause] = _Repeated(f"{problem.status} {problem.code}: {kind}", now)
        fields = {
            "event": "failure",
            "request_id": request_id,
            "operation": operation,
            "status": problem.status,
            "code": problem.code,
            "error": kind,
            "detail": detail,
        }
        text = (
            f"request {request_id} ({operation or 'not yet routed'}) failed with {problem.status} {problem.code}: {kind}: {detail}"
        )
        log.error("%s", text, extra={"fields": fields}, exc_info=error if unexpected else None)

    def close(self) -> None:
        """Log what has been counted and not said."""
        for cause, known in list(self._known.items()):
            self._sum_up(cause, known)

    def _sum_up(self, cause: Cause, known: _Repeated) -> None:
        if self._known.get(cause) is not known:
            return
        del self._known[cause]
        if known.more:
            fields = {"event": "failures", "count": known.more, "cause": known.text}
            log.error("failed for the same cause since then: %d; %s", known.more, known.text, extra={"fields": fields})


def _root(error: BaseException) -> BaseException:
    """Give what made a problem of ours; a problem without a cause is its own."""
    cause = error.__cause__
    root = cause if cause is not None and isinstance(error, Problem) else error
    # The driver's own words, without the statement and its values, which are users' keys and metadata.
    return root.orig if isinstance(root, DBAPIError) and root.orig is not None else root


def _detail(error: BaseException) -> str:
    return " ".join(str(error).split()) or "no further words"


def _cause(problem: Problem, root: BaseException, kind: str, detail: str, *, unexpected: bool) -> Cause:
    if unexpected:
        trace = root.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        place = "" if trace is None else f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        return (problem.code, kind, place)
    # The message of a failed system call names a file, each upload's own.
    return (problem.code, kind, str(root.errno) if isinstance(root, OSError) and root.errno else detail)
