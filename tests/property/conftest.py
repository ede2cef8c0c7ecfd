"""How hypothesis searches: the same examples each time; with `ASTORE_EXPLORE` set to a number, that many times as many new ones."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

EXPLORE = int(os.getenv("ASTORE_EXPLORE", "0"))


def examples(count: int) -> settings:
    """Return how a property is tried: so often, on both clients, which are made once for all examples."""
    return settings(
        max_examples=count * max(1, EXPLORE),
        derandomize=not EXPLORE,
        database=None,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )
