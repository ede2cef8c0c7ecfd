"""The connections of a client, and those of each worker of a transfer, which another thread can cut."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator

import httpx

from .._core.flow import Body
from ..exceptions import InvalidInputError
from .h1.sync import Lane
from .over_httpx import Stock
from .requests import Outgoing
from .responses import Reply
from .routing import Ways, is_httpx_its_own

MOST_IDLE_LINES = 16
"""Connections of transfers that are kept when the transfer is done."""


class Stopped(Exception):  # noqa: N818 - a signal between a crew and its workers, not an error of the SDK
    """The work that this belongs to was stopped."""


class Line:
    """Connections to one store. Cut, whoever waits on one of them wakes up at once with a failure.

    Args:
        ways: How they are made.
        transport: The user's, in place of all others.
        worker: Whether they are for one thread at a time, and can be cut.
    """

    def __init__(self, ways: Ways, transport: httpx.BaseTransport | None, *, worker: bool) -> None:
        self._ways = ways
        self._transport = transport
        self._worker = worker
        self._lock = threading.Lock()
        self._is_cut = False
        self._lane: Lane | None = None
        self._stock: Stock | None = None

    def send(self, outgoing: Outgoing, feed: Callable[[Body], Iterator[bytes | memoryview]]) -> Reply:
        """Send a request and wait for the head of its answer.

        Raises:
            Stopped: The line was cut.
            Exception: There is no answer: one of those that httpx raises.
        """
        way = self._way()
        if self._is_cut:
            raise Stopped
        return way.send(outgoing, feed)

    def _way(self) -> Lane | Stock:
        origin = self._ways.origin
        with self._lock:
            if origin is not None and is_httpx_its_own():
                self._lane = self._lane or Lane(origin)
                return self._lane
            self._stock = self._stock or Stock(self._ways.base, self._ways.arguments, self._transport, traced=self._worker)
            return self._stock

    def cut(self) -> None:
        """End what is being done, and let nothing else begin. From any thread."""
        self._is_cut = True
        for way in (self._lane, self._stock):
            if way is not None:
                way.cut()

    def close(self) -> None:
        """Close all connections. Only when no thread uses them."""
        for way in (self._lane, self._stock):
            if way is not None:
                way.close()


class Connections:
    """The connections of a client and of those made of it with other options."""

    def __init__(self, ways: Ways, transport: httpx.BaseTransport | None) -> None:
        self._ways = ways
        self._transport = transport
        # By process: after a fork the parent's sockets are left alone.
        self._main: dict[int, Line] = {}
        self._idle: dict[int, list[Line]] = {}
        self._closed = False

    def send(self, outgoing: Outgoing, feed: Callable[[Body], Iterator[bytes | memoryview]]) -> Reply:
        """Send a request over the connections that all share, and wait for the head of its answer."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        # Threads may race here: the loser's line never opens anything.
        main = self._main.get(os.getpid()) or self._main.setdefault(os.getpid(), self.new_line(worker=False))
        return main.send(outgoing, feed)

    def new_line(self, *, worker: bool = True) -> Line:
        """Return connections that open when they are first needed."""
        return Line(self._ways, self._transport, worker=worker)

    def line(self) -> Line:
        """Return a connection for one thread: an idle one, or one that opens when it is first needed."""
        if self._closed:
            raise InvalidInputError("this client is closed")
        try:
            return self._idle[os.getpid()].pop()
        except (KeyError, IndexError):
            return self.new_line(worker=True)

    def give_back(self, line: Line) -> None:
        """Take a line back that is whole and idle. Some are kept for the next transfer."""
        idle = self._idle.setdefault(os.getpid(), [])
        if self._closed or len(idle) >= MOST_IDLE_LINES:
            line.close()
        else:
            idle.append(line)

    def close(self) -> None:
        """Close what is open. Closing twice does nothing."""
        self._closed = True
        main = self._main.pop(os.getpid(), None)
        for line in [*([main] if main else []), *self._idle.pop(os.getpid(), [])]:
            line.close()
