"""uvicorn's two HTTP protocols, with what the store needs of a connection.

Each request's scope carries its connection, so that a fault can drop it; a head that is too long is refused (httptools
sets no bound of its own); and what is not HTTP at all is answered in the store's form.
"""

from __future__ import annotations

import importlib.util
import secrets
import socket
import struct
from typing import TYPE_CHECKING, Literal, cast

from uvicorn.protocols.http.h11_impl import H11Protocol

from astore_sdk.server.access import log_refusal
from astore_sdk.server.problems import Problem
from astore_sdk.server.responder import CONNECTION_EXTENSION

if TYPE_CHECKING:
    import asyncio

    # The types of uvicorn's applications have no public name.
    from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

HttpParser = Literal["auto", "httptools", "h11"]


class UvicornConnection:
    """A connection that can be dropped."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport

    def is_closing(self) -> bool:
        """Tell whether the connection has been closed, by whichever end, so that nothing more will be sent on it."""
        return self._transport.is_closing()

    def drop(self, *, reset: bool) -> None:
        """Close the connection after what was sent; with `reset` at once, so that the client sees RST."""
        if reset:
            # To linger for no time at all is how a socket is told to reset.
            opened: socket.socket = self._transport.get_extra_info("socket")
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()
        else:
            self._transport.close()


def lending(app: ASGI3Application, transport: asyncio.BaseTransport) -> ASGI3Application:
    """Wrap the application of one connection so that its requests can drop it."""
    connection = UvicornConnection(cast("asyncio.Transport", transport))

    async def lend(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        cast("HTTPScope", scope)["extensions"] = {CONNECTION_EXTENSION: cast("dict[object, object]", connection)}
        await app(scope, receive, send)

    return lend


def refuse(transport: asyncio.Transport, detail: str) -> None:
    """Answer what is not a request with a problem, and close the connection."""
    request_id = secrets.token_hex(8)
    body = Problem("InvalidRequest", detail).body(request_id=request_id)
    head = (
        "HTTP/1.1 400 Bad Request\r\n"
        "content-type: application/problem+json\r\n"
        f"content-length: {len(body)}\r\n"
        f"x-request-id: {request_id}\r\n"
        "connection: close\r\n\r\n"
    )
    transport.write(head.encode() + body)
    transport.close()
    client: object = transport.get_extra_info("peername")
    log_refusal(request_id=request_id, client=client, status=400, code="InvalidRequest", bytes_out=len(body))


class H11Connection(H11Protocol):
    """uvicorn's pure Python protocol."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Remember the connection for its requests."""
        super().connection_made(transport)
        self.app: ASGI3Application = lending(self.app, transport)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP."""
        refuse(self.transport, msg)


def protocol_class(parser: HttpParser) -> type[asyncio.Protocol]:
    """Choose the protocol: httptools where it is installed, unless told otherwise."""
    if parser == "h11" or (parser == "auto" and importlib.util.find_spec("httptools") is None):
        return H11Connection
    from astore_sdk.server.httptools_connection import HttpToolsConnection

    return HttpToolsConnection
