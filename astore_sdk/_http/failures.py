"""From what httpx raises when there is no answer, and the fast lane in its place, to the error that says so."""

from __future__ import annotations

import ssl

import httpx

from .._wire.failures import CERTIFICATE_REFUSED
from .._wire.quoting import one_line
from ..exceptions import NetworkError, NetworkTimeoutError

RAISED_BY_HTTPX = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, ssl.SSLError)
"""What comes out of httpx when there is no answer; its async side lets TLS alerts through as they are."""


def from_httpx(
    error: Exception,
    said: str,
    address: str,
    operation: str,
    bucket: str | None,
    key: str | None,
) -> NetworkError:
    """Make the error that stands for one of httpx's, whose text is `said`.

    The original is not kept: its frames hold the request's headers.
    """
    kind: type[NetworkError] = NetworkError
    said = one_line(said) or type(error).__name__
    code = hint = None
    if isinstance(error, httpx.ConnectTimeout):
        kind, message = NetworkTimeoutError, f"no connection to {address} in time"
        hint = "Is the address right, and the store up?"
    elif isinstance(error, httpx.PoolTimeout):
        kind, message = NetworkTimeoutError, "no connection became free in time"
        hint = "Raise Config(max_connections=…), or close streams that are open."
    elif isinstance(error, httpx.TimeoutException):
        what = "the store took no more bytes" if isinstance(error, httpx.WriteTimeout) else "the store sent nothing"
        kind, message = NetworkTimeoutError, f"{what} for longer than the timeout"
        hint = "Raise Config(timeout=…) if the store needs longer."
    elif isinstance(error, httpx.ProxyError):
        message = f"the proxy refused: {said}"
        hint = "Check Config(proxy=…), or HTTPS_PROXY and NO_PROXY."
    elif isinstance(error, httpx.ConnectError):
        message = f"cannot connect to {address}: {said}"
        hint = "Is the address right, and the store up?"
        if _is_certificate_failure(error):
            code, hint = CERTIFICATE_REFUSED, "Give the store's CA with Config(verify=…)."
    elif isinstance(error, httpx.RemoteProtocolError):
        message = f"the connection to {address} ended or broke the protocol: {said}"
    else:
        message = f"the connection to {address} failed: {said}"
    return kind(message, code=code, operation=operation, bucket=bucket, key=key, hint=hint)


def _is_certificate_failure(error: BaseException | None) -> bool:
    """Tell whether the peer's certificate was refused, for which no repeat is a cure."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
