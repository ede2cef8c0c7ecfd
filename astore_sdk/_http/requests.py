"""A request as it leaves and an answer as it comes, whichever way they travel: by httpx, or by the fast lane."""

from __future__ import annotations

from typing import Protocol

from attrs import frozen

from .._core.flow import Body
from .._wire.messages import RawHeaders
from ..auth import BearerAuth
from ..config import Timeout


@frozen
class Outgoing:
    """A request, whole but for its token."""

    method: str
    target: str
    """Raw path and query, as they stand in the request line."""
    fields: list[tuple[str, str]]
    """`Host` first, `Content-Length` where there is a body."""
    content: bytes
    body: Body | None
    """Streamed in place of `content`."""
    timeout: Timeout
    auth: BearerAuth | None


class Reply(Protocol):
    """An answer whose head is there."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> RawHeaders:
        """The header fields, as they came."""
        ...

    def read(self) -> bytes | memoryview:
        """Return what comes next of the body, as it was sent; none at its end. A view is good until the next call."""
        ...

    def close(self) -> None:
        """Let go of the answer. What was not read costs the connection."""
        ...


class AsyncReply(Protocol):
    """An answer whose head is there."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> RawHeaders:
        """The header fields, as they came."""
        ...

    async def read(self) -> bytes:
        """Return what comes next of the body, as it was sent; none at its end."""
        ...

    async def close(self) -> None:
        """Let go of the answer. What was not read costs the connection."""
        ...
