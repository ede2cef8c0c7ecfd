"""Supply-chain records in the catalogue: signatures, SBOMs and attestations, alike but for their body.

A record has two rows: `records` holds all of it, `record_heads` what lists show. Lists never touch the first.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from attrs import frozen
from sqlalchemy import func, insert, select

from astore_sdk.server.catalogue.tables import record_heads, records
from astore_sdk.server.limits import MAX_INLINE_PAGE
from astore_sdk.server.problems import Problem
from astore_sdk.server.record_forms import FORMS
from astore_sdk.server.record_heads import Head, head_of

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy.engine import Connection, RowMapping


@frozen
class Record:
    """What somebody says about the bytes with this digest, as far as lists show it. `facts` and `shown` are JSON objects."""

    number: int
    id: str
    digest: str
    created_us: int
    facts: str
    shown: str


@frozen
class NewRecord:
    """A record to store.

    `label` is the format of an SBOM or the type of an attestation; `body` is JSON, what the client sent;
    `fingerprint` is equal for records that are equal.
    """

    id: str
    label: str
    digest: str
    fingerprint: str
    body: str
    created_us: int


@frozen
class Page:
    """Records of a list; `next_marker` is there exactly when there is more."""

    records: list[Record]
    next_marker: str | None


_HEAD = select(
    record_heads.c.number,
    record_heads.c.id,
    record_heads.c.digest,
    record_heads.c.created_us,
    record_heads.c.facts,
    record_heads.c.shown,
)


def find_equal(connection: Connection, owner: int, kind: str, fingerprint: str) -> Record | None:
    """Give the record that says the same, or None."""
    same = (records.c.object_id == owner, records.c.kind == kind, records.c.fingerprint == fingerprint)
    number = connection.execute(select(records.c.number).where(*same)).scalar_one_or_none()
    return None if number is None else _head(connection, number)


def find(connection: Connection, owner: int, kind: str, id_: str) -> Record | None:
    """Give the record with this id, or None."""
    number = _number_of(connection, owner, kind, id_)
    return None if number is None else _head(connection, number)


def count(connection: Connection, owner: int, kind: str, digest: str) -> int:
    """Count the records that speak of these bytes."""
    of_these = (record_heads.c.object_id == owner, record_heads.c.kind == kind, record_heads.c.digest == digest)
    return connection.execute(select(func.count()).select_from(record_heads).where(*of_these)).scalar_one()


def add(connection: Connection, owner: int, kind: str, record: NewRecord, head: Head) -> Record:
    """Store a record."""
    stored = insert(records).values(
        id=record.id,
        object_id=owner,
        kind=kind,
        label=record.label,
        digest=record.digest,
        fingerprint=record.fingerprint,
        body=record.body,
        created_us=record.created_us,
    )
    number = connection.execute(stored.returning(records.c.number)).scalar_one()
    _add_head(connection, number, owner, kind, record, head)
    return Record(number, record.id, record.digest, record.created_us, head.facts, head.shown)


def page(
    connection: Connection,
    owner: int,
    kind: str,
    *,
    label: str | None,
    digest: str | None,
    marker: str | None,
    most: int,
    newest_first: bool,
) -> Page:
    """List at most `most` records after the one with the id `marker`; fewer if they are large.

    Nothing is put between two records later, and none is removed alone: so a marker stays where it is.
    """
    number = record_heads.c.number
    query = _HEAD.where(record_heads.c.object_id == owner, record_heads.c.kind == kind)
    if label is not None:
        query = query.where(record_heads.c.label == label)
    if digest is not None:
        query = query.where(record_heads.c.digest == digest)
    if marker is not None:
        after = _number_of(connection, owner, kind, marker)
        if after is None:
            raise Problem("InvalidArgument", "'marker' is the 'nextMarker' of the page before; this object has no such record.")
        query = query.where(number < after if newest_first else number > after)
    query = query.order_by(number.desc() if newest_first else number).limit(most + 1)
    found: list[Record] = []
    size = 0
    # Row by row: a thousand large ones are never in memory together.
    with connection.execute(query) as rows:
        for row in rows.mappings():
            record = _record(row)
            size += len(record.shown) + len(record.facts)
            if found and (len(found) == most or size > MAX_INLINE_PAGE):
                return Page(found, found[-1].id)
            found.append(record)
    return Page(found, None)


def newest(connection: Connection, owner: int, kind: str, *, digest: str, label: str | None) -> Record | None:
    """Give the newest record that speaks of these bytes, or None."""
    query = _HEAD.where(record_heads.c.object_id == owner, record_heads.c.kind == kind, record_heads.c.digest == digest)
    if label is not None:
        query = query.where(record_heads.c.label == label)
    row = connection.execute(query.order_by(record_heads.c.number.desc()).limit(1)).mappings().first()
    return None if row is None else _record(row)


def body_size(connection: Connection, record: Record) -> int:
    """Give the bytes of a record's body, without reading it."""
    _require_there(connection, record)
    with _driver(connection).blobopen("records", "body", record.number, readonly=True) as body:
        return len(body)


def read_body(connection: Connection, record: Record, offset: int, length: int) -> bytes:
    """Read a piece of a record's body."""
    _require_there(connection, record)
    with _driver(connection).blobopen("records", "body", record.number, readonly=True) as body:
        body.seek(offset)
        return body.read(length)


def _require_there(connection: Connection, record: Record) -> None:
    # Another one may have its number by now.
    there = connection.execute(select(records.c.id).where(records.c.number == record.number)).scalar_one_or_none()
    if there != record.id:
        raise Problem("NoSuchRecord", "The record was deleted, together with its object.")


def describe_all(connection: Connection) -> None:
    """Write the heads of records that an older version of the store has left without.

    Numbers grow, and heads go with their records: those without one are the last.
    """
    last = select(func.coalesce(func.max(record_heads.c.number), 0)).scalar_subquery()
    for number in connection.execute(select(records.c.number).where(records.c.number > last)).scalars().all():
        row = connection.execute(select(records).where(records.c.number == number)).mappings().one()
        old = NewRecord(row["id"], row["label"], row["digest"], row["fingerprint"], "", row["created_us"])
        head = head_of(FORMS[row["kind"]], json.loads(row["body"]))
        _add_head(connection, number, row["object_id"], row["kind"], old, head)


def _add_head(connection: Connection, number: int, owner: int, kind: str, record: NewRecord, head: Head) -> None:
    connection.execute(
        insert(record_heads).values(
            number=number,
            object_id=owner,
            kind=kind,
            digest=record.digest,
            id=record.id,
            created_us=record.created_us,
            label=record.label,
            facts=head.facts,
            shown=head.shown,
        )
    )


def _number_of(connection: Connection, owner: int, kind: str, id_: str) -> int | None:
    this = (records.c.id == id_, records.c.object_id == owner, records.c.kind == kind)
    return connection.execute(select(records.c.number).where(*this)).scalar_one_or_none()


def _head(connection: Connection, number: int) -> Record:
    return _record(connection.execute(_HEAD.where(record_heads.c.number == number)).mappings().one())


def _record(row: RowMapping) -> Record:
    return Record(**row)


def _driver(connection: Connection) -> sqlite3.Connection:
    return cast("sqlite3.Connection", connection.connection.driver_connection)
