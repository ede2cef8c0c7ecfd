"""What a journal says, whatever became of the process that wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astore_sdk._transfers.resume.journal import VERSION, DamagedJournal, Record, parse, write
from astore_sdk._transfers.resume.state import DownloadState, SentPart, SourceIdentity, UploadPlan, UploadState, part_record

COUNTS = st.integers(0, 2**63)
TEXTS = st.text(min_size=1)
SOURCES = st.builds(SourceIdentity, COUNTS, COUNTS, COUNTS, COUNTS)
PLANS = st.builds(UploadPlan, SOURCES, TEXTS, COUNTS)
PARTS = st.dictionaries(st.integers(1, 10_000), st.builds(SentPart, TEXTS, TEXTS))
WHAT: Record = {"version": VERSION, "store": "http://store.test", "path": "/a\udcff"}


@given(st.builds(UploadState, PLANS, TEXTS, PARTS))
def test_an_upload_is_read_as_it_was_written(state: UploadState) -> None:
    lines = [state.head(WHAT), *(part_record(number, part) for number, part in state.parts.items())]
    assert UploadState.of(parse(b"".join(map(write, lines)))) == state


@given(COUNTS, COUNTS, COUNTS, st.integers(1), st.dictionaries(COUNTS, TEXTS))
def test_a_download_is_read_as_it_was_written(size: int, first: int, end: int, length: int, pieces: dict[int, str]) -> None:
    state = DownloadState("etag", size, first, end, length, pieces)
    lines = [state.head(WHAT), *({"piece": index, "digest": digest} for index, digest in pieces.items())]
    found = DownloadState.of(parse(b"".join(map(write, lines))))
    assert (found, found.pieces) == (state, pieces)


@given(st.builds(UploadState, PLANS, TEXTS, PARTS), st.data())
def test_what_was_not_written_to_its_end_is_passed_over(state: UploadState, data: st.DataObject) -> None:
    head = write(state.head(WHAT))
    rest = b"".join(write(part_record(number, part)) for number, part in state.parts.items())
    cut = data.draw(st.integers(0, len(rest)))
    found = UploadState.of(parse(head + rest[:cut]))
    assert found.upload_id == state.upload_id
    assert found.parts.items() <= state.parts.items()
    assert len(found.parts) == rest[:cut].count(b"\n")


@given(st.binary())
def test_anything_else_is_damaged(content: bytes) -> None:
    with pytest.raises(DamagedJournal):
        UploadState.of(parse(content))


@given(st.recursive(st.none() | st.booleans() | COUNTS | TEXTS, lambda values: st.lists(values)))
def test_a_member_of_another_type_is_damage(value: object) -> None:
    plan = UploadPlan(SourceIdentity(1, 2, 3, 4), "described", 5)
    for name in ("size", "mtime", "inode", "device", "partSize", "uploadId", "described"):
        head = {**UploadState(plan, "id").head(WHAT), name: value}
        expected = str if name in ("uploadId", "described") else int
        if type(value) is not expected:
            with pytest.raises(DamagedJournal):
                UploadState.of([head])


@given(PLANS, PLANS)
def test_only_the_same_file_and_description_go_on(one: UploadPlan, other: UploadPlan) -> None:
    assert one.goes_on_with(one)
    assert one.goes_on_with(other) == ((one.source, one.described) == (other.source, other.described))


def test_a_part_is_trusted_for_its_bytes() -> None:
    state = UploadState(UploadPlan(SourceIdentity(1, 2, 3, 4), "described", 5), "id", {1: SentPart("tag", "sha256:ours")})
    assert state.has(1, "other tag", "sha256:ours", "sha256:ours")
    assert not state.has(1, "tag", "sha256:theirs", "sha256:ours")
    assert state.has(1, "tag", None, "sha256:ours")
    assert not state.has(1, "other tag", None, "sha256:ours")
    assert not state.has(1, "tag", None, "sha256:changed")
    assert not state.has(2, "tag", None, "sha256:ours")
