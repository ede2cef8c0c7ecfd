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

from .._core.flow import Body
from .._core.operation import Operation
from .._version import __version__
from .._wire import failures
from .._wire.messages import Answer, header_fields
from .._wire.quoting import WINDOW
from .._wire.redaction import redact
from .._wire.resource import FIELD, resource_field
from ..auth import BearerAuth
from ..config import Config, Timeout, proxy_url
from ..exceptions import InvalidInputError, NetworkError, ResponseDecodeError
from .requests import AsyncReply, Outgoing, Reply

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

    def head(self, reply: Reply | AsyncReply, at: float) -> Answer:
        """Return the head of an answer as a value."""
        return Answer(reply.status, header_fields(reply.headers), b"", at, self.redact)

    def redact(self, text: str, *, cut: bool = False) -> str:
        """Return a text of a server's without the token, should it have been sent back; `cut` tells whether its end was cut off."""
        return redact(text, self.auth.known, cut=cut)

    def failure(self, error: Exception, operation: Operation[object]) -> NetworkError:
        """Return our error for one of httpx's."""
        said = self.redact(str(error)[:WINDOW])
        address = f"{self.base.scheme}://{self.base.netloc.decode('ascii')}"
        return failures.from_httpx(error, said, address, operation.name, operation.bucket, operation.key)


class Gatherer:
    """Collects an answer that is read whole: a success up to its operation's limit, a failure as far as it is of use.

    Nothing is decoded: the client asks for answers that are not encoded, and a few bytes of gzip could be any number of others.
    """

    def __init__(self, head: Answer, operation: Operation[object], attempt: int) -> None:
        self.ok = head.ok
        self._head = head
        self._operation = operation
        self._attempt = attempt
        self._chunks: list[bytes] = []
        self._size = 0

    def begin(self) -> None:
        """Look at the head.

        Raises:
            ResponseDecodeError: It announces more than an answer may have.
        """
        length = self._head.fields.get("content-length", "")
        has_body = self._operation.request.method != "HEAD" and self._head.status != 204
        if self.ok and has_body and length.isascii() and length.isdigit() and int(length[:18]) > self._operation.max_answer:
            raise self._too_long(f"announces {length[:18]}")

    def add(self, chunk: bytes | memoryview) -> bool:
        """Take a chunk; False when there is enough.

        Raises:
            ResponseDecodeError: It is more than an answer may have, or encoded.
        """
        if self.ok and not self._chunks and (encoding := self._head.encoding):
            raise self._refused(
                f"the answer is encoded ({self._head.quote(encoding, 200)}), though the request said Accept-Encoding: identity",
                "Something between here and the store compresses its answers: switch that off there.",
            )
        self._chunks.append(bytes(chunk))
        self._size += len(chunk)
        if not self.ok:
            return self._size < failures.MAX_BODY
        if self._size > self._operation.max_answer:
            raise self._too_long("has more")
        return True

    def _too_long(self, what: str) -> ResponseDecodeError:
        return self._refused(
            f"the answer {what} bytes where {self._operation.max_answer} are the most that this operation can have",
            "Is base_url really the address of an artifact store?",
        )

    def _refused(self, message: str, hint: str) -> ResponseDecodeError:
        operation = self._operation
        return ResponseDecodeError(
            message,
            status_code=self._head.status,
            request_id=failures.request_id_of(self._head),
            operation=operation.name,
            bucket=operation.bucket,
            key=operation.key,
            attempts=self._attempt,
            hint=hint,
        )

    def answer(self) -> Answer:
        """Return what was collected."""
        head = self._head
        if not self._chunks:
            return head
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return Answer(head.status, head.fields, body if self.ok else body[: failures.MAX_BODY], head.at, head.redact)
