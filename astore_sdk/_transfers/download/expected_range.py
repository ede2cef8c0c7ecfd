"""What a download expects, and whether an answer fits: pure.

One version of the object is received. The first answer says which (ETag), how large it is and which of its bytes were asked for;
every further answer, after a cut, must be the same version and begin where the last one ended.
"""

from __future__ import annotations

import re

from attrs import define, field

from ..._wire.digests import digest_of_field
from ..._wire.messages import Answer
from ..._wire.names import bare_etag
from ..._wire.ranges import ByteRange, ContentRange
from ...exceptions import IntegrityError, PreconditionFailedError, RangeNotSatisfiableError, ResponseDecodeError


class VersionChanged(Exception):  # noqa: N818 - a signal between two of our functions, not an error of the SDK
    """The answer is of another version than the first one."""

    def __init__(self, attempts: int = 1) -> None:
        super().__init__()
        self.attempts = attempts


class RangesIgnored(Exception):  # noqa: N818 - as above
    """The server sent everything where a piece was asked for."""


@define
class Reception:
    """The state of one download. Offsets are in the whole object, in bytes."""

    wanted: ByteRange | None
    if_match: str | None
    is_piece: bool = False
    """Whether other pieces of the same version are received beside it."""
    head: Answer | None = field(default=None, init=False)
    """The head of the first answer of this version."""
    size: int | None = field(default=None, init=False)
    """Bytes in the whole object, None as long as nobody has said."""
    first: int = field(default=0, init=False)
    end: int | None = field(default=None, init=False)
    """Behind the last byte that is wanted."""
    received: int = field(default=0, init=False)
    skip: int = field(default=0, init=False)
    """Bytes of the open answer that were not asked for and come before those that were."""
    sliced: bool = field(default=False, init=False)
    """Whether the open answer has the whole object although a range was asked for: the rest of it is not wanted."""

    @property
    def etag(self) -> str | None:
        """The version's tag, None if it has none that can be relied on (RFC 9110, section 8.8.1: a weak one cannot)."""
        tag = bare_etag(self.head.fields.get("etag")) if self.head else None
        return None if tag is None or tag.startswith("W/") else tag

    @property
    def digest(self) -> str | None:
        """The SHA-256 that the server says the whole object has."""
        return digest_of_field(self.head.fields.get("repr-digest")) if self.head else None

    @property
    def left(self) -> int | None:
        """Bytes that are still to come, None if nobody knows."""
        return None if self.end is None else self.end - self.first - self.received

    @property
    def can_continue(self) -> bool:
        """Whether a cut download can go on where it was cut."""
        return self.received == 0 or self.etag is not None

    def anew(self) -> Reception:
        """Return the state of a download that begins again, perhaps with another version."""
        return Reception(self.wanted, self.if_match)

    @property
    def divisible(self) -> bool:
        """Whether what is wanted can be received in pieces: the server says that it knows ranges, and which version this is."""
        if self.head is None or self.etag is None or self.sliced or self.end is None or self.received:
            return False
        return self.head.status == 206 or "bytes" in self.head.fields.get("accept-ranges", "").lower()

    def piece(self, first: int, end: int) -> Reception:
        """Return the state of the bytes from `first` to before `end`, of the same version."""
        piece = Reception(ByteRange(first, end - 1), self.etag, is_piece=True)
        piece.head, piece.size, piece.first, piece.end = self.head, self.size, first, end
        return piece

    def request(self) -> tuple[str | None, str | None]:
        """Return `Range` and the etag for `If-Match` of the next request."""
        if self.received == 0 or self.end is None:
            return self._wanted_field(), self.etag or self.if_match
        return f"bytes={self.first + self.received}-{self.end - 1}", self.etag

    def _wanted_field(self) -> str | None:
        if self.wanted is None:
            return None
        first = "" if self.wanted.first is None else self.wanted.first
        last = "" if self.wanted.last is None else self.wanted.last
        return f"bytes={first}-{last}"

    def accept(self, answer: Answer) -> None:
        """Take the head of an answer.

        Raises:
            PreconditionFailedError: The server passed over `If-Match`.
            RangeNotSatisfiableError: The range is not in the object, and the server did not say so itself.
            RangesIgnored: It is everything, and this is a piece.
            ResponseDecodeError: It is not what was asked for.
            VersionChanged: It is of another version than before.
        """
        if answer.status == 206:
            self._accept_part(answer)
        else:
            self._accept_whole(answer)
        if self.received == 0 and self.if_match is not None and self.etag not in (None, bare_etag(self.if_match)):
            raise PreconditionFailedError("the store sent another version than the one that if_match names")

    def _accept_part(self, answer: Answer) -> None:
        comes = ContentRange.parse(answer.fields.get("content-range"))
        length = _length(answer)
        if comes is None or (length is not None and length != comes.end - comes.first):
            raise ResponseDecodeError("the answer does not say which bytes it has (Content-Range)")
        if self.head is None:
            if self.wanted is None or (comes.first, comes.end) != self.wanted.within(comes.size):
                raise ResponseDecodeError(f"bytes {comes.first} to {comes.end - 1} came, which were not asked for")
            self.head, self.size, self.sliced = answer, comes.size, False
            self.first, self.end = comes.first, comes.end
            return
        if bare_etag(answer.fields.get("etag")) != self.etag or comes.size != self.size:
            raise VersionChanged
        if (comes.first, comes.end) != (self.first + self.received, self.end):
            raise ResponseDecodeError(f"bytes {comes.first} to {comes.end - 1} came, which were not asked for")
        self.skip, self.sliced = 0, False

    def _accept_whole(self, answer: Answer) -> None:
        """Take an answer that has the whole object, perhaps because the server knows no ranges: the rest is passed over."""
        if self.is_piece:
            raise RangesIgnored
        size = _length(answer)
        self.sliced = self.wanted is not None
        if self.head is not None:
            if bare_etag(answer.fields.get("etag")) != self.etag or size != self.size:
                raise VersionChanged
            self.skip = self.first + self.received
            return
        if size is None:
            if "chunked" not in answer.fields.get("transfer-encoding", "").lower() or self.wanted is not None:
                raise ResponseDecodeError("the answer does not say how long it is (Content-Length): a cut would go unnoticed")
        elif self.wanted is not None:
            self.first, self.end = self.wanted.within(size)
            if self.first >= self.end:
                raise RangeNotSatisfiableError(f"the range is not within the object's {size} bytes")
        else:
            self.end = size
        self.head, self.size, self.skip = answer, size, self.first

    @property
    def enough(self) -> int | None:
        """Bytes of the open answer after which no more of it is wanted, None if all of it is."""
        return self.skip + self.left if self.sliced and self.left is not None else None

    def clip(self, chunk: bytes | memoryview) -> bytes | memoryview:
        """Return what of a chunk was asked for.

        Raises:
            IntegrityError: There is more than the answer's own head announced.
        """
        if self.skip:
            skipped = min(self.skip, len(chunk))
            self.skip -= skipped
            chunk = chunk[skipped:]
        if self.left is None or len(chunk) <= self.left:
            return chunk
        if not self.sliced:
            raise IntegrityError("the answer has more bytes than it announced")
        return chunk[: self.left]


def _length(answer: Answer) -> int | None:
    """Return the Content-Length; of what is neither that nor absent, an error."""
    value = answer.fields.get("content-length")
    if value is None:
        return 0 if answer.status == 204 else None
    if not re.fullmatch(r"\d{1,18}", value, re.ASCII):
        raise ResponseDecodeError("the answer's Content-Length is no length")
    return int(value)
