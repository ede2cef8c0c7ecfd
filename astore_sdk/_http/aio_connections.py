"""The connections of an async client: for each process, and for each event loop in it. The twin of `connections`."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from weakref import WeakKeyDictionary

import httpx

from .._core.flow import Body
from ..config import Config
from ..exceptions import InvalidInputError
from . import connections
from .h1.aio import Lane
from .over_httpx import AsyncStock
from .requests import Outgoing
from .responses import AsyncReply
from .routing import Ways, is_httpx_its_own


class Line:
    """Connections to one store: for each event loop those of the fast lane, or httpx's."""

    def __init__(self, ways: Ways, transport: httpx.AsyncBaseTransport | None) -> None:
        self._ways = ways
        self._transport = transport
        self._lanes: WeakKeyDictionary[asyncio.AbstractEventLoop, Lane] = WeakKeyDictionary()
        self._stock: AsyncStock | None = None

    async def send(self, outgoing: Outgoing, feed: Callable[[Body], AsyncIterator[bytes]]) -> AsyncReply:
        """Send a request and wait for the head of its answer."""
        origin = self._ways.origin
        if origin is not None and is_httpx_its_own() and (loop := _asyncio_loop()) is not None:
            lane = self._lanes.get(loop) or self._lanes.setdefault(loop, Lane(origin))
            return await lane.send(outgoing, feed)
        if self._stock is None:
            self._stock = AsyncStock(self._ways.base, self._ways.arguments, self._transport)
        return await self._stock.send(outgoing, feed)

    async def close(self) -> None:
        """Close all connections of this event loop."""
        if (loop := _asyncio_loop()) is not None and (lane := self._lanes.pop(loop, None)) is not None:
            await lane.close()
        if self._stock is not None:
            await self._stock.close()


def _asyncio_loop() -> asyncio.AbstractEventLoop | None:
    """Return asyncio's loop if this is one of its tasks, and not one of trio's, which may be the loop's guest."""
    try:
        return asyncio.get_running_loop() if asyncio.current_task() is not None else None
    except RuntimeError:
        return None


class Connections:
    """The connections of a client and of those made of it with other options."""

    def __init__(self, config: Config, transport: httpx.AsyncBaseTransport | None) -> None:
        self._ways = Ways(config, own=transport is None)
        self._transport = transport
        # By process: after a fork the parent's sockets are left alone.
        self._main: dict[int, Line] = {}
        self._closed = False
        # What threads use that move whole files; they cannot speak through a transport that awaits.
        self.blocking: connections.Connections | None = connections.Connections(self._ways, None) if transport is None else None

    async def send(self, outgoing: Outgoing, feed: Callable[[Body], AsyncIterator[bytes]]) -> AsyncReply:
        """Send a request, and wait for the head of its answer."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        main = self._main.get(os.getpid()) or self._main.setdefault(os.getpid(), Line(self._ways, self._transport))
        return await main.send(outgoing, feed)

    async def close(self) -> None:
        """Close what is open. Closing twice does nothing."""
        self._closed = True
        main = self._main.pop(os.getpid(), None)
        if main is not None:
            await main.close()
        if self.blocking is not None:
            self.blocking.close()
