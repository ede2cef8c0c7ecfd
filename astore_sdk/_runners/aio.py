"""Carries out the steps of a flow, for `AsyncClient`. The twin of `sync`."""

from __future__ import annotations

import copy
import inspect
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, Generic, TypeVar, assert_never, cast

import anyio
import anyio.to_thread

from .._core.flow import Body, Close, Effect, Ended, Exchange, Hire, Meet, Open, Read, Sleep, Steps, Tell, Theirs, Wait, Work
from .._core.operation import Operation
from .._core.perform import perform
from .._core.workers import Crew, InlineCrew
from .._http.aio_connections import Connections
from .._http.channel import Channel
from .._http.failures import RAISED_BY_HTTPX
from .._http.responses import AsyncReply, Gatherer
from .._wire.messages import Answer
from ..auth import BearerAuth
from ..config import Config
from ..exceptions import InvalidInputError
from . import sync
from .threads import ThreadedCrew

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")


def connect(config: Config, transport: httpx.AsyncBaseTransport | None) -> Runner:
    """Return what carries out the flows of a client. Nothing is opened yet."""
    return Runner(Channel(config, BearerAuth(config.token)), Connections(config, transport))


READ_SIZE = 1024 * 1024
"""Bytes that are gathered before a worker thread is asked to write them."""


class _Gathered:
    """An open answer, read in larger pieces."""

    def __init__(self, reply: AsyncReply, operation: Operation[object]) -> None:
        self.operation = operation
        self.close: Callable[[], Awaitable[None]] = reply.close
        self._reply = reply
        self._failure: Exception | None = None

    async def read(self, enough: int | None) -> bytes:
        most = READ_SIZE if enough is None else min(enough, READ_SIZE)
        if self._failure is not None:
            raise self._failure
        chunks: list[bytes] = []
        size = 0
        try:
            while size < most and (chunk := await self._reply.read()):
                chunks.append(chunk)
                size += len(chunk)
        except RAISED_BY_HTTPX as error:
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

    def through(self, config: Config) -> Runner:
        """Return a runner over the same connections and with the same token, but another configuration."""
        other = copy.copy(self)
        other.channel = Channel(config, self.channel.auth)
        return other

    async def perform(self, operation: Operation[T]) -> T:
        """Send one operation, again where that is right, and return its result."""
        return await self.run(perform(operation, self.channel.config.retry))

    async def run(self, steps: Steps[T]) -> T:
        """Carry out a flow and return its result."""
        return cast("Ended[T]", await Carried(self, steps).advance()).value

    def carry(self, steps: Steps[T]) -> Carried[T]:
        """Return a flow that its caller drives piece by piece."""
        return Carried(self, steps)

    def crew(self, size: int) -> Crew:
        """Return workers on threads; over a transport of the user's, one that works on the event loop."""
        blocking = self.connections.blocking
        return InlineCrew() if blocking is None else ThreadedCrew(sync.Runner(self.channel, blocking), blocking, size)

    async def _send(self, operation: Operation[object], attempt: int, body: Body | None = None) -> AsyncReply:
        outgoing = self.channel.outgoing(operation, body)
        begun = self.clock()
        result = "no answer"
        try:
            reply = await self.connections.send(outgoing, _feed)
            result = str(reply.status)
        finally:
            self.channel.log(operation, result, self.clock() - begun, attempt)
        return reply

    async def exchange(self, step: Exchange) -> Answer:
        """Send a request and read its whole answer."""
        try:
            reply = await self._send(step.operation, step.attempt, step.body)
            return await self._gather(reply, step.operation, step.attempt)
        except RAISED_BY_HTTPX as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    async def open(self, step: Open) -> tuple[Answer, _Gathered | None]:
        """Send a request; keep the body of a success for `read`."""
        try:
            reply = await self._send(step.operation, step.attempt)
            head = self.channel.head(reply, self.now())
            if head.ok:
                return head, _Gathered(reply, step.operation)
            return await self._gather(reply, step.operation, step.attempt), None
        except RAISED_BY_HTTPX as error:
            failure = self.channel.failure(error, step.operation)
        raise failure

    async def _gather(self, reply: AsyncReply, operation: Operation[object], attempt: int) -> Answer:
        gatherer = Gatherer(self.channel.head(reply, self.now()), operation, attempt)
        try:
            gatherer.begin()
            while (chunk := await reply.read()) and gatherer.add(chunk):
                pass
        except RAISED_BY_HTTPX:
            if gatherer.ok:
                raise  # a failure's status says enough, whatever became of its body
        finally:
            with anyio.CancelScope(shield=True):
                await reply.close()
        return gatherer.answer()

    async def read(self, stream: _Gathered, enough: int | None) -> bytes:
        """Read the next bytes of an open answer."""
        try:
            return await stream.read(enough)
        except RAISED_BY_HTTPX as error:
            failure = self.channel.failure(error, stream.operation)
        raise failure


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


class Carried(Generic[T]):
    """A flow on its way: carried out until it meets its caller, or ends."""

    def __init__(self, runner: Runner, steps: Steps[T]) -> None:
        self._runner = runner
        self._steps = steps
        self._stream: _Gathered | None = None

    async def advance(self, given: object = None, failure: BaseException | None = None) -> Meet | Ended[T]:
        """Go on, with what the caller gives or with a failure of the caller's, to the next meeting or the end."""
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
                    if isinstance(step, Meet):
                        met = True
                        return step
                    outcome = await self._carry_out(step)
                except BaseException as error:  # noqa: BLE001 - the flow decides what becomes of it
                    failure = Theirs(error) if isinstance(error, Exception) and isinstance(step, Work | Tell) else error
            raise failure
        finally:
            failure = None  # it holds this frame, and what the frame holds, through its traceback
            if not met:
                await self._let_go()

    async def _carry_out(self, step: Effect) -> object:
        """Carry out one step, and return its outcome."""
        runner = self._runner
        outcome: object = None
        match step:
            case Exchange():
                with anyio.CancelScope(shield=step.shielded):
                    outcome = await runner.exchange(step)
            case Open():
                outcome, self._stream = await runner.open(step)
            case Read():
                outcome = await runner.read(cast("_Gathered", self._stream), step.enough)
            case Close():
                await self._let_go()
            case Sleep():
                with anyio.CancelScope(shield=step.shielded):
                    await runner.sleep(step.seconds * runner.random() if step.jitter else step.seconds)
            case Work():
                with anyio.CancelScope(shield=step.shielded):
                    outcome = await _on_thread(step.call)
            case Wait():
                # A thread that is abandoned waits no longer than the crew that it waits for.
                limiter = anyio.CapacityLimiter(1)
                outcome = await anyio.to_thread.run_sync(step.call, abandon_on_cancel=True, limiter=limiter)
            case Tell():
                outcome = await _settled(step.call())
            case Hire():
                outcome = runner.crew(step.size)
            case _:
                assert_never(step)
        return outcome

    async def close(self) -> None:
        """Give the flow up where it stands."""
        self._steps.close()
        await self._let_go()

    async def _let_go(self) -> None:
        if self._stream is not None:
            stream, self._stream = self._stream, None
            with anyio.CancelScope(shield=True):
                await stream.close()


async def _feed(body: Body) -> AsyncIterator[bytes]:
    """Feed a body to httpx."""
    chunks = body.chunks()
    following = partial(next, chunks, b"")
    try:
        while chunk := following() if body.in_memory else await _on_thread(following):
            yield bytes(chunk)  # the loop may send it later
            await _settled(body.sent(len(chunk)))
    except Exception as error:  # noqa: BLE001 - it is handed on, whatever it is
        raise Theirs(error) from None
