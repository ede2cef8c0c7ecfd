"""What most tests need: a store on loopback, and one client, sync or async, that a test body drives as if it were sync."""

from __future__ import annotations

import inspect
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import cast
from urllib.parse import quote

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

from astore_sdk import AsyncClient, Client, Config, RetryPolicy
from astore_sdk._wire.names import raw_path
from astore_sdk.aio_files import AsyncObjectStream
from astore_sdk.server import BackgroundServer, Limits
from astore_sdk.testing import TOKEN

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As in what a script's shell runs in the background: the tests press Ctrl-C all the same.
    signal.signal(signal.SIGINT, signal.default_int_handler)

QUICK = RetryPolicy(backoff_base=0.001, backoff_max=0.002)
"""Repeats without making a test wait."""


def path_of(bucket: str, key: str, root: str = "/s3") -> str:
    """Return the raw path of a request about an object."""
    return raw_path(f"{root}/{bucket}/{quote(key, safe='')}")


class Driven:
    """An `AsyncClient`, driven from a synchronous test: each call runs on an event loop in another thread."""

    def __init__(self, client: AsyncClient, portal: BlockingPortal) -> None:
        self.wrapped = client
        self._portal = portal

    def __getattr__(self, name: str) -> object:
        attribute = getattr(self.wrapped, name)
        if not callable(attribute):
            return attribute
        if inspect.isasyncgenfunction(attribute):
            return lambda *args, **kwargs: self._iterate(attribute(*args, **kwargs))
        if not inspect.iscoroutinefunction(attribute):
            return lambda *args, **kwargs: self._driven(attribute(*args, **kwargs))

        async def call(args: tuple[object, ...], kwargs: dict[str, object]) -> object:
            return await attribute(*args, **kwargs)

        return lambda *args, **kwargs: self._portal.call(call, args, kwargs)

    def _driven(self, value: object) -> object:
        if isinstance(value, AsyncObjectStream):
            return self._entered(value)
        return Driven(value, self._portal) if isinstance(value, AsyncClient) else value

    @contextmanager
    def _entered(self, stream: AsyncObjectStream) -> Iterator[Iterator[object]]:
        self._portal.call(stream.__aenter__)
        try:
            yield self._iterate(stream)
        finally:
            self._portal.call(stream.close)

    def _iterate(self, items: object) -> Iterator[object]:
        async def following() -> object:
            return await anext(items, self)

        while (item := self._portal.call(following)) is not self:
            yield item


ClientFactory = Callable[..., AbstractContextManager[Client]]


def sync_client(config: Config, **options: object) -> AbstractContextManager[Client]:
    return Client(config, **options)


@contextmanager
def async_client(config: Config, **options: object) -> Iterator[Client]:
    with start_blocking_portal() as portal:
        client = AsyncClient(config, **options)
        try:
            yield cast("Client", Driven(client, portal))
        finally:
            portal.call(client.close)


@pytest.fixture(params=["sync", "async"])
def make_client(request: pytest.FixtureRequest) -> ClientFactory:
    """Makes clients of either kind: `with make_client(config) as client`."""
    return sync_client if request.param == "sync" else async_client


@pytest.fixture(scope="session")
def astore_limits() -> Limits:
    """Parts of any size: most tests have no use for 5 MiB."""
    return Limits(min_part_size=1)


@pytest.fixture
def store(astore_server: BackgroundServer) -> BackgroundServer:
    """An empty store without faults."""
    return astore_server


@pytest.fixture
def config(store: BackgroundServer) -> Config:
    return Config(store.url, TOKEN, timeout=10, retry=QUICK)


@pytest.fixture
def client(make_client: ClientFactory, config: Config) -> Iterator[Client]:
    with make_client(config) as client:
        yield client


@pytest.fixture
def bucket(client: Client, request: pytest.FixtureRequest) -> str:
    """A bucket of this test's own."""
    name = f"b{abs(hash(request.node.nodeid)):x}"
    client.create_bucket(name)
    return name
