"""An application's tests: what answers in a store's place, or watches, sees every request of the SDK."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FunctionType
from unittest import mock

import httpcore
import httpx
import pytest
import respx

from astore_sdk import (
    AsyncClient,
    Client,
    Config,
    NetworkError,
    NetworkTimeoutError,
    NotFoundError,
    RetryPolicy,
    ServiceUnavailableError,
    TransferConfig,
)
from astore_sdk._http.routing import is_httpx_its_own

from ..conftest import Driven
from ..transfer.scripted import Reply, ScriptedServer
from .conftest import Over
from .outcomes import BROKEN, buckets, content, get

STORE = "http://store.example"
BUCKETS = f"{STORE}/s3"
MIB = 1024 * 1024
PART = 5 * MIB


def config(**options: object) -> Config:
    return Config(STORE, **{"token": "token", "retry": RetryPolicy(backoff_base=0, max_attempts=2), **options})


def listed(*names: str) -> dict[str, object]:
    return {"buckets": [{"name": name} for name in names]}


# As the documentation of respx shows it.


@respx.mock
def test_decorated() -> None:
    route = respx.get(BUCKETS).respond(json=listed("a"))
    with Client(config()) as client:
        assert buckets(client) == ("a",)
    assert route.called
    assert route.call_count == 1
    assert route.calls.last.request.headers["Authorization"] == "Bearer token"


@respx.mock(base_url=STORE)
def test_decorated_with_a_router(respx_mock: respx.MockRouter) -> None:
    respx_mock.get("/s3").respond(json=listed("a"))
    with Client(config()) as client:
        assert buckets(client) == ("a",)


@respx.mock
def test_decorated_async() -> None:
    respx.get(BUCKETS).respond(json=listed("a"))

    async def main() -> None:
        async with AsyncClient(config()) as client:
            assert [found.name for found in (await client.list_buckets()).buckets] == ["a"]

    asyncio.run(main())


def test_by_fixture(respx_mock: respx.MockRouter, over: Over, lane: str) -> None:
    respx_mock.put(f"{BUCKETS}/bucket/key").respond(200)
    with over(lane, STORE) as client:
        client.upload("bucket", "key", b"x")
    (call,) = respx_mock.calls
    assert call.request.content == b"x"


@pytest.mark.respx(base_url=STORE, assert_all_called=False)
def test_by_fixture_with_a_mark(respx_mock: respx.MockRouter, over: Over, lane: str) -> None:
    respx_mock.get("/s3/never").respond(200)
    respx_mock.get("/s3", name="list").respond(json=listed("a"))
    with over(lane, STORE) as client:
        assert buckets(client) == ("a",)
    assert respx_mock["list"].called


# Whatever is in a store's place, and whenever it got there.


def _respx(**options: object) -> AbstractContextManager[respx.MockRouter]:
    return respx.mock(assert_all_called=False, **options)


class _Patched:
    """Has an answer given by what is put in the place of a method, as pytest-httpx, vcrpy and OpenTelemetry do."""

    def __init__(self, sync_target: str, async_target: str, answer: Callable[[], object]) -> None:
        def handle(_self: object, *_: object, **__: object) -> object:
            self.count += 1
            return answer()

        async def handle_async(_self: object, *_: object, **__: object) -> object:
            return handle(_self)

        self.count = 0
        self._patches = [mock.patch(sync_target, handle), mock.patch(async_target, handle_async)]

    def __enter__(self) -> None:
        for patch in self._patches:
            patch.start()

    def __exit__(self, *_: object) -> None:
        for patch in self._patches:
            patch.stop()


def _answered() -> httpx.Response:
    return httpx.Response(200, json=listed("mocked"), request=httpx.Request("GET", BUCKETS))


def _httpcore_answered() -> httpcore.Response:
    return httpcore.Response(200, headers=[("Content-Length", "33")], content=_BothWays(b'{"buckets": [{"name": "mocked"}]}'))


class _BothWays(httpx.ByteStream):
    """A body for either kind of client."""


def _by_respx(url: str, **options: object) -> AbstractContextManager[object]:
    router = _respx(**options)
    router.get(f"{url}/s3").respond(json=listed("mocked"))
    return router


MOCKS: dict[str, Callable[[str], AbstractContextManager[object]]] = {
    "respx": _by_respx,
    "respx using httpx": lambda url: _by_respx(url, using="httpx"),
    "respx using httpcore": lambda url: _by_respx(url, using="httpcore"),
    "httpx transports": lambda url: _Patched(
        "httpx.HTTPTransport.handle_request", "httpx.AsyncHTTPTransport.handle_async_request", _answered
    ),
    "httpcore pools": lambda url: _Patched(
        "httpcore.ConnectionPool.handle_request", "httpcore.AsyncConnectionPool.handle_async_request", _httpcore_answered
    ),
    "httpx clients' send": lambda url: _Patched("httpx.Client.send", "httpx.AsyncClient.send", _answered),
    "httpx clients' one request": lambda url: _Patched(
        "httpx.Client._send_single_request", "httpx.AsyncClient._send_single_request", _answered
    ),
}


@pytest.mark.parametrize("name", MOCKS)
def test_a_client_made_inside(name: str, over: Over, lane: str) -> None:
    with MOCKS[name](STORE), over(lane, STORE) as client:
        assert buckets(client) == ("mocked",)


@pytest.mark.parametrize("name", MOCKS)
def test_a_client_made_before(name: str, over: Over, lane: str) -> None:
    with over(lane, STORE) as client, MOCKS[name](STORE):
        assert buckets(client) == ("mocked",)


@pytest.mark.parametrize("name", MOCKS)
def test_a_client_that_is_connected_already(name: str, over: Over, lane: str) -> None:
    with ScriptedServer(lambda heard: Reply(200, b'{"buckets": [{"name": "real"}]}')) as server, over(lane, server.url) as client:
        for count in (1, 2, 3):
            assert buckets(client) == ("real",)
            with MOCKS[name](server.url):
                assert buckets(client) == ("mocked",)
            assert len(server.heard) == count


# What can be asked of a route.


def test_each_call_is_seen(over: Over, lane: str) -> None:
    with respx.mock(base_url=BUCKETS) as router, over(lane, STORE) as client:
        upload = router.put(path__regex=r"/bucket/(?P<key>\w+)$").respond(200, headers={"ETag": '"e"'})
        router.get("/bucket/a", headers={"Range": "bytes=0-1"}).respond(
            206, content=b"co", headers={"Content-Range": "bytes 0-1/7"}
        )
        router.head("/bucket/a").respond(200, headers={"Content-Length": "7"})
        router.delete("/bucket/a").respond(204)
        router.get("/bucket", params__contains={"prefix": "a b"}).respond(json={"objects": []})
        assert client.upload("bucket", "a", io.BytesIO(b"content"), metadata={"a": "b"}).etag == "e"
        assert client.read("bucket", "a", byte_range="bytes=0-1") == b"co"
        assert client.get_object_metadata("bucket", "a").size == 7
        client.delete_object("bucket", "a")
        assert client.list_objects("bucket", prefix="a b").objects == []
        assert upload.calls.last.request.content == b"content"
        assert upload.calls.last.request.headers["X-Amz-Meta-A"] == "b"
        assert upload.calls.last.request.headers["Content-Length"] == "7"
        assert upload.calls.last.request.headers["Host"] == "store.example"
        assert [call.request.method for call in router.calls] == ["PUT", "GET", "HEAD", "DELETE", "GET"]


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (httpx.ConnectError, NetworkError),
        (httpx.ReadError, NetworkError),
        (httpx.WriteError, NetworkError),
        (httpx.RemoteProtocolError, NetworkError),
        (httpx.ConnectTimeout, NetworkTimeoutError),
        (httpx.ReadTimeout, NetworkTimeoutError),
        (httpx.WriteTimeout, NetworkTimeoutError),
        (httpx.PoolTimeout, NetworkTimeoutError),
    ],
)
@pytest.mark.parametrize("using", ["httpcore", "httpx"])
def test_what_a_route_raises(
    using: str, raised: type[httpx.TransportError], kind: type[NetworkError], over: Over, lane: str
) -> None:
    twice = RetryPolicy(backoff_base=0, max_attempts=2)
    with respx.mock(using=using) as router, over(lane, STORE, retry=twice) as client:
        route = router.get(BUCKETS).mock(side_effect=raised("as it goes"))
        with pytest.raises(kind) as caught:
            client.list_buckets()
        assert (type(caught.value), caught.value.attempts, route.call_count) == (kind, 2, 2)


def test_one_answer_after_another(over: Over, lane: str) -> None:
    twice = RetryPolicy(backoff_base=0, max_attempts=2)
    with respx.mock as router, over(lane, STORE, retry=twice) as client:
        router.get(BUCKETS).mock(
            side_effect=[httpx.Response(503), httpx.Response(200, json=listed("a")), httpx.ReadTimeout, httpx.Response(404)]
        )
        assert buckets(client) == ("a",)
        with pytest.raises(NotFoundError):
            client.list_buckets()


def test_an_answer_that_is_made(over: Over, lane: str) -> None:
    def echo(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=request.url.raw_path)

    with respx.mock as router, over(lane, STORE) as client:
        router.get(url__startswith=STORE).mock(side_effect=echo)
        assert client.read("bucket", "a b/%") == b"/s3/bucket/a%20b/%25"


def test_a_call_that_no_route_expects(over: Over, lane: str) -> None:
    with over(lane, STORE) as client, respx.mock, pytest.raises(AssertionError, match="not mocked"):
        client.list_buckets()


def test_a_route_that_is_not_called(over: Over, lane: str) -> None:
    with over(lane, STORE) as client, pytest.raises(AssertionError, match="not called"), respx.mock() as router:
        router.get(BUCKETS).respond(json=listed("a"))
        router.get(f"{BUCKETS}/bucket/key").respond(200)
        buckets(client)


@pytest.mark.parametrize("using", ["httpcore", "httpx"])
def test_a_route_that_lets_pass(using: str, over: Over, lane: str) -> None:
    real = Reply(200, b'{"buckets": [{"name": "real"}]}')
    with ScriptedServer([real, Reply(200, b"content")]) as server, over(lane, server.url) as client:
        with respx.mock(using=using) as router:
            route = router.route(host="127.0.0.1").pass_through()
            assert buckets(client) == ("real",)
            assert content(get(client)) == b"content"
            assert route.called
        assert len(server.heard) == 2


def test_a_store_that_has_no_address(over: Over, lane: str) -> None:
    """Nothing is looked up, and nothing connected to."""
    nobody = mock.patch("socket.getaddrinfo", side_effect=AssertionError("looked up"))
    with over(lane, "http://no.such.host.invalid") as client, nobody, respx.mock as router:
        router.get().respond(json=listed("a"))
        assert buckets(client) == ("a",)


def test_over_https_nothing_is_verified_that_is_not_there(over: Over, lane: str) -> None:
    with over(lane, "https://store.example") as client, respx.mock as router:
        router.get("https://store.example/s3").respond(json=listed("a"))
        assert buckets(client) == ("a",)


# Threads that move parts are clients' too.


def test_transfers_in_parts(over: Over, lane: str) -> None:
    data = bytes(range(256)) * (2 * PART // 256 + 1)
    transfer = TransferConfig(threshold=MIB, part_size=PART, integrity=False, concurrency=3)

    def part_of(request: httpx.Request) -> httpx.Response:
        first, last = request.headers["Range"].removeprefix("bytes=").split("-")
        end = min(int(last) + 1, len(data))
        told = f"bytes {first}-{end - 1}/{len(data)}"
        return httpx.Response(206, content=data[int(first) : end], headers={"Content-Range": told, "ETag": '"v"'})

    with over(lane, STORE, transfer=transfer) as client, respx.mock(assert_all_called=False) as router:
        router.post(params={"uploads": ""}).respond(json={"uploadId": "u"})
        parts = router.put(params__contains={"uploadId": "u"}).respond(200, headers={"ETag": '"e"'})
        router.post(params={"uploadId": "u"}).respond(json={"key": "key", "size": len(data)})
        router.head().respond(200, headers={"Content-Length": str(len(data)), "ETag": '"v"'})
        router.get(headers__contains={"Range": "bytes="}).mock(side_effect=part_of)
        router.get().respond(200, content=data, headers={"ETag": '"v"'})
        client.upload("bucket", "key", data)
        assert sorted(len(call.request.content) for call in parts.calls) == [len(data) - 2 * PART, PART, PART]
        writer = io.BytesIO()
        client.download("bucket", "key", writer)
        assert writer.getvalue() == data


# Those who watch, and hand on.


def test_a_watcher_sees_what_passes(over: Over, lane: str) -> None:
    seen: list[tuple[str, str]] = []
    handle, handle_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

    def watched(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path))
        return handle(self, request)

    async def watched_async(self: httpx.AsyncHTTPTransport, request: httpx.Request) -> httpx.Response:
        seen.append((request.method, request.url.path))
        return await handle_async(self, request)

    with ScriptedServer(lambda heard: Reply(200, b'{"buckets": []}')) as server, over(lane, server.url) as client:
        buckets(client)
        with (
            mock.patch("httpx.HTTPTransport.handle_request", watched),
            mock.patch("httpx.AsyncHTTPTransport.handle_async_request", watched_async),
        ):
            buckets(client)
            client.upload("bucket", "key", b"x" * 200_000)
        buckets(client)
        assert seen == [("GET", "/s3"), ("PUT", "/s3/bucket/key")]
        assert len(server.heard) == 4
        assert len(server.heard[2].body) == 200_000


class Wrapper:
    """Says of itself that it is what it wraps, as those of wrapt do, with which OpenTelemetry patches."""

    def __init__(self, wrapped: FunctionType) -> None:
        self.__wrapped__ = wrapped
        self.__globals__ = wrapped.__globals__

    @property
    def __class__(self) -> type:
        return FunctionType


def test_who_wraps_a_function_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_httpx_its_own()
    monkeypatch.setattr(httpx.Client, "send", Wrapper(httpx.Client.send))
    assert isinstance(httpx.Client.send, FunctionType)
    assert not is_httpx_its_own()


def test_a_header_that_a_watcher_adds_is_sent(over: Over, lane: str) -> None:
    send, send_async = httpx.Client.send, httpx.AsyncClient.send

    def traced(self: httpx.Client, request: httpx.Request, **options: object) -> httpx.Response:
        request.headers["traceparent"] = "00-1-2-01"
        return send(self, request, **options)

    async def traced_async(self: httpx.AsyncClient, request: httpx.Request, **options: object) -> httpx.Response:
        request.headers["traceparent"] = "00-1-2-01"
        return await send_async(self, request, **options)

    with (
        ScriptedServer([Reply(200, b'{"buckets": []}')]) as server,
        over(lane, server.url) as client,
        mock.patch("httpx.Client.send", traced),
        mock.patch("httpx.AsyncClient.send", traced_async),
    ):
        buckets(client)
        assert server.heard[0].headers["traceparent"] == "00-1-2-01"


# A transport of the user's.


class Counting(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Answers by itself, and counts."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.closed = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(200, json=listed("own"))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.handle_request(request)

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


def test_a_transport_of_the_users_is_used_as_it_is(over: Over, lane: str) -> None:
    transport = Counting()
    for _ in range(2):
        with over(lane, STORE, transport=transport) as client:
            assert buckets(client) == ("own",)
    assert (len(transport.requests), transport.closed) == (2, 0)


def test_a_mock_transport_that_fails(over: Over, lane: str) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("gone", request=request)

    with over(lane, STORE, transport=httpx.MockTransport(fail)) as client:
        assert buckets(client) == BROKEN


def test_a_transport_of_httpxs_own(over: Over, lane: str) -> None:
    script = [Reply(503, framing="close"), Reply(200, b'{"buckets": []}', framing="close")]
    with ScriptedServer(script) as server:
        for client_kind in (httpx.HTTPTransport, httpx.AsyncHTTPTransport):
            transport = client_kind()
            with over(lane, server.url, transport=transport) as client:
                if isinstance(client, Driven) != (client_kind is httpx.AsyncHTTPTransport):
                    continue
                with pytest.raises(ServiceUnavailableError):
                    client.list_buckets()
                assert buckets(client) == ()
        assert len(server.heard) == 2
