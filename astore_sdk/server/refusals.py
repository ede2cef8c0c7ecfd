"""Answers that a connection gives by itself, where there is no request for the application."""

from __future__ import annotations

import secrets

from astore_sdk.server.access import log_refusal
from astore_sdk.server.exchange import status_line
from astore_sdk.server.problems import Problem


def refusal(problem: Problem, usual: list[tuple[bytes, bytes]], *, client: tuple[str, int] | None, bodiless: bool) -> bytes:
    """Write, and log, an answer after which the connection is closed; `usual` are the fields that every answer has."""
    request_id = secrets.token_hex(8)
    body = problem.body(request_id=request_id)
    sent = b"" if bodiless else body
    log_refusal(request_id=request_id, client=client, status=problem.status, code=problem.code, bytes_out=len(sent))
    fields = [
        *usual,
        (b"content-type", b"application/problem+json"),
        (b"content-length", b"%d" % len(body)),
        (b"x-request-id", request_id.encode()),
        *((name.lower().encode(), value.encode()) for name, value in problem.headers),
        (b"connection", b"close"),
    ]
    lines = [status_line(problem.status), *(b"%b: %b\r\n" % field for field in fields), b"\r\n"]
    return b"".join(lines) + sent


def too_many() -> Problem:
    """Say that there is no room for the connection."""
    return Problem("SlowDown", "The store has as many connections as it can hold; repeat the request in a moment.")


def too_slow(what: str, seconds: float) -> Problem:
    """Say that a request stood still (RFC 9110 §15.5.9)."""
    return Problem("InvalidRequest", f"The request's {what} did not come within {seconds:g} seconds.", status=408)
