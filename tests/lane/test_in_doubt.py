"""Connections on which there is more than was asked for, or that have ended meanwhile: never used again."""

from __future__ import annotations

import asyncio
import io
import socket

import pytest

from astore_sdk import ArtifactStoreError, AsyncClient, Config, TransferConfig
from astore_sdk._http.h1.aio import Connection

from ..transfer.scripted import Reply, ScriptedServer
from .answer_table import KIB, answer, chunked, sized
from .conftest import ONCE, Over
from .outcomes import LANES, Failure, buckets, content, delete, get, head, outcome_of

MIB = 1024 * 1024
EVIL = sized(b'ETag: "evil"', body=b"evil")
NEXT = Reply(200, b"the next answer")
TRAILING = {
    "an answer": EVIL,
    "a part of one": EVIL[:20],
    "an answer in chunks": chunked(b"4\r\nevil\r\n"),
    "a redirect": answer(b"Content-Length: 0", b"Location: http://127.0.0.1:1/", line=b"HTTP/1.1 302 Found", body=b""),
    "100": b"HTTP/1.1 100 Continue\r\n\r\n",
    "an empty line": b"\r\n",
    "one byte": b"x",
    "NUL": b"\0",
}
BEFORE = {"length": sized(), "length 0": answer(b"Content-Length: 0", body=b""), "chunks": chunked(b"5\r\nhello\r\n")}


@pytest.mark.parametrize("trailing", TRAILING)
def test_what_comes_unasked_is_no_answer(trailing: str, over: Over, lane: str) -> None:
    with ScriptedServer([Reply(200, b"one"), NEXT, Reply(204)]) as server, over(lane, server.url) as client:
        assert content(get(client)) == b"one"
        server.push(1, TRAILING[trailing])
        assert content(get(client)) == NEXT.body
        assert server.let_go(1)
        assert delete(client) is None
        assert [heard.connection for heard in server.heard] == [1, 2, 2]


@pytest.mark.parametrize("before", BEFORE)
@pytest.mark.parametrize("trailing", TRAILING)
def test_what_comes_with_an_answer_is_not_the_next_one(trailing: str, before: str, over: Over) -> None:
    raw = BEFORE[before]
    with ScriptedServer([Reply(raw=(raw + TRAILING[trailing],)), NEXT]) as server, over("1", server.url) as client:
        assert content(get(client)) in (b"hello", b"")
        assert content(get(client)) == NEXT.body
        assert server.let_go(1)
        assert [heard.connection for heard in server.heard] == [1, 2]


@pytest.mark.parametrize(
    ("ask", "raw"),
    [
        (head, sized()),
        (head, answer(b"Content-Length: 5", body=EVIL)),
        (head, answer(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=EVIL)),
        (delete, answer(line=b"HTTP/1.1 204 No Content", body=EVIL)),
        (delete, answer(b"Content-Length: 4", line=b"HTTP/1.1 204 No Content", body=b"evil")),
        (delete, answer(b"Content-Length: 4", line=b"HTTP/1.1 304 Not Modified", body=b"evil")),
    ],
    ids=["HEAD", "HEAD, another answer", "HEAD in chunks", "204, another answer", "204", "304"],
)
def test_a_body_where_none_can_be_is_not_the_next_answer(ask: object, raw: bytes, over: Over) -> None:
    with ScriptedServer([Reply(raw=(raw,)), NEXT]) as server, over("1", server.url) as client:
        ask(client)
        assert content(get(client)) == NEXT.body
        assert server.let_go(1)
        assert [heard.connection for heard in server.heard] == [1, 2]


def test_the_answer_to_a_failure_is_not_the_next_one(over: Over) -> None:
    raw = answer(b"Content-Length: 4", line=b"HTTP/1.1 404 Not Found", body=b"gone" + EVIL)
    with ScriptedServer([Reply(raw=(raw,)), NEXT]) as server, over("1", server.url) as client:
        get(client)
        assert content(get(client)) == NEXT.body
        assert [heard.connection for heard in server.heard] == [1, 2]


def test_an_answer_before_the_end_of_the_request_costs_the_connection(over: Over) -> None:
    """Whatever came next on it would be taken for the rest of the body."""
    once = TransferConfig(threshold=64 * MIB, integrity=False)
    replies = [Reply(413, b"no", unread=True, stall=True), NEXT]
    with ScriptedServer(replies) as server, over("1", server.url, transfer=once, timeout=10.0) as client:
        failed = outcome_of(lambda: client.upload("bucket", "key", bytes(24 * MIB)))
        assert isinstance(failed, Failure)
        assert failed.status == 413
        assert content(get(client)) == NEXT.body
        assert [heard.connection for heard in server.heard] == [1, 2]


def test_the_last_of_a_request_is_still_to_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's transport has taken all of it, the kernel has not."""

    def small(connection: Connection, transport: asyncio.Transport) -> None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        made(connection, transport)

    async def main(url: str) -> None:
        config = Config(url, token="token", timeout=2.0, retry=ONCE, transfer=TransferConfig(integrity=False))
        async with AsyncClient(config) as client:
            with pytest.raises(ArtifactStoreError) as caught:
                await client.upload("bucket", "key", bytes(60 * KIB))
            assert caught.value.status_code == 413
            assert await client.download("bucket", "key", writer := io.BytesIO())
            assert writer.getvalue() == NEXT.body

    made = Connection.connection_made
    monkeypatch.setattr(Connection, "connection_made", small)
    with ScriptedServer([Reply(413, b"no", unread=True, stall=True), NEXT], window=4096) as server:
        asyncio.run(main(server.url))
        assert [heard.connection for heard in server.heard] == [1, 2]


@pytest.mark.parametrize("before", BEFORE)
def test_an_idle_connection_that_ended_is_not_used(before: str, over: Over, lane: str) -> None:
    script = [Reply(raw=(BEFORE[before],)), NEXT, Reply(200, b'{"uploadId": "u"}')]
    with ScriptedServer(script) as server, over(lane, server.url) as client:
        get(client)
        server.hang_up(1)
        assert content(get(client)) == NEXT.body
        server.hang_up(2)
        # Not safe to repeat: it has to be sent on a connection that works.
        assert client.initiate_multipart_upload("bucket", "key").upload_id == "u"
        assert [heard.connection for heard in server.heard] == [1, 2, 3]
        assert server.let_go(1)
        assert server.let_go(2)


def test_all_idle_connections_that_ended_are_let_go(over: Over, lane: str) -> None:
    with ScriptedServer(lambda heard: Reply(200, b'{"buckets": []}')) as server, over(lane, server.url) as client:
        with client.stream("bucket", "a"), client.stream("bucket", "b"), client.stream("bucket", "c"):
            pass
        buckets(client)
        open_now = [number for number in range(1, server.connections + 1) if server.is_open(number)]
        for number in open_now:
            server.hang_up(number)
        buckets(client)
        assert all(server.let_go(number) for number in open_now)


def test_a_body_that_was_not_read_is_not_the_next_answer(over: Over) -> None:
    """What is left of an answer whose reader has gone costs its connection."""
    outcomes: list[object] = []
    for lane in LANES:
        reply = Reply(raw=(sized(body=bytes(4 * 1024 * 1024)),))
        with ScriptedServer([reply, NEXT]) as server, over(lane, server.url) as client:
            with client.stream("bucket", "key") as chunks:
                first = next(iter(chunks))
            assert first
            outcomes.append((content(get(client)), [heard.connection for heard in server.heard], server.let_go(1)))
    stock, fast = outcomes
    assert fast == stock == (NEXT.body, [1, 2], True)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_a_failure_with_a_body_keeps_the_connection(status: int, over: Over) -> None:
    outcomes: list[object] = []
    for lane in LANES:
        with ScriptedServer([Reply(status, b"x" * 1000), NEXT]) as server, over(lane, server.url) as client:
            outcomes.append((get(client), get(client), [heard.connection for heard in server.heard]))
    stock, fast = outcomes
    assert fast == stock
    assert stock[2] == [1, 1]
