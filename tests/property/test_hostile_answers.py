"""Whatever a server answers, a call gives a result or raises one of our errors, and the client can be used again."""

from __future__ import annotations

import io
import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astore_sdk import ArtifactStoreError, Client, RetryPolicy

from ..transfer.conftest import Connect, Waits, connect, waits
from ..transfer.retry_table import CALLS
from ..transfer.scripted import Reply, ScriptedServer
from .conftest import examples
from .strategies import HEADER_TEXT, JSON

__all__ = ["connect", "waits"]

NAMES = [
    "Content-Type", "Content-Range", "Content-Encoding", "ETag", "Repr-Digest", "Last-Modified", "Retry-After", "Location",
    "x-request-id", "x-amz-meta-a", "X-Amz-Meta-", "Content-Length", "Connection", "WWW-Authenticate", "Set-Cookie",
]  # fmt: skip
HEADERS = st.dictionaries(st.sampled_from(NAMES), HEADER_TEXT, max_size=6)
BODIES = JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=60)
STATUSES = st.sampled_from([200, 200, 200, 201, 204, 206, 206, 304, 404, 416, 500, 999, 101]) | st.integers(200, 599)
REPLIES = st.builds(
    Reply,
    STATUSES,
    BODIES,
    HEADERS,
    framing=st.sampled_from(["length", "chunks", "close"]),
    cut=st.none() | st.integers(0, 400),
    first=st.sampled_from([b"", b"", b"HTTP/1.1 100 Continue\r\n\r\n", b"\r\n"]),
) | st.binary(max_size=80).map(lambda raw: Reply(first=raw, cut=len(raw)))
ALL: dict[str, Callable[[Client], object]] = {name: call.make for name, call in CALLS.items()} | {
    "download": lambda client: client.download("builds", "app", io.BytesIO()),
    "range": lambda client: client.read("builds", "app", byte_range="bytes=1-3"),
    "upload in parts": lambda client: client.upload("builds", "app", bytes(17 * 1024 * 1024)),
    "stream": lambda client: client.upload("builds", "app", iter([b"data"])),
}
USUAL = sorted(ALL.keys() - {"upload in parts"})


def test_nothing_but_our_errors(connect: Connect) -> None:
    with ScriptedServer() as server, connect(server.url, retry=RetryPolicy(max_attempts=2)) as client:

        @examples(400)
        @given(st.sampled_from(USUAL), st.lists(REPLIES, min_size=1, max_size=3))
        def attempt(name: str, replies: list[Reply]) -> None:
            server.play([*replies, *[Reply(500)] * 4])
            assert call(name, client) in (None, "")
            server.play([Reply(200, b'{"buckets": []}')] * 2)
            assert client.list_buckets().buckets == []

        attempt()


def call(name: str, client: Client) -> str | None:
    """Make a call, and return what is missing in its error."""
    try:
        ALL[name](client)
    except ArtifactStoreError as error:
        return "" if str(error) and error.operation and error.attempts else repr(vars(error))
    return None


SHAPES = [
    b"", b"null", b"[]", b"7", b'""', b"{}", b"\xff\xfe{", b"[" * 100_000, b'{"key": 7, "size": {}}',
    b'{"objects": {}, "buckets": [7], "parts": [[]], "uploads": [null], "signatures": [{}], "attestations": [{"id": 1}]}',
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_success_of_the_wrong_shape_is_never_an_accident(name: str, connect: Connect, waits: Waits) -> None:
    with ScriptedServer() as server, connect(server.url, retry=RetryPolicy(max_attempts=1)) as client:
        for shape in SHAPES:
            server.play([Reply(200, shape)] * 3)
            assert call(name, client) in (None, "")
    assert waits.made == []
