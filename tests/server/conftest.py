"""A store in a thread, and a bucket of its own for each test."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import httpx
import pytest

from astore_sdk.server import BackgroundServer, Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

KIB = 1024
# Small enough that a test can go over each of them in no time.
LIMITS = Limits(max_body_size=8 * 1024 * KIB, min_part_size=64 * KIB, max_delete_size=1024 * KIB)

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[BackgroundServer]:
    with BackgroundServer(limits=LIMITS) as running:
        yield running
        assert running.faults.pending() == []


@pytest.fixture(scope="session")
def http(server: BackgroundServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        yield client


@pytest.fixture
def bucket(http: httpx.Client) -> str:
    name = f"bucket-{next(_numbers)}"
    assert http.put(f"/s3/{name}").status_code == 201
    return name
