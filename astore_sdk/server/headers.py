"""Request headers with rules of their own: description, range and conditions."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING, TypeVar

from attrs import frozen

from astore_sdk.server.problems import Problem
from astore_sdk.server.values import Description, StoredObject, moment

if TYPE_CHECKING:
    from collections.abc import Callable

    from astore_sdk.server.asgi import RequestHeaders

T = TypeVar("T")

DEFAULT_CONTENT_TYPE = "application/octet-stream"
METADATA_PREFIX = "x-amz-meta-"

_MAX_CONTENT_TYPE = 1024
_NOT_IN_A_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110 §14.1.2, one range only. Python refuses to read numbers of more than 4,300 digits.
_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,4000})-([0-9]{1,4000})?|-([0-9]{1,4000}))[ \t]*", re.IGNORECASE)
# An element of a list of tags, which may be empty (RFC 9110 §5.6.1), with the comma or the end behind it. Without quotes
# only what people copy from a listing is taken for a tag: neither `'tag'` nor `W/tag` is what they look like.
_ENTITY_TAG = re.compile(
    r'[ \t]*(?:(?P<any>\*)|(?P<weak>W/)?"(?P<quoted>[\x21\x23-\x7e\x80-\xff]*)"|(?P<bare>(?![Ww]/)[\w.~+/=-]+)|)[ \t]*(?:,|\Z)',
    re.ASCII,
)


def description_of(headers: RequestHeaders, max_metadata_size: int) -> Description:
    """Read content type and metadata of a new object. Values are kept as the header has them."""
    content_type = headers.get("content-type") or DEFAULT_CONTENT_TYPE
    if len(content_type) > _MAX_CONTENT_TYPE or _NOT_IN_A_VALUE.search(content_type):
        raise Problem("InvalidArgument", f"A Content-Type has at most {_MAX_CONTENT_TYPE} characters, none a control.")
    metadata = headers.with_prefix(METADATA_PREFIX)
    for name, value in metadata.items():
        if not _TOKEN.fullmatch(name):
            raise Problem("InvalidMetadata", "The name of a metadata entry is a token (RFC 9110 §5.6.2).")
        if _NOT_IN_A_VALUE.search(value):
            raise Problem("InvalidMetadata", f"The value of metadata '{name}' has control characters.")
    if sum(len(name) + len(value) for name, value in metadata.items()) > max_metadata_size:
        raise Problem("InvalidMetadata", f"Metadata has at most {max_metadata_size} bytes, names and values together.")
    return Description(content_type, metadata)


def http_date(moment_in_utc: datetime) -> str:
    """Write a moment as `Last-Modified` carries it (RFC 9110 §5.6.7)."""
    return format_datetime(moment_in_utc, usegmt=True)


@frozen
class Span:
    """A stretch of an object: its first byte and how many there are."""

    start: int
    length: int


def parse_range(value: str | None, size: int) -> Span | None:
    """Read a `Range` header.

    None means the whole: without a header, and also for a header that cannot be read or names several ranges, which a
    server may ignore (RFC 9110 §14.2). A range outside the object is a 416 that names its size (§15.5.17).
    """
    found = _RANGE.fullmatch(value) if value is not None else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        length = min(int(suffix), size)
        if size == 0 and int(suffix) > 0:
            # Satisfiable (§14.1.2), but Content-Range cannot say "no bytes": the whole, which is empty, it is.
            return None
        span = Span(size - length, length)
    else:
        if last is not None and int(last) < int(first):
            return None
        start = int(first)
        span = Span(start, (size if last is None else min(int(last) + 1, size)) - start)
    if span.length <= 0:
        raise Problem(
            "InvalidRange",
            f"The range does not lie within the object, which has {size} bytes.",
            headers=(("Content-Range", f"bytes */{size}"),),
        )
    return span


@frozen
class EntityTags:
    """A list of entity tags, or `*` (RFC 9110 §13.1.1)."""

    any: bool
    strong: frozenset[str]
    weak: frozenset[str]

    @classmethod
    def parse(cls, value: str) -> EntityTags | None:
        """Read a list; a tag without quotes is taken as well, since people forget them.

        Empty elements are skipped, and `*` is any wherever it stands. None means that the value cannot be read, or
        names nothing: it says that there is a condition, and not which.
        """
        found_any = False
        strong: set[str] = set()
        weak: set[str] = set()
        place = 0
        while place < len(value):
            found = _ENTITY_TAG.match(value, place)
            if found is None:
                return None
            quoted, bare = found["quoted"], found["bare"]
            found_any = found_any or found["any"] is not None
            if quoted is not None:
                (weak if found["weak"] else strong).add(quoted)
            elif bare is not None:
                strong.add(bare)
            place = found.end()
        if not (found_any or strong or weak):
            return None
        return cls(any=found_any, strong=frozenset(strong), weak=frozenset(weak))

    def match_strongly(self, etag: str) -> bool:
        """Compare as `If-Match` does (RFC 9110 §8.8.3.2)."""
        return self.any or etag in self.strong

    def match_weakly(self, etag: str) -> bool:
        """Compare as `If-None-Match` does."""
        return self.any or etag in self.strong or etag in self.weak


_NO_TAGS = EntityTags(any=False, strong=frozenset(), weak=frozenset())
_TAGS_WANTED = """is '*' or tags in double quotes with commas between them, such as '"0c6a9be3"'"""
_DATE_WANTED = "is a date such as 'Mon, 02 Mar 2026 10:15:30 GMT'"


def _required(headers: RequestHeaders, name: str, read: Callable[[str], T | None], wanted: str) -> T | None:
    """Read a field that has to be readable if it is there."""
    value = headers.get(name)
    if value is None:
        return None
    found = read(value)
    if found is None:
        raise Problem("InvalidArgument", f"{name} {wanted}; this one cannot be read, so nothing was done.")
    return found


def _date(value: str | None) -> datetime | None:
    # None as well for a date that cannot be read, which a read ignores (RFC 9110 §13.1.3).
    if value is None:
        return None
    try:
        parsed = parsedate_to_datetime(value)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


@frozen
class Conditions:
    """The preconditions of a request (RFC 9110 §13)."""

    if_match: EntityTags | None = None
    if_none_match: EntityTags | None = None
    if_modified_since: datetime | None = None
    if_unmodified_since: datetime | None = None
    if_range: str | None = None

    @classmethod
    def of(cls, headers: RequestHeaders, *, prefix: str = "") -> Conditions:
        """Read the preconditions of a write; those on the source of a copy have a prefix.

        Who sends one wants the write not to happen in some case. One that cannot be read is therefore refused: to
        ignore it, as RFC 9110 §13.1.4 has it for dates, would do what the client wanted to prevent.
        """
        return cls(
            _required(headers, f"{prefix}if-match", EntityTags.parse, _TAGS_WANTED),
            _required(headers, f"{prefix}if-none-match", EntityTags.parse, _TAGS_WANTED),
            # It says nothing about a write (§13.1.3), but the source of a copy is read.
            _required(headers, f"{prefix}if-modified-since", _date, _DATE_WANTED) if prefix else None,
            _required(headers, f"{prefix}if-unmodified-since", _date, _DATE_WANTED),
        )

    @classmethod
    def of_read(cls, headers: RequestHeaders) -> Conditions:
        """Read the preconditions of a read: tags that cannot be read match nothing, and such a date is ignored."""
        if_match, if_none_match = headers.get("if-match"), headers.get("if-none-match")
        return cls(
            None if if_match is None else EntityTags.parse(if_match) or _NO_TAGS,
            None if if_none_match is None else EntityTags.parse(if_none_match) or _NO_TAGS,
            _date(headers.get("if-modified-since")),
            _date(headers.get("if-unmodified-since")),
            headers.get("if-range"),
        )

    def check_write(self, now: StoredObject | None) -> None:
        """Refuse a write whose preconditions do not hold for what is there now."""
        self._check_match(now)
        if now is not None and self.if_none_match is not None and self.if_none_match.match_weakly(now.etag):
            raise Problem("PreconditionFailed", "There is an object under this key already (If-None-Match).")

    def check_source(self, now: StoredObject) -> None:
        """Refuse a copy whose preconditions do not hold for its source; where a read gives 304 this is 412."""
        if self.check_read(now):
            raise Problem("PreconditionFailed", "The source has not changed (x-amz-copy-source-if-none-match or -modified-since).")

    def check_read(self, now: StoredObject) -> bool:
        """Refuse a read whose preconditions do not hold; gives whether the client has this version (304).

        The order is that of RFC 9110 §13.2.2.
        """
        self._check_match(now)
        if self.if_none_match is not None:
            return self.if_none_match.match_weakly(now.etag)
        return self.if_modified_since is not None and _seconds(now) <= self.if_modified_since

    def check_absent_read(self) -> None:
        """Refuse a read with `If-Match` of a key that is not there: the contract says 412 for it, not 404."""
        if self.if_match is not None:
            self._check_match(None)

    def allow_range(self, now: StoredObject) -> bool:
        """Whether `If-Range` lets the range apply: a strong tag or the exact date (RFC 9110 §13.1.5)."""
        if self.if_range is None:
            return True
        date = _date(self.if_range)
        if date is not None:
            return _seconds(now) == date
        tags = EntityTags.parse(self.if_range)
        return tags is not None and not tags.any and tags.strong == frozenset({now.etag}) and not tags.weak

    def _check_match(self, now: StoredObject | None) -> None:
        if self.if_match is not None:
            if now is None:
                raise Problem("PreconditionFailed", "There is no object under this key (If-Match).")
            if not self.if_match.match_strongly(now.etag):
                raise Problem("PreconditionFailed", "The object has another ETag than the request names (If-Match).")
        elif self.if_unmodified_since is not None and now is not None and _seconds(now) > self.if_unmodified_since:
            raise Problem("PreconditionFailed", "The object has changed since then (If-Unmodified-Since).")


def _seconds(stored: StoredObject) -> datetime:
    """Give when an object changed in whole seconds, which is all that a header's date can say."""
    return moment(stored.modified_us).replace(microsecond=0)
