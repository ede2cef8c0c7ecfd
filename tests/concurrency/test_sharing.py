"""One client in many threads, in many tasks, after a fork, and a configuration that travels: nothing is mixed up, nothing leaks."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from astore_sdk import Client, Config

from . import scenarios


@pytest.fixture
def process() -> Iterator[ProcessPoolExecutor]:
    """A process that was spawned: it shares nothing with this one, and gets its configuration pickled."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        yield executor


@pytest.mark.parametrize("scenario", [scenarios.many_threads, scenarios.many_tasks, scenarios.fork, scenarios.fork_async])
def test_one_client_is_shared_and_nothing_is_left(
    scenario: Callable[..., object],
    process: ProcessPoolExecutor,
    config: Config,
    tmp_path: Path,
) -> None:
    with Client(config) as client:
        client.create_bucket(scenarios.BUCKET, exist_ok=True)
        client.upload(scenarios.BUCKET, "fork", b"child")
        before, after = process.submit(scenarios.leftovers, scenario, config, tmp_path).result(timeout=120)
        assert after == before
        assert client.list_multipart_uploads(scenarios.BUCKET) == []
