"""uvicorn's fast protocol, for where httptools is installed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from astore_sdk.server.blob_reading import BATCH
from astore_sdk.server.connections import lending, refuse

if TYPE_CHECKING:
    import asyncio

    from uvicorn._types import ASGI3Application


class HttpToolsConnection(HttpToolsProtocol):
    """A connection whose requests are parsed by httptools."""

    _in_head = False
    _head_size = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection for its requests."""
        super().connection_made(transport)
        self.app: ASGI3Application = lending(self.app, transport)

    def data_received(self, data: bytes) -> None:
        """Count the bytes of a head, which would else be collected for ever."""
        super().data_received(data)
        if self._in_head:
            self._head_size += len(data)
            limit = self.config.h11_max_incomplete_event_size
            if limit is not None and self._head_size > limit and not self.transport.is_closing():
                self.send_400_response("The request's head is too long.")

    def on_message_begin(self) -> None:
        """Begin to count."""
        self._in_head, self._head_size = True, 0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Refuse a fragment: it would be cut off silently, and with it a part of the key."""
        if b"#" in url:
            raise ValueError("a request target has no fragment")
        super().on_url(url)

    def on_headers_complete(self) -> None:
        """End the count, and keep the authority of a target that is a whole URL; uvicorn drops it."""
        self._in_head = False
        super().on_headers_complete()
        if not self.url.startswith(b"/"):
            self.scope["raw_path"] = self.url.partition(b"?")[0]

    def on_body(self, body: bytes) -> None:
        """Take a piece of a body.

        uvicorn stops reading at 64 KiB, which is less than one read brings: the socket would be paused and resumed for
        every piece, and an upload take a third longer. This lets a batch of the blob store wait instead.
        """
        if self.cycle.response_complete:
            return
        self.cycle.body += body
        if len(self.cycle.body) > BATCH:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        refuse(self.transport, msg)
