"""The token, and how it gets into a request and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from .config import check_token

if TYPE_CHECKING:
    from collections.abc import Generator


class BearerAuth(httpx.Auth):
    """Adds the token to a request (RFC 6750), for httpx's sync and async clients alike.

    It is added as late as possible, inside of httpx, so that no frame of ours holds it when something fails there.
    """

    def __init__(self, token: str | None) -> None:
        self.set_token(token)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def set_token(self, token: str | None) -> None:
        """Replace the token; the next request uses it."""
        self._token = check_token(token)

    @property
    def field(self) -> bytes:
        """The line of a request's head that has the token in it, nothing if there is none."""
        return f"Authorization: Bearer {self._token}\r\n".encode("ascii") if self._token is not None else b""

    def redact(self, text: str) -> str:
        """Return the text without the token, should a server have sent it back."""
        return text.replace(self._token, "***") if self._token else text

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Yield the request with the token in it."""
        if self._token is not None:
            request.headers["Authorization"] = f"Bearer {self._token}"
        yield request
