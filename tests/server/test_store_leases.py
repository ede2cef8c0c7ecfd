from __future__ import annotations

from astore_sdk.server.leases import Leases


def test_a_blob_that_nobody_reads_goes_at_once() -> None:
    leases = Leases()
    assert leases.doom(["a", "b"]) == ["a", "b"]
    assert leases.doom([]) == []


def test_a_blob_waits_for_its_last_reader() -> None:
    leases = Leases()
    for _ in range(2):
        leases.hold(leases.enter(), ["a"])
    assert leases.doom(["a", "b"]) == ["b"]
    assert leases.release(["a"]) == []
    assert leases.release(["a"]) == ["a"]
    assert leases.release([]) == []


def test_a_blob_waits_for_whoever_is_looking() -> None:
    leases = Leases()
    looking = leases.enter()
    assert leases.doom(["a"]) == []
    later = leases.enter()
    leases.hold(looking, ["a"])
    assert leases.leave(later) == []
    assert leases.release(["a"]) == ["a"]


def test_who_looks_later_cannot_have_seen_it() -> None:
    leases = Leases()
    first = leases.enter()
    assert leases.doom(["a"]) == []
    leases.enter()
    assert leases.leave(first) == ["a"]


def test_a_slow_reader_keeps_only_its_own() -> None:
    leases = Leases()
    leases.hold(leases.enter(), ["slow"])
    assert leases.doom(["other"]) == ["other"]
