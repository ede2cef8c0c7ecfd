"""The same call over both: the fast lane, and httpx as it comes. What a caller sees of it must be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from astore_sdk import Client, Config, RetryPolicy

from ..conftest import ClientFactory
from .outcomes import LANES

ONCE = RetryPolicy(max_attempts=1)

Over = Callable[..., AbstractContextManager[Client]]


@pytest.fixture
def over(make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch) -> Over:
    """Makes clients of either kind that go over what is named: `with over("1", url) as client`. They repeat nothing."""

    @contextmanager
    def made(lane: str, url: str, **options: object) -> Iterator[Client]:
        monkeypatch.setenv("ASTORE_FAST_LANE", lane)
        client_options = {name: options.pop(name) for name in ("transport",) if name in options}
        with make_client(Config(url, **{"token": "token", "timeout": 10.0, "retry": ONCE, **options}), **client_options) as client:
            yield client

    return made


@pytest.fixture(params=LANES, ids=["stock", "lane"])
def lane(request: pytest.FixtureRequest) -> str:
    """Each test once over httpx as it comes and once over the fast lane."""
    return request.param
