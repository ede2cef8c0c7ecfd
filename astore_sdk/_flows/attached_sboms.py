"""Finding the SBOM that was signed among all that are attached.

Anyone who may write records can attach a thousand SBOMs of 30 MiB. Lists leave such contents out; what they tell of them,
size and digest, is the store's word and only decides which one is looked at first. What was looked at is not kept.
"""

from __future__ import annotations

from collections.abc import Collection

from attrs import define, field, frozen

from .._core.flow import Steps, work
from .._operations.records import SBOMS
from .._wire.convert import Listed
from ..models import MalformedRecord, Sbom
from ..supplychain.sbom import Identity, sbom_identities
from .records import ObjectRecords

MAX_TRIED = 1_000
"""Contents that are received one after another; the contract allows as many about the same bytes."""


@frozen
class Candidate:
    """An SBOM that is attached, its content unseen."""

    id: str
    size: int
    digest: str | None


@define
class AttachedSboms:
    """The SBOMs that are attached to the bytes of an object."""

    records: ObjectRecords
    there: bool = field(default=False, init=False)
    """Whether there is any, as soon as it was asked for one."""
    _known: set[Identity] = field(factory=set[Identity], init=False)
    """What the contents that were seen are known by."""
    _unseen: list[Candidate] = field(factory=list[Candidate], init=False)
    _listed: bool = field(default=False, init=False)

    def include(self, signed: Collection[Identity], sizes: Collection[int]) -> Steps[bool]:
        """Tell whether one of those that were signed is attached; `sizes` are those of what was signed, in bytes of JSON."""
        if not self._listed:
            yield from self.records.each(SBOMS, self._take)
            self._listed = True
        if not self._known.isdisjoint(signed):
            return True
        for candidate in self._likely(signed, sizes):
            self._unseen.remove(candidate)
            record = yield from self.records.whole(SBOMS, candidate.id)
            if isinstance(record, Sbom) and record.artifact_digest in (None, self.records.digest):
                yield from self._see([record.content])
            if not self._known.isdisjoint(signed):
                return True
        return False

    def _take(self, page: list[Listed[Sbom | MalformedRecord]]) -> Steps[bool]:
        contents: list[str | None] = []
        for listed in page:
            record = listed.record
            if isinstance(record, Sbom) and "content" in listed.omitted:
                self._unseen.append(Candidate(record.id, record.content_size or 0, record.content_digest))
            elif isinstance(record, Sbom):
                contents.append(record.content)
        yield from self._see(contents)
        self.there = self.there or bool(self._unseen)
        return False

    def _see(self, contents: list[str | None]) -> Steps[None]:
        def identities() -> set[Identity]:
            return {identity for content in contents if content is not None for identity in sbom_identities(content)}

        found = yield from work(identities)
        self.there = self.there or bool(found)
        self._known |= found

    def _likely(self, signed: Collection[Identity], sizes: Collection[int]) -> list[Candidate]:
        """Return those to look at, the likely ones first."""
        if not signed:
            return []
        by_digest = {digest for kind, digest in signed if kind == "text"}
        if len(by_digest) == len(signed):  # signed by their digests alone: no other text can be one of them
            return [candidate for candidate in self._unseen if candidate.digest is None or candidate.digest in by_digest]

        def unlikely(candidate: Candidate) -> tuple[bool, int]:
            hinted = candidate.digest in by_digest or candidate.digest in self.records.hints
            return not hinted, min((abs(candidate.size - size) for size in sizes), default=0)

        return sorted(self._unseen, key=unlikely)[:MAX_TRIED]
