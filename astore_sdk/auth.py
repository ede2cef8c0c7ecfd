"""The token, and how it gets into a request and nowhere else."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import httpx

from ._config_values import check_token

if TYPE_CHECKING:
    from collections.abc import Generator


_REMEMBERED = 16
"""Tokens of the past that are not shown either: a request that is under way may have been sent with any of them."""


class BearerAuth(httpx.Auth):
    """Adds the token to a request (RFC 6750), for httpx's sync and async clients alike.

    It is added as late as possible, inside of httpx, so that no frame of ours holds it when something fails there.
    """

    def __init__(self, token: str | None) -> None:
        self._lock = threading.Lock()
        self._known: tuple[str, ...] = ()
        self.set_token(token)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def set_token(self, token: str | None) -> None:
        """Replace the token; the next request uses it."""
        checked = check_token(token)
        with self._lock:
            if checked is not None:
                self._known = (checked, *[known for known in self._known if known != checked])[:_REMEMBERED]
            self._token = checked

    @property
    def field(self) -> bytes:
        """The line of a request's head that has the token in it, nothing if there is none."""
        return f"Authorization: Bearer {self._token}\r\n".encode("ascii") if self._token is not None else b""

    @property
    def known(self) -> tuple[str, ...]:
        """The token and those before it, the last one first: nothing that a server says may show any of them."""
        return self._known

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request with the token in it."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
