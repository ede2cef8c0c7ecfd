"""Many mixed requests at once, while the server fails at random: no wrong byte, no connection left, no end that does not come."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import frozen

from astore_sdk import AsyncClient, Client, Config, NetworkError, RetryPolicy, ServiceUnavailableError, Timeout

from ..concurrency.scenarios import Held
from ..property.conftest import EXPLORE
from ..transfer.scripted import BREAK, VANISH, Heard, Reply, ScriptedServer

COUNT = 10_000 if EXPLORE else 300
TASKS = 100 if EXPLORE else 32  # httpcore takes seconds for more
AGAIN = RetryPolicy(max_attempts=8, backoff_base=0.001, backoff_max=0.002)
SIZES = [0, 1, 1000, 65_536, 65_537, 300_000]


def body_of(number: int) -> bytes:
    """Return bytes that no other number has."""
    return (b"%08d" % number * (SIZES[number % len(SIZES)] // 8 + 1))[: SIZES[number % len(SIZES)]]


@frozen
class Moody:
    """Answers with what was asked for, or does one of the things that servers do."""

    random: random.Random

    def __call__(self, heard: Heard) -> Reply:
        good = self.good(heard)
        size = len(good.bytes_for(heard.method))
        match self.random.randrange(20):
            case 0:
                return VANISH
            case 1:
                return BREAK
            case 2:
                return Reply(good.status, good.body, good.headers, cut=self.random.randrange(size))
            case 3:
                return Reply(good.status, good.body, good.headers, cut=self.random.randrange(size), reset=True)
            case 4:
                return Reply(503, b"busy", {"Retry-After": "0"})
            case 5:
                return Reply(raw=(b"rubbish\r\n\r\n",))
            case 6:
                return Reply(good.status, good.body, {**good.headers, "Connection": "close"})
            case 7 if heard.method == "GET":
                return Reply(good.status, good.body, good.headers, framing="chunks")
            case 8 if self.random.randrange(40) == 0:
                return Reply(good.status, good.body, good.headers, cut=self.random.randrange(size), stall=True)
        return good

    @staticmethod
    def good(heard: Heard) -> Reply:
        number = int(heard.target.partition("?")[0].rpartition("/")[2])
        data = body_of(number)
        asked = heard.headers.get("range")
        if asked:
            first = int(asked.removeprefix("bytes=").partition("-")[0])
            told = f"bytes {first}-{len(data) - 1}/{len(data)}"
            return Reply(206, data[first:], {"Content-Range": told, "ETag": f'"{number}"'})
        match heard.method:
            case "GET":
                return Reply(200, data, {"ETag": f'"{number}"'})
            case "HEAD":
                return Reply(200, headers={"Content-Length": str(len(data)), "ETag": f'"{number}"'})
            case "PUT":
                return Reply(200, headers={"ETag": f'"{number}"'})
        return Reply(204)


async def attempt(client: AsyncClient, number: int) -> str:
    """Make one of the calls, and see that it brought what it should."""
    key, data = str(number), body_of(number)
    try:
        match number % 5:
            case 0 | 1:
                assert await client.read("bucket", key) == data
            case 2:
                assert (await client.upload("bucket", key, data)).etag == key
            case 3:
                found = await client.get_object_metadata("bucket", key)
                assert (found.size, found.etag) == (len(data), key)
            case _:
                await client.delete_object("bucket", key)
    except (NetworkError, ServiceUnavailableError) as error:
        return type(error).__name__
    return "done"


class Awaited:
    """A `Client`, whose calls are awaited and never wait."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> object:
        async def call(*args: object, **kwargs: object) -> object:
            return getattr(self._client, name)(*args, **kwargs)

        return call


def outcome(client: Client, number: int) -> str:
    """Do the same with a `Client`."""
    try:
        attempt(Awaited(client), number).send(None)
    except StopIteration as stop:
        return stop.value
    raise AssertionError("it waited")


def assert_well(outcomes: Counter[str], count: int, server: ScriptedServer) -> None:
    assert sum(outcomes.values()) == count
    assert outcomes["done"] >= count * 0.98, outcomes
    for heard in server.heard:
        if heard.method == "PUT":
            # What a cut left of it was not counted as a body, but what came is what was sent.
            assert body_of(int(heard.target.rpartition("/")[2])).startswith(heard.body)
    assert all(server.let_go(number) for number in range(1, server.connections + 1))


def config(server: ScriptedServer) -> Config:
    return Config(server.url, timeout=Timeout(read=0.5 if not EXPLORE else 2), retry=AGAIN)


@pytest.fixture
def moody() -> Moody:
    return Moody(random.Random(None if EXPLORE else 7))


def in_threads(moody: Moody, count: int) -> None:
    with ScriptedServer(moody) as server:
        with Client(config(server)) as client, ThreadPoolExecutor(16) as threads:
            outcomes = Counter(threads.map(lambda number: outcome(client, number), range(count), timeout=600))
        assert_well(outcomes, count, server)


def in_tasks(moody: Moody, count: int) -> None:
    async def main(server: ScriptedServer) -> Counter[str]:
        numbers = iter(range(count))
        outcomes: Counter[str] = Counter()

        async def work(client: AsyncClient) -> None:
            for number in numbers:
                outcomes[await attempt(client, number)] += 1

        async with AsyncClient(config(server)) as client, asyncio.timeout(600), asyncio.TaskGroup() as tasks:
            for _ in range(TASKS):
                tasks.create_task(work(client))
        return outcomes

    with ScriptedServer(moody) as server:
        assert_well(asyncio.run(main(server)), count, server)


@pytest.mark.parametrize("way", [in_threads, in_tasks])
def test_a_moody_server(way: object, lane: str, moody: Moody, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASTORE_FAST_LANE", lane)
    way(moody, 40)  # what stays because it was used for the first time is no leak
    before = Held.now()
    way(moody, COUNT)
    assert Held.now() == before
