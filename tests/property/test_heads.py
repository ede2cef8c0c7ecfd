"""The store's reader of heads beside h11's: what the store takes means the same to h11, however it arrives."""

from __future__ import annotations

from itertools import pairwise

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from astore_sdk.server.framing import ChunkedBody
from astore_sdk.server.heads import Head, HeadReader
from astore_sdk.server.problems import Problem

LINES = st.sampled_from(
    [
        b"Host: x",
        b"Host: x:80",
        b"host:\tx ",
        b"Content-Length: 3",
        b"Content-Length: 3, 3",
        b"content-length: 4",
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: gzip, chunked",
        b"Connection: close",
        b"Connection: Upgrade",
        b"Upgrade: h2c",
        b"Expect: 100-continue",
        b"x-amz-meta-a: b",
        b" folded",
        b"no colon",
        b"a : b",
        b": b",
        b"a: \x00",
        b"a: \xff",
        b"a:\n b",
        b"a: \r",
    ]
)
FIRST = st.sampled_from(
    [
        b"PUT /s3/b/k HTTP/1.1",
        b"GET /s3?a=b?c HTTP/1.1",
        b"GET /s3/b/%00%2F HTTP/1.0",
        b"GET  /s3 HTTP/1.1",
        b"GET /s3 HTTP/2.0",
        b"GET /s\xff3 HTTP/1.1",
        b"GET /s3#x HTTP/1.1",
        b"G\tET /s3 HTTP/1.1",
    ]
)


def read(data: bytes, cuts: list[int]) -> object:
    """Feed a head cut in pieces; give what it says, or the status of its refusal."""
    reader = HeadReader(1 << 16)
    places = [0, *sorted(cut % len(data) for cut in cuts), len(data)]
    for begin, end in pairwise(places):
        try:
            head = reader.feed(data[begin:end])
        except Problem as problem:
            return problem.status
        if head is not None:
            return head
    return None


@example(b"PUT /s3/b/k HTTP/1.1", [b"Host: a", b"Content-Length: 3, 3"], [])
@given(FIRST, st.lists(LINES, max_size=6), st.lists(st.integers(0, 500), max_size=6))
def test_what_is_taken_means_the_same_to_h11(first: bytes, lines: list[bytes], cuts: list[int]) -> None:
    data = b"\r\n".join([first, *lines, b"", b""])
    ours = read(data, [])
    assert read(data, cuts) == ours
    if ours is None or isinstance(ours, int):
        return
    assert isinstance(ours, Head)
    theirs = h11.Connection(h11.SERVER, 1 << 16)
    theirs.receive_data(data)
    event = theirs.next_event()
    assert isinstance(event, h11.Request)
    assert event.method == ours.method
    assert event.target == ours.path + (b"?" + ours.query if ours.query else b"")
    assert sorted(event.headers) == sorted(ours.fields)
    assert theirs.they_are_waiting_for_100_continue >= ours.awaits_continue


@given(st.lists(st.binary(max_size=40), max_size=8), st.lists(st.integers(1, 60), max_size=20), st.booleans())
def test_chunks_give_their_body_however_they_arrive(pieces: list[bytes], cuts: list[int], trailers: bool) -> None:
    data = b"".join(b"%X;x\r\n%b\r\n" % (len(piece), piece) for piece in pieces if piece)
    data += b"0\r\n" + (b"a: b\r\n" if trailers else b"") + b"\r\nGET /"
    body, found, place = ChunkedBody(1 << 16), b"", 0
    for size in [*cuts, len(data)]:
        found += body.feed(data[place : place + size])
        place += size
        if body.done:
            break
    assert body.done
    assert found == b"".join(pieces)
    assert (body.rest + data[place:]) == b"GET /"


def test_an_endless_head_is_refused_before_it_ends() -> None:
    reader = HeadReader(1000)
    with pytest.raises(Problem, match="too long"):
        for _ in range(1001):
            assert reader.feed(b"x") is None
