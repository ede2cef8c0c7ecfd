"""What happens at the edges of both ways: closed at odd moments, cut before they begin, alarms that come late."""

from __future__ import annotations

import asyncio
import gc
import gzip
import socket
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from astore_sdk import Config, InvalidInputError
from astore_sdk._http.channel import Channel
from astore_sdk._http.h1 import aio, sync
from astore_sdk._http.h1.incoming import Incoming
from astore_sdk._http.h1.origin import Origin
from astore_sdk._http.over_httpx import Stock
from astore_sdk._http.requests import Outgoing
from astore_sdk._http.routing import Ways
from astore_sdk._operations.buckets import list_buckets
from astore_sdk.auth import BearerAuth

from ..conftest import ClientFactory
from ..transfer.scripted import Reply, ScriptedServer
from .conftest import Over
from .outcomes import Failure, buckets, content, get

LISTED = Reply(200, b'{"buckets": []}')
MIB = 1024 * 1024


def outgoing(config: Config) -> Outgoing:
    return Channel(config, BearerAuth(None)).outgoing(list_buckets())


def origin_of(config: Config) -> Origin:
    url = httpx.URL(config.base_url)
    return Origin(url.host, url.port or 80, None, config.max_connections, config.keepalive_expiry)


def test_an_answer_that_is_closed_twice_gives_its_place_back_once() -> None:
    with ScriptedServer(lambda heard: LISTED) as server:
        config = Config(server.url, max_connections=1, timeout=0.1)
        lane = sync.Lane(origin_of(config))
        reply = lane.send(outgoing(config), iter)
        reply.close()
        reply.close()
        assert reply.read() == b""
        held = lane.send(outgoing(config), iter)
        with pytest.raises(httpx.PoolTimeout):
            lane.send(outgoing(config), iter)
        held.close()
        lane.close()


def test_an_answer_that_is_closed_twice_gives_its_place_back_once_async() -> None:
    async def main(url: str) -> None:
        config = Config(url, max_connections=1, timeout=0.1)
        lane = aio.Lane(origin_of(config))
        reply = await lane.send(outgoing(config), nothing)
        await reply.close()
        await reply.close()
        assert await reply.read() == b""
        held = await lane.send(outgoing(config), nothing)
        with pytest.raises(httpx.PoolTimeout):
            await lane.send(outgoing(config), nothing)
        await held.close()
        await lane.close()

    with ScriptedServer(lambda heard: LISTED) as server:
        asyncio.run(main(server.url))


def test_an_answer_that_is_let_go_when_all_is_closed_is_not_kept() -> None:
    """Nobody would close its socket; the collector says so."""
    with ScriptedServer([LISTED]) as server:
        config = Config(server.url)
        lane = sync.Lane(origin_of(config))
        reply = lane.send(outgoing(config), iter)
        assert reply.read()
        lane.close()
        reply.close()
        del lane, reply
        gc.collect()


def test_an_answer_that_is_let_go_when_all_is_closed_is_not_kept_async() -> None:
    async def main(url: str) -> None:
        config = Config(url)
        lane = aio.Lane(origin_of(config))
        reply = await lane.send(outgoing(config), nothing)
        assert await reply.read()
        await lane.close()
        await reply.close()
        assert not lane._idle

    with ScriptedServer([LISTED]) as server:
        asyncio.run(main(server.url))


def test_when_a_lane_is_closed_its_sockets_are() -> None:
    async def main(url: str) -> None:
        config = Config(url)
        lane = aio.Lane(origin_of(config))
        reply = await lane.send(outgoing(config), nothing)
        assert await reply.read()
        await reply.close()
        (connection,) = lane._idle
        await lane.close()
        assert connection.lost.done()

    with ScriptedServer([LISTED]) as server:
        asyncio.run(main(server.url))


async def nothing(_: object) -> AsyncIterator[bytes]:
    for chunk in ():
        yield chunk


def test_a_line_that_was_cut_does_not_connect() -> None:
    with ScriptedServer([LISTED]) as server:
        config = Config(server.url)
        ways = Ways(config, own=True)
        stock = Stock(ways.base, ways.arguments, None, traced=True)
        stock.cut()
        with pytest.raises(httpx.TransportError):
            stock.send(outgoing(config), iter)
        assert server.heard == []
        stock.close()


def test_ctrl_c_before_a_connection_is_used_again_costs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> bool:
        raise KeyboardInterrupt

    with ScriptedServer(lambda heard: LISTED) as server:
        config = Config(server.url, max_connections=1)
        lane = sync.Lane(origin_of(config))
        first = lane.send(outgoing(config), iter)
        assert first.read()
        first.close()
        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(sync.Connection, "is_quiet", interrupted)
            lane.send(outgoing(config), iter)
        assert server.let_go(1)
        lane.send(outgoing(config), iter).close()
        lane.close()


class Breaking(socket.socket):
    """Breaks when something was received."""

    def recv_into(self, *args: object, **options: object) -> int:
        if self.came:
            raise ConnectionResetError
        self.came = super().recv_into(*args, **options)
        return self.came

    came = 0


def test_what_came_before_a_connection_broke_is_not_lost() -> None:
    ours, theirs = socket.socketpair()
    with theirs, Breaking(fileno=ours.detach()) as broken:
        broken.setblocking(False)
        theirs.sendall(b"some")
        connection, buffer = sync.Connection(broken), memoryview(bytearray(100))
        assert connection.receive_into(buffer, 10) == 4
        with pytest.raises(httpx.ReadError):
            connection.receive_into(buffer, 10)


class Slow(asyncio.Transport):
    """Sends a little in each while, and then no more."""

    def __init__(self, *left: int) -> None:
        super().__init__()
        self.left = list(left)

    def write(self, data: object) -> None:
        """Take it."""

    def get_write_buffer_size(self) -> int:
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


def test_as_long_as_something_is_sent_there_is_time() -> None:
    async def main() -> None:
        connection = aio.Connection(asyncio.get_running_loop())
        connection._transport = transport = Slow(4, 3, 3, 2, 2, 1, 1, 1)
        connection.pause_writing()
        with pytest.raises(httpx.WriteTimeout):
            await connection.send(memoryview(b"data"), 0.001, Incoming("PUT"))
        assert transport.left == [1]

    asyncio.run(main())


def test_an_answer_that_comes_while_the_body_waits_ends_the_sending() -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    connection, incoming = sync.Connection(ours), Incoming("PUT")
    with theirs:
        theirs.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        assert not connection.send(memoryview(bytes(8 * MIB)), 0.1, incoming)
        connection.close()
    assert incoming.status == 413


def test_an_answer_that_comes_while_the_body_waits_ends_the_sending_async() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        connection, incoming = aio.Connection(loop), Incoming("PUT")
        connection._transport = Slow(4)
        connection.pause_writing()
        loop.call_soon(connection.data_received, b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        assert not await connection.send(memoryview(b"data"), 10, incoming)
        assert incoming.status == 413

    asyncio.run(main())


def test_an_answer_that_came_before_a_piece_of_the_body_ends_the_sending() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"some"
        theirs.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        yield b"more"
        pytest.fail("it was asked for more")

    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    connection, incoming = sync.Connection(ours), Incoming("PUT")
    with theirs:
        assert not sync._send_all(connection, pieces(), 10, incoming)
        connection.close()
    assert incoming.status == 413


def test_an_answer_that_came_before_a_piece_of_the_body_ends_the_sending_async() -> None:
    async def main() -> None:
        async def pieces() -> AsyncIterator[bytes]:
            yield b"some"
            connection.data_received(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
            yield b"more"
            pytest.fail("it was asked for more")

        connection, incoming = aio.Connection(asyncio.get_running_loop()), Incoming("PUT")
        connection._transport = Slow(0)
        assert not await aio._send_all(connection, pieces(), 10, incoming)
        assert incoming.status == 413

    asyncio.run(main())


def test_an_alarm_that_comes_with_the_bytes_is_none() -> None:
    async def main() -> None:
        waiter = asyncio.get_running_loop().create_future()
        waiter.set_result(None)
        aio._expire(waiter)
        await waiter

    asyncio.run(main())


def test_a_path_that_httpx_would_change_is_not_sent() -> None:
    config = Config("http://store.example")
    asked = Outgoing("GET", "/a b", [], b"", None, config.phases, None)
    with pytest.raises(InvalidInputError, match="cannot travel"):
        Stock(httpx.URL(config.base_url), Ways(config, own=True).arguments, None, traced=False).send(asked, iter)


ENCODED = {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    "body", [gzip.compress(bytes(20 * MIB)), gzip.compress(bytes(1000))[:20], b"rubbish"], ids=["a bomb", "cut", "none"]
)
def test_a_failure_whose_body_is_encoded_oddly_stays_that_failure(body: bytes, over: Over, lane: str) -> None:
    with ScriptedServer([Reply(403, body, headers=ENCODED)]) as server, over(lane, server.url) as client:
        failure = buckets(client)
        assert isinstance(failure, Failure)
        assert failure.status == 403


class InBits(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Answers in chunks, some of which are empty."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(Bits())

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(Bits())

    def _answer(self, stream: Bits) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Length": str(6 * MIB), "ETag": '"e"'}, stream=stream)


class Bits(httpx.SyncByteStream, httpx.AsyncByteStream):
    """6 MiB, and nothing in between."""

    def __iter__(self) -> Iterator[bytes]:
        for _ in range(6):
            yield b""
            yield bytes(MIB)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self:
            yield chunk


def test_what_comes_through_a_transport_of_the_users_is_whole(make_client: ClientFactory) -> None:
    with make_client(Config("http://store.example"), transport=InBits()) as client:
        assert content(get(client)) == bytes(6 * MIB)
