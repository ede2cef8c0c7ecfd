"""A connection of one worker's own, which another thread can cut."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from typing import Protocol, cast

import httpx


class Stopped(Exception):  # noqa: N818 - a signal between a crew and its workers, not an error of the SDK
    """The work that this belongs to was stopped."""


class _Stream(Protocol):
    """What httpcore connects with."""

    def get_extra_info(self, info: str, /) -> object: ...


_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")
"""How the events of httpcore's `trace` extension end that bring a new stream."""


class Line:
    """Connections for one thread at a time. Cut, whoever waits on one of them wakes up at once with a failure."""

    def __init__(self, make: Callable[[], httpx.Client]) -> None:
        self._make = make
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._cut = False

    def client(self) -> httpx.Client:
        """Return what to send requests with, made when it is first needed."""
        if self._cut:
            raise Stopped
        if self._client is None:
            self._client = self._make()
            self._client.event_hooks["request"].append(self._trace)
        return self._client

    def cut(self) -> None:
        """End the connection and let no other one come. From any thread."""
        with self._lock:
            self._cut = True
            self._shut_down()

    def close(self) -> None:
        """Close the connection. Only when no thread uses it."""
        if self._client is not None:
            self._client.close()

    def _trace(self, request: httpx.Request) -> None:
        request.extensions["trace"] = self._hear

    def _hear(self, event: str, facts: Mapping[str, object]) -> None:
        if event.endswith(_CONNECTED):
            found = cast("_Stream", facts["return_value"]).get_extra_info("socket")
            with self._lock:
                self._socket = found if isinstance(found, socket.socket) else None
                if self._cut:
                    self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                # Not SSLSocket's own, which takes the session from under the thread that uses it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
