"""A client whose waits take no time and are written down."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

import pytest
from attrs import define, field

from astore_sdk import Client, Config, RetryPolicy, Timeout

from ..conftest import TOKEN, ClientFactory, Driven

JITTER = 0.5
"""What every random number is."""


@define
class Waits:
    """The waits that a client was told to make, in seconds."""

    made: list[float] = field(factory=list)
    on_wait: Callable[[], object] = field(default=lambda: None)
    now: float = 0.0

    def taken(self) -> list[float]:
        """Return the waits since this was last asked."""
        made, self.made = self.made, []
        return made

    def instrument(self, client: Client) -> None:
        """Let a client wait here instead of on the clock."""

        def wait(seconds: float) -> None:
            self.made.append(seconds)
            self.on_wait()

        async def async_wait(seconds: float) -> None:
            wait(seconds)

        runner = (client.wrapped if isinstance(client, Driven) else client)._runner
        runner.sleep = async_wait if isinstance(client, Driven) else wait
        runner.random = lambda: JITTER
        runner.now = lambda: self.now


@pytest.fixture
def waits() -> Waits:
    return Waits()


Connect = Callable[..., "Iterator[Client]"]


@pytest.fixture
def connect(make_client: ClientFactory, waits: Waits) -> Connect:
    """Makes clients of either kind that wait in no time: `with connect(url) as client`."""

    @contextmanager
    def connected(url: str, *, retry: RetryPolicy | None = None, read: float = 10.0, **options: object) -> Iterator[Client]:
        with make_client(
            Config(url, TOKEN, timeout=Timeout(read=read), retry=retry or RetryPolicy(), **options),
        ) as client:
            waits.instrument(client)
            yield client

    return partial(connected)
