"""Carries out the steps of a flow, for `Client`."""

from __future__ import annotations

import copy
import os
import random
import time
from collections.abc import Callable, Iterator
from typing import TypeVar, assert_never, cast

import httpx

from .._operations import Operation
from .._wire.messages import Answer
from ..config import Config
from ..exceptions import InvalidInputError
from .http import FAILURES, Channel, Gatherer, client_arguments
from .steps import Body, Close, Exchange, Open, Read, Sleep, Steps, Tell, Theirs, Work

T = TypeVar("T")


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
        self._closed = False

    def client(self) -> httpx.Client:
        """Return the httpx client of this process, made when it is first needed."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        # Threads may race here: the loser's client never opens anything.
        return self._clients.get(os.getpid()) or self._clients.setdefault(os.getpid(), self._make())

    def _make(self) -> httpx.Client:
        return httpx.Client(transport=self._transport, **client_arguments(self._config))

    def close(self) -> None:
        """Close what is open. Closing twice does nothing."""
        self._closed = True
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            client.close()


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

    def __init__(self, channel: Channel, connections: Connections) -> None:
        self.channel = channel
        self.connections = connections
        self.sleep: Callable[[float], object] = time.sleep
        self.random: Callable[[], float] = random.random
        self.clock: Callable[[], float] = time.monotonic
        self.now: Callable[[], float] = time.time

    def through(self, channel: Channel) -> Runner:
        """Return a runner over the same connections with another configuration."""
        other = copy.copy(self)
        other.channel = channel
        return other

    def run(self, steps: Steps[T]) -> T:
        """Carry out a flow and return its result."""
        stream: _Stream | None = None
        outcome: object = None
        failure: BaseException | None = None
        try:
            while True:
                try:
                    step = steps.send(outcome) if failure is None else steps.throw(failure)
                except StopIteration as stop:
                    return cast("T", stop.value)
                except Theirs as carried:
                    failure = carried.error
                    break
                outcome = failure = None
                try:
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
                        case Work() | Tell():
                            outcome = step.call()
                        case _:
                            assert_never(step)
                except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                    failure = Theirs(error) if isinstance(error, Exception) and isinstance(step, Work | Tell) else error
            raise failure
        finally:
            failure = None  # it holds this frame, and what the frame holds, through its traceback
            if stream is not None:
                stream.close()

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

    def _exchange(self, step: Exchange) -> Answer:
        try:
            response = self._send(step.operation, step.attempt, step.body)
            return self._gather(response)
        except FAILURES as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    def _open(self, step: Open) -> tuple[Answer, _Stream | None]:
        try:
            response = self._send(step.operation, step.attempt)
            if response.is_success:
                return self.channel.answer(response, self.now()), _Stream(response, step.operation)
            return self._gather(response), None
        except FAILURES as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    def _gather(self, response: httpx.Response) -> Answer:
        at = self.now()
        gatherer = Gatherer(response)
        try:
            for chunk in response.iter_bytes():
                if not gatherer.add(chunk):
                    break
        except FAILURES:
            if response.is_success:
                raise  # a failure's status says enough, whatever became of its body
        finally:
            response.close()
        return self.channel.answer(response, at, gatherer.body)

    def _read(self, stream: _Stream) -> bytes:
        try:
            return stream.read()
        except FAILURES as error:
            failure = self.channel.failure(error, stream.operation)
        raise failure


def _feed(body: Body) -> Iterator[bytes]:
    """Feed a body to httpx."""
    try:
        for chunk in body.chunks():
            yield chunk
            body.sent(len(chunk))
    except Exception as error:  # noqa: BLE001 - it is handed on, whatever it is
        raise Theirs(error) from None
