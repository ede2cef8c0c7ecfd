"""The engine: threads that carry out the jobs of a crew, each over a connection of its own.

It knows nothing of parts or ranges. It starts threads as they are needed, hands on what jobs bring in the order in which it
comes, and stops everything within about a second, whatever the network does.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from attrs import frozen

from .lines import Line, Stopped
from .steps import Steps, Wait, tell, work

if TYPE_CHECKING:
    from .sync import Connections, Runner

T = TypeVar("T")

GRACE = 1.0
"""Seconds that a graceful job may still take when all is stopped, and then again that threads are waited for."""


@frozen
class _Job(Generic[T]):
    """What a worker does, and where its result goes."""

    steps: Steps[T]
    then: Callable[[T], object]
    local: bool
    graceful: bool


@frozen
class _News:
    """What a worker has to tell."""

    call: Callable[[], object]
    failure: BaseException | None = None
    ends: _Job[object] | None = None


class _Worker:
    """One thread."""

    def __init__(self, crew: ThreadedCrew, jobs: SimpleQueue[_Job[object] | None], line: Line) -> None:
        self.line = line
        self.job: _Job[object] | None = None
        self._crew = crew
        self._jobs = jobs
        self._starting = False
        self._ended = threading.Event()
        # A daemon: should it hang where nothing can reach it, the process can end all the same.
        self._thread = threading.Thread(target=self._work, name="astore-transfer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._starting = True
        self._thread.start()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until it has ended, at most so long, and tell whether it has. A Ctrl-C may have come before it was quite there."""
        if self._starting and self._ended.wait(seconds):
            self._thread.join()
        return not self._starting or self._ended.is_set()

    def _work(self) -> None:
        try:
            self._do_jobs()
        finally:
            if self._crew.stopping.is_set():
                self.line.close()  # it may be that nobody waits for this any more
            self._ended.set()

    def _do_jobs(self) -> None:
        runner = self._crew.runner.for_worker(self.line, checkpoint=self._checkpoint, sleep=self._crew.stopping.wait)
        while (job := self._jobs.get()) is not None:
            self.job = job
            if self._crew.stopping.is_set():
                return  # what was not begun is not done, however graceful
            try:
                result = runner.run(job.steps)
            except BaseException as error:  # noqa: BLE001 - it is raised again where the flow attends
                self._crew.tell(_News(lambda: None, error, job))
            else:
                self._crew.tell(_News(partial(job.then, result), None, job))
            self.job = None

    def _checkpoint(self) -> None:
        if self._crew.stopping.is_set() and not self.graceful:
            raise Stopped

    @property
    def graceful(self) -> bool:
        """Whether what it does may end by itself when all is stopped."""
        return self.job is not None and self.job.graceful


class ThreadedCrew:
    """Workers on threads of their own. Everything but `report` is for the flow that hired them."""

    parallel = True

    def __init__(self, runner: Runner, connections: Connections, size: int) -> None:
        self.runner = runner
        self.size = size
        self.stopping = threading.Event()
        self._connections = connections
        self._jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._local_jobs: SimpleQueue[_Job[object] | None] = SimpleQueue()
        self._workers: list[_Worker] = []
        self._local: _Worker | None = None
        self._busy = 0
        self._news: deque[_News] = deque()
        self._ready = threading.Event()

    @property
    def free(self) -> int:
        """How many workers have nothing to do."""
        return max(0, self.size - self._busy)

    def submit(self, job: Steps[T], then: Callable[[T], object], *, local: bool = False, graceful: bool = False) -> None:
        """Have a job done, and hand its result to `then`."""
        made = cast("_Job[object]", _Job(job, then, local, graceful))
        if local:
            self._local_jobs.put(made)
            if self._local is None:
                self._local = _Worker(self, self._local_jobs, self._connections.new_line())
                self._local.start()
            return
        self._busy += 1
        self._jobs.put(made)
        if len(self._workers) < min(self._busy, self.size):
            self._workers.append(_Worker(self, self._jobs, self._connections.line()))
            self._workers[-1].start()

    def report(self, call: Callable[[], object]) -> object:
        """Have something called where the flow runs."""
        if self.stopping.is_set():
            raise Stopped
        self.tell(_News(call))
        return None

    def tell(self, news: _News) -> None:
        """Take what a worker has to tell."""
        self._news.append(news)
        self._ready.set()

    def attend(self) -> Steps[None]:
        """Wait until a job has something to tell, and hear it."""
        while not self._news:
            self._ready.clear()
            if not self._news:
                yield Wait(self._ready.wait)
        news = self._news.popleft()
        self._count(news)
        if news.failure is not None:
            raise news.failure
        yield from tell(news.call)

    def _count(self, news: _News) -> None:
        if news.ends is not None and not news.ends.local:
            self._busy -= 1

    def dismiss(self) -> Steps[None]:
        """Let the workers go when all is done. Their connections are kept for the next crew."""
        self._end_queues()
        yield from work(self._see_off, shielded=True)

    def _see_off(self) -> None:
        for worker in self._everyone():
            worker.join()
            if worker is not self._local:
                self._connections.give_back(worker.line)

    def stop(self) -> Steps[None]:
        """Stop whatever is being done, and let the workers go."""
        self.abandon()
        yield from work(self._wait_for_the_end, shielded=True)
        while self._news:
            news = self._news.popleft()
            self._count(news)
            if news.failure is None and news.ends is not None:
                yield from tell(news.call)
        self._ready.set()  # for a thread that was left waiting

    def abandon(self) -> None:
        """Stop whatever is being done, and wait for nothing."""
        self.stopping.set()
        self._end_queues()
        for worker in self._everyone():
            if not worker.graceful:
                worker.line.cut()
        self._ready.set()

    def _wait_for_the_end(self) -> None:
        deadline = time.monotonic() + GRACE
        for worker in self._everyone():
            if worker.graceful:
                worker.join(max(0.0, deadline - time.monotonic()))
            worker.line.cut()
        deadline = time.monotonic() + GRACE
        for worker in self._everyone():
            if worker.join(max(0.0, deadline - time.monotonic())):
                worker.line.close()

    def _everyone(self) -> list[_Worker]:
        return self._workers if self._local is None else [*self._workers, self._local]

    def _end_queues(self) -> None:
        for _ in self._workers:
            self._jobs.put(None)
        self._local_jobs.put(None)
