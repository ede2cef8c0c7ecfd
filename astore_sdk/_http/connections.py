"""The connections of a client, or of one worker of a transfer, which another thread can cut."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx

from .._core.flow import Body
from .h1.sync import Lane
from .over_httpx import Stock
from .requests import Outgoing, Reply
from .routing import Ways, is_httpx_its_own


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
