"""How a client reaches the store: frozen values, checked when they are made."""

from __future__ import annotations

import os
import ssl
import warnings
from collections.abc import Mapping
from typing import Self, cast

from attrs import evolve, field, frozen

from ._config_values import (
    Cert,
    check_base_url,
    check_cert,
    check_count,
    check_flag,
    check_headers,
    check_proxy,
    check_seconds,
    check_token,
    check_user_agent,
    check_verify,
    show_cert,
    show_headers,
    show_proxy,
)
from .exceptions import InsecureTransportWarning, InvalidInputError

__all__ = ["Config", "RetryPolicy", "Timeout", "TransferConfig"]

MIB = 1024 * 1024
MIN_PART_SIZE = 5 * MIB
"""Least bytes in a part that is not the last."""
MAX_PUT_SIZE = 5 * 1024 * MIB
"""Most bytes in one request."""


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
            object.__setattr__(self, name, check_seconds(f"Timeout.{name}", getattr(self, name)))


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
        check_count("RetryPolicy.max_attempts", self.max_attempts, 1, 100)
        for name in ("backoff_base", "backoff_max", "retry_after_max"):
            value = getattr(self, name)
            if value != 0:
                value = check_seconds(f"RetryPolicy.{name}", value)
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
        check_count("TransferConfig.threshold", self.threshold, 0, MAX_PUT_SIZE)
        check_count("TransferConfig.part_size", self.part_size, MIN_PART_SIZE, MAX_PUT_SIZE)
        check_count("TransferConfig.concurrency", self.concurrency, 1, 128)
        if not isinstance(cast("object", self.integrity), bool):
            raise TypeError(f"TransferConfig.integrity is True or False, not {type(self.integrity).__name__}")


def _timeout(value: float | Timeout) -> float | Timeout:
    return value if isinstance(value, Timeout) else check_seconds("timeout", value)


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

    base_url: str = field(converter=check_base_url)
    token: str | None = field(default=None, converter=check_token, repr=False)
    timeout: float | Timeout = field(default=60.0, converter=_timeout)
    insecure_skip_verify: bool = field(default=False, converter=check_flag)
    user_agent: str | None = field(default=None, converter=check_user_agent)
    verify: ssl.SSLContext | str | None = field(default=None, kw_only=True, converter=check_verify)
    cert: Cert | None = field(default=None, kw_only=True, converter=check_cert, repr=show_cert)
    proxy: str | None = field(default=None, kw_only=True, converter=check_proxy, repr=show_proxy)
    headers: Mapping[str, str] = field(default=None, kw_only=True, converter=check_headers, repr=show_headers, hash=False)
    max_connections: int = field(default=100, kw_only=True)
    keepalive_expiry: float = field(default=15.0, kw_only=True)
    retry: RetryPolicy = field(factory=RetryPolicy, kw_only=True)
    transfer: TransferConfig = field(factory=TransferConfig, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if self.verify is not None and self.insecure_skip_verify:
            raise InvalidInputError("verify and insecure_skip_verify contradict each other")
        check_count("max_connections", self.max_connections, 1, 10_000)
        check_seconds("keepalive_expiry", self.keepalive_expiry)
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
