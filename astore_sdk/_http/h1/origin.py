"""Where the lane leads to."""

from __future__ import annotations

import ssl

from attrs import field, frozen


@frozen
class Origin:
    """A server, and how many connections to it there may be."""

    host: str
    port: int
    tls: ssl.SSLContext | None = field(repr=False)
    max_connections: int
    keepalive_expiry: float
    """Seconds for which an idle connection is kept."""
