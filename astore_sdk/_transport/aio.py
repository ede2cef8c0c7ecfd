"""Carries out the steps of a flow, for `AsyncClient`. The twin of `sync`."""

from __future__ import annotations

import copy
import inspect
import os
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TypeVar, assert_never, cast

import anyio
import anyio.to_thread
import httpx

from .._operations import Operation
from .._wire.messages import Answer
from ..config import Config
from ..exceptions import InvalidInputError
from .http import FAILURES, Channel, Gatherer, client_arguments
from .steps import Body, Close, Exchange, Open, Read, Sleep, Steps, Tell, Theirs, Work

T = TypeVar("T")

READ_SIZE = 1024 * 1024
"""Bytes that are gathered before a worker thread is asked to write them."""


class _Borrowed(httpx.AsyncBaseTransport):
    """A transport of the user's: used as it is, and never closed by us."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)


class Connections:
    """The connections of a client and of those made of it with other options."""

    def __init__(self, config: Config, transport: httpx.AsyncBaseTransport | None) -> None:
        self._config = config
        self._transport = _Borrowed(transport) if transport is not None else None
        # By process: after a fork the parent's sockets are left alone.
        self._clients: dict[int, httpx.AsyncClient] = {}
        self._closed = False

    def client(self) -> httpx.AsyncClient:
        """Return the httpx client of this process, made when it is first needed."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        return self._clients.get(os.getpid()) or self._clients.setdefault(os.getpid(), self._make())

    def _make(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self._transport, **client_arguments(self._config))

    async def close(self) -> None:
        """Close what is open. Closing twice does nothing."""
        self._closed = True
        client = self._clients.pop(os.getpid(), None)
        if client is not None:
            await client.aclose()


class _Stream:
    """The answer that a flow has open."""

    def __init__(self, response: httpx.Response, operation: Operation[object]) -> None:
        self.operation = operation
        self.close = response.aclose
        self._chunks = response.aiter_raw()
        self._failure: Exception | None = None

    async def read(self) -> bytes:
        if self._failure is not None:
            raise self._failure
        chunks: list[bytes] = []
        size = 0
        try:
            async for chunk in self._chunks:
                chunks.append(chunk)
                size += len(chunk)
                if size >= READ_SIZE:
                    break
        except FAILURES as error:
            if not size:
                raise
            self._failure = error  # what came before it is good
        return b"".join(chunks)


class Runner:
    """Carries out flows over one client's connections. `sleep`, `random`, `clock` and `now` are there for tests to replace."""

    def __init__(self, channel: Channel, connections: Connections) -> None:
        self.channel = channel
        self.connections = connections
        self.sleep: Callable[[float], Awaitable[object]] = anyio.sleep
        self.random: Callable[[], float] = random.random
        self.clock: Callable[[], float] = time.monotonic
        self.now: Callable[[], float] = time.time

    def through(self, channel: Channel) -> Runner:
        """Return a runner over the same connections with another configuration."""
        other = copy.copy(self)
        other.channel = channel
        return other

    async def run(self, steps: Steps[T]) -> T:
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
                            with anyio.CancelScope(shield=step.shielded):
                                outcome = await self._exchange(step)
                        case Open():
                            outcome, stream = await self._open(step)
                        case Read():
                            outcome = await self._read(cast("_Stream", stream))
                        case Close():
                            if stream is not None:
                                await _close(stream)
                                stream = None
                        case Sleep():
                            await self.sleep(step.seconds * self.random() if step.jitter else step.seconds)
                        case Work():
                            outcome = await _on_thread(step.call)
                        case Tell():
                            outcome = await _settled(step.call())
                        case _:
                            assert_never(step)
                except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                    failure = Theirs(error) if isinstance(error, Exception) and isinstance(step, Work | Tell) else error
            raise failure
        finally:
            failure = None  # it holds this frame, and what the frame holds, through its traceback
            if stream is not None:
                await _close(stream)

    async def _send(self, operation: Operation[object], attempt: int, body: Body | None = None) -> httpx.Response:
        client = self.connections.client()
        request = self.channel.request(operation, body.length, _feed(body)) if body else self.channel.request(operation)
        begun = self.clock()
        result = "no answer"
        try:
            response = await client.send(request, stream=True, auth=self.channel.auth_for(operation))
            result = str(response.status_code)
        finally:
            self.channel.log(operation, result, self.clock() - begun, attempt)
        return response

    async def _exchange(self, step: Exchange) -> Answer:
        try:
            response = await self._send(step.operation, step.attempt, step.body)
            return await self._gather(response)
        except FAILURES as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    async def _open(self, step: Open) -> tuple[Answer, _Stream | None]:
        try:
            response = await self._send(step.operation, step.attempt)
            if response.is_success:
                return self.channel.answer(response, self.now()), _Stream(response, step.operation)
            return await self._gather(response), None
        except FAILURES as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    async def _gather(self, response: httpx.Response) -> Answer:
        at = self.now()
        gatherer = Gatherer(response)
        try:
            async for chunk in response.aiter_bytes():
                if not gatherer.add(chunk):
                    break
        except FAILURES:
            if response.is_success:
                raise  # a failure's status says enough, whatever became of its body
        finally:
            with anyio.CancelScope(shield=True):
                await response.aclose()
        return self.channel.answer(response, at, gatherer.body)

    async def _read(self, stream: _Stream) -> bytes:
        try:
            return await stream.read()
        except FAILURES as error:
            failure = self.channel.failure(error, stream.operation)
        raise failure


async def _close(stream: _Stream) -> None:
    with anyio.CancelScope(shield=True):
        await stream.close()


async def _on_thread(call: Callable[[], T]) -> T:
    """Do work on a thread. A thread cannot be interrupted: when the caller is cancelled, work that has begun is waited for."""
    lock = threading.Lock()
    ended = threading.Event()
    begun = abandoned = False

    def job() -> T:
        nonlocal begun
        with lock:
            if abandoned:
                raise InvalidInputError("the caller was cancelled before this began")
            begun = True
        try:
            return call()
        finally:
            ended.set()

    try:
        return await anyio.to_thread.run_sync(job)
    except BaseException:
        with lock:
            abandoned = True
        if begun and not ended.is_set():
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(ended.wait)
        raise


async def _settled(value: object) -> object:
    return await value if inspect.isawaitable(value) else value


async def _feed(body: Body) -> AsyncIterator[bytes]:
    """Feed a body to httpx."""
    chunks = body.chunks()
    following = partial(next, chunks, b"")
    try:
        while chunk := following() if body.in_memory else await _on_thread(following):
            yield chunk
            await _settled(body.sent(len(chunk)))
    except Exception as error:  # noqa: BLE001 - it is handed on, whatever it is
        raise Theirs(error) from None
