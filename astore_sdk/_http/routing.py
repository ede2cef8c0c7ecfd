"""Which way requests go: by the fast lane where that can be, by httpx otherwise."""

from __future__ import annotations

import os
import select
import warnings
from functools import cached_property
from types import FunctionType
from urllib.request import getproxies

import httpcore
import httpx

from ..config import Config
from .h1.origin import Origin
from .over_httpx import ClientArguments, client_arguments

SWITCH = "ASTORE_FAST_LANE"
"""The environment variable that switches the lane off where it is 0."""

_WATCHED = (
    (httpcore.ConnectionPool, "handle_request"),
    (httpcore.AsyncConnectionPool, "handle_async_request"),
    (httpx.HTTPTransport, "handle_request"),
    (httpx.AsyncHTTPTransport, "handle_async_request"),
    (httpx.Client, "send"),
    (httpx.AsyncClient, "send"),
    (httpx.Client, "_transport_for_url"),
    (httpx.AsyncClient, "_transport_for_url"),
    (httpx.Client, "_send_single_request"),
    (httpx.AsyncClient, "_send_single_request"),
)
"""What is patched by those who answer in a server's place (respx, pytest-httpx, vcrpy) or watch (OpenTelemetry)."""


def is_httpx_its_own() -> bool:
    """Tell whether nobody has put anything in the place of httpx's parts. Where somebody has, requests must pass there."""
    for owner, name in _WATCHED:
        part = getattr(owner, name, None)
        # By `type`: what wraps a function may say of itself that it is one.
        is_a_function = type(part) is FunctionType
        if part is not None and not (is_a_function and part.__globals__["__name__"].startswith(("httpx.", "httpcore."))):
            return False
    return True


class Ways:
    """How the connections of a client are made. Worked out when it is first needed, once: it may load certificates.

    Args:
        config: Where the store is.
        own: Whether the connections are ours, and not those of a transport of the user's.
    """

    def __init__(self, config: Config, *, own: bool) -> None:
        self.base: httpx.URL = httpx.URL(config.base_url)
        self._config = config
        self._own = own

    @cached_property
    def arguments(self) -> ClientArguments:
        """What httpx is made with."""
        return client_arguments(self._config)

    @cached_property
    def origin(self) -> Origin | None:
        """Where the lane leads to, None if there shall be none."""
        if not self._own or os.environ.get(SWITCH) == "0" or not hasattr(select, "poll") or not self._is_direct():
            return None
        tls = self.arguments["verify"] if self.base.scheme == "https" else None
        if tls is not None:
            tls.set_alpn_protocols(["http/1.1"])
        port = self.base.port or (80 if tls is None else 443)
        return Origin(self.base.raw_host.decode("ascii"), port, tls, self._config.max_connections, self._config.keepalive_expiry)

    def _is_direct(self) -> bool:
        """Tell whether no proxy stands between, as httpx sees it."""
        if self._config.proxy is not None:
            return False
        if not getproxies():
            return True
        try:
            with httpx.Client(**self.arguments) as client:
                # httpx's own reading of NO_PROXY, which it shows nowhere else.
                return client._transport_for_url(self.base) is client._transport  # pyright: ignore[reportPrivateUsage]
        except AttributeError as error:
            warnings.warn(f"the fast lane is off: this version of httpx has no {error.name}", RuntimeWarning, stacklevel=2)
            return False
