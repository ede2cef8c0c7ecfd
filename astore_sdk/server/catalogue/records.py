"""Supply-chain records in the catalogue: signatures, SBOMs and attestations, alike but for their body."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen
from sqlalchemy import insert, select

from astore_sdk.server.catalogue.tables import records

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, RowMapping


@frozen
class Record:
    """What somebody says about the bytes with this digest.

    `label` is the format of an SBOM or the type of an attestation; `body` is JSON, what the client sent;
    `fingerprint` is equal for records that are equal.
    """

    id: str
    label: str
    digest: str
    fingerprint: str
    body: str
    created_us: int


_RECORD = select(records.c.id, records.c.label, records.c.digest, records.c.fingerprint, records.c.body, records.c.created_us)


def find_equal(connection: Connection, owner: int, kind: str, fingerprint: str) -> Record | None:
    """Give the record that says the same, or None."""
    query = _RECORD.where(records.c.object_id == owner, records.c.kind == kind, records.c.fingerprint == fingerprint)
    row = connection.execute(query).mappings().first()
    return None if row is None else _record(row)


def add(connection: Connection, owner: int, kind: str, record: Record) -> None:
    """Store a record."""
    connection.execute(
        insert(records).values(
            id=record.id,
            object_id=owner,
            kind=kind,
            label=record.label,
            digest=record.digest,
            fingerprint=record.fingerprint,
            body=record.body,
            created_us=record.created_us,
        )
    )


def list_all(connection: Connection, owner: int, kind: str, *, label: str | None = None) -> list[Record]:
    """List the records of an object, oldest first."""
    query = _RECORD.where(records.c.object_id == owner, records.c.kind == kind).order_by(records.c.number)
    if label is not None:
        query = query.where(records.c.label == label)
    return [_record(row) for row in connection.execute(query).mappings()]


def newest(connection: Connection, owner: int, kind: str, *, digest: str, label: str | None) -> Record | None:
    """Give the newest record that speaks of these bytes, or None."""
    query = _RECORD.where(records.c.object_id == owner, records.c.kind == kind, records.c.digest == digest)
    if label is not None:
        query = query.where(records.c.label == label)
    row = connection.execute(query.order_by(records.c.number.desc()).limit(1)).mappings().first()
    return None if row is None else _record(row)


def _record(row: RowMapping) -> Record:
    return Record(**row)
