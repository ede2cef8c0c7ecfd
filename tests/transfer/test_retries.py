"""Plays every row of `docs/retries.md` to both clients."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import astore_sdk
from astore_sdk import ArtifactStoreError, Client, NotFoundError, RetryPolicy
from astore_sdk._wire.digests import digest_field
from astore_sdk.exceptions import NetworkError

from .conftest import JITTER, Connect, Waits
from .retry_table import (
    BACKOFF,
    BODIES,
    CALLS,
    DATA,
    FAILURES,
    KEY,
    LOST,
    NOW,
    OPERATIONS,
    PARTS,
    PROBLEM,
    UPLOAD,
    Row,
    failing,
    record,
    with_body,
)
from .scripted import BREAK, VANISH, Reply, ScriptedServer

ATTEMPTS = RetryPolicy().max_attempts
BOUNDS = [float(row["waits at most, seconds"]) for row in BACKOFF]
ONCE = "initiateMultipartUpload"
RESULT_IN_BODY = ["listBuckets", "addSignature", ONCE]
SILENT = ["listBuckets", "putObject", ONCE]
"""A complete waits for minutes, and one of each kind is enough for what takes real time."""
BODILESS = ["headObject", "deleteObject"]
PLAYED = ["listBuckets", "createBucket", "putObject", "getObject", "completeMultipartUpload", "addSignature", *BODILESS, ONCE]
"""One of each kind: method, body up, body down, none, streamed."""


def named(column: str) -> Callable[[Row], str]:
    return lambda row: row[column] or "none"


def played(failure: str) -> list[str]:
    """Choose the operations that a failure can meet."""
    if failure.startswith("200"):
        return RESULT_IN_BODY
    if failure.startswith("silent"):
        return SILENT
    return [name for name in PLAYED if name not in BODILESS] if "the body" in failure or "after" in failure else PLAYED


def wait_after(row: Row, attempt: int) -> float:
    return BOUNDS[attempt - 1] * JITTER if row["wait"] == "backoff" else float(row["wait"])


@pytest.mark.parametrize("row", FAILURES[1:], ids=named("failure"))
def test_what_follows_a_failure(row: Row, connect: Connect, waits: Waits) -> None:
    failure, waits.now = row["failure"], NOW
    with ScriptedServer() as server, connect(server.url, read=0.2 if failure.startswith("silent") else 10.0) as client:
        for name in played(failure):
            call = CALLS[name]
            bad = failing(failure, call.reply)
            follows = row["other" if name == ONCE else "safe"]

            server.play([bad, call.reply])
            if follows == "fails":
                with pytest.raises(ArtifactStoreError) as caught:
                    call.make(client)
                assert_fails(row, name, caught.value, attempts=1)
            else:
                call.make(client)
            assert (name, waits.taken()) == (name, [wait_after(row, 1)] if follows == "again" else [])
            assert (name, len(server.heard)) == (name, 2 if follows == "again" else 1)

            if follows == "again":
                server.play([bad] * ATTEMPTS)
                with pytest.raises(ArtifactStoreError) as caught:
                    call.make(client)
                assert_fails(row, name, caught.value, attempts=ATTEMPTS)
                assert (name, waits.taken()) == (name, [wait_after(row, attempt) for attempt in range(1, ATTEMPTS)])
                assert (name, len(server.heard)) == (name, ATTEMPTS)
            if name == "putObject":
                assert {heard.body for heard in server.heard} == {DATA}


def assert_fails(row: Row, name: str, error: ArtifactStoreError, *, attempts: int) -> None:
    assert (type(error), error.operation, error.attempts) == (getattr(astore_sdk, row["error"]), name, attempts)
    status = re.match(r"\d{3}", row["failure"])
    assert error.status_code == (int(status[0]) if status else None)
    assert ("retry_after_max" in str(error)) == (row["wait"] == "asks too much")


def test_a_refused_connection(connect: Connect, waits: Waits) -> None:
    assert FAILURES[0] == {"failure": "refused", "safe": "again", "other": "fails", "wait": "backoff", "error": "NetworkError"}
    for name in PLAYED:
        call = CALLS[name]
        with ScriptedServer([call.reply], listening=False) as server, connect(server.url) as client:
            with pytest.raises(NetworkError) as caught:
                call.make(client)
            assert_fails(FAILURES[0], name, caught.value, attempts=1 if name == ONCE else ATTEMPTS)
            assert len(waits.taken()) == caught.value.attempts - 1
            if name != ONCE:
                waits.on_wait = server.listen
                call.make(client)
                assert (waits.taken(), len(server.heard)) == ([BOUNDS[0] * JITTER], 1)
                waits.on_wait = lambda: None


@pytest.mark.parametrize("row", OPERATIONS, ids=named("operation"))
def test_every_operation_is_repeated_as_it_may_be(row: Row, connect: Connect) -> None:
    name, call = row["operation"], CALLS[row["operation"]]
    with ScriptedServer() as server, connect(server.url) as client:
        for bad in (Reply(500), VANISH):
            server.play([bad, call.reply])
            if row["safe to repeat"] == "no":
                with pytest.raises(ArtifactStoreError) as caught:
                    call.make(client)
                assert (caught.value.operation, len(server.heard)) == (name, 1)
            else:
                call.make(client)
                first, second = server.heard
                assert (first.method, first.target, first.body) == (second.method, second.target, second.body)
        server.play([Reply(503), Reply(429), call.reply])
        call.make(client)
        assert len(server.heard) == 3


def test_the_page_knows_every_operation() -> None:
    document = Path(__file__).parents[2] / "openapi.yaml"
    declared = re.findall(r"^ +operationId: (\w+)$", document.read_text(), re.MULTILINE)
    assert sorted(row["operation"] for row in OPERATIONS) == sorted(declared) == sorted(CALLS)


@pytest.mark.parametrize("row", BODIES, ids=named("body"))
@pytest.mark.parametrize("name", ["listBuckets", "getObject", ONCE])
def test_the_body_of_a_failure_changes_no_decision(row: Row, name: str, connect: Connect) -> None:
    call = CALLS[name]
    with ScriptedServer() as server, connect(server.url, read=0.2 if "silent" in row["body"] else 10.0) as client:
        server.play([with_body(row["body"], 404)])
        with pytest.raises(NotFoundError) as caught:
            call.make(client)
        assert (caught.value.status_code, caught.value.attempts, len(server.heard)) == (404, 1, 1)
        assert caught.value.code == (PROBLEM["code"] if row["body"] == "problem document" else None)
        assert row["says"] in caught.value.message
        server.play([with_body(row["body"], 503), call.reply])
        call.make(client)
        assert len(server.heard) == 2


def test_the_backoff_doubles_up_to_its_bound(connect: Connect, waits: Waits) -> None:
    with (
        ScriptedServer([Reply(500)] * (len(BOUNDS) + 1)) as server,
        connect(server.url, retry=RetryPolicy(max_attempts=len(BOUNDS) + 1)) as client,
        pytest.raises(ArtifactStoreError),
    ):
        client.list_buckets()
    assert waits.made == [bound * JITTER for bound in BOUNDS]


def test_one_attempt_is_one_attempt(connect: Connect, waits: Waits) -> None:
    with ScriptedServer([VANISH]) as server, connect(server.url, retry=RetryPolicy(max_attempts=1)) as client:
        with pytest.raises(NetworkError) as caught:
            client.list_buckets()
        assert (caught.value.attempts, waits.made, len(server.heard)) == (1, [], 1)


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_an_answer_cut_anywhere_is_noticed(reset: bool, connect: Connect) -> None:
    good = record(buckets=[{"name": "builds"}])
    whole = good.bytes_for("GET")
    with ScriptedServer() as server, connect(server.url) as client:
        for cut in range(len(whole)):
            server.play([Reply(good.status, good.body, good.headers, cut=cut, reset=reset), good])
            assert [bucket.name for bucket in client.list_buckets().buckets] == ["builds"]
            assert len(server.heard) == 2, cut


def test_a_body_is_sent_again_from_where_it_stood(connect: Connect) -> None:
    file = io.BytesIO(b"read before " + DATA)
    file.seek(12)
    with ScriptedServer([BREAK, Reply(500), CALLS["putObject"].reply]) as server, connect(server.url) as client:
        client.upload("builds", KEY, file)
        assert [heard.body for heard in server.heard] == [DATA] * 3
    assert not file.closed


def test_an_answer_that_comes_before_the_body_was_read_is_believed(connect: Connect) -> None:
    refusal = Reply(413, b'{"code": "EntityTooLarge"}', unread=True)
    with ScriptedServer([refusal]) as server, connect(server.url) as client:
        with pytest.raises(ArtifactStoreError) as caught:
            client.upload("builds", KEY, bytes(3000))
        assert (caught.value.status_code, caught.value.code) == (413, "EntityTooLarge")


ASKED: dict[str, Callable[[Client], object]] = {
    "deleteObject if_match": lambda client: client.delete_object("builds", KEY, if_match="e"),
    "putObject if_match": lambda client: client.upload("builds", KEY, DATA, if_match="e"),
    "putObject if_none_match": lambda client: client.upload("builds", KEY, DATA, if_none_match="*"),
    "completeMultipartUpload": lambda client: client.complete_multipart_upload("builds", KEY, UPLOAD, PARTS, digest=OURS),
    "completeMultipartUpload without digest": CALLS["completeMultipartUpload"].make,
    "completeMultipartUpload if_none_match": lambda client: client.complete_multipart_upload(
        "builds", KEY, UPLOAD, PARTS, digest=OURS, if_none_match="*"
    ),
}
OURS = f"sha256:{hashlib.sha256(DATA).hexdigest()}"
OTHER = f"sha256:{hashlib.sha256(b'other').hexdigest()}"


def lookup(text: str) -> list[Reply]:
    """Make the answer to a look-up."""
    if not text:
        return []
    _, status, *whose = text.split()
    digest = digest_field(OTHER if whose == ["other"] else OURS)
    return [Reply(int(status), headers={"Content-Length": str(len(DATA)), "Repr-Digest": digest} if whose else {})]


@pytest.mark.parametrize("row", LOST, ids=lambda row: "-".join(cell or "none" for cell in row.values()).replace(" ", "_"))
def test_what_is_told_after_a_lost_answer_is_looked_up(row: Row, connect: Connect) -> None:
    operation, first, looked_up = row["operation"], row["first attempt"], lookup(row["looked up"])
    repeat = Reply(int(row["repeat"]), json.dumps({"key": KEY, "size": len(DATA)}).encode() if row["repeat"] == "200" else b"")
    script = [VANISH if first == "lost" else Reply(int(first))] if first else []
    call = ASKED.get(operation) or CALLS[operation].make
    with ScriptedServer([*script, repeat, *looked_up]) as server, connect(server.url) as client:
        if row["outcome"] == "done":
            call(client)
        else:
            with pytest.raises(ArtifactStoreError) as caught:
                call(client)
            error = caught.value
            assert (type(error).__name__, error.operation) == (row["outcome"], operation.split()[0])
            assert bool(getattr(error, "__notes__", [])) == row["looked up"].endswith("403")
        assert len(server.heard) == len(script) + 1 + len(looked_up)
        assert [heard.method for heard in server.heard[len(script) + 1 :]] == ["HEAD"] * len(looked_up)


@pytest.mark.parametrize("operation", CALLS)
def test_an_error_says_what_it_is_about(operation: str, connect: Connect) -> None:
    with ScriptedServer([Reply(403)]) as server, connect(server.url) as client:
        with pytest.raises(ArtifactStoreError) as caught:
            CALLS[operation].make(client)
        error, path = caught.value, server.heard[0].target.partition("?")[0].split("/")
        bucket = next((name for name in path if name in ("builds", "archive")), None)
        assert (error.operation, error.bucket, error.key) == (operation, bucket, KEY if KEY in path else None)


@pytest.mark.parametrize("lane", ["0", "1"])
def test_cookies_are_not_kept(connect: Connect, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    odd = Reply(500, headers={"Set-Cookie": "a=\xe9; Path=/"})
    redirect = Reply(302, headers={"Location": "/elsewhere"})
    with ScriptedServer([odd, redirect]) as server, connect(server.url) as client:
        with pytest.raises(ArtifactStoreError) as caught:
            client.list_buckets()
        assert caught.value.status_code == 302
        assert all("cookie" not in heard.headers for heard in server.heard)
