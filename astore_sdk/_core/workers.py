"""Workers that a flow hires for jobs to run beside it. Each job is a flow of its own.

What a job brings is handed to the flow that hired, where that runs: in the caller's thread, or on the event loop. So whatever
decides, counts or calls what the caller gave us does so in one place, one after another, and only bytes move in parallel.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Protocol, TypeVar, cast

from .flow import Hire, Steps, tell

T = TypeVar("T")


class Crew(Protocol):
    """Workers for one transfer."""

    @property
    def size(self) -> int:
        """How many jobs can run at once."""
        ...

    @property
    def parallel(self) -> bool:
        """Whether jobs run while the flow that hired does something else."""
        ...

    @property
    def free(self) -> int:
        """How many workers have nothing to do."""
        ...

    def submit(self, job: Steps[T], then: Callable[[T], object], *, local: bool = False, graceful: bool = False) -> None:
        """Have a job done, and hand its result to `then`.

        Args:
            job: What to do. It must not call anything of the caller's.
            then: Called by `attend`.
            local: Whether it uses no connection. Such jobs have a worker of their own, which does them in their order.
            graceful: Whether it may end by itself, for a moment, when all work is stopped.
        """
        ...

    def report(self, call: Callable[[], object]) -> object:
        """Have something called in between, by a job, where the flow runs. What this returns is awaited if it can be."""
        ...

    def attend(self) -> Steps[None]:
        """Wait until a job has something to tell, and hear it. Raises the failure of a job that failed."""
        ...

    def dismiss(self) -> Steps[None]:
        """Let the workers go when all is done."""
        ...

    def stop(self) -> Steps[None]:
        """Stop whatever is being done, and let the workers go. What graceful jobs brought is handed on."""
        ...

    def abandon(self) -> None:
        """Stop whatever is being done, and wait for nothing."""
        ...


class InlineCrew:
    """A crew of one, who does each job when it is attended to: in the flow itself, with its connections."""

    size = 1
    parallel = False

    def __init__(self) -> None:
        self._jobs: deque[tuple[Steps[None], bool]] = deque()

    @property
    def free(self) -> int:
        """How many workers have nothing to do."""
        return 0 if any(not local for _, local in self._jobs) else 1

    def submit(self, job: Steps[T], then: Callable[[T], object], *, local: bool = False, graceful: bool = False) -> None:  # noqa: ARG002 - as its twin has it
        """Keep a job for `attend`."""

        def whole() -> Steps[None]:
            result = yield from job
            yield from tell(partial(then, result))

        self._jobs.append((whole(), local))

    def report(self, call: Callable[[], object]) -> object:
        """Call it."""
        return call()

    def attend(self) -> Steps[None]:
        """Do the next job."""
        job, _ = self._jobs.popleft()
        yield from job

    def dismiss(self) -> Steps[None]:
        """Do nothing."""
        yield from ()

    def stop(self) -> Steps[None]:
        """Forget the jobs that were not begun."""
        yield from ()
        self._jobs.clear()

    def abandon(self) -> None:
        """Forget the jobs that were not begun."""
        self._jobs.clear()


class OnCall:
    """A crew that is hired when it is first needed."""

    def __init__(self) -> None:
        self._crew: Crew | None = None

    def hire(self, size: int) -> Steps[Crew]:
        """Hire a crew in place of the one there may have been."""
        yield from self.stop()
        self._crew = yield from hire(size)
        return self._crew

    def dismiss(self) -> Steps[None]:
        """Let the workers go when all is done."""
        if self._crew is not None:
            yield from self._crew.dismiss()

    def stop(self) -> Steps[None]:
        """Stop whatever is being done, and let the workers go."""
        crew, self._crew = self._crew, None
        if crew is not None:
            yield from crew.stop()

    def abandon(self) -> None:
        """Stop whatever is being done, and wait for nothing."""
        if self._crew is not None:
            self._crew.abandon()


def hire(size: int) -> Steps[Crew]:
    """Return a crew of at most so many workers."""
    return cast("Crew", (yield Hire(size)))


def employ(crew: Crew | OnCall, task: Steps[T]) -> Steps[T]:
    """Carry out a task that needs the crew, and let the crew go. When this raises, all work has stopped."""
    try:
        result = yield from task
        yield from crew.dismiss()
    except GeneratorExit:
        crew.abandon()
        raise
    except BaseException:
        yield from crew.stop()
        raise
    return result
