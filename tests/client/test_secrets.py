"""The token is in the header of each request and nowhere else: greps everything that a client shows, logs or raises."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

import astore_sdk
from astore_sdk import Client, Config, RetryPolicy, Timeout, TransferConfig

from ..conftest import ClientFactory, Driven
from ..transfer.scripted import BREAK, VANISH, Reply, ScriptedServer

TOKEN = "tok3n-w1th-50me-l0ng-secret"
PROXY_PASSWORD = "pr0xy-passw0rd"
OURS = (str(Path(astore_sdk.__file__).parent), "<attrs generated")

CALLS: list[Callable[[Client], object]] = [
    lambda client: client.list_buckets(),
    lambda client: client.get_object_metadata("builds", "app"),
    lambda client: client.read("builds", "app"),
    lambda client: client.download("builds", "app", io.BytesIO()),
    lambda client: client.upload("builds", "app", b"data", if_none_match="*"),
    lambda client: client.upload("builds", "app", bytes(6 * 1024 * 1024), transfer=TransferConfig(threshold=0)),
    lambda client: client.delete_bucket("builds"),
    lambda client: client.initiate_multipart_upload("builds", "app"),
    lambda client: client.get_sbom("builds", "app"),
    lambda client: client.upload("builds", "app", iter([b"data", 7])),
    lambda client: client.upload("builds", "app", b"data", progress_callback=lambda _: 1 / 0),
    lambda client: client.create_bucket("NO"),
]

ECHO = {"x-request-id": TOKEN, "Location": f"http://127.0.0.1:1/?{TOKEN}", "Content-Type": "application/problem+json"}
PROBLEM = b'{"title": "%s", "detail": "no: Bearer %s", "code": "%s", "requestId": "%s"}'.replace(b"%s", TOKEN.encode())
FAILING = [
    Reply(401, b'{"code": "Unauthorized"}', {"x-request-id": "1"}),
    Reply(404),
    Reply(500),
    Reply(503, headers={"Retry-After": "900"}),
    VANISH,
    BREAK,
    Reply(cut=30),
    Reply(cut=0, stall=True),
    Reply(body=b"half", headers={"Content-Length": "9"}, cut=60),
    Reply(first=b"HTTP/9 hello\r\n\r\n"),
]
ECHOING = [
    Reply(401, PROBLEM, ECHO),
    Reply(302, b"", ECHO),
    Reply(502, f"you sent {TOKEN}".encode(), ECHO | {"Content-Type": "text/plain"}),
    Reply(404, b"<p>", ECHO | {"Content-Type": f"text/{TOKEN}"}),
    Reply(200, b'{"size": "%s", "name": ["%s"], "buckets": "%s", "id": ["%s"]}'.replace(b"%s", TOKEN.encode()), ECHO),
    Reply(200, TOKEN.encode(), ECHO),
    Reply(206, b"x", ECHO | {"Content-Range": TOKEN}),
    Reply(200, b"", ECHO | {"Content-Length": TOKEN}),
    Reply(first=f"HTTP/1.1 {TOKEN} no\r\n\r\n".encode()),
]


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """Everything that is logged by anyone at any level."""
    for name in (None, "astore_sdk", "httpx", "httpcore", "asyncio"):
        caplog.set_level(1, name)
    return caplog


def failures(make_client: ClientFactory, replies: list[Reply]) -> Iterator[BaseException]:
    """Make each call fail with each reply, and once more where nobody listens."""
    options = {"timeout": Timeout(read=0.1), "retry": RetryPolicy(max_attempts=2, backoff_base=0)}
    for reply in replies:
        calls = CALLS[:1] if reply.stall else CALLS
        with ScriptedServer(lambda _, reply=reply: reply) as server, make_client(Config(server.url, TOKEN, **options)) as client:
            yield from filter(None, [failure(call, client) for call in calls])
            assert {heard.headers["authorization"] for heard in server.heard} == {f"Bearer {TOKEN}"}
    with make_client(Config("http://127.0.0.1:1", TOKEN, **options)) as client:
        yield from filter(None, [failure(call, client) for call in CALLS])


def failure(call: Callable[[Client], object], client: Client) -> BaseException | None:
    try:
        call(client)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked into
        return error
    return None


def chain(error: BaseException | None) -> Iterator[BaseException]:
    """Follow an error to those behind it."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        error = waiting.pop()
        if error is not None and error not in seen:
            seen.append(error)
            waiting += [error.__cause__, error.__context__]
    yield from seen


def said(error: BaseException) -> Iterator[str]:
    """List all that an error says of itself."""
    yield "".join(traceback.format_exception(error))
    for each in chain(error):
        yield from (str(each), repr(each), repr(each.args), repr(vars(each)), repr(getattr(each, "__notes__", [])))
        if type(each).__module__.startswith("astore_sdk"):
            yield pickle.dumps(each).decode("latin-1")


def our_frames(error: BaseException) -> Iterator[FrameType]:
    for each in chain(error):
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if frame.f_code.co_filename.startswith(OURS):
                yield frame


@pytest.mark.parametrize("lane", ["1", "0"])
def test_no_failure_shows_the_token(
    lane: str, make_client: ClientFactory, logged: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    count = 0
    for error in failures(make_client, FAILING):
        count += 1
        for text in said(error):
            assert TOKEN not in text
        frames = list(our_frames(error))
        assert frames
        for frame in frames:
            for name, value in frame.f_locals.items():
                assert TOKEN not in repr(value), (frame.f_code.co_qualname, name)
                assert TOKEN not in repr(getattr(value, "__dict__", "")), (frame.f_code.co_qualname, name)
    assert count > len(FAILING) * len(CALLS) / 2
    levels = {(record.name.partition(".")[0], record.levelname) for record in logged.records}
    usual = {("httpx", "INFO"), ("httpcore", "DEBUG")} if lane == "0" else set()
    assert {("astore_sdk", "DEBUG"), ("astore_sdk", "WARNING"), *usual} <= levels
    for record in logged.records:
        assert TOKEN not in record.getMessage() + repr(vars(record))


def test_a_server_that_says_it_back_is_not_quoted(make_client: ClientFactory, logged: pytest.LogCaptureFixture) -> None:
    for error in failures(make_client, ECHOING):
        for text in said(error):
            assert TOKEN not in text
    for record in logged.records:
        if record.name.startswith("astore_sdk"):
            assert TOKEN not in record.getMessage()


def test_nothing_that_a_client_is_made_of_shows_it(make_client: ClientFactory) -> None:
    config = Config(
        "http://127.0.0.1:1",
        TOKEN,
        proxy=f"http://user:{PROXY_PASSWORD}@127.0.0.1:1",
        headers={"X-Api-Key": TOKEN},
        cert=("client.pem", "client.key", TOKEN),
    )
    with make_client(config) as client:
        own = client.wrapped if isinstance(client, Driven) else client
        seen: list[object] = []
        waiting: list[object] = [own, own.with_options(headers={"X-Other": TOKEN})]
        while waiting:
            thing = waiting.pop()
            if type(thing).__module__.startswith("astore_sdk") and all(thing is not other for other in seen):
                seen.append(thing)
                names = vars(thing) if hasattr(thing, "__dict__") else thing.__slots__
                waiting += [getattr(thing, name) for name in names]
        assert {"Config", "BearerAuth", "Runner", "Channel"} <= {type(thing).__name__ for thing in seen}
        for thing in seen:
            for secret in (TOKEN, PROXY_PASSWORD):
                assert secret not in repr(thing) + str(thing) + f"{thing}", type(thing)
