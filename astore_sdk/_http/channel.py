"""What a client says in every request, and what it makes of heads and failures: by one configuration, for both runners."""

from __future__ import annotations

import logging
import sys

import httpx
from attrs import astuple, evolve

from .._core.flow import Body
from .._core.operation import Operation
from .._version import __version__
from .._wire.messages import Answer, header_fields
from .._wire.quoting import WINDOW
from .._wire.redaction import redact
from .._wire.resource import FIELD, resource_field
from ..auth import BearerAuth
from ..config import Config, Timeout
from ..exceptions import NetworkError
from .failures import from_httpx
from .requests import Outgoing
from .responses import AsyncReply, Reply

_WITH_BODY = ("POST", "PUT", "PATCH")
"""Methods that say how long their body is even if it has no bytes (RFC 9110, section 8.6)."""

USER_AGENT = f"astore_sdk/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}"

logger = logging.getLogger("astore_sdk")


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
        return from_httpx(error, said, address, operation.name, operation.bucket, operation.key)
