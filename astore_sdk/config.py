"""How a client reaches the store: frozen values, checked when they are made."""

from __future__ import annotations

import os
import re
import ssl
import warnings
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import Self, cast
from urllib.parse import quote, unquote, urlsplit

from attrs import evolve, field, frozen

from .exceptions import InsecureTransportWarning, InvalidInputError

__all__ = ["Config", "RetryPolicy", "Timeout", "TransferConfig"]

MIB = 1024 * 1024
MIN_PART_SIZE = 5 * MIB
"""Least bytes in a part that is not the last."""
MAX_PUT_SIZE = 5 * 1024 * MIB
"""Most bytes in one request."""

_TOKEN = re.compile(r"[\x21-\x7e]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")
_IN_USER = "%:!$&'()*+,;=-._~"
"""What user information may have as it is (RFC 3986, section 3.2.1)."""
# What the client itself has to say about each request; a second opinion would break the message or the promise.
_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "host",
        "if-match",
        "if-none-match",
        "if-range",
        "range",
        "transfer-encoding",
        "x-astore-resource",
    }
)


def _seconds(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is seconds as a number, not {type(value).__name__}")
    if not isfinite(value) or value <= 0:
        raise InvalidInputError(f"{name} must be more than 0 seconds and finite, not {value}")
    return float(value)


def _count(name: str, value: object, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, not {type(value).__name__}")
    if not least <= value <= most:
        raise InvalidInputError(f"{name} must be between {least} and {most}, not {value}")
    return value


@frozen
class Timeout:
    """How long nothing may move, in seconds and by phase. Never a cap on a whole transfer.

    Attributes:
        connect: Until a connection stands, TLS included.
        read: Between two pieces of an answer.
        write: Between two pieces of a request.
        pool: For a free connection, when `max_connections` are busy.
    """

    connect: float = 10.0
    read: float = 60.0
    write: float = 60.0
    pool: float = 60.0

    def __attrs_post_init__(self) -> None:
        for name in ("connect", "read", "write", "pool"):
            object.__setattr__(self, name, _seconds(f"Timeout.{name}", getattr(self, name)))


@frozen
class RetryPolicy:
    """When a failed request is sent again.

    Operations that are safe to repeat are repeated after no answer and after 408, 429, 500, 502, 503 and 504, the others after
    429 and 503 only. The wait is random between 0 and `backoff_base * 2**n` seconds ("full jitter"), or what the store asks
    for in `Retry-After`.

    Attributes:
        max_attempts: How often a request is sent at most; 1 never repeats.
        backoff_base: Upper bound of the first wait in seconds; it doubles with each further one.
        backoff_max: Upper bound of every wait in seconds.
        retry_after_max: The longest `Retry-After` that is waited for, in seconds; a longer one fails at once.
    """

    max_attempts: int = 4
    backoff_base: float = 0.5
    backoff_max: float = 20.0
    retry_after_max: float = 60.0

    def __attrs_post_init__(self) -> None:
        _count("RetryPolicy.max_attempts", self.max_attempts, 1, 100)
        for name in ("backoff_base", "backoff_max", "retry_after_max"):
            value = getattr(self, name)
            if value != 0:
                value = _seconds(f"RetryPolicy.{name}", value)
            object.__setattr__(self, name, float(value))


@frozen
class TransferConfig:
    """How bytes move.

    Attributes:
        threshold: An upload of more bytes than this goes as a multipart upload, a download in ranges. A source that can be read
            only once is held in memory up to here. At most 5 GiB.
        part_size: Bytes in a part, 5 MiB to 5 GiB; it grows where 10,000 parts would not do.
        integrity: Compute and compare SHA-256. Lengths are always checked.
        concurrency: How many parts or ranges of one transfer move at once, each over a connection of its own.
    """

    threshold: int = 16 * MIB
    part_size: int = 8 * MIB
    integrity: bool = True
    concurrency: int = 4

    def __attrs_post_init__(self) -> None:
        _count("TransferConfig.threshold", self.threshold, 0, MAX_PUT_SIZE)
        _count("TransferConfig.part_size", self.part_size, MIN_PART_SIZE, MAX_PUT_SIZE)
        _count("TransferConfig.concurrency", self.concurrency, 1, 128)
        if not isinstance(cast("object", self.integrity), bool):
            raise TypeError(f"TransferConfig.integrity is True or False, not {type(self.integrity).__name__}")


def _base_url(value: str | None) -> str:
    if value is None or value == "":
        raise InvalidInputError(
            "base_url is missing",
            hint="Give the store's address, or set ASTORE_SERVER if it is read from the environment.",
        )
    if not isinstance(cast("object", value), str):
        raise TypeError(f"base_url is a str, not {type(value).__name__}")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        # Before an @ may be a secret, and the port that is none a part of it.
        raise InvalidInputError(f"base_url is not a URL{'' if '@' in value else f': {error}'}") from None
    if "@" in parts.netloc:
        # The value is not shown: what stands before the @ may be a secret.
        raise InvalidInputError("base_url has user information in it", hint="Pass the token as `token`.")
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidInputError(
            f"base_url must begin with http:// or https:// and name a host, not {_without_user(value)!r}",
            hint="For example http://127.0.0.1:8080.",
        )
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise InvalidInputError(f"base_url has a query or a fragment: {_without_user(value)!r}")
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise InvalidInputError(f"base_url has spaces, control or non-ASCII characters: {_without_user(value)!r}")
    if ":" not in host and not all(0 < len(label) <= 63 for label in host.removesuffix(".").split(".")):
        raise InvalidInputError(f"base_url's host is {host!r}, but between dots are 1 to 63 characters (RFC 1035, section 2.3.4)")
    if "s3" in re.split(r"[/\\]", unquote(parts.path).lower()):
        raise InvalidInputError(
            f"base_url has the segment 's3' in its path: {_without_user(value)!r}",
            hint="Give the address without it: the client adds /s3 itself, and what follows it would be taken for a bucket.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def check_token(value: str | None) -> str | None:
    """Return a token that can travel in a header (RFC 6750), None for an empty one. No error shows its text."""
    if value is None or value == "":
        return None
    if not isinstance(cast("object", value), str):
        raise TypeError(f"token is a str, not {type(value).__name__}")
    if not _TOKEN.fullmatch(value):
        raise InvalidInputError(
            "token has spaces, line ends or characters outside ASCII in it",
            hint="A token that was read from a file often ends in a line end: strip it.",
        )
    return value


def _timeout(value: float | Timeout) -> float | Timeout:
    return value if isinstance(value, Timeout) else _seconds("timeout", value)


def _flag(value: bool) -> bool:
    if not isinstance(cast("object", value), bool):
        raise TypeError(f"insecure_skip_verify is True or False, not {type(value).__name__}")
    return value


def _verify(value: ssl.SSLContext | str | os.PathLike[str] | None) -> ssl.SSLContext | str | None:
    if value is None or isinstance(value, ssl.SSLContext):
        return value
    if not isinstance(cast("object", value), str | os.PathLike):
        raise TypeError(
            f"verify is a CA file, a folder of them or an ssl.SSLContext, not {type(value).__name__}; "
            "to switch verification off use insecure_skip_verify"
        )
    path = Path(value)
    if not path.exists():
        raise InvalidInputError(f"verify names no file or folder: {str(path)!r}")
    return str(path)


_Cert = str | tuple[str, str] | tuple[str, str, str]


def _cert(value: _Cert | os.PathLike[str] | None) -> _Cert | None:
    if isinstance(value, os.PathLike):
        return str(Path(value))
    if value is None or isinstance(value, str):
        return value
    if isinstance(cast("object", value), tuple) and len(value) in (2, 3):
        return cast("_Cert", tuple(os.fspath(part) for part in value))
    raise TypeError("cert is a PEM file, or a tuple of certificate file, key file and, if there is one, its passphrase")


def _headers(value: Mapping[str, str] | None) -> Mapping[str, str]:
    if value is None:
        return {}
    if not isinstance(cast("object", value), Mapping):
        raise TypeError(f"headers is a mapping of str to str, not {type(value).__name__}")
    for name, text in value.items():
        if not isinstance(cast("object", name), str) or not isinstance(cast("object", text), str):
            raise TypeError("headers is a mapping of str to str")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise InvalidInputError(f"header {name!r} is not one that can travel (RFC 9110, section 5)")
        if name.lower() in _OWN_HEADERS:
            raise InvalidInputError(f"header {name!r} is set by the client itself")
    return dict(value)


def _user_agent(value: str | None) -> str | None:
    if value is not None and (not _HEADER_VALUE.fullmatch(value) or not value.strip()):
        raise InvalidInputError("user_agent must be plain printable ASCII")
    return value


def _proxy(value: str | None) -> str | None:
    if value is None:
        return None
    if not isinstance(cast("object", value), str):
        raise TypeError(f"proxy is a URL as str, not {type(value).__name__}")
    # No error shows the value: what stands before the @ may be a secret.
    if not value.startswith(("http://", "https://", "socks5://", "socks5h://")):
        raise InvalidInputError("proxy must begin with http://, https:// or socks5://")
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise InvalidInputError(
            "proxy has spaces, control or non-ASCII characters", hint="In a user's name or password, percent-encode them."
        )
    try:
        _ = urlsplit(proxy_url(value)).port
    except ValueError:
        raise InvalidInputError("proxy is not a URL", hint="For example http://proxy.example:3128.") from None
    return value


def proxy_url(value: str) -> str:
    """Return a proxy's URL with everything percent-encoded that would end the user information before the last @."""
    scheme, _, rest = value.partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}://{quote(user, safe=_IN_USER)}{at}{place}"


def _without_user(url: str) -> str:
    """Return a URL, or what should be one, without what stands before its last @: a password may have one in it, and slashes."""
    before, at, place = url.rpartition("@")
    scheme, slashes, _ = before.partition("//")
    return f"{scheme + slashes if slashes else ''}***@{place}" if at else url


def _proxy_repr(value: str | None) -> str:
    return repr(_without_user(value) if value else value)


def _cert_repr(value: _Cert | None) -> str:
    return repr((*value[:2], "***") if isinstance(value, tuple) and len(value) == 3 else value)


def _headers_repr(value: Mapping[str, str]) -> str:
    return repr(dict.fromkeys(value, "***"))


@frozen
class Config:
    """Where the store is and how to speak with it. Its repr hides the token and other secrets.

    Attributes:
        base_url: `http` or `https`, host and port; a path prefix is kept, but may have no segment `s3`, which the client adds.
            None or empty is an `InvalidInputError`, so that `os.getenv(…)` can be passed as it is.
        token: Bearer token, or None for none.
        timeout: Idle seconds in each phase (`connect` at most 10 of them), or a `Timeout`. Never a cap on a whole transfer.
        insecure_skip_verify: Do not verify TLS certificates; warns once for each client.
        user_agent: Replaces ours.
        verify: A CA file, a folder of them, or an `ssl.SSLContext`, in place of the usual authorities.
        cert: Client certificate: a PEM file, or (certificate, key) or (certificate, key, passphrase).
        proxy: A proxy's URL; without it the environment's (`HTTPS_PROXY`, `NO_PROXY`, …) are used.
        headers: Sent with every request.
        max_connections: How many connections may be open at once, beside those that transfers in parts have for themselves.
        keepalive_expiry: Seconds for which an idle connection is kept.
        retry: When a failed request is sent again.
        transfer: How bytes move.
    """

    base_url: str = field(converter=_base_url)
    token: str | None = field(default=None, converter=check_token, repr=False)
    timeout: float | Timeout = field(default=60.0, converter=_timeout)
    insecure_skip_verify: bool = field(default=False, converter=_flag)
    user_agent: str | None = field(default=None, converter=_user_agent)
    verify: ssl.SSLContext | str | None = field(default=None, kw_only=True, converter=_verify)
    cert: _Cert | None = field(default=None, kw_only=True, converter=_cert, repr=_cert_repr)
    proxy: str | None = field(default=None, kw_only=True, converter=_proxy, repr=_proxy_repr)
    headers: Mapping[str, str] = field(default=None, kw_only=True, converter=_headers, repr=_headers_repr, hash=False)
    max_connections: int = field(default=100, kw_only=True)
    keepalive_expiry: float = field(default=15.0, kw_only=True)
    retry: RetryPolicy = field(factory=RetryPolicy, kw_only=True)
    transfer: TransferConfig = field(factory=TransferConfig, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.verify is not None and self.insecure_skip_verify:
            raise InvalidInputError("verify and insecure_skip_verify contradict each other")
        _count("max_connections", self.max_connections, 1, 10_000)
        _seconds("keepalive_expiry", self.keepalive_expiry)
        for name, kind in (("retry", RetryPolicy), ("transfer", TransferConfig)):
            if not isinstance(getattr(self, name), kind):
                raise TypeError(f"{name} is a {kind.__name__}, not {type(getattr(self, name)).__name__}")

    @property
    def phases(self) -> Timeout:
        """The timeout, phase by phase."""
        if isinstance(self.timeout, Timeout):
            return self.timeout
        return Timeout(min(10.0, self.timeout), self.timeout, self.timeout, self.timeout)

    @classmethod
    def from_env(cls) -> Self:
        """Read address and token from the environment.

        `ASTORE_SERVER` and `ASTORE_TOKEN`, or else `ARTIFACT_STORE_URL` and `ARTIFACT_STORE_TOKEN`. A `.env` file is not read.

        Raises:
            InvalidInputError: Neither address is set.
        """
        server, token = os.getenv("ASTORE_SERVER"), os.getenv("ASTORE_TOKEN")
        if not server:
            server, token = os.getenv("ARTIFACT_STORE_URL"), os.getenv("ARTIFACT_STORE_TOKEN")
        if not server:
            raise InvalidInputError("neither ASTORE_SERVER nor ARTIFACT_STORE_URL is set in the environment")
        return cls(server, token)


def usable(config: object) -> Config:
    """Return the configuration that a client is made with. What is dangerous about it is said aloud.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(config, Config):
        raise TypeError(f"config is a Config, not {type(config).__name__}: Client(Config(base_url, token))")
    if config.insecure_skip_verify:
        warnings.warn(
            "TLS certificates are not verified: anyone on the way can read the token and change the bytes",
            InsecureTransportWarning,
            stacklevel=3,
        )
    return config


def override(
    config: Config,
    *,
    timeout: float | Timeout | None,
    retry: RetryPolicy | None,
    transfer: TransferConfig | None,
    headers: Mapping[str, str] | None,
) -> Config:
    """Return a configuration that differs in what is given; headers are added, the same name replaces."""
    return evolve(
        config,
        timeout=config.timeout if timeout is None else timeout,
        retry=retry or config.retry,
        transfer=transfer or config.transfer,
        headers={**config.headers, **(headers or {})},
    )


@frozen
class Settings:
    """How a client's flows repeat and move bytes."""

    retry: RetryPolicy
    transfer: TransferConfig
