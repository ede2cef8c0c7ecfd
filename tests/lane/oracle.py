"""What h11 by itself makes of an answer, as a transport under the same client: no connection, no pool, nothing of httpcore."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import h11
import httpx


class Oracle(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers each request with `raw`, read by h11, after which the connection ends. `kept` is whether it could be used again."""

    def __init__(self) -> None:
        self.raw = b""
        self.kept = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.kept = False
        connection = h11.Connection(h11.CLIENT)
        connection.send(h11.Request(method=request.method, target=request.url.raw_path, headers=request.headers.raw))
        connection.send(h11.EndOfMessage())
        connection.receive_data(self.raw)
        event = _next(connection)
        while isinstance(event, h11.InformationalResponse):
            event = _next(connection)
        if not isinstance(event, h11.Response):
            raise httpx.RemoteProtocolError("no answer")
        return httpx.Response(event.status_code, headers=event.headers.raw_items(), stream=_Body(self, connection))


class _Body(httpx.SyncByteStream, httpx.AsyncByteStream):
    def __init__(self, oracle: Oracle, connection: h11.Connection) -> None:
        self._oracle = oracle
        self._connection = connection

    def __iter__(self) -> Iterator[bytes]:
        while isinstance(event := _next(self._connection), h11.Data):
            yield bytes(event.data)
        if not isinstance(event, h11.EndOfMessage):
            raise httpx.RemoteProtocolError("no end")
        states = (self._connection.our_state, self._connection.their_state)
        self._oracle.kept = states == (h11.DONE, h11.DONE) and not self._connection.trailing_data[0]

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def _next(connection: h11.Connection) -> object:
    try:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(b"")
            event = connection.next_event()
    except h11.RemoteProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from None
    return event
