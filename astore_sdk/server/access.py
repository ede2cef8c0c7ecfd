"""The access log: one record for each request, made when its answer has ended, however it ended.

Nothing of a request gets into the log but its method, its path and sizes: no header field and nothing of the query, in
which secrets travel. What is logged of a path is visible ASCII, so that no path can end a line or begin another.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Self, cast
from urllib.parse import quote_from_bytes, unquote_to_bytes

from astore_sdk.server.responder import CONNECTION_EXTENSION, Connection

if TYPE_CHECKING:
    from types import TracebackType

    from astore_sdk.server.asgi import Receive, ReceiveEvent, Scope, Send, SendEvent
    from astore_sdk.server.responder import Responder

access_log: logging.Logger = logging.getLogger("astore_sdk.server.access")

REDACTED = "***"
# Characters. The longest key, each of its bytes percent-encoded, is shorter.
_MAX_PATH = 4096
_MAX_METHOD = 32
_NOT_SHOWN = re.compile(rb"[^!#-\[\]-~]")
"""All but visible ASCII, and of that the quotation mark and the backslash."""


class AccessEntry(NamedTuple):
    """What the access log has of a request; None where it is not known. `time` is in seconds since 1970, `ms` the time it took."""

    time: float
    request_id: str
    client: str | None
    method: str | None
    path: str | None
    operation: str | None
    status: int | None
    code: str | None
    bytes_in: int
    bytes_out: int
    ms: float
    outcome: str

    def __str__(self) -> str:
        """Give the entry as `name=value` pairs, `-` for what is not known."""
        return (
            f"request_id={self.request_id} client={self.client or '-'} method={self.method or '-'} path={self.path or '-'} "
            f"operation={self.operation or '-'} status={self.status or '-'} code={self.code or '-'} "
            f'bytes_in={self.bytes_in} bytes_out={self.bytes_out} ms={self.ms:.3f} outcome="{self.outcome}"'
        )


AccessSink = Callable[[AccessEntry], None]


class Watch:
    """Counts what one request receives and sends, and makes its entry at the end of the `with` block.

    The block's `responder` tells what was answered; `receive` and `send` are to be used instead of the server's. The entry
    goes to `sink`, without one to the logger `astore_sdk.server.access`.
    """

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, *, request_id: str, token: bytes | None, sink: AccessSink | None = None
    ) -> None:
        self.request_id = request_id
        self._scope = scope
        self._token = token
        self._sink = sink
        self._wanted = sink is not None or access_log.isEnabledFor(logging.INFO)
        self._receive, self._send = receive, send
        self.receive: Receive = self._counting_receive if self._wanted else receive
        self.send: Send = self._counting_send if self._wanted else send
        self.responder: Responder | None = None
        self._bytes_in = self._bytes_out = 0
        self._complete = False
        # Another server than ours lends no connection; what was sent then counts as received.
        connection = scope.get("extensions", {}).get(CONNECTION_EXTENSION)
        self._connection = connection if isinstance(connection, Connection) else None
        self._began = time.perf_counter()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if not self._wanted:
            return
        responder = self.responder
        if self._complete:
            outcome = "complete"
        elif responder is not None and responder.broken_off:
            outcome = "broken off"
        else:
            outcome = "store stopped" if isinstance(error, asyncio.CancelledError) else "client gone"
        (self._sink or _record)(
            AccessEntry(
                time.time(),
                self.request_id,
                shown_client(self._scope.get("client")),
                shown_method(self._scope["method"]),
                shown_path(self._scope["raw_path"], self._token),
                None if responder is None else responder.operation,
                None if responder is None else responder.status,
                None if responder is None else responder.code,
                self._bytes_in,
                self._bytes_out,
                round((time.perf_counter() - self._began) * 1000, 3),
                outcome,
            )
        )

    async def _counting_receive(self) -> ReceiveEvent:
        event = await self._receive()
        self._bytes_in += len(event.get("body", b""))
        return event

    async def _counting_send(self, event: SendEvent) -> None:
        # What is sent on a connection that has gone is dropped, and nobody says so.
        gone = self._connection is not None and self._connection.is_closing()
        await self._send(event)
        if event["type"] == "http.response.body" and not gone:
            if self._scope["method"] != "HEAD":
                self._bytes_out += len(event.get("body", b""))
            self._complete = not event.get("more_body", False)


def log_refusal(*, request_id: str, client: tuple[str, int] | None, status: int, code: str, bytes_out: int) -> None:
    """Log what was refused before it was a request: what could not be read, or came too late. `bytes_out` are its body's."""
    if access_log.isEnabledFor(logging.INFO):
        where = shown_client(client)
        _record(AccessEntry(time.time(), request_id, where, None, None, None, status, code, 0, bytes_out, 0.0, "complete"))


def _record(entry: AccessEntry) -> None:
    # Not `access_log.info`, which looks for its caller in the stack of every request.
    access_log.handle(access_log.makeRecord(access_log.name, logging.INFO, __file__, 0, entry, (), None))


def shown_client(address: object) -> str | None:
    """Give the address and port of a client: `192.0.2.1:4711` or `[2001:db8::1]:4711`; None if there is none."""
    if not isinstance(address, (tuple, list)):
        return None
    parts = cast("tuple[object, ...]", address)
    if len(parts) < 2:
        return None
    host, port = parts[:2]
    return f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"


def shown_method(method: str) -> str:
    """Give a method as it may stand in a line: the store reads any token (RFC 9110 §5.6.2) as one."""
    shown = method[:_MAX_METHOD]
    return _NOT_SHOWN.sub(_percent, shown.encode("ascii", "replace")).decode("ascii")


def shown_path(raw_path: bytes, token: bytes | None) -> str:
    """Give a path as it was sent, what is not visible ASCII percent-encoded, and `***` in place of the token."""
    # A request target may be a whole URL with a user's name and password (RFC 9112 §3.2.2), or have a fragment.
    path = raw_path.partition(b"#")[0].partition(b"?")[0]
    if not path.startswith(b"/") and path != b"*":
        scheme, _, rest = path.partition(b"://")
        path = b"/" + rest.partition(b"/")[2] if rest and scheme.isalnum() else b"-"
    if token is not None:
        path = path.replace(token, REDACTED.encode())
        if b"%" in path and token in (decoded := unquote_to_bytes(path)):
            path = quote_from_bytes(decoded.replace(token, REDACTED.encode()), safe="/!$&'()*+,;=:@").encode()
    shown = _NOT_SHOWN.sub(_percent, path).decode("ascii")
    return shown if len(shown) <= _MAX_PATH else shown[:_MAX_PATH] + "..."


def _percent(match: re.Match[bytes]) -> bytes:
    return b"%%%02X" % match[0][0]
