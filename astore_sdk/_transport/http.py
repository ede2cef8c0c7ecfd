"""What both runners need to speak HTTP: httpx's arguments, requests and answers, and how failures map."""

from __future__ import annotations

import logging
import ssl
import sys
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import TypedDict
from urllib.request import getproxies

import httpx
from attrs import astuple, evolve

from .._operations.operation import Operation
from .._version import __version__
from .._wire import failures
from .._wire.messages import Answer, header_fields
from .._wire.resource import FIELD, resource_field
from ..auth import BearerAuth
from ..config import Config, Timeout
from ..exceptions import InvalidInputError, NetworkError
from .outgoing import AsyncReply, Outgoing, Reply
from .steps import Body

MAX_ANSWER = 256 * 1024 * 1024
"""Bytes of an answer that is read whole; more is taken for an attack or a mistake."""

_WITH_BODY = ("POST", "PUT", "PATCH")
"""Methods that say how long their body is even if it has no bytes (RFC 9110, section 8.6)."""

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
    """Turns operations into requests, and httpx's failures into ours, by one configuration."""

    def __init__(self, config: Config, auth: BearerAuth) -> None:
        self.config = config
        self.auth = auth
        self.base: httpx.URL = httpx.URL(config.base_url)
        self._phases = config.phases
        self._prefix = self.base.raw_path.decode("ascii").rstrip("/")
        self._headers = {
            "Host": self.base.netloc.decode("ascii"),
            "Accept": "*/*",
            "Accept-Encoding": "identity",  # bytes as they are stored: nothing is decoded on the way
            "User-Agent": config.user_agent or USER_AGENT,
            **config.headers,
        }

    def outgoing(self, operation: Operation[object], body: Body | None = None) -> Outgoing:
        """Make the request; its path is exactly what was built. A streamed body takes the place of the content."""
        asked = operation.request
        headers = {**self._headers, **asked.headers}
        if operation.bucket is not None and operation.key is not None:
            named = resource_field(asked.path, operation.bucket, operation.key)
            if named is not None:
                headers[FIELD] = named
        length = len(asked.content) if body is None else body.length
        if length or asked.method in _WITH_BODY:
            headers["Content-Length"] = str(length)
        return Outgoing(
            asked.method,
            self._prefix + asked.path,
            list(headers.items()),
            asked.content,
            body,
            self._timeout(asked.patience, asked.haste),
            self.auth if asked.authenticated else None,
        )

    def _timeout(self, patience: float, haste: float | None) -> Timeout:
        phases = self._phases
        if patience > phases.read:
            phases = evolve(phases, read=patience)
        if haste is not None:
            most = haste
            phases = Timeout(*(min(seconds, most) for seconds in astuple(phases)))
        return phases

    def log(self, operation: Operation[object], result: str, seconds: float, attempt: int) -> None:
        """Write the line of one request: never its headers or body."""
        request = operation.request
        path = request.path.partition("?")[0]
        logger.debug("%s %s %s %.0f ms, attempt %d", request.method, path, result, seconds * 1000, attempt)

    def answer(self, reply: Reply | AsyncReply, at: float, body: bytes = b"") -> Answer:
        """Return the answer as a value, without the token should it have been sent back in what errors quote."""
        status, fields, redact = reply.status, header_fields(reply.headers), self.auth.redact
        if not 200 <= status < 300:
            fields = {name: redact(value) for name, value in fields.items()}
            body = redact(body.decode("latin-1")).encode("latin-1")
        elif "x-request-id" in fields:
            fields["x-request-id"] = redact(fields["x-request-id"])
        return Answer(status, fields, body, at, redact)

    def failure(self, error: Exception, operation: Operation[object]) -> NetworkError:
        """Return our error for one of httpx's."""
        said = self.auth.redact(str(error))
        address = f"{self.base.scheme}://{self.base.netloc.decode('ascii')}"
        return failures.from_httpx(error, said, address, operation.name, operation.bucket, operation.key)


class Gatherer:
    """Collects an answer that is read whole, up to a limit."""

    def __init__(self, reply: Reply | AsyncReply) -> None:
        self.ok = 200 <= reply.status < 300
        self._most = MAX_ANSWER if self.ok else failures.MAX_BODY
        self._chunks: list[bytes] = []
        self._size = 0
        self._encoding = [field for field in reply.headers if field[0].lower() == b"content-encoding"]

    def add(self, chunk: bytes | memoryview) -> bool:
        """Take a chunk; False when there is enough."""
        self._chunks.append(bytes(chunk))
        self._size += len(chunk)
        return self._size < self._most

    def body(self) -> bytes:
        """Return what was collected, decoded: a server may encode it although it was asked not to."""
        if not self._encoding:
            return b"".join(self._chunks)[: self._most]
        encoded = httpx.Response(200, headers=self._encoding, content=iter(self._chunks))
        self._chunks, self._size, self._encoding = [], 0, []
        try:
            for chunk in encoded.iter_bytes():
                if not self.add(chunk):
                    break
        except failures.RAISED_BY_HTTPX:
            if self.ok:
                raise
        return self.body()
