"""Byte ranges: what is asked for, and what comes (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import cast

from attrs import frozen

from ..exceptions import InvalidInputError

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII)


@frozen
class ByteRange:
    """One range as it is asked for. `first` None: the last `last` bytes; `last` None: to the end."""

    first: int | None
    last: int | None

    @classmethod
    def parse(cls, text: str) -> ByteRange:
        """Read `bytes=0-1023`, `bytes=5-` or `bytes=-500`.

        Raises:
            InvalidInputError: It is none of these.
            TypeError: It is not a str.
        """
        if not isinstance(cast("object", text), str):
            raise TypeError(f"byte_range is a str like 'bytes=0-1023', not {type(text).__name__}")
        found = _RANGE.fullmatch(text)
        first, last = (int(part) if part else None for part in found.groups()) if found else (None, None)
        if (first is None and not last) or (first is not None and last is not None and last < first):
            raise InvalidInputError(
                f"byte_range is not one range: {text!r}", hint="Use 'bytes=0-1023', 'bytes=5-' or 'bytes=-500'."
            )
        return cls(first, last)

    def within(self, size: int) -> tuple[int, int]:
        """Return the half-open interval that this is of so many bytes; an empty one if there is nothing there."""
        if self.first is None:
            return max(0, size - (self.last or 0)), size
        end = size if self.last is None else min(self.last + 1, size)
        return min(self.first, size), max(end, min(self.first, size))


@frozen
class ContentRange:
    """Which bytes a 206 brings: from `first` up to, not including, `end`, of `size`."""

    first: int
    end: int
    size: int

    @classmethod
    def parse(cls, text: str | None) -> ContentRange | None:
        """Read a `Content-Range`; None if it is not one whole, possible range."""
        found = _CONTENT_RANGE.fullmatch((text or "").strip())
        if not found:
            return None
        first, last, size = (int(part) for part in found.groups())
        return cls(first, last + 1, size) if first <= last < size else None
