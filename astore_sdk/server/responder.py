"""Sending answers, and failing to send them when a fault wants that."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from astore_sdk.server.asgi import Response
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from astore_sdk.server.asgi import Receive, Request, RequestHeaders, Scope, Send
    from astore_sdk.server.faults import Fault

CONNECTION_EXTENSION = "astore.connection"


@runtime_checkable
class Connection(Protocol):
    """The connection under a request, which the server lends through the scope's extensions."""

    def drop(self, *, reset: bool) -> None:
        """Close it after what was sent, or at once and hard."""

    def is_closing(self) -> bool:
        """Tell whether it was closed, by whichever end, so that nothing more will be sent on it."""
        ...


class Responder:
    """Answers one request, once."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, request_id: str) -> None:
        self._scope = scope
        self._receive = receive
        self._send = send
        self.request_id = request_id
        self.headers: RequestHeaders | None = None
        self.status: int | None = None
        """The status that was sent, None before that."""
        self.location: str | None = None
        """The `Content-Location` of what is sent."""
        self.code: str | None = None
        """The code of the problem that was sent, or that ended the answer; None without one."""
        self.operation: str | None = None
        """The operation that was asked for, None until it is known."""
        self.broken_off: bool = False
        """Whether the store, and not the client, ended the answer before it was whole."""
        self._body_begun = False

    async def refuse(self, problem: Problem) -> None:
        """Answer with a problem; if an answer is under way already, break it off so that nobody takes it for whole."""
        self.code = problem.code
        if self.status is not None:
            await self._drop(reset=False)
            return
        self.location = None  # a problem document is not what the path names
        body = problem.body(request_id=self.request_id)
        headers = (("Content-Type", "application/problem+json"), *problem.headers)
        if self._scope["method"] == "HEAD":
            headers = (*headers, ("x-astore-error-code", problem.code))  # a HEAD's problem document does not travel
        await self._whole(Response(status=problem.status, headers=headers, body=body, length=len(body)))

    async def send(self, request: Request, response: Response, fault: Fault | None = None) -> None:
        """Send an answer, or what the fault leaves of it."""
        self._body_begun = request.body_begun
        try:
            if fault is not None and fault.lose_answer:
                await self._drop(reset=fault.reset)
            elif fault is not None and fault.spoils_body and request.method != "HEAD" and response.length:
                stream = response.stream if response.stream is not None else _once(response.body)
                await self._streamed(request, response, _misbehaving(stream, response.length, fault))
            elif response.stream is not None:
                await self._streamed(request, response, response.stream)
            else:
                await self._whole(response)
        except _CutError:
            await self._drop(reset=fault is not None and fault.reset)
        finally:
            if response.finished is not None:
                response.finished()

    async def misbehave_before(self, request: Request, fault: Fault) -> bool:
        """Do what a fault wants before the request is looked at; gives whether to go on with it."""
        if fault.delay:
            await asyncio.sleep(fault.delay)
        if fault.stall_before:
            await request.wait_until_gone()
        elif fault.drop_before:
            await self._drop(reset=fault.reset)
        elif fault.drop_upload_after is not None:
            received = 0
            async for chunk in request.chunks():
                received += len(chunk)
                if received >= fault.drop_upload_after:
                    break
            await self._drop(reset=fault.reset)
        elif fault.status is not None:
            await self._answer_fault(fault, fault.status)
        else:
            return True
        return False

    async def _answer_fault(self, fault: Fault, status: int) -> None:
        retry_after = () if fault.retry_after is None else (("Retry-After", fault.retry_after),)
        if fault.body is None:
            code = "SlowDown" if status in {429, 503} else "InternalError"
            await self.refuse(Problem(code, "A fault was asked for.", status=status, headers=retry_after))
            return
        body = fault.body.encode()
        headers = (("Content-Type", fault.content_type), *retry_after)
        await self._whole(Response(status=status, headers=headers, body=body, length=len(body)))

    async def _whole(self, response: Response) -> None:
        await self._head(response)
        await self._send({"type": "http.response.body", "body": response.body, "more_body": False})

    async def _streamed(self, request: Request, response: Response, body: AsyncGenerator[bytes]) -> None:
        async with aclosing(body):
            # The first bytes are read before the head is sent: a small object that is damaged is a proper 500.
            ahead = await anext(body, b"")
            await self._head(response)
            left = (response.length or 0) - len(ahead)
            if not left:
                await self._send({"type": "http.response.body", "body": ahead, "more_body": False})
                return
            # `send` does not say that the client has gone, and the rest of a large object need not be read then.
            gone = asyncio.ensure_future(request.wait_until_gone())
            try:
                while left > 0 and not gone.done():
                    await self._send({"type": "http.response.body", "body": ahead, "more_body": True})
                    ahead = await anext(body)
                    left -= len(ahead)
                if not gone.done():
                    await self._send({"type": "http.response.body", "body": ahead, "more_body": False})
            except _StallError:
                await gone
            finally:
                gone.cancel()
                with suppress(asyncio.CancelledError):
                    await gone

    async def _head(self, response: Response) -> None:
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in response.headers]
        if response.length is not None:
            headers.append((b"content-length", str(response.length).encode()))
        if self.location is not None:
            headers.append((b"content-location", self.location.encode()))
        headers.append((b"x-request-id", self.request_id.encode()))
        # A browser must not take what was stored as text for a script or a page.
        headers.append((b"x-content-type-options", b"nosniff"))
        if not self._body_begun and self.headers is not None and self.headers.get("expect") is not None:
            # The client was never told to continue: nobody can know whether a body or a request comes next.
            headers.append((b"connection", b"close"))
        self.status = response.status
        await self._send({"type": "http.response.start", "status": response.status, "headers": headers})

    async def _drop(self, *, reset: bool) -> None:
        self.broken_off = True
        connection = self._scope.get("extensions", {}).get(CONNECTION_EXTENSION)
        if not isinstance(connection, Connection):
            return  # Another server: it closes the connection itself when an answer is not completed.
        connection.drop(reset=reset)
        # Until the server has noticed, it would answer with an error of its own on what is left of the connection.
        while (await self._receive())["type"] != "http.disconnect":
            pass


class _CutError(Exception):
    """The answer ends here, and so does the connection."""


class _StallError(Exception):
    """The answer goes no further, and the connection stays."""


async def _once(body: bytes) -> AsyncGenerator[bytes]:
    yield body


async def _misbehaving(stream: AsyncGenerator[bytes], length: int, fault: Fault) -> AsyncGenerator[bytes]:
    """Pass on a body of `length` bytes as far and as well as the fault lets it."""
    damaged = length // 2 if fault.corrupt else length
    ends = [place for place in (fault.drop_after, fault.stall_after) if place is not None]
    end = min([length, *ends])
    done = 0
    async with aclosing(stream):
        # The head is sent with the first piece, and has to go out even if nothing follows.
        yield b""
        async for piece in stream:
            begin, done = done, done + len(piece)
            if begin <= damaged < done:
                bad = bytearray(piece)
                bad[damaged - begin] ^= 1
                piece = bytes(bad)
            if done > end:
                yield piece[: end - begin]
                raise _CutError if end == fault.drop_after else _StallError
            yield piece
