"""What the journal of a transfer says, and whether that can be gone on with: pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Self

from attrs import field, frozen

from .journal import DamagedJournal, Record, number, text


@frozen
class SourceIdentity:
    """What shows that a file is the one that it was."""

    size: int
    mtime: int
    """Nanoseconds."""
    inode: int
    device: int


@frozen
class UploadPlan:
    """What is sent, and how it is cut."""

    source: SourceIdentity
    described: str
    """Stands for content type and metadata: they were said when the upload was begun."""
    part_size: int

    def goes_on_with(self, other: UploadPlan) -> bool:
        """Tell whether an upload of that plan can become this one. Parts stay as large as they are."""
        return (self.source, self.described) == (other.source, other.described)


@frozen
class SentPart:
    """A part that the store has."""

    etag: str
    digest: str


@frozen
class UploadState:
    """An upload that was begun."""

    plan: UploadPlan
    upload_id: str
    parts: Mapping[int, SentPart] = field(factory=dict[int, SentPart])
    completing: str | None = None
    """The digest with which it was asked to be completed, None if it never was."""

    @classmethod
    def of(cls, records: Sequence[Record]) -> Self:
        """Read it from a journal.

        Raises:
            DamagedJournal: It cannot be understood.
        """
        head = records[0]
        source = SourceIdentity(number(head, "size"), number(head, "mtime"), number(head, "inode"), number(head, "device"))
        parts: dict[int, SentPart] = {}
        completing = None
        for record in records[1:]:
            if "part" in record:
                parts[number(record, "part")] = SentPart(text(record, "etag"), text(record, "digest"))
            elif "complete" in record:
                completing = text(record, "complete")
            else:
                raise DamagedJournal
        plan = UploadPlan(source, text(head, "described"), number(head, "partSize"))
        return cls(plan, text(head, "uploadId"), parts, completing)

    def head(self, what: Record) -> Record:
        """Return the first line of its journal. `what` is for people who look at it."""
        source = self.plan.source
        return {
            **what,
            "size": source.size,
            "mtime": source.mtime,
            "inode": source.inode,
            "device": source.device,
            "described": self.plan.described,
            "partSize": self.plan.part_size,
            "uploadId": self.upload_id,
        }

    def has(self, part_number: int, etag: str, digest: str | None, local: str) -> bool:
        """Tell whether a part that the store lists has the bytes that are here now, whose digest is `local`.

        A store that tells no digest is believed the tag that it gave for bytes that are still the same.
        """
        if digest is not None:
            return digest == local
        return self.parts.get(part_number) == SentPart(etag, local)


def part_record(part_number: int, part: SentPart) -> Record:
    """Return the line for a part that was sent."""
    return {"part": part_number, "etag": part.etag, "digest": part.digest}


def described(headers: Mapping[str, str]) -> str:
    """Return what stands for the headers that describe an object."""
    return hashlib.sha256(json.dumps(sorted(headers.items())).encode()).hexdigest()


@frozen
class DownloadState:
    """A download that was begun: which version, which bytes of it, and the digests of the pieces that are there."""

    etag: str
    size: int
    first: int
    end: int
    length: int
    """Bytes in a piece."""
    pieces: Mapping[int, str] = field(factory=dict[int, str], eq=False)

    @classmethod
    def of(cls, records: Sequence[Record]) -> Self:
        """Read it from a journal.

        Raises:
            DamagedJournal: It cannot be understood.
        """
        head = records[0]
        pieces = {number(record, "piece"): text(record, "digest") for record in records[1:]}
        length = number(head, "length")
        if not length:
            raise DamagedJournal
        return cls(text(head, "etag"), number(head, "size"), number(head, "first"), number(head, "end"), length, pieces)

    def head(self, what: Record) -> Record:
        """Return the first line of its journal. `what` is for people who look at it."""
        return {
            **what,
            "etag": self.etag,
            "size": self.size,
            "first": self.first,
            "end": self.end,
            "length": self.length,
        }

    def goes_on_with(self, other: DownloadState) -> bool:
        """Tell whether what was received of that download belongs to this one. Pieces stay as large as they are."""
        return (self.etag, self.size, self.first, self.end) == (other.etag, other.size, other.first, other.end)
