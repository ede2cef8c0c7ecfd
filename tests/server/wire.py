"""What tests say to the store besides httpx: raw bytes on a socket, and digests in their forms."""

from __future__ import annotations

import base64
import hashlib
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    import httpx

    from astore_sdk.server import BackgroundServer

JSON = {"Content-Type": "application/json"}
PROBLEM_FIELDS = {"type", "title", "status", "detail", "instance", "code", "requestId", "retryable"}


def connect(server: BackgroundServer) -> socket.socket:
    address = urlsplit(server.url)
    assert address.hostname is not None
    assert address.port is not None
    return socket.create_connection((address.hostname, address.port), timeout=20)


def exchange(server: BackgroundServer, request: bytes, *, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    """Send bytes as they are and read one answer."""
    with connect(server) as opened:
        opened.sendall(request)
        return answer(opened, method=method)


def answer(opened: socket.socket, *, method: str = "GET") -> tuple[HTTPResponse, bytes]:
    response = HTTPResponse(opened, method=method)
    response.begin()
    body = response.read()
    response.close()
    return response, body


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def digest_field(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def assert_problem(response: httpx.Response, status: int, code: str) -> dict[str, object]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, object] = response.json()
    assert set(problem) == PROBLEM_FIELDS
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["requestId"] == response.headers["x-request-id"]
    assert problem["detail"]
    return problem
