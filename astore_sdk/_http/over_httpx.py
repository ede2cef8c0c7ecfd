"""The usual way: httpx. For proxies, for a transport of the user's, for mocks, and wherever the fast lane is not to be had."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Protocol, TypedDict, cast
from urllib.request import getproxies

import httpx

from .._config_values import proxy_url
from .._core.flow import Body
from .._wire.messages import RawHeaders
from ..config import Config
from ..exceptions import InvalidInputError
from .requests import Outgoing


class ClientArguments(TypedDict):
    """What `httpx.Client` and `httpx.AsyncClient` take alike."""

    verify: ssl.SSLContext
    proxy: str | None
    limits: httpx.Limits
    follow_redirects: bool
    cookies: CookieJar


def client_arguments(config: Config) -> ClientArguments:
    """Return how httpx shall connect. Loads certificates: call it late, and once."""
    return {
        "verify": _tls(config),
        "proxy": proxy_url(config.proxy) if config.proxy is not None else None,
        "limits": httpx.Limits(
            max_connections=config.max_connections,
            max_keepalive_connections=config.max_connections,
            keepalive_expiry=config.keepalive_expiry,
        ),
        "follow_redirects": False,
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none are kept: a store has none, and odd ones do harm
    }


def _tls(config: Config) -> ssl.SSLContext:
    if isinstance(config.verify, ssl.SSLContext):
        return config.verify
    proxies = config.proxy or " ".join(getproxies().values())
    if not config.base_url.startswith("https://") and "https://" not in proxies:
        # No TLS will be spoken: a context that trusts nobody saves the time of loading the authorities.
        return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if config.insecure_skip_verify:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif config.verify is not None:
            folder = Path(config.verify).is_dir()
            context = ssl.create_default_context(cafile=None if folder else config.verify, capath=config.verify if folder else None)
        else:
            context = httpx.create_ssl_context()
        if config.cert is not None:
            context.load_cert_chain(*((config.cert,) if isinstance(config.cert, str) else config.cert))
    except OSError as error:
        raise InvalidInputError(f"verify or cert cannot be loaded: {error}") from None
    return context


class _Borrowed(httpx.BaseTransport):
    """A transport of the user's: used as it is, and never closed by us."""

    def __init__(self, transport: httpx.BaseTransport) -> None:
        self._transport = transport

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._transport.handle_request(request)


class _AsyncBorrowed(httpx.AsyncBaseTransport):
    """A transport of the user's: used as it is, and never closed by us."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)


def _request(base: httpx.URL, outgoing: Outgoing, content: bytes | Iterator[bytes] | AsyncIterator[bytes]) -> httpx.Request:
    """Make httpx's request; its raw path is exactly what was built."""
    url = httpx.URL(f"{base.scheme}://{base.netloc.decode('ascii')}{outgoing.target}")
    if url.raw_path != outgoing.target.encode("ascii"):
        raise InvalidInputError(f"this path cannot travel as it is: {outgoing.target}")
    timeout = outgoing.timeout
    phases = {"connect": timeout.connect, "read": timeout.read, "write": timeout.write, "pool": timeout.pool}
    return httpx.Request(outgoing.method, url, headers=outgoing.fields, content=content, extensions={"timeout": phases})


class _Stream(Protocol):
    """What httpcore connects with."""

    def get_extra_info(self, info: str, /) -> object: ...


_CONNECTED = (".connect_tcp.complete", ".start_tls.complete")
"""How the events of httpcore's `trace` extension end that bring a new stream."""


class Stock:
    """Requests through `httpx.Client`."""

    def __init__(self, base: httpx.URL, arguments: ClientArguments, transport: httpx.BaseTransport | None, *, traced: bool) -> None:
        self._base = base
        self._client = httpx.Client(transport=_Borrowed(transport) if transport is not None else None, **arguments)
        self._traced = traced
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def send(self, outgoing: Outgoing, feed: Callable[[Body], Iterator[bytes | memoryview]]) -> StockReply:
        """Send a request and wait for the head of its answer."""
        # h11 keeps what it is given for a while.
        content = outgoing.content if outgoing.body is None else map(bytes, feed(outgoing.body))
        request = _request(self._base, outgoing, content)
        if self._traced:
            request.extensions["trace"] = self._hear
        return StockReply(self._client.send(request, stream=True, auth=outgoing.auth))

    def cut(self) -> None:
        """End what is being done, and whatever is begun later, from any thread. Only if traced, and for one connection."""
        with self._lock:
            self._is_cut = True
            self._shut_down()

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _hear(self, event: str, facts: Mapping[str, object]) -> None:
        if event.endswith(_CONNECTED):
            found = cast("_Stream", facts["return_value"]).get_extra_info("socket")
            with self._lock:
                self._socket = found if isinstance(found, socket.socket) else None
                if self._is_cut:
                    self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # it is closed already
                # Not SSLSocket's own, which takes the session from under the thread that uses it.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


class StockReply:
    """An answer of httpx's."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: RawHeaders = response.headers.raw
        self.close: Callable[[], None] = response.close
        # A response that was made with its content, as mocks make them, has no stream to read.
        self._chunks = iter((response.content,)) if response.is_stream_consumed else response.iter_raw()

    def read(self) -> bytes:
        """Return what comes next of the body, as it was sent; none at its end."""
        return next(self._chunks, b"")


class AsyncStock:
    """Requests through `httpx.AsyncClient`."""

    def __init__(self, base: httpx.URL, arguments: ClientArguments, transport: httpx.AsyncBaseTransport | None) -> None:
        self._base = base
        self._client = httpx.AsyncClient(transport=_AsyncBorrowed(transport) if transport is not None else None, **arguments)

    async def send(self, outgoing: Outgoing, feed: Callable[[Body], AsyncIterator[bytes]]) -> AsyncStockReply:
        """Send a request and wait for the head of its answer."""
        request = _request(self._base, outgoing, outgoing.content if outgoing.body is None else feed(outgoing.body))
        return AsyncStockReply(await self._client.send(request, stream=True, auth=outgoing.auth))

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()


class AsyncStockReply:
    """An answer of httpx's."""

    def __init__(self, response: httpx.Response) -> None:
        self.status = response.status_code
        self.headers: RawHeaders = response.headers.raw
        self._response = response
        # A response that was made with its content, as mocks make them, has no stream to read.
        chunks = _once(response.content) if response.is_stream_consumed else response.aiter_raw()
        self._chunks = cast("AsyncGenerator[bytes]", chunks)

    async def read(self) -> bytes:
        """Return what comes next of the body, as it was sent; none at its end."""
        return await anext(self._chunks, b"")

    async def close(self) -> None:
        """Let go of the answer."""
        try:
            await self._chunks.aclose()
        finally:
            await self._response.aclose()


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
