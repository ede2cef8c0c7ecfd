"""Answers that nobody wrote: the fast lane makes of each what h11 makes of it, or refuses it, and goes on as if it had not been."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ..property.conftest import examples
from ..transfer.scripted import Reply, ScriptedServer
from .answer_table import NO_BUCKETS, answer, chunked, sized
from .conftest import Over
from .oracle import Oracle
from .outcomes import BROKEN, LANES, Got, buckets, content, get, head

GOOD = [
    sized(b'ETag: "v1"', b"X-Amz-Meta-A: b"),
    chunked(b"2\r\nhe\r\n3;x=y\r\nllo\r\n"),
    answer(b"Connection: close", line=b"HTTP/1.0 200 OK", body=NO_BUCKETS),
    b"HTTP/1.1 100 Continue\r\n\r\n" + sized(body=NO_BUCKETS),
    sized(b"Connection: keep-alive, close", b"Content-Type: text/plain", line=b"HTTP/1.1 404 Not Found", body=b"gone"),
    sized(b"Content-Range: bytes 0-4/5", b"Content-Encoding: gzip"),
]
SNIPPETS = [
    b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b",", b";", b"\x0b", b"\x0c", b"\x1c", b"\x85", b"\xa0", b"\xff", b"\x7f",
    b"\x01", b"5", b"0", b"-", b"+", b"1_0", "\u0665".encode(), b"\xb2", b"chunked", b" folded\r\n", b"X: y\r\n", b"\r\n\r\n",
    b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"content-length:5\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n",
    b"Connection: close\r\n", b"Connection: keep-alive\r\n", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 100 \r\n\r\n",
]  # fmt: skip
NAMES = [
    b"Content-Length", b"content-length", b"Content-Length ", b"Content_Length", b"Transfer-Encoding", b"Transfer-encoding",
    b"Connection", b"Keep-Alive", b"ETag", b"X-Amz-Meta-A", b"Upgrade", b"Trailer", b"Content-Type", b"Content-Encoding",
    b"", b" ", b"X\0",
]  # fmt: skip
VALUES = [
    b"5", b"15", b" 5", b"0", b"5, 5", b"5,6", b"chunked", b"Chunked", b"gzip", b"identity", b"close", b"keep-alive, close",
    b"upgrade", b"",
]  # fmt: skip
STATUS_LINES = [
    b"HTTP/1.1 200 OK", b"HTTP/1.1 206 Part", b"HTTP/1.0 200 OK", b"HTTP/1.1 204 No", b"HTTP/1.1 404", b"HTTP/1.1 103",
]  # fmt: skip
CONTENTS = [b"hello", NO_BUCKETS, b"5\r\nhello\r\n0\r\n\r\n", b"f\r\n" + NO_BUCKETS + b"\r\n0\r\n\r\n", b""]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Change a good answer in a few places."""
    raw = draw(st.sampled_from(GOOD))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(raw)))
        gone = draw(st.integers(0, 3))
        raw = raw[:at] + draw(st.just(b"") | st.sampled_from(SNIPPETS) | st.binary(min_size=1, max_size=2)) + raw[at + gone :]
    return raw


FIELDS = st.tuples(
    st.sampled_from(NAMES) | st.binary(max_size=6),
    st.sampled_from([b":", b": ", b":\t", b" : ", b""]),
    st.sampled_from(VALUES) | st.binary(max_size=6),
).map(b"".join)
HEADS = st.builds(
    lambda line, fields, eol, body: eol.join([line, *fields, b"", b""]) + body,
    st.sampled_from(STATUS_LINES),
    st.lists(FIELDS, max_size=5),
    st.sampled_from([b"\r\n"] * 5 + [b"\n", b"\r"]),
    st.sampled_from(CONTENTS) | st.binary(max_size=9),
)
ASKED = {"get": get, "head": head, "buckets": buckets}


@pytest.mark.parametrize("asked", ASKED)
def test_it_is_what_h11_says(asked: str, over: Over, lane: str) -> None:
    oracle = Oracle()
    with (
        ScriptedServer() as server,
        over(lane, server.url) as client,
        over(lane, "http://oracle", transport=oracle) as other,
    ):

        @examples(120)
        @given(mutated() | HEADS)
        @example(sized(b"X: y", b" Content-Length: 50"))
        def attempt(raw: bytes) -> None:
            oracle.raw = raw
            expected = ASKED[asked](other)
            server.play([Reply(raw=(raw,), framing="close"), Reply(200, b"the next answer")])
            outcome = ASKED[asked](client)
            assert server.let_go(server.heard[-1].connection)
            # To refuse what h11 takes is allowed where the answer is not one that a store would give.
            assert outcome == expected or (lane == "1" and outcome == BROKEN and raw not in GOOD)
            found = get(client)
            assert isinstance(found, Got)
            assert content(found) == b"the next answer"

        attempt()


@pytest.mark.parametrize("lane", LANES)
@pytest.mark.parametrize("raw", GOOD)
def test_a_good_answer_is_never_refused(raw: bytes, over: Over, lane: str) -> None:
    oracle = Oracle()
    oracle.raw = raw
    with (
        ScriptedServer([Reply(raw=(raw,), framing="close")]) as server,
        over(lane, server.url) as client,
        over(lane, "http://oracle", transport=oracle) as other,
    ):
        asked = buckets if NO_BUCKETS in raw else get
        assert asked(client) == asked(other) != BROKEN
