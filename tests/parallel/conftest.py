"""Small parts, so that small files have many; a tap on the wire; and what must be gone when a transfer has ended."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve

from astore_sdk import Config, TransferConfig
from astore_sdk.server import BackgroundServer

from .tap import Tap

SOAK = bool(os.environ.get("ASTORE_EXPLORE"))
"""Whether there is time for large files and many random moments (`make soak`)."""
MIB = 1024 * 1024
PART = 5 * MIB
SMALL_PARTS = TransferConfig(threshold=PART, part_size=PART)


@pytest.fixture
def config(config: Config) -> Config:
    return evolve(config, transfer=SMALL_PARTS)


@pytest.fixture
def tap(store: BackgroundServer) -> Iterator[Tap]:
    with Tap(store.url) as tap:
        yield tap


@pytest.fixture
def tapped(config: Config, tap: Tap) -> Config:
    """A configuration whose bytes go through the tap."""
    return evolve(config, base_url=tap.url)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of five parts, the last one short."""
    path = tmp_path / "source"
    path.write_bytes(os.urandom(4 * PART + 1_234_567))
    return path


@pytest.fixture(autouse=True)
def no_worker_is_left() -> Iterator[None]:
    yield
    assert [thread.name for thread in threading.enumerate() if thread.name == "astore-transfer"] == []
