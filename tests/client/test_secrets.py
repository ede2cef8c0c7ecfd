"""The token is in the header of each request and nowhere else: greps everything that a client shows, logs or raises."""

from __future__ import annotations

import base64
import html
import io
import json
import pickle
import random
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import astore_sdk
from astore_sdk import (
    ArtifactStoreError,
    BadRequestError,
    Client,
    Config,
    ConflictError,
    InvalidInputError,
    RetryPolicy,
    Timeout,
    TransferConfig,
)
from astore_sdk._http.channel import Channel
from astore_sdk._wire.failures import CODES, from_answer
from astore_sdk._wire.messages import Answer
from astore_sdk.auth import BearerAuth

from ..conftest import ClientFactory, Driven
from ..transfer.scripted import BREAK, VANISH, Heard, Reply, ScriptedServer

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


SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/"
"""What a token has (RFC 6750, section 2.1), but for the = at its end."""

ECHOES: dict[str, Callable[[str], str]] = {
    "as it is": lambda token: token,
    "escaped slashes": lambda token: token.replace("/", "\\/"),
    "escaped signs": lambda token: token.replace("+", "\\u002B").replace("=", "\\u003d").replace("/", "\\/"),
    "escaped letters": lambda token: "".join(f"\\u{ord(char):04x}" for char in token),
    "escaped twice": lambda token: json.dumps("".join(f"\\u{ord(char):04X}" for char in token))[1:-1],
    "some escaped": lambda token: "".join(random.Random(7).choice((char, f"\\u{ord(char):04X}")) for char in token),
    "percent": lambda token: quote(token, safe=""),
    "percent, all": lambda token: "".join(f"%{ord(char):02x}" for char in token),
    "percent, twice": lambda token: quote(quote(token, safe=""), safe=""),
    "html": lambda token: "".join(f"&#{ord(char)};" for char in token),
    "html, hexadecimal": lambda token: "".join(f"&#x{ord(char):x};" for char in token),
    "base64": lambda token: base64.b64encode(f"Bearer {token}".encode()).decode(),
    "base64 of more": lambda token: base64.b64encode(f"a{token}b".encode()).decode(),
    "base64 for URLs": lambda token: base64.urlsafe_b64encode(f"of {token} it".encode()).decode().rstrip("="),
}
"""How a server may say a token back."""


def read_back(text: str) -> Iterator[str]:
    """Undo what `ECHOES` do: what a reader of a log would try."""
    for _ in range(3):
        yield text
        yield html.unescape(text)
        text = "".join(text.split("\\u00")[:1]) + "".join(
            chr(int(piece[:2], 16)) + piece[2:] if len(piece) > 1 else piece for piece in text.split("\\u00")[1:]
        )
        text = text.replace("\\/", "/").replace("\\\\", "\\")
        yield text


@pytest.mark.parametrize("place", ["detail", "raw", "text", "location", "x-request-id", "code", "content-type"])
@pytest.mark.parametrize("echo", ECHOES)
def test_an_echo_is_recognised(echo: str, place: str, make_client: ClientFactory) -> None:
    token = "tok3n+w1th/50me-l0ng=secret~.=="
    echoed = ECHOES[echo](token)
    reply = {
        "detail": Reply(400, json.dumps({"detail": f"I heard {echoed}, and more"}).encode()),
        "raw": Reply(400, b'{"detail": "I heard %s."}' % echoed.encode()),
        "text": Reply(502, f"I heard {echoed}".encode(), {"Content-Type": "text/plain"}),
        "location": Reply(302, b"", {"Location": f"http://127.0.0.1/?a={echoed}&b"}),
        "x-request-id": Reply(404, b"", {"x-request-id": echoed}),
        "code": Reply(409, json.dumps({"code": echoed}).encode()),
        "content-type": Reply(403, b"<p>", {"Content-Type": f"text/{echoed}"}),
    }[place]
    with ScriptedServer([reply]) as server, make_client(Config(server.url, token, retry=RetryPolicy(max_attempts=1))) as client:
        error = failure(lambda client: client.list_buckets(), client)
    assert isinstance(error, ArtifactStoreError)
    for text in said(error):
        assert token not in text
        assert echoed not in text
        assert not any(token in back for back in read_back(text))
    assert "***" in str(error) or place in ("code", "raw"), str(error)


# What stands before a token may make an escape of its first characters.
@example("0000==", "percent, twice", "%", "", "AccessDenied")
@example("0041Zz9~+/secret==", "escaped signs", "\\u", "", "AccessDenied")
@example("9abcdefghijklmnop==", "as it is", "%e", " more", "AccessDenied")
@example("lAnd0fHope+Glory/123==", "base64", "%", "", "AccessDenied")
@example("adabcdefghijklmnop==", "percent, twice", "%25", "", "AccessDenied")
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    token=st.text(SIGNS, min_size=4, max_size=300).map(lambda text: f"{text}=="),
    echo=st.sampled_from(sorted(ECHOES)),
    before=st.text(max_size=1100),
    after=st.text(max_size=300),
    known=st.sampled_from(sorted(CODES)),
)
def test_no_token_is_shown_however_it_is_echoed(token: str, echo: str, before: str, after: str, known: str) -> None:
    """Also where the message is cut in the middle of it. A code of the contract stays what it is."""
    echoed = ECHOES[echo](token)
    redacted = BearerAuth(token)
    channel = Channel(Config("http://127.0.0.1:1", token), redacted)
    body = json.dumps({"detail": f"{before} {echoed} {after}", "code": known}).encode()
    failed = from_answer(Answer(400, {"x-request-id": echoed}, body, redact=channel.redact), "listBuckets", None, None)
    plain = from_answer(
        Answer(400, {"content-type": "text/plain"}, f"{before}{echoed}"[: len(before) + 90].encode(), redact=channel.redact),
        "x",
        None,
        None,
    )
    assert failed.code == known
    for text in (failed.message, failed.request_id or "", plain.message):
        assert token not in text
        assert len(echoed) < 12 or echoed[: max(12, len(echoed) // 2)] not in text


@pytest.mark.parametrize("lane", ["1", "0"])
@pytest.mark.parametrize("token", ["Bucket", "AlreadyExists", "BucketAlreadyExists", "409", "Exists", "code", "a"])
def test_what_a_failure_means_does_not_depend_on_the_token(
    token: str, lane: str, make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    body = b'{"code": "BucketAlreadyExists", "detail": "a bucket of this name is there, by Bearer %s"}' % token.encode()
    with ScriptedServer([Reply(409, body)] * 2) as server, make_client(Config(server.url, token)) as client:
        assert client.create_bucket("builds", exist_ok=True).name == "builds"
        with pytest.raises(ConflictError) as caught:
            client.create_bucket("builds")
    assert caught.value.code == "BucketAlreadyExists"
    assert caught.value.hint == "Pass exist_ok=True if that is fine."
    assert f"Bearer {token}" not in str(caught.value)
    assert caught.value.message == "a bucket of this name is there, by Bearer ***"


@pytest.mark.parametrize(("token", "header"), [("900", "900"), ("Date", "Fri, 31 Dec 9999 23:59:59 GMT"), ("Dec ", "")])
def test_headers_are_understood_before_they_are_redacted(token: str, header: str, make_client: ClientFactory) -> None:
    if not header:
        with pytest.raises(InvalidInputError):
            Config("http://127.0.0.1:1", token)
        return
    reply = Reply(503, b'{"code": "SlowDown"}', {"Retry-After": header})
    with ScriptedServer([reply]) as server, make_client(Config(server.url, token)) as client:
        with pytest.raises(ArtifactStoreError, match="asks to wait"):
            client.list_buckets()
        assert len(server.heard) == 1


def test_tokens_of_the_past_are_not_shown(make_client: ClientFactory) -> None:
    """Those of a client and of what was made of it, and the one that was replaced while its request was under way."""
    tokens = [f"{number}-{TOKEN}" for number in range(8)]

    def answer(heard: Heard) -> Reply:
        if "authorization" in heard.headers:
            own.set_token("another-one-meanwhile")
        return Reply(400, json.dumps({"detail": " and ".join([heard.headers.get("authorization", "none"), *tokens])}).encode())

    with ScriptedServer(answer) as server, make_client(Config(server.url, tokens[0])) as client:
        own = client.wrapped if isinstance(client, Driven) else client
        other = client.with_options(timeout=5)
        for number, token in enumerate(tokens[1:]):
            (other if number % 2 else own).set_token(token)
        for each, before in ((client, None), (other, tokens[0]), (client, "")):
            if before is not None:
                own.set_token(before or None)
            with pytest.raises(BadRequestError) as caught:
                each.list_buckets()
            first = "none" if before == "" else "Bearer ***"
            assert caught.value.message == " and ".join([first, *["***"] * len(tokens)])


@pytest.mark.parametrize("token", ["a", "is", "the", "x.1"])
def test_a_short_token_does_not_shred_what_is_said(token: str, make_client: ClientFactory) -> None:
    said_ = (
        f"this is what the store has: a bucket. It heard 'Authorization: Bearer {token}', bearer%20{token} and bearerless {token}x"
    )
    reply = Reply(400, json.dumps({"detail": said_}).encode(), {"x-request-id": token})
    with (
        ScriptedServer([reply]) as server,
        make_client(Config(server.url, token)) as client,
        pytest.raises(BadRequestError) as caught,
    ):
        client.list_buckets()
    assert caught.value.message == (
        f"this is what the store has: a bucket. It heard 'Authorization: Bearer ***', bearer%20*** and bearerless {token}x"
    )
    assert caught.value.request_id == "***"


def test_what_a_list_of_failures_says(make_client: ClientFactory) -> None:
    errors = [
        {"key": "a", "code": "InvalidKey", "message": f"no\x1b[31m: {TOKEN}"},
        {"key": "b", "code": TOKEN, "message": None},
        {"key": "c", "code": "Odd\u202e", "message": "\u2028"},
    ]
    with (
        ScriptedServer([Reply(200, json.dumps({"errors": errors}).encode())]) as server,
        make_client(Config(server.url, TOKEN)) as client,
    ):
        result = client.delete_objects("builds", ["a", "b", "c"])
    assert [(error.code, error.message) for error in result.errors] == [
        ("InvalidKey", "no [31m: ***"),
        ("***", None),
        ("Odd", None),
    ]
