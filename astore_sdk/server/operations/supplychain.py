"""Supply-chain records: what people say about the bytes of an object.

The store keeps what it is given and checks its form. It neither signs nor verifies: trust is the reader's business, and
no private key has any business here, so a request that contains one is refused whole.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from typing import TYPE_CHECKING

from astore_sdk.server.asgi import JsonValue, Request, Response, json_response
from astore_sdk.server.catalogue import objects, records
from astore_sdk.server.catalogue.records import Record
from astore_sdk.server.problems import Problem
from astore_sdk.server.record_forms import (
    ATTESTATION,
    SBOM,
    SBOM_FORMATS,
    SIGNATURE,
    Fields,
    RecordForm,
    refuse_private_keys,
)
from astore_sdk.server.values import timestamp

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from astore_sdk.server.store import Store
    from astore_sdk.server.values import StoredObject


async def add_signature(store: Store, request: Request) -> Response:
    """Keep a signature that was made elsewhere."""
    return await _add(store, request, SIGNATURE)


async def list_signatures(store: Store, request: Request) -> Response:
    """List the signatures of an object, oldest first."""
    return json_response(200, {"signatures": await _list(store, request, SIGNATURE)})


async def attach_sbom(store: Store, request: Request) -> Response:
    """Keep a software bill of materials."""
    return await _add(store, request, SBOM)


async def get_sbom(store: Store, request: Request) -> Response:
    """Give the newest SBOM that speaks of the bytes that the object has now."""
    wanted = request.query.get("format")
    if wanted is not None and wanted not in SBOM_FORMATS:
        raise Problem("InvalidArgument", f"'format' is one of {', '.join(SBOM_FORMATS)}.")

    def look_up(connection: Connection) -> tuple[StoredObject, Record | None]:
        owner = _require_object(connection, request)
        return owner, records.newest(connection, owner.id, SBOM.kind, digest=owner.digest, label=wanted)

    owner, record = await store.catalogue.read(look_up)
    if record is None:
        which = "SBOM" if wanted is None else f"SBOM of the format '{wanted}'"
        raise Problem("NoSuchSBOM", f"There is no {which} for the bytes that '{request.key.decode()}' has now.")
    return json_response(200, _record_json(SBOM, record, owner))


async def list_sboms(store: Store, request: Request) -> Response:
    """List the SBOMs of an object, newest first."""
    oldest_first = await _list(store, request, SBOM)
    return json_response(200, {"sboms": oldest_first[::-1]})


async def add_attestation(store: Store, request: Request) -> Response:
    """Keep a statement about an object, plain or signed."""
    return await _add(store, request, ATTESTATION)


async def list_attestations(store: Store, request: Request) -> Response:
    """List the attestations of an object, oldest first, or those of one type."""
    wanted = request.query.get("type")
    return json_response(200, {"attestations": await _list(store, request, ATTESTATION, label=wanted)})


async def _add(store: Store, request: Request, form: RecordForm) -> Response:
    await store.catalogue.read(lambda connection: _require_object(connection, request))
    body = await request.json(store.limits.max_json_size)
    refuse_private_keys(body)
    fields = Fields(body)
    kept = form.read(fields)
    named = fields.optional_digest("artifactDigest")
    if form.needs_digest and named is None:
        raise Problem("InvalidRequest", "'artifactDigest' must be there: the SHA-256 of the bytes that were signed.")
    text = json.dumps(kept, sort_keys=True)

    def change(connection: Connection) -> tuple[StoredObject, Record, bool]:
        owner = _require_object(connection, request)
        digest = named or owner.digest
        fingerprint = hashlib.sha256(f"{digest}\n{text}".encode()).hexdigest()
        equal = records.find_equal(connection, owner.id, form.kind, fingerprint)
        # First this: a repeat of what was stored is that, even if the object has other bytes by now.
        if equal is not None:
            return owner, equal, False
        if digest != owner.digest:
            raise Problem("DigestMismatch", f"The object has the digest {owner.digest} now, not {digest}.")
        label = str(kept[form.label])
        record = Record(secrets.token_hex(16), label, digest, fingerprint, text, store.now_us())
        records.add(connection, owner.id, form.kind, record)
        return owner, record, True

    owner, record, is_new = await store.catalogue.write(change)
    return json_response(201 if is_new else 200, _record_json(form, record, owner))


async def _list(store: Store, request: Request, form: RecordForm, *, label: str | None = None) -> list[JsonValue]:
    def look_up(connection: Connection) -> tuple[StoredObject, list[Record]]:
        owner = _require_object(connection, request)
        return owner, records.list_all(connection, owner.id, form.kind, label=label)

    owner, found = await store.catalogue.read(look_up)
    return [_record_json(form, record, owner) for record in found]


def _require_object(connection: Connection, request: Request) -> StoredObject:
    return objects.require(connection, request.bucket, request.key)


def _record_json(form: RecordForm, record: Record, owner: StoredObject) -> dict[str, JsonValue]:
    kept: dict[str, JsonValue] = json.loads(record.body)
    return {
        "id": record.id,
        "artifactDigest": record.digest,
        "matchesCurrent": record.digest == owner.digest,
        "timestamp": timestamp(record.created_us),
        **form.show(kept),
    }
