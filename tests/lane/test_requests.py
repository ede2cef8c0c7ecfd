"""Heads of requests: the same over both, and nothing that anybody passes in ends a line of one or begins another."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest

from astore_sdk import ArtifactStoreError, Client, CompletedPart, Config, NetworkError, RetryPolicy, TransferConfig

from ..conftest import ClientFactory
from ..transfer.retry_table import CALLS
from ..transfer.scripted import Heard, Reply, ScriptedServer
from .conftest import Over
from .outcomes import LANES, buckets, outcome_of

MIB = 1024 * 1024
Call = Callable[[Client], object]

MORE_CALLS: dict[str, Call] = {
    "a range": lambda client: client.read("bucket", "key", byte_range="bytes=1-2"),
    "a suffix": lambda client: client.read("bucket", "key", byte_range="bytes=-2"),
    "metadata": lambda client: client.upload(
        "bucket", "key", b"x", metadata={"A": "b c", "empty": "", "text": "caf\u00e9 日本", "z": "1"}
    ),
    "media type": lambda client: client.upload("bucket", "key", b"x", content_type='text/plain; charset="utf-8"'),
    "nothing": lambda client: client.upload("bucket", "key", b""),
    "a large body": lambda client: client.upload("bucket", "key", bytes(range(256)) * 12_289),
    "a file": lambda client: client.upload("bucket", "key", io.BytesIO(b"from a file")),
    "without a digest": lambda client: client.upload("bucket", "key", b"x", transfer=TransferConfig(integrity=False)),
    "if none match": lambda client: client.upload("bucket", "key", b"x", if_none_match="*"),
    "if match": lambda client: client.upload("bucket", "key", b"x", if_match='"v1"'),
    "delete if match": lambda client: client.delete_object("bucket", "key", if_match="v1"),
    "copy": lambda client: client.copy_object("bucket", "a b/%2F?é", "other", "日本", metadata={"a": "b"}),
    "list": lambda client: client.list_objects("bucket", prefix="a b&c=%/é", delimiter="/", marker="m+\0\r\n", max_keys=3),
    **{
        f"key {key!r}": lambda client, key=key: client.read("bucket", key)
        for key in (
            ".",
            "..",
            "a/../b",
            "a//b",
            "/a/",
            "a b+c%2F?#&=;@:",
            "%2e",
            "日本",
            "e\u0301",
            "~!*'()",
        )
    },
}
ALL: dict[str, Call] = {name: call.make for name, call in CALLS.items()} | MORE_CALLS


def parsed(heard: Heard, port: int) -> tuple[bytes, list[tuple[bytes, bytes]], bytes]:
    """Return a request as a value in which the order of its fields makes no difference."""
    line, *fields, end, nothing = heard.head.replace(b":%d\r\n" % port, b":PORT\r\n").split(b"\r\n")
    assert (end, nothing) == (b"", b"")
    pairs = [field.split(b": ", 1) for field in fields]
    return line, sorted((name.lower(), value) for name, value in pairs), heard.body


def sent(call: Call, lane: str, over: Over, **options: object) -> list[object]:
    name = next((name for name, listed in CALLS.items() if listed.make is call), None)
    reply = CALLS[name].reply if name else Reply(200, b"{}")
    with ScriptedServer(lambda heard: reply) as server:
        url = f"http://localhost:{server.port}/base" if options.pop("prefix", False) else server.url
        with over(lane, url, **options) as client:
            for _ in range(2):
                outcome_of(lambda: call(client))
        assert len(server.heard) >= 2
        return [parsed(heard, server.port) for heard in server.heard]


@pytest.mark.parametrize("name", ALL)
def test_a_request_is_the_same_over_both(name: str, over: Over) -> None:
    stock, fast = (sent(ALL[name], lane, over) for lane in LANES)
    assert fast == stock


@pytest.mark.parametrize(
    "options",
    [
        {"prefix": True},
        {"token": None},
        {"user_agent": "my-app/1.0 (a; b)"},
        {"headers": {"X-Tenant": "a,  b\tc", "x-empty": "", "Accept": "application/json", "User-Agent": "other"}},
        {"headers": {"Cookie": "a=b; c=d", "Expect": "100-continue", "Upgrade": "h2c", "TE": "trailers"}},
    ],
    ids=["prefix", "no token", "user agent", "headers", "headers that mean something"],
)
@pytest.mark.parametrize("name", ["listBuckets", "putObject", "getHealth"])
def test_what_is_configured_is_the_same_over_both(name: str, options: dict[str, object], over: Over) -> None:
    stock, fast = (sent(ALL[name], lane, over, **dict(options)) for lane in LANES)
    assert fast == stock


TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
REQUEST_LINE = re.compile(rb"[A-Z]+ /[\x21-\x7e]* HTTP/1\.1")
FIELD = re.compile(TOKEN + rb": [\t\x20-\x7e]*")
EVIL = "X-Injected: 1"
ENDS = [
    "\r\n", "\n", "\r", "\0", "\0\r\n", "\r\n ", "\n\t", "\x0b", "\x0c", "\x1c", "\x1e", "\x85", "\u2028",
    "\u010a", "\u010d\u010a", "\u560d\u560a", "\uff0d\uff0a", "\ud800\r\n", "\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n",
]  # fmt: skip
TEXTS = [text for end in ENDS for text in (f"a{end}{EVIL}", f"{end}{EVIL}", f"a{end}")]

INPUTS: dict[str, Callable[[Client, str], object]] = {
    "metadata name": lambda client, text: client.upload("bucket", "key", b"x", metadata={text: "a"}),
    "metadata value": lambda client, text: client.upload("bucket", "key", b"x", metadata={"a": text}),
    "metadata of a copy": lambda client, text: client.copy_object("bucket", "key", "bucket", "other", metadata={"a": text}),
    "metadata of a multipart upload": lambda client, text: client.initiate_multipart_upload("bucket", "key", metadata={"a": text}),
    "content type": lambda client, text: client.upload("bucket", "key", b"x", content_type=text),
    "content type of a copy": lambda client, text: client.copy_object("bucket", "key", "bucket", "other", content_type=text),
    "content type of a multipart upload": lambda client, text: client.initiate_multipart_upload("bucket", "key", content_type=text),
    "content type of an SBOM": lambda client, text: client.attach_sbom(
        "bucket", "key", "spdx", '{"spdxVersion": "SPDX-2.3"}', content_type=text
    ),
    "bucket": lambda client, text: client.create_bucket(text),
    "key": lambda client, text: client.upload("bucket", text, b"x"),
    "key of a source": lambda client, text: client.copy_object("bucket", text, "bucket", "other"),
    "bucket of a source": lambda client, text: client.copy_object(text, "key", "bucket", "other"),
    "prefix": lambda client, text: client.list_objects("bucket", prefix=text),
    "delimiter": lambda client, text: client.list_objects("bucket", delimiter=text),
    "marker": lambda client, text: client.list_objects("bucket", marker=text),
    "range": lambda client, text: client.read("bucket", "key", byte_range=text),
    "range, after one": lambda client, text: client.read("bucket", "key", byte_range=f"bytes=0-1{text}"),
    "if match": lambda client, text: client.upload("bucket", "key", b"x", if_match=text),
    "if match, quoted": lambda client, text: client.upload("bucket", "key", b"x", if_match=f'"{text}"'),
    "if none match": lambda client, text: client.upload("bucket", "key", b"x", if_none_match=text),
    "if match of a download": lambda client, text: client.download("bucket", "key", io.BytesIO(), if_match=text),
    "if match of a delete": lambda client, text: client.delete_object("bucket", "key", if_match=text),
    "upload id": lambda client, text: client.upload_part("bucket", "key", text, 1, b"x"),
    "etag of a part": lambda client, text: client.complete_multipart_upload("bucket", "key", "u", [CompletedPart(1, text)], size=1),
    "type of an attestation": lambda client, text: client.get_attestations("bucket", "key", type=text),
    "format of an SBOM": lambda client, text: client.get_sbom("bucket", "key", format=text),
    "token": lambda client, text: (client.set_token(text), client.list_buckets()),
    "option": lambda client, text: client.with_options(headers={"X-Tenant": text}).list_buckets(),
    "name of an option": lambda client, text: client.with_options(headers={text: "a"}).list_buckets(),
}
SETTINGS: dict[str, Callable[[str, str], Config]] = {
    "token": lambda url, text: Config(url, text),
    "user agent": lambda url, text: Config(url, user_agent=text),
    "header": lambda url, text: Config(url, headers={"X-Tenant": text}),
    "name of a header": lambda url, text: Config(url, headers={text: "a"}),
    "path": lambda url, text: Config(f"{url}/{text}"),
    "host": lambda url, text: Config(url.replace("://", f"://{text}")),
    "port": lambda url, text: Config(f"{url}{text}"),
}


def assert_clean(heard: list[Heard]) -> None:
    for request in heard:
        line, *fields, end, nothing = request.head.split(b"\r\n")
        assert REQUEST_LINE.fullmatch(line), request.head
        assert all(FIELD.fullmatch(field) for field in fields), request.head
        assert (end, nothing) == (b"", b"")
        names = [field.partition(b":")[0].lower() for field in fields]
        assert len(names) == len(set(names)), names
        assert not {b"x-injected", b""} & set(names)
        assert not request.target.startswith("/evil")


@pytest.mark.parametrize("name", INPUTS)
def test_no_argument_ends_a_line(name: str, over: Over, lane: str) -> None:
    reply = Reply(200, b'{"uploadId": "u"}', {"ETag": '"e"'})
    with ScriptedServer(lambda heard: reply) as server, over(lane, server.url) as client:
        for text in TEXTS:
            try:
                INPUTS[name](client, text)
            except (ArtifactStoreError, UnicodeError):
                pass
            else:
                assert server.heard, text
        client.set_token("token")
        buckets(client)
        assert_clean(server.heard)
        assert server.heard


@pytest.mark.parametrize("name", SETTINGS)
def test_no_setting_ends_a_line(name: str, make_client: ClientFactory, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    with ScriptedServer(lambda heard: Reply(200, b'{"buckets": []}')) as server:
        for text in TEXTS:
            try:
                config = SETTINGS[name](server.url, text)
            except ValueError:
                continue
            with make_client(config) as client:
                outcome_of(client.list_buckets)
        assert_clean(server.heard)


@pytest.mark.parametrize("text", [f"a{end}{EVIL}" for end in ("\r\n", "\n", "\r", "\0")] + ["\x0b", " a", "a "])
@pytest.mark.parametrize("where", ["user_agent", "headers"])
def test_the_last_to_look_is_the_writer(
    where: str, text: str, make_client: ClientFactory, lane: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even what no check of ours has seen does not get out, and the connection is not in doubt after it."""
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    with ScriptedServer(lambda heard: Reply(200, b'{"buckets": []}')) as server:
        config = Config(server.url, retry=RetryPolicy(max_attempts=1))
        object.__setattr__(config, where, text if where == "user_agent" else {"X-Tenant": text})
        with make_client(config) as client:
            refused = outcome_of(client.list_buckets)
            assert getattr(refused, "kind", None) is NetworkError
            assert server.heard == []


def test_a_callback_cannot_change_a_head(over: Over) -> None:
    """What is sent was decided before: a mapping that changes meanwhile changes nothing."""
    metadata: dict[str, str] = {}
    again = RetryPolicy(backoff_base=0.001)

    def spoil(_total: int) -> None:
        metadata["a"] = f"b\r\n{EVIL}"

    for lane in LANES:
        metadata["a"] = "b"
        with (
            ScriptedServer([Reply(503), Reply(200)]) as server,
            over(lane, server.url, retry=again) as client,
        ):
            client.upload("bucket", "key", bytes(MIB), metadata=metadata, progress_callback=spoil)
            assert_clean(server.heard)
            assert [heard.headers["x-amz-meta-a"] for heard in server.heard] == ["b", "b"]
