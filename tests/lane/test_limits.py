"""Limits in time and number, answers that come early, and what is left when a client is closed: the same over both."""

from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial

import pytest

from astore_sdk import (
    Client,
    Config,
    InvalidInputError,
    RetryPolicy,
    Timeout,
    TransferConfig,
)

from ..concurrency.scenarios import Held, in_child
from ..transfer.scripted import Heard, Reply, ScriptedServer
from .answer_table import answer, sized
from .conftest import Over
from .outcomes import BROKEN, LANES, LATE, Failure, buckets, content, get, outcome_of

MIB = 1024 * 1024
LISTED = Reply(200, b'{"buckets": []}')
SOON = 0.1
"""Seconds: nothing that is waited for comes within them."""


# Time.


@pytest.mark.parametrize(
    "reply",
    [
        Reply(cut=0, stall=True),
        Reply(raw=(sized(),), cut=20, stall=True),
        Reply(raw=(sized(),), cut=len(sized()) - 2, stall=True),
        Reply(200, bytes(300_000), cut=200_000, stall=True),
        Reply(200, b"hello", framing="chunks", cut=60, stall=True),
        Reply(raw=(b"HTTP/1.1 100 Continue\r\n\r\n",), stall=True),
    ],
    ids=["at once", "in the head", "in the body", "in a large body", "in chunks", "after 100"],
)
def test_a_server_that_falls_silent(reply: Reply, over: Over, lane: str) -> None:
    with ScriptedServer([reply, Reply(200, b"hello")]) as server, over(lane, server.url, timeout=Timeout(read=SOON)) as client:
        assert get(client) == LATE
        assert server.let_go(1)
        assert content(get(client)) == b"hello"
        assert server.connections == 2


def test_a_server_that_takes_no_more(over: Over, lane: str) -> None:
    gone = threading.Event()

    def deaf(heard: Heard) -> Reply:
        if len(server.heard) == 0:
            gone.wait(30)
        return Reply(200)

    with ScriptedServer(deaf) as server:
        once = TransferConfig(threshold=64 * MIB, integrity=False)
        with over(lane, server.url, timeout=Timeout(write=SOON, read=SOON), transfer=once) as client:
            assert outcome_of(lambda: client.upload("bucket", "key", bytes(32 * MIB))) == LATE
            gone.set()
            assert client.upload("bucket", "key", b"x").size == 1


def test_a_server_that_takes_no_connection(over: Over, lane: str) -> None:
    """Its queue is full: what connects waits."""
    with socket.socket() as listener, ExitStack() as queue:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            waiting = queue.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(address)
        with over(lane, f"http://127.0.0.1:{address[1]}", timeout=Timeout(connect=SOON)) as client:
            begun = time.monotonic()
            assert buckets(client) == LATE
            assert time.monotonic() - begun < 30, "it was the system that gave up, after two minutes"


def test_of_a_failure_no_more_is_read_than_can_be_said(over: Over, lane: str) -> None:
    """Its body goes on for ever, or so it seems."""
    reply = Reply(500, bytes(100_000), {"Content-Length": str(10**12)}, stall=True)
    with ScriptedServer([reply]) as server, over(lane, server.url, timeout=60.0) as client:
        begun = time.monotonic()
        failure = buckets(client)
        assert isinstance(failure, Failure)
        assert failure.status == 500
        assert time.monotonic() - begun < 30
        assert server.let_go(1)


def test_informational_answers_without_end(over: Over) -> None:
    """The lane only: each of them would be in time, and httpcore waits for the next one for ever."""
    informed = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    replies = [Reply(200, LISTED.body, first=informed * 64), Reply(200, LISTED.body, first=informed * 65)]
    with ScriptedServer(replies) as server, over("1", server.url) as client:
        assert buckets(client) == ()
        assert buckets(client) == BROKEN


# Number.


def test_the_next_one_waits(over: Over, lane: str) -> None:
    data = bytes(4 * MIB)
    timeout = Timeout(pool=SOON)
    with (
        ScriptedServer(lambda heard: Reply(200, data) if heard.target.endswith("key") else LISTED) as server,
        over(lane, server.url, timeout=timeout, max_connections=2) as client,
        ExitStack() as streams,
    ):
        first = [streams.enter_context(client.stream("bucket", "key")) for _ in range(2)]
        assert buckets(client) == LATE
        assert b"".join(first[0]) == data
        assert buckets(client) == ()
        assert b"".join(first[1]) == data
        assert server.connections == 2


def test_one_that_waits_gets_its_turn(over: Over) -> None:
    """The lane only: httpcore closes connections that other threads are using, when they are few."""
    with ScriptedServer(lambda heard: LISTED) as server, over("1", server.url, max_connections=2) as client:
        with ThreadPoolExecutor(12) as threads:
            results = [threads.submit(buckets, client) for _ in range(120)]
            assert {result.result(timeout=30) for result in results} == {()}
        assert server.connections <= 2


def test_a_connection_that_cannot_be_made_gives_its_place_back(over: Over, lane: str) -> None:
    with ScriptedServer(listening=False) as server, over(lane, server.url, max_connections=1, timeout=1.0) as client:
        assert [buckets(client) for _ in range(3)] == [BROKEN] * 3
        server.listen()
        server.play([LISTED])
        assert buckets(client) == ()


def test_a_failure_gives_its_place_back(over: Over, lane: str) -> None:
    replies = [Reply(cut=0), Reply(cut=0, reset=True), Reply(raw=(b"rubbish\r\n\r\n",)), Reply(500), Reply(cut=30)]
    with (
        ScriptedServer([*replies, LISTED]) as server,
        over(lane, server.url, max_connections=1, timeout=Timeout(pool=SOON)) as client,
    ):
        outcomes = [buckets(client) for _ in replies]
        assert LATE not in outcomes
        assert buckets(client) == ()


def test_idle_for_too_long(over: Over, lane: str) -> None:
    with ScriptedServer(lambda heard: LISTED) as server, over(lane, server.url, keepalive_expiry=1e-6) as client:
        for _ in range(3):
            assert buckets(client) == ()
        assert [heard.connection for heard in server.heard] == [1, 2, 3]
        assert server.let_go(1)
        assert server.let_go(2)


# Early answers.


@pytest.mark.parametrize("status", [401, 413])
@pytest.mark.parametrize("size", [10, 100_000, 24 * MIB])
@pytest.mark.parametrize("source", ["bytes", "stream"])
def test_an_answer_before_the_body(source: str, size: int, status: int, over: Over) -> None:
    """It is heard although the body was not taken, and the connection is not used for another request."""
    once = TransferConfig(threshold=64 * MIB, integrity=False)
    outcomes: list[object] = []
    for lane in LANES:
        replies = [Reply(status, b"no", {"Connection": "close"}, late=True), LISTED]
        with ScriptedServer(replies) as server, over(lane, server.url, transfer=once) as client:
            data = bytes(size) if source == "bytes" else io.BytesIO(bytes(size))
            failed = outcome_of(partial(client.upload, "bucket", "key", data))
            outcomes.append((failed, buckets(client), [heard.connection for heard in server.heard]))
    stock, fast = outcomes
    assert fast == stock
    assert stock[0].status == status
    assert stock[1:] == ((), [1, 2])


def test_a_reset_while_the_body_is_sent(over: Over) -> None:
    outcomes: list[object] = []
    for lane in LANES:
        once = TransferConfig(threshold=64 * MIB, integrity=False)
        replies = [Reply(cut=0, reset=True, unread=True), LISTED]
        with ScriptedServer(replies) as server, over(lane, server.url, transfer=once) as client:
            failed = outcome_of(lambda: client.upload("bucket", "key", bytes(24 * MIB)))
            outcomes.append((failed, buckets(client)))
    assert outcomes == [(BROKEN, ())] * 2


def test_repeats_are_counted_the_same(over: Over) -> None:
    bad = [Reply(cut=0), Reply(503), Reply(raw=(answer(b"Content-Length: x"),)), Reply(cut=0, reset=True)]
    again = RetryPolicy(backoff_base=0, max_attempts=len(bad))
    outcomes: list[object] = []
    for lane in LANES:
        with ScriptedServer(bad) as server, over(lane, server.url, retry=again) as client:
            outcomes.append((get(client), [heard.connection for heard in server.heard]))
    stock, fast = outcomes
    assert fast == stock
    assert stock == (Failure(BROKEN.kind, attempts=4), [1, 2, 2, 3])


# Ends.


def test_closed_is_closed(over: Over, lane: str) -> None:
    with ScriptedServer(lambda heard: LISTED) as server, over(lane, server.url) as client:
        assert buckets(client) == ()
        client.close()
        assert server.let_go(1)
        client.close()
        with pytest.raises(InvalidInputError, match="closed"):
            client.list_buckets()
        assert len(server.heard) == 1


def test_a_child_shares_connections_and_its_end_closes_nothing(over: Over, lane: str) -> None:
    with ScriptedServer(lambda heard: LISTED) as server, over(lane, server.url) as client:
        child = client.with_options(timeout=5)
        assert buckets(child) == buckets(client) == ()
        child.close()
        assert buckets(client) == ()
        assert server.connections == 1


def test_nothing_is_left(over: Over, lane: str) -> None:
    def use(times: int) -> None:
        replies = [LISTED, Reply(cut=0), Reply(raw=(sized(),), cut=30), Reply(raw=(b"x\r\n\r\n",)), Reply(404, b"x"), LISTED]
        for _ in range(times):
            with ScriptedServer(replies) as server, over(lane, server.url) as client:
                for _ in replies:
                    buckets(client)
            with (
                ScriptedServer([Reply(200, bytes(4 * MIB))]) as server,
                over(lane, server.url) as client,
                client.stream("bucket", "key") as chunks,
            ):
                next(iter(chunks))
            with ScriptedServer(listening=False) as server, over(lane, server.url) as client:
                assert buckets(client) == BROKEN

    use(2)
    before = Held.now()
    use(5)
    assert Held.now() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork")
@pytest.mark.parametrize("lane", LANES)
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_has_connections_of_its_own(lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)

    def named(heard: Heard) -> Reply:
        return Reply(200, heard.target.rpartition("/")[2].encode())

    with ScriptedServer(named) as server, Client(Config(server.url)) as client:
        assert client.read("bucket", "parent") == b"parent"

        def work(name: str) -> Callable[[], None]:
            def many() -> None:
                for number in range(50):
                    assert client.read("bucket", f"{name}-{number}") == f"{name}-{number}".encode()

            return many

        in_child(work("child"), meanwhile=work("parent"))
        assert client.read("bucket", "parent") == b"parent"
        by = {who: {heard.connection for heard in server.heard if who in heard.target} for who in ("parent", "child")}
        assert by["parent"] == {1}
        assert by["child"] == {2}


def test_threads_share_a_client(over: Over, lane: str) -> None:
    def named(heard: Heard) -> Reply:
        return Reply(200, heard.target.encode() * 100)

    with ScriptedServer(named) as server, over(lane, server.url) as client, ThreadPoolExecutor(8) as threads:
        keys = [f"key-{number}" for number in range(200)]
        for key, found in zip(keys, threads.map(lambda key: client.read("bucket", key), keys), strict=True):
            assert found == f"/s3/bucket/{key}".encode() * 100
        assert server.connections <= 8
