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
from typing import Generic, Protocol, TypeVar, cast

from attrs import frozen

from .._core.flow import Steps, Wait, tell, work
from .._http.connections import Connections, Line, Stopped

T = TypeVar("T")

GRACE = 1.0
"""Seconds that a graceful job may still take when all is stopped, and then again that threads are waited for."""


class JobRunner(Protocol):
    """What carries out the jobs of a worker. It is handed in: who makes a crew has one, and the engine needs no more of it."""

    def for_worker(self, line: Line, *, checkpoint: Callable[[], object], sleep: Callable[[float], object]) -> JobRunner:
        """Return one for a thread of its own, over its line. It calls `checkpoint` before each step, and waits with `sleep`."""
        ...

    def run(self, steps: Steps[T]) -> T:
        """Carry out a job and return its result."""
        ...


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
    """One thread. It takes its connection itself and gives it back itself: no Ctrl-C can come in between."""

    def __init__(self, crew: ThreadedCrew, jobs: SimpleQueue[_Job[object] | None], connections: Connections | None) -> None:
        self.job: _Job[object] | None = None
        self._crew = crew
        self._jobs = jobs
        self._connections = connections
        self._line: Line | None = None
        self._cut = False
        self._lock = threading.Lock()
        self._starting = False
        self._ended = threading.Event()
        # A daemon: should it hang where nothing can reach it, the process can end all the same.
        self._thread = threading.Thread(target=self._work, name="astore-transfer", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._starting = True
        self._thread.start()

    def join(self, seconds: float | None = None) -> None:
        """Wait until it has ended, at most so long. A Ctrl-C may have come before it was quite there."""
        if self._starting and self._ended.wait(seconds):
            self._thread.join()

    def cut(self) -> None:
        """End its connection, whatever it waits for. When all is stopped."""
        with self._lock:
            self._cut = True
            if self._line is not None:
                self._line.cut()

    def _work(self) -> None:
        try:
            self._do_jobs()
        finally:
            with self._lock:
                line, self._line = self._line, None
                whole = not self._crew.stopping.is_set()
            if line is not None and self._connections is not None and whole:
                self._connections.give_back(line)
            elif line is not None:
                line.close()
            self._ended.set()

    def _do_jobs(self) -> None:
        runner: JobRunner | None = None
        while (job := self._jobs.get()) is not None:
            self.job = job
            if self._crew.stopping.is_set():
                return  # what was not begun is not done, however graceful
            try:
                runner = runner or self._equipped()
                result = runner.run(job.steps)
            except BaseException as error:  # noqa: BLE001 - it is raised again where the flow attends
                self._crew.tell(_News(lambda: None, error, job))
            else:
                self._crew.tell(_News(partial(job.then, result), None, job))
                del result
            self.job = None
            del job  # while the next one is waited for, nothing that a part is made of is held here

    def _equipped(self) -> JobRunner:
        line = self._crew.connections.new_line() if self._connections is None else self._connections.line()
        with self._lock:
            self._line = line
            if self._cut:
                line.cut()
        return self._crew.runner.for_worker(line, checkpoint=self._checkpoint, sleep=self._crew.stopping.wait)

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

    def __init__(self, runner: JobRunner, connections: Connections, size: int) -> None:
        self.runner = runner
        self.size = size
        self.stopping = threading.Event()
        self.connections = connections
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
                self._local = _Worker(self, self._local_jobs, None)
                self._local.start()
            return
        self._busy += 1
        self._jobs.put(made)
        if len(self._workers) < min(self._busy, self.size):
            self._workers.append(_Worker(self, self._jobs, self.connections))
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
        self._ready.clear()
        while not self._news:
            yield Wait(self._ready.wait)
            self._ready.clear()  # what is told from here on sets it again
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
                worker.cut()
        self._ready.set()

    def _wait_for_the_end(self) -> None:
        deadline = time.monotonic() + GRACE
        for worker in self._everyone():
            if worker.graceful:
                worker.join(max(0.0, deadline - time.monotonic()))
            worker.cut()
        deadline = time.monotonic() + GRACE
        for worker in self._everyone():
            worker.join(max(0.0, deadline - time.monotonic()))

    def _everyone(self) -> list[_Worker]:
        return self._workers if self._local is None else [*self._workers, self._local]

    def _end_queues(self) -> None:
        for _ in self._workers:
            self._jobs.put(None)
        self._local_jobs.put(None)
