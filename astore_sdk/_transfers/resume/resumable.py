"""Transfers that another process can go on with: what they write down, and when they are given up all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from attrs import define, evolve, field

from ..._core.flow import Theirs
from ...exceptions import (
    BadRequestError,
    IntegrityError,
    NotFoundError,
    ObjectChangedError,
    PreconditionFailedError,
    SourceChangedError,
)
from .journal import DamagedJournal, Journal, Record
from .state import DownloadState, SentPart, UploadPlan, UploadState, part_record

State = TypeVar("State", UploadState, DownloadState)

FINAL = (
    BadRequestError,
    IntegrityError,
    NotFoundError,
    ObjectChangedError,
    PreconditionFailedError,
    SourceChangedError,
)
"""Errors after which there is nothing to go on with."""


def is_final(error: BaseException) -> bool:
    """Tell whether a transfer that ended so shall leave nothing behind, although it is resumable."""
    return isinstance(error.error if isinstance(error, Theirs) else error, FINAL)


@define
class ResumableUpload:
    """An upload from one file to one key, over as many processes as it takes."""

    journal: Journal
    what: Record
    plan: UploadPlan
    begun: bool = field(default=False, init=False)
    """Whether there is something to go on with."""

    def found(self) -> UploadState | None:
        """Return what an earlier process began, None if nothing."""
        return _found(self.journal, UploadState.of)

    def begin(self, upload_id: str) -> None:
        """Write down that an upload was begun."""
        self.journal.begin(UploadState(self.plan, upload_id).head(self.what))
        self.begun = True

    def go_on(self, state: UploadState) -> None:
        """Write down what is known, without what was not written to its end."""
        records = (part_record(number, part) for number, part in sorted(state.parts.items()))
        self.journal.begin(state.head(self.what), *records)
        self.begun = True

    def sent(self, number: int, part: SentPart) -> None:
        """Write down that the store has a part."""
        self.journal.add(part_record(number, part))

    def completing(self, digest: str) -> None:
        """Write down with which digest the whole is asked for."""
        self.journal.add({"complete": digest})


@define
class ResumableDownload:
    """A download from one key to one file, over as many processes as it takes."""

    journal: Journal
    what: Record
    begun: bool = field(init=False)
    """Whether there is something to go on with, from this process or an earlier one."""

    def __attrs_post_init__(self) -> None:
        self.begun = self.journal.was_there

    def begin(self, wanted: DownloadState, *, fresh: bool) -> DownloadState:
        """Write down what is received, and return that with the pieces that are there. `fresh` says that none can be."""
        state = evolve(wanted, pieces={})
        found = _found(self.journal, DownloadState.of)
        if found is not None and not fresh and found.goes_on_with(wanted):
            state = found
        records: list[Record] = [{"piece": index, "digest": digest} for index, digest in sorted(state.pieces.items())]
        self.journal.begin(state.head(self.what), *records)
        self.begun = True
        return state

    def received(self, index: int, digest: str) -> None:
        """Write down that a piece is there."""
        self.journal.add({"piece": index, "digest": digest})


def _found(journal: Journal, read: Callable[[Sequence[Record]], State]) -> State | None:
    """Return what a journal says; one that cannot be understood is put aside."""
    records = journal.read()
    if records is None:
        return None
    try:
        return read(records)
    except DamagedJournal:
        journal.put_aside()
        return None
