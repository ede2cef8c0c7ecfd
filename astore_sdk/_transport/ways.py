"""Which way requests go: by the fast lane where that can be, by httpx otherwise."""

from __future__ import annotations

import os
import select
import warnings
from types import FunctionType
from urllib.request import getproxies

import httpcore
import httpx

from ..config import Config
from .http import ClientArguments
from .lane.origin import Origin

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
    """Tell whether nobody has put anything in the place of httpx's parts: if so, requests must pass there."""
    for owner, name in _WATCHED:
        part = getattr(owner, name, None)
        if part is not None and not (
            isinstance(part, FunctionType) and part.__globals__["__name__"].startswith(("httpx.", "httpcore."))
        ):
            return False
    return True


def lane_origin(config: Config, arguments: ClientArguments) -> Origin | None:
    """Return where the lane of a client leads to, None if it shall have none."""
    if os.environ.get(SWITCH) == "0" or not hasattr(select, "poll") or not _is_direct(config, arguments):
        return None
    url = httpx.URL(config.base_url)
    tls = arguments["verify"] if url.scheme == "https" else None
    if tls is not None:
        tls.set_alpn_protocols(["http/1.1"])
    port = url.port or (80 if tls is None else 443)
    return Origin(url.raw_host.decode("ascii"), port, tls, config.max_connections, config.keepalive_expiry)


def _is_direct(config: Config, arguments: ClientArguments) -> bool:
    """Tell whether no proxy stands between, as httpx sees it."""
    if config.proxy is not None:
        return False
    if not getproxies():
        return True
    with httpx.Client(**arguments) as client:
        try:
            # httpx's own reading of NO_PROXY, which it shows nowhere else.
            return client._transport_for_url(httpx.URL(config.base_url)) is client._transport  # pyright: ignore[reportPrivateUsage]
        except AttributeError as error:
            warnings.warn(f"this version of httpx has no {error.name}: the fast lane is off", RuntimeWarning, stacklevel=2)
            return False
