"""The connections of a client, or of one worker of a transfer, which another thread can cut."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import httpx

from ..config import Config
from .http import ClientArguments
from .lane.sync import Lane
from .outgoing import Outgoing, Reply
from .steps import Body
from .stock import Stock
from .ways import is_httpx_its_own, lane_origin


class Stopped(Exception):  # noqa: N818 - a signal between a crew and its workers, not an error of the SDK
    """The work that this belongs to was stopped."""


class Line:
    """Connections to one store. Cut, whoever waits on one of them wakes up at once with a failure.

    Args:
        config: Where the store is.
        arguments: Makes what httpx needs, when that is first needed: it may load certificates.
        transport: The user's, in place of all others.
        worker: Whether it is for one thread at a time, and can be cut.
    """

    def __init__(
        self, config: Config, arguments: Callable[[], ClientArguments], transport: httpx.BaseTransport | None, *, worker: bool
    ) -> None:
        self._config = config
        self._arguments = arguments
        self._transport = transport
        self._worker = worker
        self._lock = threading.RLock()
        self._is_cut = False
        self._opened = False
        self._lane: Lane | None = None
        self._stock: Stock | None = None

    def send(self, outgoing: Outgoing, feed: Callable[[Body], Iterator[bytes | memoryview]]) -> Reply:
        """Send a request and wait for the head of its answer.

        Raises:
            Stopped: The line was cut.
            Exception: There is no answer: one of those that httpx raises.
        """
        if not self._opened:
            self._open()
        if self._is_cut:
            raise Stopped
        if self._lane is not None and is_httpx_its_own():
            return self._lane.send(outgoing, feed)
        return self._get_stock().send(outgoing, feed)

    def _open(self) -> None:
        with self._lock:
            if not self._opened and self._transport is None:
                origin = lane_origin(self._config, self._arguments())
                self._lane = None if origin is None else Lane(origin)
            self._opened = True

    def _get_stock(self) -> Stock:
        with self._lock:
            if self._stock is None:
                self._stock = Stock(httpx.URL(self._config.base_url), self._arguments(), self._transport, traced=self._worker)
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
