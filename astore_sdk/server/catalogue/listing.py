"""One page of a bucket, in the byte order of the keys.

A common prefix is stepped over with one seek, however many keys it holds, so a page costs what it shows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import bindparam

from astore_sdk.server.catalogue.objects import SELECT_OBJECT, stored_object
from astore_sdk.server.catalogue.tables import objects

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from astore_sdk.server.values import StoredObject

# Keys are UTF-8, in which this byte never occurs: it is greater than all of them.
_AFTER_EVERY_KEY = b"\xff"
# Rows fetched at a time when keys are rolled up: most of them may be stepped over.
_ROLLED_BATCH = 64

_RANGE = (
    SELECT_OBJECT.where(
        objects.c.bucket_id == bindparam("bucket"),
        objects.c.key >= bindparam("first"),
        objects.c.key < bindparam("end"),
    )
    .order_by(objects.c.key)
    .limit(bindparam("most"))
)


@frozen
class Page:
    """Entries of a list; `next_marker` is there exactly when there is more."""

    objects: list[StoredObject]
    common_prefixes: list[bytes]
    next_marker: bytes | None


def successor(prefix: bytes) -> bytes:
    """Give the least byte string that is greater than every key with this prefix."""
    return prefix[:-1] + bytes([prefix[-1] + 1]) if prefix else _AFTER_EVERY_KEY


def page(connection: Connection, bucket: int, *, prefix: bytes, delimiter: bytes, marker: bytes, most: int) -> Page:
    """List at most `most` objects and common prefixes after `marker`."""
    end = successor(prefix)
    first = prefix
    if marker:
        # A marker within a common prefix was rolled up on the page before: the whole of it has been shown.
        rolled = _rolled_up(marker, prefix, delimiter)
        first = max(first, successor(rolled) if rolled is not None else marker + b"\x00")
    found: list[StoredObject] = []
    prefixes: list[bytes] = []
    last = b""
    batch = min(most + 1, _ROLLED_BATCH) if delimiter else most + 1
    while first < end:
        wanted = {"bucket": bucket, "first": first, "end": end, "most": batch}
        rows = connection.execute(_RANGE, wanted).mappings().all()
        for row in rows:
            key: bytes = row["key"]
            if key < first:
                continue
            if len(found) + len(prefixes) == most:
                return Page(found, prefixes, last)
            rolled = _rolled_up(key, prefix, delimiter)
            if rolled is None:
                found.append(stored_object(row))
                last, first = key, key + b"\x00"
            else:
                prefixes.append(rolled)
                last, first = rolled, successor(rolled)
        if len(rows) < batch:
            break
    return Page(found, prefixes, None)


def _rolled_up(key: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    if not delimiter or not key.startswith(prefix):
        return None
    place = key.find(delimiter, len(prefix))
    return None if place < 0 else key[: place + len(delimiter)]
