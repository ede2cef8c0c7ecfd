"""Answers that come in pieces, or not to their end: where they are split makes no difference, where they end makes the same one."""

from __future__ import annotations

import json

import pytest

from ..transfer.scripted import Reply, ScriptedServer
from .answer_table import HELLO, NO_BUCKETS, answer, chunked, sized
from .conftest import Over
from .outcomes import BROKEN, LANES, Got, buckets, get

ANSWERS = {
    "length": sized(b'ETag: "v1"'),
    "length told late": answer(b'ETag: "v1"', b"content-length: 5"),
    "chunks": chunked(b"2;x\r\nhe\r\n", b"3\r\nllo\r\n", end=b"0\r\nX: y\r\n\r\n"),
    "after others": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n" + sized(),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_where_it_is_split_makes_no_difference(name: str, over: Over, lane: str) -> None:
    raw = ANSWERS[name]
    with ScriptedServer() as server, over(lane, server.url) as client:
        server.play([Reply(raw=(raw,))])
        whole = get(client)
        assert isinstance(whole, Got)
        assert whole.content == HELLO
        for at in range(1, len(raw)):
            server.play([Reply(raw=(raw[:at], raw[at:]))])
            assert (at, get(client)) == (at, whole)
        server.play([Reply(raw=tuple(raw[at : at + 1] for at in range(len(raw))))])
        assert get(client) == whole
        assert server.connections == 1


@pytest.mark.parametrize("size", [1000, 65_535, 65_536, 65_537, 200_000, 262_145])
@pytest.mark.parametrize("step", [1, 7, 4096, 65_536])
def test_a_body_in_pieces(size: int, step: int, over: Over, lane: str) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    raw = sized(body=data[:size])
    start = raw.index(b"\r\n\r\n") + 4
    step = max(step, size // 300)
    pieces = (raw[: start + 1], *(raw[at : at + step] for at in range(start + 1, len(raw), step)))
    with ScriptedServer([Reply(raw=pieces)] * 2) as server, over(lane, server.url) as client:
        for _ in range(2):
            got = get(client)
            assert isinstance(got, Got)
            assert got.content == data[:size]
        assert server.connections == 1


@pytest.mark.parametrize("name", ANSWERS)
def test_where_it_ends_too_early_it_is_no_answer(name: str, over: Over) -> None:
    raw = ANSWERS[name]
    for lane in LANES:
        with ScriptedServer() as server, over(lane, server.url) as client:
            for at in range(len(raw)):
                server.play([Reply(raw=(raw,), cut=at)])
                assert (at, get(client)) == (at, BROKEN)
            server.play([Reply(raw=(raw,))])
            assert isinstance(get(client), Got)


@pytest.mark.parametrize("cut", [200, 100_000, 300_000])
def test_a_large_answer_that_is_read_whole_and_ends_too_early(cut: int, over: Over, lane: str) -> None:
    body = json.dumps({"buckets": [{"name": f"bucket{number}"} for number in range(15_000)]}).encode()
    with ScriptedServer([Reply(200, body, cut=cut), Reply(200, body)]) as server, over(lane, server.url) as client:
        assert buckets(client) == BROKEN
        assert len(buckets(client)) == 15_000


def test_where_only_the_end_tells_it(over: Over) -> None:
    raw = answer(b"Connection: close", body=NO_BUCKETS)
    told: list[list[object]] = []
    for lane in LANES:
        with ScriptedServer() as server, over(lane, server.url) as client:
            told.append([])
            for at in range(len(raw) + 1):
                server.play([Reply(raw=(raw,), cut=at)])
                told[-1].append(buckets(client))
    stock, fast = told
    assert fast == stock
    assert stock[-1] == ()
    assert set(stock[: len(raw) - len(NO_BUCKETS)]) == {BROKEN}
