"""What both runners need to speak through httpx: its arguments, requests as it wants them, and how failures map."""

from __future__ import annotations

import logging
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import TypedDict
from urllib.request import getproxies

import httpx

from .._operations.operation import Operation
from .._version import __version__
from .._wire import failures
from .._wire.messages import Answer
from ..auth import BearerAuth
from ..config import Config
from ..exceptions import InvalidInputError, NetworkError

MAX_ANSWER = 256 * 1024 * 1024
"""Bytes of an answer that is read whole; more is taken for an attack or a mistake."""

USER_AGENT = f"astore_sdk/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"

logger = logging.getLogger("astore_sdk")


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
        "proxy": config.proxy,
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


class Channel:
    """Turns operations into httpx's requests, and httpx's failures into ours, by one configuration."""

    def __init__(self, config: Config, auth: BearerAuth) -> None:
        self.config = config
        self.auth = auth
        self._base = httpx.URL(config.base_url)
        self._prefix = self._base.raw_path.rstrip(b"/")
        self._phases = config.phases
        self._headers = {
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # bytes as they are stored: nothing is decoded on the way
            "User-Agent": config.user_agent or USER_AGENT,
            **config.headers,
        }

    def request(
        self,
        operation: Operation[object],
        length: int | None = None,
        content: Iterator[bytes] | AsyncIterator[bytes] | None = None,
    ) -> httpx.Request:
        """Make the httpx request; its raw path is exactly what was built. A streamed body comes with its length."""
        asked = operation.request
        url = httpx.URL(self.config.base_url + asked.path)
        if url.raw_path != self._prefix + asked.path.encode("ascii"):
            raise InvalidInputError(f"this path cannot travel as it is: {asked.path}", operation=operation.name)
        timeout = {
            "connect": self._phases.connect,
            "read": max(self._phases.read, asked.patience),
            "write": self._phases.write,
            "pool": self._phases.pool,
        }
        if asked.haste is not None:
            timeout = {phase: min(seconds, asked.haste) for phase, seconds in timeout.items()}
        headers = {**self._headers, **asked.headers}
        if length is not None:
            headers["Content-Length"] = str(length)
        return httpx.Request(
            asked.method,
            url,
            headers=headers,
            content=asked.content if content is None else content,
            extensions={"timeout": timeout},
        )

    def auth_for(self, operation: Operation[object]) -> BearerAuth | None:
        """Return what adds the token, None where none is due."""
        return self.auth if operation.request.authenticated else None

    def log(self, operation: Operation[object], result: str, seconds: float, attempt: int) -> None:
        """Write the line of one request: never its headers or body."""
        request = operation.request
        path = request.path.partition("?")[0]
        logger.debug("%s %s %s %.0f ms, attempt %d", request.method, path, result, seconds * 1000, attempt)

    def answer(self, response: httpx.Response, at: float, body: bytes = b"") -> Answer:
        """Return the answer as a value, without the token should it have been sent back in what errors quote."""

        def redacted(raw: bytes) -> bytes:
            return self.auth.redact(raw.decode("latin-1")).encode("latin-1")

        if response.is_success:
            headers = [(name, redacted(raw) if name.lower() == b"x-request-id" else raw) for name, raw in response.headers.raw]
        else:
            headers = [(name, redacted(raw)) for name, raw in response.headers.raw]
            body = redacted(body)
        return Answer(response.status_code, httpx.Headers(headers), body, at)

    def failure(self, error: Exception, operation: Operation[object]) -> NetworkError:
        """Return our error for one of httpx's."""
        said = self.auth.redact(str(error))
        address = f"{self._base.scheme}://{self._base.netloc.decode('ascii')}"
        return failures.from_httpx(error, said, address, operation.name, operation.bucket, operation.key)


class Gatherer:
    """Collects an answer that is read whole, up to a limit."""

    def __init__(self, response: httpx.Response) -> None:
        self._most = MAX_ANSWER if response.is_success else failures.MAX_BODY
        self._chunks: list[bytes] = []
        self._size = 0

    def add(self, chunk: bytes) -> bool:
        """Take a chunk; False when there is enough."""
        self._chunks.append(chunk)
        self._size += len(chunk)
        return self._size < self._most

    @property
    def body(self) -> bytes:
        """What was collected."""
        return b"".join(self._chunks)[: self._most]
