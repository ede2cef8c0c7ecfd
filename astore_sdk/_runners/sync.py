"""Carries out the steps of a flow, for `Client`."""

from __future__ import annotations

import copy
import inspect
import random
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Generic, TypeVar, assert_never, cast

from .._core.flow import Body, Close, Ended, Exchange, Hire, Meet, Open, Read, Sleep, Steps, Tell, Theirs, Wait, Work
from .._core.operation import Operation
from .._core.perform import perform
from .._core.workers import Crew, InlineCrew
from .._http.channel import Channel
from .._http.connections import Connections, Line
from .._http.failures import RAISED_BY_HTTPX
from .._http.responses import Gatherer, Reply
from .._http.routing import Ways
from .._wire.messages import Answer
from ..auth import BearerAuth
from ..config import Config
from ..exceptions import NetworkError
from .threads import ThreadedCrew

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


def connect(config: Config, transport: httpx.BaseTransport | None) -> Runner:
    """Return what carries out the flows of a client. Nothing is opened yet."""
    return Runner(Channel(config, BearerAuth(config.token)), Connections(Ways(config, own=transport is None), transport))


class Runner:
    """Carries out flows over one client's connections. `sleep`, `random`, `clock` and `now` are there for tests to replace."""

    def __init__(self, channel: Channel, connections: Connections | Line) -> None:
        self.channel = channel
        self.connections = connections
        self.checkpoint: Callable[[], object] = lambda: None
        """Called before each step is carried out; what it raises is thrown into the flow."""
        self.sleep: Callable[[float], object] = time.sleep
        self.random: Callable[[], float] = random.random
        self.clock: Callable[[], float] = time.monotonic
        self.now: Callable[[], float] = time.time

    def through(self, config: Config) -> Runner:
        """Return a runner over the same connections and with the same token, but another configuration."""
        other = copy.copy(self)
        other.channel = Channel(config, self.channel.auth)
        return other

    def for_worker(self, line: Line, *, checkpoint: Callable[[], object], sleep: Callable[[float], object]) -> Runner:
        """Return a runner for one of a crew's threads."""
        other = copy.copy(self)
        other.connections, other.checkpoint, other.sleep = line, checkpoint, sleep
        return other

    def crew(self, size: int) -> Crew:
        """Return workers over the same connections. What a worker hires is itself."""
        return InlineCrew() if isinstance(self.connections, Line) else ThreadedCrew(self, self.connections, size)

    def perform(self, operation: Operation[T]) -> T:
        """Send one operation, again where that is right, and return its result."""
        return self.run(perform(operation, self.channel.config.retry))

    def run(self, steps: Steps[T]) -> T:
        """Carry out a flow and return its result."""
        return cast("Ended[T]", Carried(self, steps).advance()).value

    def carry(self, steps: Steps[T]) -> Carried[T]:
        """Return a flow that its caller drives piece by piece."""
        return Carried(self, steps)

    def _send(self, operation: Operation[object], attempt: int, body: Body | None = None) -> Reply:
        outgoing = self.channel.outgoing(operation, body)
        begun = self.clock()
        result = "no answer"
        try:
            reply = self.connections.send(outgoing, self._feed)
            result = str(reply.status)
        finally:
            self.channel.log(operation, result, self.clock() - begun, attempt)
        return reply

    def _feed(self, body: Body) -> Iterator[bytes | memoryview]:
        """Feed a body to the network."""
        try:
            for chunk in body.chunks():
                yield chunk
                self.checkpoint()
                body.sent(len(chunk))
        except Exception as error:  # noqa: BLE001 - it is handed on, whatever it is
            raise Theirs(error) from None

    def _failure(self, error: Exception, operation: Operation[object]) -> NetworkError:
        """Return our error for one of httpx's, unless all work was stopped: then that is why, and nothing is tried again."""
        self.checkpoint()
        return self.channel.failure(error, operation)

    def exchange(self, step: Exchange) -> Answer:
        """Send a request and read its whole answer."""
        try:
            return self._gather(self._send(step.operation, step.attempt, step.body), step.operation, step.attempt)
        except RAISED_BY_HTTPX as error:
            failure = self._failure(error, step.operation)
        raise failure

    def open(self, step: Open) -> tuple[Answer, Reply | None]:
        """Send a request; keep the body of a success for `read`."""
        try:
            reply = self._send(step.operation, step.attempt)
            head = self.channel.head(reply, self.now())
            return (head, reply) if head.ok else (self._gather(reply, step.operation, step.attempt), None)
        except RAISED_BY_HTTPX as error:
            failure = self._failure(error, step.operation)
        raise failure

    def _gather(self, reply: Reply, operation: Operation[object], attempt: int) -> Answer:
        gatherer = Gatherer(self.channel.head(reply, self.now()), operation, attempt)
        try:
            gatherer.begin()
            while (chunk := reply.read()) and gatherer.add(chunk):
                pass
        except RAISED_BY_HTTPX:
            if gatherer.ok:
                raise  # a failure's status says enough, whatever became of its body
        finally:
            reply.close()
        return gatherer.answer()

    def read(self, reply: Reply, operation: Operation[object]) -> bytes | memoryview:
        """Read the next bytes of an open answer."""
        try:
            return reply.read()
        except RAISED_BY_HTTPX as error:
            failure = self._failure(error, operation)
        raise failure


class Carried(Generic[T]):
    """A flow on its way: carried out until it meets its caller, or ends."""

    def __init__(self, runner: Runner, steps: Steps[T]) -> None:
        self._runner = runner
        self._steps = steps
        self._opened: tuple[Reply, Operation[object]] | None = None

    def advance(self, given: object = None, failure: BaseException | None = None) -> Meet | Ended[T]:
        """Go on, with what the caller gives or with a failure of the caller's, to the next meeting or the end."""
        while True:
            try:
                return self._drive(given, failure)
            except BaseException as error:
                if inspect.getgeneratorstate(self._steps) == inspect.GEN_CLOSED:
                    raise
                given, failure = None, error  # a Ctrl-C came between two steps: the flow shall know, and clean up

    def _drive(self, given: object, failure: BaseException | None) -> Meet | Ended[T]:
        runner = self._runner
        outcome = given
        met = False
        try:
            while True:
                try:
                    step = self._steps.send(outcome) if failure is None else self._steps.throw(failure)
                except StopIteration as stop:
                    return Ended(cast("T", stop.value))
                except Theirs as carried:
                    failure = carried.error
                    break
                outcome = failure = None
                try:
                    runner.checkpoint()
                    match step:
                        case Meet():
                            met = True
                            return step
                        case Exchange():
                            outcome = runner.exchange(step)
                        case Open():
                            outcome, reply = runner.open(step)
                            self._opened = None if reply is None else (reply, step.operation)
                        case Read():
                            outcome = runner.read(*cast("tuple[Reply, Operation[object]]", self._opened))
                        case Close():
                            self._let_go()
                        case Sleep():
                            runner.sleep(step.seconds * runner.random() if step.jitter else step.seconds)
                        case Work() | Wait() | Tell():
                            outcome = step.call()
                        case Hire():
                            outcome = runner.crew(step.size)
                        case _:
                            assert_never(step)
                except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                    failure = Theirs(error) if isinstance(error, Exception) and isinstance(step, Work | Tell) else error
            raise failure
        finally:
            failure = None  # it holds this frame, and what the frame holds, through its traceback
            if not met:
                self._let_go()

    def close(self) -> None:
        """Give the flow up where it stands."""
        self._steps.close()
        self._let_go()

    def _let_go(self) -> None:
        if self._opened is not None:
            (reply, _), self._opened = self._opened, None
            reply.close()
