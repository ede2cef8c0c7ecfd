"""Pieces from a server that cuts, stalls, fails, lies or changes: identical bytes arrive, or a typed error and the old target."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from attrs import evolve, frozen

from astore_sdk import (
    ArtifactStoreError,
    Client,
    Config,
    IntegrityError,
    NetworkError,
    NetworkTimeoutError,
    ObjectChangedError,
    ResponseDecodeError,
    ServerError,
    TransferConfig,
)
from astore_sdk._wire.digests import digest_field

from ..conftest import QUICK
from ..transfer.origin import Origin, digest_of
from ..transfer.scripted import BREAK, VANISH, Heard, Reply, ScriptedServer
from .conftest import MIB, PART

DATA = os.urandom(2 * PART + 777_777)
OTHER = DATA[::-1]
IN_PIECES = TransferConfig(threshold=MIB, part_size=PART)

Spoil = Callable[[Reply], Reply]


def saying(**headers: str) -> Spoil:
    """Say other things in the head."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda reply: evolve(reply, headers={**reply.headers, **named})


def of_range(change: Callable[[int, int, int], str]) -> Spoil:
    """Say another Content-Range, made of the first and the last byte and the size that it says."""

    def spoil(reply: Reply) -> Reply:
        first, last, size = (int(number) for number in re.findall(r"\d+", reply.headers["Content-Range"]))
        return saying(Content_Range=f"bytes {change(first, last, size)}")(reply)

    return spoil


def cut_after(count: int, **how: bool) -> Spoil:
    """End, break or fall silent after so many bytes of the body."""
    return lambda reply: evolve(reply, cut=len(reply.head()) + count, **how)


def instead(reply: Reply) -> Spoil:
    return lambda _: reply


WHOLE = instead(Reply(200, DATA, {"ETag": '"v1"', "Repr-Digest": digest_field(digest_of(DATA))}))


@frozen
class Case:
    """What is wrong with pieces, and what becomes of it if that is so once, and if it is so always. None is success."""

    spoil: Spoil
    once: type[ArtifactStoreError] | None = None
    always: type[ArtifactStoreError] | None = NetworkError


CASES = {
    "vanishes": Case(instead(VANISH)),
    "breaks": Case(instead(BREAK)),
    "is cut": Case(cut_after(1000)),
    "is cut just before its end": Case(cut_after(777_776)),
    "breaks off": Case(cut_after(100_000, reset=True)),
    "falls silent": Case(cut_after(100_000, stall=True), always=NetworkTimeoutError),
    "answers 500": Case(instead(Reply(500, b"<html>")), always=ServerError),
    "answers 503": Case(instead(Reply(503, headers={"Retry-After": "0"})), always=ServerError),
    "has another tag": Case(saying(ETag='"v2"'), always=ObjectChangedError),
    "has no reliable tag": Case(saying(ETag='W/"v1"'), always=ObjectChangedError),
    "answers 412": Case(instead(Reply(412)), always=ObjectChangedError),
    "answers 416": Case(instead(Reply(416)), always=ObjectChangedError),
    "is of another size": Case(of_range(lambda first, last, size: f"{first}-{last}/{size + 1}"), always=ObjectChangedError),
    "is another piece": Case(of_range(lambda first, last, size: f"{first - 1}-{last - 1}/{size}"), *[ResponseDecodeError] * 2),
    "is a shorter piece": Case(of_range(lambda first, last, size: f"{first}-{last - 1}/{size}"), *[ResponseDecodeError] * 2),
    "begins too early": Case(of_range(lambda first, last, size: f"{first - 1}-{last}/{size}"), *[ResponseDecodeError] * 2),
    "is of no size": Case(of_range(lambda first, last, size: f"{first}-{last}/*"), *[ResponseDecodeError] * 2),
    "says no range": Case(saying(Content_Range="bytes"), *[ResponseDecodeError] * 2),
    "is the whole": Case(WHOLE, always=None),
    "has other bytes": Case(lambda reply: evolve(reply, body=bytes(len(reply.body))), IntegrityError, IntegrityError),
    "has a byte more": Case(lambda reply: evolve(reply, body=reply.body + b"!", framing="chunks"), IntegrityError, IntegrityError),
    "has another digest": Case(saying(Repr_Digest=digest_field(digest_of(OTHER))), always=None),
}


class Landing:
    """A file that has another content already, or a writer."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.writer = io.BytesIO()
        if path:
            path.write_bytes(b"old")

    def receive(self, client: Client) -> None:
        client.download("builds", "app", self.path or self.writer)

    def assert_whole(self, data: bytes) -> None:
        assert (self.path.read_bytes() if self.path else self.writer.getvalue()) == data
        self.assert_tidy()

    def assert_refused(self) -> None:
        """A file is as it was. A writer has not got all of it, but for bytes of which only the digest of the whole is wrong."""
        assert self.path is None or self.path.read_bytes() == b"old"
        self.assert_tidy()

    def assert_tidy(self) -> None:
        assert self.path is None or [path.name for path in self.path.parent.iterdir()] == [self.path.name]


@pytest.fixture(params=["path", "writer"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    return Landing(tmp_path / "target" if request.param == "path" else None)


def connect(server: ScriptedServer) -> Client:
    return Client(Config(server.url, timeout=0.5, retry=QUICK, transfer=IN_PIECES))


def spoiling(spoil: Spoil, times: int) -> Callable[[Heard], Reply]:
    """An origin that spoils so many of its pieces, the second one first."""
    origin = Origin(DATA)
    left = iter(range(times))

    def answer(heard: Heard) -> Reply:
        reply = origin(heard)
        reply = evolve(reply, headers={**reply.headers, "Accept-Ranges": "bytes"})
        if reply.status != 206 or heard.headers["range"].startswith("bytes=0-") or next(left, None) is None:
            return reply
        return spoil(reply)

    return answer


@pytest.mark.parametrize("often", ["once", "always"])
@pytest.mark.parametrize("name", CASES)
def test_what_becomes_of_a_piece_that_is_spoilt(name: str, often: str, landing: Landing) -> None:
    case = CASES[name]
    expected = case.once if often == "once" else case.always
    if landing.path is None and often == "once" and case.always is ObjectChangedError:
        expected = (None, ObjectChangedError)  # it depends on what was written by then
    with ScriptedServer(spoiling(case.spoil, 1 if often == "once" else 10_000)) as server, connect(server) as client:
        if expected is None:
            landing.receive(client)
            landing.assert_whole(DATA)
        elif isinstance(expected, tuple):
            try:
                landing.receive(client)
            except ObjectChangedError:
                landing.assert_refused()
            else:
                landing.assert_whole(DATA)
        else:
            with pytest.raises(expected):
                landing.receive(client)
            landing.assert_refused()


@pytest.mark.parametrize("knows_if_match", [True, False])
@pytest.mark.parametrize("after", range(4))
def test_an_object_that_changes_in_the_middle(after: int, knows_if_match: bool, landing: Landing) -> None:
    """After so many answers it is another one. What arrives is one of the two, whole."""
    first = Origin(DATA, knows_if_match=knows_if_match)
    then = Origin(OTHER, etag='"v2"', knows_if_match=knows_if_match)
    answers: Iterator[Origin] = iter([first] * (1 + after))

    def answer(heard: Heard) -> Reply:
        reply = next(answers, then)(heard)
        return evolve(reply, headers={**reply.headers, "Accept-Ranges": "bytes"})

    with ScriptedServer(answer) as server, connect(server) as client:
        try:
            landing.receive(client)
        except ObjectChangedError:
            assert landing.path is None
            assert landing.writer.getvalue()
        else:
            landing.assert_whole(DATA if after == 3 else OTHER)
