"""Supply-chain records of an object: read page by page, and one by one where lists leave something out.

Whoever may write records may write many, and large ones. So what is only looked at is never held all at once, and what is
not needed is not asked for: other bytes' records, bundles, and the contents of SBOMs that nobody signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Generic, TypeVar, cast

from attrs import define, evolve, field

from .._core.flow import Steps, work
from .._core.operation import Operation
from .._core.perform import perform
from .._operations import records
from .._operations.records import Kind, RecordPage, Selection
from .._wire.convert import Listed
from ..config import Settings
from ..exceptions import NotFoundError, ResponseDecodeError
from ..models import Attestation, MalformedRecord, Sbom, Signature, SignatureCheck
from ..supplychain.keys import PublicKey
from ..supplychain.verifying import AttestationChecker

T = TypeVar("T")
R = TypeVar("R", Signature, Sbom, Attestation)

MAX_CONSIDERED = 10_000
"""Records of one kind that are looked at when verifying. The contract allows 1,000 about the same bytes."""
MAX_PAGES = 1_000
"""Pages of one list that are looked at when verifying."""
MAX_CONTENTS = 64 * 1024 * 1024
"""Bytes of large SBOMs that a list of them brings along."""


@define
class Pages(Generic[T]):
    """The pages of one list, in order."""

    settings: Settings
    ask: Callable[[str | None], Operation[RecordPage[T]]]
    _marker: str | None = field(default=None, init=False)
    _seen: set[str] = field(factory=set[str], init=False)
    _ended: bool = field(default=False, init=False)

    def following(self) -> Steps[list[Listed[T]] | None]:
        """Return the records of the next page; None when there is none.

        Raises:
            ResponseDecodeError: The list goes on, but says nothing new about where.
        """
        if self._ended:
            return None
        operation = self.ask(self._marker)
        page = yield from perform(operation, self.settings.retry)
        self._ended = not page.is_truncated
        if page.is_truncated:
            # Markers are opaque, in no order: one that was there before leads nowhere.
            if page.next_marker is None or page.next_marker in self._seen:
                problem = "has none" if page.next_marker is None else "does not advance"
                raise ResponseDecodeError(
                    f"the list goes on, but its nextMarker {problem}: it would end early or never",
                    operation=operation.name,
                    bucket=operation.bucket,
                    key=operation.key,
                )
            self._seen.add(page.next_marker)
            self._marker = page.next_marker
        return page.records


@define
class ObjectRecords:
    """The records of one object that speak of the bytes with one digest, for verifying."""

    settings: Settings
    bucket: str
    key: str
    digest: str
    others: list[Signature | Attestation | Sbom] = field(factory=list["Signature | Attestation | Sbom"], init=False)
    """The first few about other bytes, from a store that sends them all the same."""
    hints: set[str] = field(factory=set[str], init=False)
    """Which SBOMs' texts attestations that count are said to be about (SHA-256), by what stands unsigned beside them."""

    def pages(self, kind: Kind[R]) -> Pages[R | MalformedRecord]:
        """Return the pages of one kind; a store may leave the filter out of account."""
        selection = Selection(digest=self.digest)
        return Pages(self.settings, lambda marker: records.read_page(kind, self.bucket, self.key, selection, marker))

    def of_these(self, page: Iterable[Listed[R | MalformedRecord]]) -> list[Listed[R | MalformedRecord]]:
        """Return those of a page that speak of these bytes, or do not say of which."""
        kept: list[Listed[R | MalformedRecord]] = []
        for listed in page:
            record = listed.record
            if isinstance(record, MalformedRecord) or record.artifact_digest in (None, self.digest):
                kept.append(listed)
            elif len(self.others) < _OTHERS:
                self.others.append(record)
        return kept

    def each(self, kind: Kind[R], take: Callable[[list[Listed[R | MalformedRecord]]], Steps[bool]]) -> Steps[None]:
        """Hand page after page to `take`, until that has enough."""
        pages = self.pages(kind)
        left = MAX_CONSIDERED
        for _ in range(MAX_PAGES):
            page = yield from pages.following()
            if page is None or left <= 0:
                return
            found = self.of_these(page)[:left]
            left -= len(found)
            if (yield from take(found)):
                return

    def whole(self, kind: Kind[R], id_: str) -> Steps[R | MalformedRecord]:
        """Return one record whole; that it is gone, or cannot be read, must not spoil the others."""
        try:
            return (yield from perform(records.read_record(kind, self.bucket, self.key, id_), self.settings.retry))
        except NotFoundError as error:
            if error.code != "NoSuchRecord":
                raise
            return MalformedRecord(id_, "it is gone")

    def signatures(self) -> Steps[list[Signature | MalformedRecord]]:
        """Return the signatures, without what nobody looks at."""
        found: list[Signature | MalformedRecord] = []

        def take(page: list[Listed[Signature | MalformedRecord]]) -> Steps[bool]:
            yield from ()
            found.extend(_bare(listed.record) for listed in page)
            return False

        yield from self.each(records.SIGNATURES, take)
        return found

    def check_attestations(
        self,
        keys: Sequence[PublicKey],
        *,
        type_: str | None = None,
        enough: Callable[[Sequence[SignatureCheck]], Steps[bool]] | None = None,
    ) -> Steps[list[SignatureCheck]]:
        """Return what the attestations prove. Of the large ones, each is received alone, and only until there is enough."""
        checker = AttestationChecker(self.digest, keys, type_)
        checks: list[SignatureCheck] = []
        large: list[str] = []

        def check(attestations: Iterable[Attestation | MalformedRecord]) -> Steps[bool]:
            """Tell whether one of them counts."""
            any_counts = False
            for record in attestations:
                found = yield from work(partial(checker.check, record))
                checks.extend(found)
                if isinstance(record, Attestation) and any(entry.counts for entry in found):
                    any_counts = True
                    hint = record.data.get("contentDigest")
                    self.hints |= {hint} if isinstance(hint, str) else set[str]()
            return any_counts

        def take(page: list[Listed[Attestation | MalformedRecord]]) -> Steps[bool]:
            large.extend(listed.record.id for listed in page if "envelope" in listed.omitted and listed.record.id)
            yield from check([listed.record for listed in page if "envelope" not in listed.omitted])
            return False

        yield from self.each(records.ATTESTATIONS, take)
        changed = True
        for id_ in large:
            if changed and enough and (yield from enough(checks)):
                break
            changed = yield from check([(yield from self.whole(records.ATTESTATIONS, id_))])
        return checks


_OTHERS = 10


def _bare(record: Signature | MalformedRecord) -> Signature | MalformedRecord:
    return record if isinstance(record, MalformedRecord) else evolve(record, bundle=None, public_key=None)


def some_of_other_bytes(settings: Settings, bucket: str, key: str, kind: Kind[R], digest: str) -> Steps[list[R]]:
    """Return the first few records that are about other bytes: they explain why there is nothing about these."""
    operation = records.read_page(kind, bucket, key, Selection(most=_OTHERS), None)
    page = yield from perform(operation, settings.retry)
    found = [listed.record for listed in page.records[:_OTHERS]]
    return [cast("R", record) for record in found if getattr(record, "artifact_digest", None) not in (None, digest)]


def get_signatures(settings: Settings, bucket: str, key: str) -> Steps[list[Signature]]:
    """List all signatures of an object, whole."""
    return (yield from _list_whole(settings, bucket, key, records.SIGNATURES, Selection()))


def get_attestations(settings: Settings, bucket: str, key: str, type_: str | None) -> Steps[list[Attestation]]:
    """List all attestations of an object, whole, or those of one type."""
    selection = Selection(type=records.check_type(type_))
    return (yield from _list_whole(settings, bucket, key, records.ATTESTATIONS, selection))


def list_sboms(settings: Settings, bucket: str, key: str) -> Steps[list[Sbom]]:
    """List all SBOMs of an object; of large contents the first that are `MAX_CONTENTS` together."""
    return (yield from _list_whole(settings, bucket, key, records.SBOMS, Selection(), most=MAX_CONTENTS))


def _list_whole(
    settings: Settings, bucket: str, key: str, kind: Kind[R], selection: Selection, *, most: int | None = None
) -> Steps[list[R]]:
    pages = Pages(settings, lambda marker: records.list_page(kind, bucket, key, selection, marker))
    found: list[R] = []
    while (page := (yield from pages.following())) is not None:
        for listed in page:
            record = listed.record
            size = record.content_size or 0 if isinstance(record, Sbom) else 0
            if listed.omitted and (most is None or size <= most):
                most = None if most is None else most - size
                record = yield from perform(records.get_record(kind, bucket, key, record.id), settings.retry)
            found.append(record)
    return found
