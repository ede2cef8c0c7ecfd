"""Fixtures for pytest, for tests of applications that use this SDK. pytest finds them by itself.

- `astore_server`: an embedded store on loopback, empty for each test; `astore_server.faults` makes it misbehave.
- `astore_client`: a `Client` of it.
- `async_astore_client`: an `AsyncClient` of it, to be used with `async with`.
- `astore_limits`: override it for other limits than those of the contract, for example to test with small parts.

They need the extra `[server]`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from . import AsyncClient, Client, Config, ConflictError, RetryPolicy

if TYPE_CHECKING:
    from .server import BackgroundServer, Limits

__all__ = ["TOKEN", "astore_client", "astore_limits", "astore_server", "async_astore_client"]

TOKEN = "astore-test-token"  # noqa: S105 - it guards nothing
"""The token that the store of a test run accepts."""

_QUICK = RetryPolicy(backoff_base=0.001, backoff_max=0.002)


@pytest.fixture(scope="session")
def astore_limits() -> Limits | None:
    """Return the limits of the store; None for those of the contract."""
    return None


@pytest.fixture(scope="session")
def _astore_session(tmp_path_factory: pytest.TempPathFactory, astore_limits: Limits | None) -> Iterator[BackgroundServer]:
    try:
        from .server import BackgroundServer
    except ModuleNotFoundError as error:
        pytest.fail(f"the fixture needs the package {error.name}: pip install 'astore_sdk[server]'", pytrace=False)
    with BackgroundServer(tmp_path_factory.mktemp("astore"), token=TOKEN, limits=astore_limits) as server:
        yield server


@pytest.fixture
def astore_server(_astore_session: BackgroundServer) -> Iterator[BackgroundServer]:
    """Give a running store without buckets and faults; it is emptied when the test has ended."""
    yield _astore_session
    _astore_session.faults.clear()
    with Client(Config(_astore_session.url, TOKEN, retry=_QUICK)) as client:
        for bucket in client.list_buckets().buckets:
            _remove(client, bucket.name)


def _remove(client: Client, bucket: str, attempts: int = 20) -> None:
    """Delete a bucket with all that is in it. What a test gave up may still arrive: then it is deleted too."""
    client.delete_objects(bucket, [item.key for item in client.iter_objects(bucket)])
    try:
        client.delete_bucket(bucket)
    except ConflictError:
        if not attempts:
            raise
        _remove(client, bucket, attempts - 1)


@pytest.fixture
def astore_client(astore_server: BackgroundServer) -> Iterator[Client]:
    """Give a client of the store, which repeats without waiting."""
    with Client(Config(astore_server.url, TOKEN, retry=_QUICK)) as client:
        yield client


@pytest.fixture
def async_astore_client(astore_server: BackgroundServer) -> AsyncClient:
    """Give an async client of the store, to be used with `async with`: it belongs to the test's event loop."""
    return AsyncClient(Config(astore_server.url, TOKEN, retry=_QUICK))
