"""Carries out the steps of a flow, for `Client`."""

from __future__ import annotations

import copy
import inspect
import os
import random
import time
from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TypeVar, assert_never, cast

import httpx

from .._operations.operation import Operation
from .._wire.failures import RAISED_BY_HTTPX
from .._wire.messages import Answer
from ..auth import BearerAuth
from ..config import Config
from ..exceptions import InvalidInputError
from .crew import Crew, InlineCrew
from .http import Channel, ClientArguments, Gatherer, client_arguments
from .lines import Line
from .perform import perform
from .steps import Body, Close, Exchange, Hire, Open, Read, Sleep, Steps, Tell, Wait, Work
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
        self.close = response.close
        self._chunks = response.iter_raw()

    def read(self) -> bytes:
        return next(filter(None, self._chunks), b"")


class Runner:
    """Carries out flows over one client's connections. `sleep`, `random`, `clock` and `now` are there for tests to replace."""

    def __init__(self, channel: Channel, connections: Connections | Line) -> None:
        self.channel = channel
        self.connections = connections
        self.checkpoint: Callable[[], object] = lambda: None
        """Called before each step; what it raises is thrown into the flow."""
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

    def perform(self, operation: Operation[T]) -> T:
        """Send one operation, again where that is right, and return its result."""
        return self.run(perform(operation, self.channel.config.retry))

    def run(self, steps: Steps[T]) -> T:
        """Carry out a flow and return its result."""
        failure: BaseException | None = None
        while True:
            try:
                return self._drive(steps, failure)
            except BaseException as error:
                if inspect.getgeneratorstate(steps) == inspect.GEN_CLOSED:
                    raise
                failure = error  # a Ctrl-C came between two steps: the flow shall know, and clean up

    def _drive(self, steps: Steps[T], failure: BaseException | None) -> T:
        stream: _Stream | None = None
        outcome: object = None
        try:
            while True:
                try:
                    step = steps.send(outcome) if failure is None else steps.throw(failure)
                except StopIteration as stop:
                    return cast("T", stop.value)
                outcome = failure = None
                try:
                    self.checkpoint()
                    match step:
                        case Exchange():
                            outcome = self._exchange(step)
                        case Open():
                            outcome, stream = self._open(step)
                        case Read():
                            outcome = self._read(cast("_Stream", stream))
                        case Close():
                            if stream is not None:
                                stream.close()
                                stream = None
                        case Sleep():
                            self.sleep(step.seconds * self.random() if step.jitter else step.seconds)
                        case Work() | Wait() | Tell():
                            outcome = step.call()
                        case Hire():
                            outcome = self.crew(step.size)
                        case _:
                            assert_never(step)
                except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                    failure = error
        finally:
            failure = None  # it holds this frame, and what the frame holds, through its traceback
            if stream is not None:
                stream.close()

    def crew(self, size: int) -> Crew:
        """Return workers over the same connections. A worker has none of its own: what it hires is itself."""
        return InlineCrew() if isinstance(self.connections, Line) else ThreadedCrew(self, self.connections, size)

    def _send(self, operation: Operation[object], attempt: int, pump: _Pump | None = None) -> httpx.Response:
        client = self.connections.client()
        request = self.channel.request(operation, pump.body.length, pump.chunks()) if pump else self.channel.request(operation)
        begun = self.clock()
        result = "no answer"
        try:
            response = client.send(request, stream=True, auth=self.channel.auth_for(operation))
            result = str(response.status_code)
        finally:
            self.channel.log(operation, result, self.clock() - begun, attempt)
        return response

    def _exchange(self, step: Exchange) -> Answer:
        pump = _Pump(step.body) if step.body else None
        try:
            response = self._send(step.operation, step.attempt, pump)
            return self._gather(response)
        except RAISED_BY_HTTPX as error:
            failure = pump.trouble if pump and pump.trouble else self.channel.failure(error, step.operation)
        raise failure

    def _open(self, step: Open) -> tuple[Answer, _Stream | None]:
        try:
            response = self._send(step.operation, step.attempt)
            if response.is_success:
                return self.channel.answer(response, self.now()), _Stream(response, step.operation)
            return self._gather(response), None
        except RAISED_BY_HTTPX as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    def _gather(self, response: httpx.Response) -> Answer:
        at = self.now()
        gatherer = Gatherer(response)
        try:
            for chunk in response.iter_bytes():
                if not gatherer.add(chunk):
                    break
        finally:
            response.close()
        return self.channel.answer(response, at, gatherer.body)

    def _read(self, stream: _Stream) -> bytes:
        try:
            return stream.read()
        except RAISED_BY_HTTPX as error:
            failure = self.channel.failure(error, stream.operation)
        raise failure


class _Pump:
    """Feeds a body to httpx, and keeps what goes wrong on our side of it apart from what httpx itself raises."""

    def __init__(self, body: Body) -> None:
        self.body = body
        self.trouble: BaseException | None = None

    def chunks(self) -> Iterator[bytes]:
        try:
            for chunk in self.body.chunks():
                yield chunk
                self.body.sent(len(chunk))
        except GeneratorExit:
            raise
        except BaseException as error:
            self.trouble = error
            raise
