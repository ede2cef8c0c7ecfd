"""How transfers are cut up and counted: properties that hold whatever the numbers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astore_sdk import InvalidInputError
from astore_sdk._core.retry import BYTES_PER_REPEAT, Budget
from astore_sdk._transfers.digest import RunningDigest
from astore_sdk._transfers.plan import MAX_PARTS, MAX_SIZE, plan_parts, plan_ranges, stream_part_size
from astore_sdk._transfers.progress import INTERVAL, Progress, Tally
from astore_sdk.config import MAX_PUT_SIZE, MIB, MIN_PART_SIZE

PART_SIZES = st.integers(MIN_PART_SIZE, MAX_PUT_SIZE)


@given(st.integers(0, MAX_SIZE), PART_SIZES)
def test_parts_cover_the_whole_once(size: int, part_size: int) -> None:
    parts = list(plan_parts(size, part_size))
    assert [part.number for part in parts] == list(range(1, len(parts) + 1))
    assert sum(part.length for part in parts) == size
    assert all(one.offset + one.length == other.offset for one, other in pairwise(parts))
    assert len(parts) <= MAX_PARTS
    assert all(part_size <= part.length <= MAX_PUT_SIZE for part in parts[:-1])
    assert len({part.length for part in parts[:-1]}) <= 1


def test_more_than_an_object_can_have_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        list(plan_parts(MAX_SIZE + 1, 8 * MIB))


@given(PART_SIZES)
def test_a_stream_of_any_length_fits_into_its_parts(part_size: int) -> None:
    sizes = [stream_part_size(number, part_size) for number in range(1, MAX_PARTS + 1)]
    assert sizes == sorted(sizes)
    assert sum(sizes) >= MAX_SIZE or part_size < 8 * MIB
    assert sum(sizes) > 2.5 * 1024 * 1024 * MIB
    assert sizes[-1] <= MAX_PUT_SIZE


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1000, 10**6))
def test_ranges_cover_the_whole_once(first: int, size: int, length: int) -> None:
    ranges = list(plan_ranges(first, first + size, length))
    at = first
    for start, end in ranges:
        assert start == at
        assert start < end <= start + length
        at = end
    assert at == first + size


MOVES = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 100), st.floats(0, 0.1)))


@given(MOVES)
def test_a_tally_never_falls_and_ends_at_the_total(moves: list[tuple[int, int, float]]) -> None:
    told: list[int] = []
    times: list[float] = []
    now = 0.0

    def hear(total: int) -> None:
        told.append(total)
        times.append(now)

    tally = Tally(Progress(hear, clock=lambda: now))
    for part, position, passed in moves:  # positions fall where a part is sent again
        now += passed
        tally.reach(part, position)
    assert all(later - earlier >= INTERVAL * 0.999 for earlier, later in pairwise(times))
    for part in range(5):
        tally.finish(part, 100)
    tally.progress.finish(500)
    assert told == sorted(set(told))
    assert told[-1] == 500


@given(st.binary(max_size=200), st.lists(st.integers(1, 50)))
def test_a_digest_passes_over_what_comes_again(data: bytes, steps: list[int]) -> None:
    whole, again = RunningDigest(), RunningDigest()
    whole.feed(0, data)
    position = 0
    for step in steps:
        again.feed(max(0, position - step), data[max(0, position - step) : position + step])
        position = again.position
    again.feed(position, data[position:])
    assert again.value == whole.value


@given(st.integers(1, 10), st.integers(0, 10 * BYTES_PER_REPEAT))
def test_a_budget_grows_with_what_moved(max_attempts: int, moved: int) -> None:
    budget = Budget(max_attempts, moved)
    while budget.take():
        pass
    assert budget.repeats == 3 * max_attempts + moved // BYTES_PER_REPEAT
