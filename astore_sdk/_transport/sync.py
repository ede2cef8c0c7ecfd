"""Carries out the steps of a flow, for `Client`."""

from __future__ import annotations

import copy
import inspect
import os
import random
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import Generic, TypeVar, assert_never, cast

import httpx

from .._operations.operation import Operation
from .._wire.failures import RAISED_BY_HTTPX
from .._wire.messages import Answer
from ..auth import BearerAuth
from ..config import Config
from ..exceptions import InvalidInputError, NetworkError
from .crew import Crew, InlineCrew
from .http import Channel, ClientArguments, Gatherer, client_arguments
from .lines import Line
from .perform import perform
from .steps import Body, Close, Ended, Exchange, Hire, Meet, Open, Read, Sleep, Steps, Tell, Theirs, Wait, Work
from .threads import ThreadedCrew

T = TypeVar("T")

MOST_IDLE_LINES = 16
"""Connections of transfers that are kept when the transfer is done."""


class _Borrowed(httpx.BaseTransport):
    """A transport of the user's: used as it is, and never closed by us."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


class Connections:
    """The connections of a client and of those made of it with other options."""

    def __init__(self, config: Config, transport: httpx.BaseTransport | None) -> None:
        self._config = config
        self._transport = _Borrowed(transport) if transport is not None else None
        # By process: after a fork the parent's sockets are left alone.
        self._clients: dict[int, httpx.Client] = {}
        self._lines: dict[int, list[Line]] = {}
        self._closed = False

    def client(self) -> httpx.Client:
        """Return the httpx client of this process, made when it is first needed."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        # Threads may race here: the loser's client never opens anything.
        return self._clients.get(os.getpid()) or self._clients.setdefault(os.getpid(), self._make())

    def _make(self) -> httpx.Client:
        return httpx.Client(transport=self._transport, **self._arguments)

    @cached_property
    def _arguments(self) -> ClientArguments:
        return client_arguments(self._config)

    def line(self) -> Line:
        """Return a connection for one thread: an idle one, or one that opens when it is first needed."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        try:
            return self._lines[os.getpid()].pop()
        except (KeyError, IndexError):
            return Line(self._make)

    def give_back(self, line: Line) -> None:
        """Take a line back that is whole and idle. Some are kept for the next transfer."""
        idle = self._lines.setdefault(os.getpid(), [])
        if self._closed or len(idle) >= MOST_IDLE_LINES:
            line.close()
        else:
            idle.append(line)

    def close(self) -> None:
        """Close what is open. Closing twice does nothing."""
        self._closed = True
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()
        for line in self._lines.pop(os.getpid(), []):
            line.close()


def connect(config: Config, transport: httpx.BaseTransport | None) -> Runner:
    """Return what carries out the flows of a client. Nothing is opened yet."""
    return Runner(Channel(config, BearerAuth(config.token)), Connections(config, transport))


class _Stream:
    """The answer that a flow has open."""

    def __init__(self, response: httpx.Response, operation: Operation[object]) -> None:
        self.operation = operation
        self.close: Callable[[], None] = response.close
        self._chunks = response.iter_raw()

    def read(self) -> bytes:
        return next(filter(None, self._chunks), b"")


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

    def _send(self, operation: Operation[object], attempt: int, body: Body | None = None) -> httpx.Response:
        client = self.connections.client()
        request = self.channel.request(operation, body.length, _feed(body)) if body else self.channel.request(operation)
        begun = self.clock()
        result = "no answer"
        try:
            response = client.send(request, stream=True, auth=self.channel.auth_for(operation))
            result = str(response.status_code)
        finally:
            self.channel.log(operation, result, self.clock() - begun, attempt)
        return response

    def _failure(self, error: Exception, operation: Operation[object]) -> NetworkError:
        """Return our error for one of httpx's, unless all work was stopped: then that is why, and nothing is tried again."""
        self.checkpoint()
        return self.channel.failure(error, operation)

    def exchange(self, step: Exchange) -> Answer:
        """Send a request and read its whole answer."""
        try:
            response = self._send(step.operation, step.attempt, step.body)
            return self._gather(response)
        except RAISED_BY_HTTPX as error:
            failure = self._failure(error, step.operation)
        raise failure

    def open(self, step: Open) -> tuple[Answer, _Stream | None]:
        """Send a request; keep the body of a success for `read`."""
        try:
            response = self._send(step.operation, step.attempt)
            if response.is_success:
                return self.channel.answer(response, self.now()), _Stream(response, step.operation)
            return self._gather(response), None
        except RAISED_BY_HTTPX as error:
            failure = self._failure(error, step.operation)
        raise failure

    def _gather(self, response: httpx.Response) -> Answer:
        at = self.now()
        gatherer = Gatherer(response)
        try:
            for chunk in response.iter_bytes():
                if not gatherer.add(chunk):
                    break
        except RAISED_BY_HTTPX:
            if response.is_success:
                raise  # a failure's status says enough, whatever became of its body
        finally:
            response.close()
        return self.channel.answer(response, at, gatherer.body)

    def read(self, stream: _Stream) -> bytes:
        """Read the next bytes of an open answer."""
        try:
            return stream.read()
        except RAISED_BY_HTTPX as error:
            failure = self._failure(error, stream.operation)
        raise failure


class Carried(Generic[T]):
    """A flow on its way: carried out until it meets its caller, or ends."""

    def __init__(self, runner: Runner, steps: Steps[T]) -> None:
        self._runner = runner
        self._steps = steps
        self._stream: _Stream | None = None

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
                            outcome, self._stream = runner.open(step)
                        case Read():
                            outcome = runner.read(cast("_Stream", self._stream))
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
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.close()


def _feed(body: Body) -> Iterator[bytes]:
    """Feed a body to httpx."""
    try:
        for chunk in body.chunks():
            yield chunk
            body.sent(len(chunk))
    except Exception as error:  # noqa: BLE001 - it is handed on, whatever it is
        raise Theirs(error) from None
