"""Nothing that a server says reaches the terminal as a command, and no configuration shows a password."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from astore_sdk import ArtifactStoreError, Client, Config, InvalidInputError, NotFoundError, RetryPolicy
from astore_sdk._http.over_httpx import client_arguments

from ..conftest import ClientFactory
from ..transfer.scripted import Reply, ScriptedServer

CONTROL = [
    "\x1b[2J",
    "\x07",
    "\x08",
    "\x7f",
    "\x9b31m",
    "\x85",
    "\u202e",
    "\u202a",
    "\u2066",
    "\u2069",
    "\u200e",
    "\u200f",
    "\u2028",
    "\u2029",
]
ALL = "a" + "b".join(CONTROL) + "c"
IN_FIELDS = "".join(char for char in ALL if char not in "\r\n\0")

JSON_REPLIES = {
    "detail": '{"detail": "%s"}',
    "title": '{"title": "%s"}',
    "code": '{"code": "%s"}',
    "request id": '{"requestId": "%s"}',
}


def raw(head: bytes, body: bytes = b"") -> Reply:
    return Reply(raw=(head.rstrip(b"\r\n") + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body,))


def hostile(encoding: str) -> dict[str, Reply]:
    odd = IN_FIELDS.encode(encoding, "ignore")
    escaped = "".join(f"\\u{ord(char):04x}" for char in ALL)
    return {
        **{name: Reply(400, (text % escaped).encode()) for name, text in JSON_REPLIES.items()},
        "x-request-id": raw(b"HTTP/1.1 404 N\r\nx-request-id: %s\r\n" % odd),
        "of a success": raw(b"HTTP/1.1 200 OK\r\nx-request-id: %s\r\n" % odd, b"{"),
        "of an encoded one": raw(b"HTTP/1.1 200 OK\r\nx-request-id: %s\r\nContent-Encoding: %s\r\n" % (odd, odd), b"{}"),
        "location": raw(b"HTTP/1.1 302 F\r\nLocation: http://h/%s\r\n" % odd),
        "content type": raw(b"HTTP/1.1 502 B\r\nContent-Type: text/%s\r\n" % odd, b"<p>"),
        "encoding": raw(b"HTTP/1.1 502 B\r\nContent-Encoding: %s\r\n" % odd, b"<p>"),
        "text": Reply(502, ALL.encode(), {"Content-Type": "text/plain"}),
        "text in latin-1": Reply(502, ALL.encode("latin-1", "ignore"), {"Content-Type": "text/plain"}),
        "reason": raw(b"HTTP/1.1 500 %s\r\n" % odd),
        "no status": Reply(raw=(b"HTTP/1.1 %s\r\n\r\n" % odd,)),
        "no field": Reply(raw=(b"HTTP/1.1 200 OK\r\n%s\r\n\r\n" % odd,)),
        "no chunk": Reply(raw=(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%s\r\n" % odd,)),
    }


CALLS: dict[str, Callable[[Client], object]] = {
    "list": lambda client: client.list_buckets(),
    "head": lambda client: client.get_object_metadata("builds", "app"),
    "upload": lambda client: client.upload("builds", "app", b"data"),
    "read": lambda client: client.read("builds", "app", byte_range="bytes=0-3"),
}


@pytest.mark.parametrize("lane", ["1", "0"])
@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("name", hostile("utf-8"))
def test_nothing_of_a_servers_moves_the_cursor(
    name: str,
    encoding: str,
    lane: str,
    make_client: ClientFactory,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    caplog.set_level(1, "astore_sdk")
    reply = hostile(encoding)[name]
    config = {"timeout": 5, "retry": RetryPolicy(max_attempts=2, backoff_base=0)}
    for call in CALLS.values():
        with ScriptedServer([reply] * 2) as server, make_client(Config(server.url, **config)) as client:
            try:
                call(client)
            except ArtifactStoreError as error:
                check(error)
            else:
                assert name in ("of a success", "of an encoded one")
    assert all(record.getMessage().isprintable() for record in caplog.records)


def check(error: ArtifactStoreError) -> None:
    texts = [str(error), repr(error), error.message, error.code, error.request_id, error.hint, *getattr(error, "__notes__", [])]
    for text in filter(None, texts):
        assert text.isprintable(), text
    assert all(line.isprintable() for line in traceback.format_exception_only(error)[-1].split("\n"))
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.mark.parametrize("key", ["rtl\u202eexe.txt", "mark\u200f", "separator\u2028", "isolate\u2066x"])
def test_a_key_is_shown_and_kept(key: str, make_client: ClientFactory) -> None:
    """Format characters may stand in a key; an error shows them, and has the key as it is."""
    with ScriptedServer([Reply(404)]) as server, make_client(Config(server.url)) as client, pytest.raises(NotFoundError) as caught:
        client.get_object_metadata("builds", key)
    assert caught.value.key == key
    assert str(caught.value).isprintable()
    assert f"\\u{ord(next(char for char in key if not char.isprintable())):04x}" in str(caught.value)


def test_what_is_no_control_character_is_shown_as_it_is(make_client: ClientFactory) -> None:
    reply = Reply(404, '{"detail": "Schlüssel „日本“ fehlt ☃ é"}'.encode())
    with ScriptedServer([reply]) as server, make_client(Config(server.url)) as client, pytest.raises(NotFoundError) as caught:
        client.read("builds", "ключ")
    assert "Schlüssel „日本“ fehlt ☃ é" in str(caught.value)
    assert "ключ" in str(caught.value)


PASSWORDS = ["pass", "p@ss", "p@ss/w", "p/ss", "p/s@s/w@rd", "p:ss", "p?ss", "p#ss@x", "@", "//", "p//ss@x", "p%40ss", "[p]"]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("password", PASSWORDS)
def test_no_part_of_a_proxys_password_is_shown(password: str, scheme: str) -> None:
    config = Config("http://store.example", proxy=f"{scheme}://user:SECRET{password}SECRET@proxy.example:3128")
    shown = repr(config) + str(config) + f"{config}"
    assert "SECRET" not in shown
    assert f"{scheme}://***@proxy.example:3128" in shown
    assert pickle.loads(pickle.dumps(config)) == config
    assert "***@" not in repr(Config("http://store.example", proxy=f"{scheme}://proxy.example:3128"))


@pytest.mark.parametrize("password", PASSWORDS)
def test_a_proxys_password_reaches_the_proxy_and_no_other_host(password: str) -> None:
    """A slash would end the host's name, and the @ behind it would be no more than a part of a path."""

    config = Config("http://store.example", proxy=f"http://user:{password}@proxy.example:3128")
    url = httpx.URL(client_arguments(config)["proxy"] or "")
    assert (url.host, url.port, url.username) == ("proxy.example", 3128, "user")
    assert url.password == ("p@ss" if password == "p%40ss" else password)


@pytest.mark.parametrize(
    "options",
    [
        {"proxy": "ftp://user:SECRET@h"},
        {"proxy": "user:SECRET@h"},
        {"proxy": "http://user:SECRET x@h"},
        {"proxy": "http://user:x@h:SECRET"},
        {"proxy": "http://user:SECRET\x1b@h"},
        {"base_url": "http://user:SECRET@h"},
        {"base_url": "http://user:SEC/SECRET@h"},
        {"base_url": "http://user:SEC@SEC/SECRET@h"},
        {"base_url": "http:/user:SECRET@h"},
        {"base_url": "user:SECRET@h"},
        {"base_url": "http://h/SECRET@h?a"},
        {"base_url": "http://h/SECRET@\x1b"},
    ],
)
def test_no_refusal_shows_a_password(options: dict[str, str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Config(**{"base_url": "http://store.example", **options})
    assert "SEC" not in "".join(traceback.format_exception_only(caught.value))
    assert caught.value.__cause__ is None
    assert str(caught.value).isprintable()


def test_what_is_no_proxy() -> None:
    with pytest.raises(TypeError, match="proxy is a URL"):
        Config("http://store.example", proxy=Path("proxy"))


def test_headers_are_not_shown() -> None:
    config = Config("http://store.example", headers={"Cookie": "SECRET", "X-Api-Key": "SECRET"})
    assert "SECRET" not in repr(config)
    for name, value in (("Bad Name", "SECRET"), ("X", "SECRET\r\nX: y"), ("X", "SECRET\x1b"), ("Authorization", "Bearer SECRET")):
        with pytest.raises(InvalidInputError) as caught:
            Config("http://store.example", headers={name: value})
        assert "SECRET" not in str(caught.value)
