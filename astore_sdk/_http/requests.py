"""A request as it leaves, whichever way it travels: by httpx, or by the fast lane."""

from __future__ import annotations

from attrs import frozen

from .._core.flow import Body
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
