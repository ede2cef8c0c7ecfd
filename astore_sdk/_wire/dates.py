"""Dates as they come: HTTP dates in all three forms of RFC 9110, section 5.6.7, and timestamps of RFC 3339."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_PREFERRED = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) ([A-Z][a-z][a-z]) (\d{4}) (\d\d):(\d\d):(\d\d) GMT", re.ASCII)
"""The form that everybody sends today; every answer about an object has one."""
_HTTP_DATE = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [ -~]{1,40}", re.ASCII)
_TIME_OF_DAY = re.compile(r"\d\d:\d\d:\d\d", re.ASCII)


def parse_http_date(text: str | None) -> datetime | None:
    """Return an HTTP date with its zone, which is UTC; None if it is none."""
    if not text or not _HTTP_DATE.fullmatch(text) or not _TIME_OF_DAY.search(text):
        return None
    try:
        if preferred := _PREFERRED.fullmatch(text):
            day, month, year, hour, minute, second = preferred.groups()
            return datetime(int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC)
        from dateutil.parser import parse

        return as_utc(parse(text))
    except (ValueError, OverflowError):
        return None


def as_utc(moment: datetime) -> datetime:
    """Return the moment with its zone; one that names none is in UTC."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
