"""Downloads whose answers are cut, lie or change: what arrives is one version, whole, or nothing."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from attrs import define, evolve, field

from astore_sdk import (
    ArtifactStoreError,
    Client,
    Config,
    IntegrityError,
    NetworkError,
    Object,
    ObjectChangedError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    ResponseDecodeError,
    RetryPolicy,
)
from astore_sdk._transfers.download.one_object import hash_object, read_block

from .conftest import Connect, Waits
from .origin import Origin, digest_of, ranges
from .scripted import Reply, ScriptedServer

DATA = bytes(range(256)) * 12
OTHER = bytes(reversed(DATA))
MIB = 1024 * 1024


@define
class Landing:
    """Where a download goes: a file that has another content already, a writer, or memory."""

    kind: str
    folder: Path
    writer: io.BytesIO = field(factory=io.BytesIO)
    totals: list[int] = field(factory=list)

    @property
    def path(self) -> Path:
        return self.folder / "target"

    def receive(self, client: Client, **options: object) -> bytes:
        """Download, and return what arrived."""
        if self.kind == "memory":
            return client.read("builds", "app", **options)
        target = self.path if self.kind == "path" else self.writer
        found = client.download("builds", "app", target, progress_callback=self.totals.append, **options)
        content = self.path.read_bytes() if self.kind == "path" else self.writer.getvalue()
        if "byte_range" not in options:
            assert (found.size, found.digest) == (len(content), digest_of(content))
        assert self.totals == sorted(set(self.totals))
        assert self.totals[-1:] == ([len(content)] if content else [])
        self.assert_tidy()
        return content

    def refuse(self, client: Client, kind: type[ArtifactStoreError], **options: object) -> ArtifactStoreError:
        """Download in vain, and return the error."""
        with pytest.raises(kind) as caught:
            self.receive(client, **options)
        assert (caught.value.operation, caught.value.bucket, caught.value.key) == ("getObject", "builds", "app")
        assert self.path.read_bytes() == b"old"
        self.assert_tidy()
        return caught.value

    def assert_tidy(self) -> None:
        assert [path.name for path in self.folder.iterdir()] == ["target"]
        assert not self.writer.closed


@pytest.fixture(params=["path", "writer", "memory"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    (tmp_path / "target").write_bytes(b"old")
    return Landing(request.param, tmp_path)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_download_goes_on_where_it_was_cut(framing: str, reset: bool, landing: Landing, connect: Connect) -> None:
    with ScriptedServer() as server, connect(server.url) as client:
        for cut in [0, 1, 2, 100, 1023, 1024, 1025, 2000, len(DATA) - 2, len(DATA) - 1]:
            server.play(Origin(DATA, framing=framing, reset=reset, cuts=[cut, 1]))
            landing.writer, landing.totals = io.BytesIO(), []
            assert landing.receive(client) == DATA
            (first, *further) = ranges(server.heard)
            assert first == (None, None)
            assert "if-range" not in {name for heard in server.heard for name in heard.headers}
            if not reset and framing == "length":  # a reset may overtake bytes that were sent before it
                left = [(f"bytes={cut}-{len(DATA) - 1}" if cut else None, '"v1"')]
                left += [(f"bytes={cut + 1}-{len(DATA) - 1}", '"v1"')] if cut + 1 < len(DATA) else []
                assert further == left


@pytest.mark.parametrize("asked", ["bytes=100-1999", "bytes=1000-", "bytes=-700", "bytes=0-0", "bytes=3000-9999"])
def test_a_range_goes_on_where_it_was_cut(asked: str, landing: Landing, connect: Connect) -> None:
    first, _, last = asked.removeprefix("bytes=").partition("-")
    wanted = DATA[int(first) : int(last or len(DATA)) + 1] if first else DATA[-int(last) :]
    with ScriptedServer() as server, connect(server.url) as client:
        for knows_ranges in (True, False):
            for cut in (0, 1, 71, len(wanted) - 1):
                server.play(Origin(DATA, knows_ranges=knows_ranges, cuts=[cut]))
                landing.writer, landing.totals = io.BytesIO(), []
                assert landing.receive(client, byte_range=asked) == wanted


def test_a_server_that_knows_no_ranges_is_noticed(landing: Landing, connect: Connect) -> None:
    with ScriptedServer(Origin(DATA, knows_ranges=False, cuts=[1000, 2000])) as server, connect(server.url) as client:
        assert landing.receive(client) == DATA
        assert len(server.heard) == 3


def test_behind_a_range_nothing_is_waited_for(landing: Landing, connect: Connect) -> None:
    """A server that knows no ranges sends everything, and here goes silent behind what was asked for."""
    replies = [Reply(200, DATA, {"Content-Length": str(10**12), "ETag": '"v"'}, stall=True)]
    with ScriptedServer(replies) as server, connect(server.url, read=60.0) as client:
        begun = time.monotonic()
        assert landing.receive(client, byte_range="bytes=10-19") == DATA[10:20]
        assert time.monotonic() - begun < 30
        assert server.let_go(1)


def test_attempts_count_anew_after_a_mebibyte(landing: Landing, connect: Connect) -> None:
    data = bytes(7 * MIB)
    with ScriptedServer(Origin(data, cuts=[MIB] * 6)) as server, connect(server.url) as client:
        assert landing.receive(client) == data
        assert len(server.heard) == 7


def test_attempts_do_not_count_anew_after_less(landing: Landing, connect: Connect) -> None:
    with ScriptedServer(Origin(DATA, cuts=[700] * 4)) as server, connect(server.url) as client:
        assert landing.refuse(client, NetworkError).attempts == 4
        assert len(server.heard) == 4


def test_a_transfer_as_a_whole_has_a_limit(landing: Landing, connect: Connect) -> None:
    origin = Origin(bytes(9 * MIB), cuts=[MIB] * 8)
    with ScriptedServer(origin) as server, connect(server.url, retry=RetryPolicy(max_attempts=2)) as client:
        assert "6 times" in str(landing.refuse(client, NetworkError))
        assert len(server.heard) == 1 + 3 * 2


@pytest.mark.parametrize(
    "content_range",
    [
        "bytes 0-{last}/{size}",
        "bytes 1001-{last}/{size}",
        "bytes 1000-{before}/{size}",
        "bytes 1000-{size}/{size}",
        "bytes 1000-{last}/*",
        "bytes */{size}",
        "items 1000-{last}/{size}",
        "bytes {last}-1000/{size}",
        "bytes 1000-{last}",
        "bytes 1000-{last}/{size}, bytes 0-5/{size}",
        "",
        None,
    ],
)
def test_a_content_range_that_lies_is_refused(content_range: str | None, landing: Landing, connect: Connect) -> None:
    honest = Origin(DATA, cuts=[1000])

    def liar(heard: object) -> Reply:
        reply = honest(heard)
        if reply.status != 206:
            return reply
        headers = {name: value for name, value in reply.headers.items() if name != "Content-Range"}
        if content_range is not None:
            headers["Content-Range"] = content_range.format(size=len(DATA), last=len(DATA) - 1, before=len(DATA) - 2)
        return evolve(reply, headers=headers)

    with ScriptedServer(liar) as server, connect(server.url) as client:
        landing.refuse(client, ResponseDecodeError)
        assert landing.writer.getvalue() in (b"", DATA[:1000])
        server.play(liar)
        landing.writer = io.BytesIO()
        landing.refuse(client, ResponseDecodeError, byte_range="bytes=1000-")
        assert landing.writer.getvalue() == b""


def changing(honours_if_match: bool) -> Callable[[object], Reply]:
    """Make an object whose other version is there after the first answer was cut."""
    versions = iter([Origin(DATA, cuts=[1000], knows_if_match=honours_if_match)])
    later = Origin(OTHER, etag='"v2"', knows_if_match=honours_if_match)
    return lambda heard: next(versions, later)(heard)


@pytest.mark.parametrize("honours_if_match", [True, False])
def test_an_object_that_changes_is_received_anew_or_not_at_all(honours_if_match: bool, landing: Landing, connect: Connect) -> None:
    with ScriptedServer(changing(honours_if_match)) as server, connect(server.url) as client:
        if landing.kind == "writer":
            error = landing.refuse(client, ObjectChangedError)
            assert (landing.writer.getvalue(), "1000 bytes" in str(error)) == (DATA[:1000], True)
        else:
            assert landing.receive(client) == OTHER


def test_an_object_that_keeps_changing_is_given_up(landing: Landing, connect: Connect) -> None:
    versions = iter(range(1, 9))

    def next_version(heard: object) -> Reply:
        return Origin(DATA, etag=f'"v{next(versions)}"', cuts=[1000])(heard)

    with ScriptedServer(next_version) as server, connect(server.url) as client:
        landing.refuse(client, ObjectChangedError)


@pytest.mark.parametrize("difference", [{"etag": None}, {"etag": 'W/"v1"'}, {"data": DATA + b"more"}], ids=str)
def test_every_answer_must_be_of_the_same_version(difference: dict[str, object], landing: Landing, connect: Connect) -> None:
    answers = [Origin(DATA, cuts=[1000]), evolve(Origin(DATA, knows_if_match=False), **difference)]
    following = iter(answers)
    with ScriptedServer(lambda heard: next(following, answers[1])(heard)) as server, connect(server.url) as client:
        if landing.kind == "writer":
            landing.refuse(client, ObjectChangedError)
        else:
            assert landing.receive(client) == answers[1].data


@pytest.mark.parametrize("etag", [None, 'W/"v1"', '""'])
def test_without_a_reliable_etag_a_cut_download_begins_anew(etag: str | None, landing: Landing, connect: Connect) -> None:
    with ScriptedServer(Origin(DATA, etag=etag, cuts=[1000])) as server, connect(server.url) as client:
        if landing.kind == "writer":
            error = landing.refuse(client, NetworkError)
            assert "1000 bytes" in error.__notes__[0]
        else:
            assert landing.receive(client) == DATA
            assert ranges(server.heard) == [(None, None)] * 2


def test_what_is_only_hashed_begins_anew_too(waits: Waits) -> None:
    with ScriptedServer(Origin(DATA, etag=None, cuts=[1000])) as server, Client(Config(server.url)) as client:
        waits.instrument(client)
        assert client._runner.run(hash_object(client._settings, "builds", "app")).digest == digest_of(DATA)
        assert ranges(server.heard) == [(None, None)] * 2


def test_a_block_is_of_one_version_although_its_answer_does_not_say_which() -> None:
    version = Object("app", len(DATA), etag="v1")
    origin = Origin(DATA + b"more", etag=None, knows_if_match=False)
    with (
        ScriptedServer(origin) as server,
        Client(Config(server.url)) as client,
        pytest.raises(ObjectChangedError, match="Open it again"),
    ):
        client._runner.run(read_block(client._settings, "builds", version, 0, 10))


@pytest.mark.parametrize("landing", ["path", "writer"], indirect=True)
def test_a_condition_of_the_callers_is_kept(landing: Landing, connect: Connect) -> None:
    with ScriptedServer(Origin(DATA, cuts=[1000])) as server, connect(server.url) as client:
        landing.refuse(client, PreconditionFailedError, if_match="v0")
        assert landing.receive(client, if_match="v1") == DATA
        assert {asked for _, asked in ranges(server.heard)[1:]} == {'"v1"'}


def test_bytes_that_are_not_those_that_were_stored_are_refused(landing: Landing, connect: Connect) -> None:
    honest = Origin(DATA)
    wrong = honest.version() | {"Repr-Digest": Origin(OTHER).version()["Repr-Digest"]}
    with ScriptedServer(lambda _: Reply(200, DATA, wrong)) as server, connect(server.url) as client:
        landing.refuse(client, IntegrityError)
        assert len(server.heard) == 1


def test_an_answer_without_an_end_is_refused(landing: Landing, connect: Connect) -> None:
    with ScriptedServer(Origin(DATA, framing="close")) as server, connect(server.url) as client:
        assert "Content-Length" in str(landing.refuse(client, ResponseDecodeError))


@pytest.mark.parametrize("length", ["twelve", "-1", "1e3", "9" * 30])
def test_a_content_length_that_is_none_is_refused(length: str, landing: Landing, connect: Connect) -> None:
    reply = Reply(200, DATA, {"Content-Length": length})
    with ScriptedServer([reply] * 4) as server, connect(server.url) as client:
        landing.refuse(client, ArtifactStoreError)


def test_a_range_that_was_not_asked_for_is_refused(landing: Landing, connect: Connect) -> None:
    unasked = Reply(206, DATA, {"Content-Range": f"bytes 0-{len(DATA) - 1}/{len(DATA)}", "ETag": '"v1"'})
    with ScriptedServer([unasked]) as server, connect(server.url) as client:
        assert "not asked for" in str(landing.refuse(client, ResponseDecodeError))


def test_more_bytes_than_announced_are_refused(landing: Landing, connect: Connect) -> None:
    too_many = Reply(206, DATA, {"Content-Range": f"bytes 0-99/{len(DATA)}", "ETag": '"v1"'}, framing="chunks")
    with ScriptedServer([too_many]) as server, connect(server.url) as client:
        landing.refuse(client, IntegrityError, byte_range="bytes=0-99")


def test_what_follows_an_answer_is_not_part_of_it(landing: Landing, connect: Connect) -> None:
    garbage = Reply(200, DATA, Origin(DATA).version() | {"Content-Length": str(len(DATA) - 96)})
    with ScriptedServer([garbage, garbage]) as server, connect(server.url) as client:
        landing.refuse(client, IntegrityError)


def test_an_empty_object_arrives(landing: Landing, connect: Connect) -> None:
    with ScriptedServer(Origin(b"")) as server, connect(server.url) as client:
        assert landing.receive(client) == b""
        assert landing.totals == []
        landing.path.write_bytes(b"old")
        landing.refuse(client, RangeNotSatisfiableError, byte_range="bytes=0-5")


def test_the_disk_is_not_the_store(connect: Connect, tmp_path: Path) -> None:
    with ScriptedServer(Origin(DATA)) as server, connect(server.url) as client:
        with pytest.raises(FileNotFoundError):
            client.download("builds", "app", tmp_path / "missing" / "target")
        with pytest.raises(IsADirectoryError):
            client.download("builds", "app", tmp_path)
        (tmp_path / "target").write_bytes(b"old")
        with pytest.raises(FileExistsError):
            client.download("builds", "app", tmp_path / "target", overwrite=False)
        assert (server.heard, (tmp_path / "target").read_bytes()) == ([], b"old")
