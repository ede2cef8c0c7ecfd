"""Supply-chain records: what people say about the bytes of an object.

The store keeps what it is given and checks its form. It neither signs nor verifies: trust is the reader's business, and
no private key has any business here, so a request that contains one is refused whole.

Whoever may write records may write many and large ones. So there are limits on both, lists come in pages without what is
large, and a large record travels from the catalogue in pieces: no request makes the store hold more than one of them.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from functools import partial
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.asgi import JsonValue, Request, Response
from astore_sdk.server.catalogue import objects, records
from astore_sdk.server.catalogue.records import NewRecord, Page, Record
from astore_sdk.server.digests import is_digest
from astore_sdk.server.limits import KIB
from astore_sdk.server.operations.json_bodies import json_body
from astore_sdk.server.problems import Problem
from astore_sdk.server.query import whole_number
from astore_sdk.server.record_forms import (
    ATTESTATION,
    SBOM,
    SBOM_FORMATS,
    SIGNATURE,
    Fields,
    RecordForm,
    refuse_deep_nesting,
    refuse_private_keys,
)
from astore_sdk.server.record_heads import Head, head_of, joined, to_json
from astore_sdk.server.values import timestamp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from sqlalchemy.engine import Connection

    from astore_sdk.server.store import Store
    from astore_sdk.server.values import StoredObject

# Bytes of a record that are read at once: each read of a large one walks to its place anew.
_PIECE = 512 * KIB


async def add_signature(store: Store, request: Request) -> Response:
    """Keep a signature that was made elsewhere."""
    return await _add(store, request, SIGNATURE)


async def list_signatures(store: Store, request: Request) -> Response:
    """List a page of the signatures of an object, oldest first."""
    return await _list(store, request, SIGNATURE, "signatures")


async def get_signature(store: Store, request: Request) -> Response:
    """Give one signature whole."""
    return await _get(store, request, SIGNATURE)


async def attach_sbom(store: Store, request: Request) -> Response:
    """Keep a software bill of materials."""
    return await _add(store, request, SBOM)


async def get_sbom(store: Store, request: Request) -> Response:
    """Give the newest SBOM that speaks of the bytes that the object has now."""
    wanted = request.query.get("format")
    if wanted is not None and wanted not in SBOM_FORMATS:
        raise Problem("InvalidArgument", f"'format' is one of {', '.join(SBOM_FORMATS)}.")

    def look_up(connection: Connection) -> _Whole:
        owner = _require_object(connection, request)
        record = records.newest(connection, owner.id, SBOM.kind, digest=owner.digest, label=wanted)
        if record is None:
            which = "SBOM" if wanted is None else f"SBOM of the format '{wanted}'"
            raise Problem("NoSuchSBOM", f"There is no {which} for the bytes that '{request.key.decode()}' has now.")
        return _whole(connection, record, owner)

    return _sent(store, 200, await store.catalogue.read(look_up))


async def list_sboms(store: Store, request: Request) -> Response:
    """List a page of the SBOMs of an object, newest first."""
    return await _list(store, request, SBOM, "sboms")


async def get_sbom_record(store: Store, request: Request) -> Response:
    """Give one SBOM whole."""
    return await _get(store, request, SBOM)


async def add_attestation(store: Store, request: Request) -> Response:
    """Keep a statement about an object, plain or signed."""
    return await _add(store, request, ATTESTATION)


async def list_attestations(store: Store, request: Request) -> Response:
    """List a page of the attestations of an object, oldest first, or of those of one type."""
    return await _list(store, request, ATTESTATION, "attestations", label=request.query.get("type"))


async def get_attestation(store: Store, request: Request) -> Response:
    """Give one attestation whole."""
    return await _get(store, request, ATTESTATION)


@frozen
class _Taken:
    """What a request says, checked."""

    label: str
    digest: str
    """Of the bytes that it speaks of."""
    body: str
    fingerprint: str
    head: Head


def _take(form: RecordForm, body: JsonValue, present: str) -> _Taken:
    """Read a record. If it does not name the bytes that it speaks of, these are the `present` ones."""
    refuse_private_keys(body)
    refuse_deep_nesting(body)
    fields = Fields(body)
    kept = form.read(fields)
    named = fields.optional_digest("artifactDigest")
    if form.needs_digest and named is None:
        raise Problem("InvalidRequest", "'artifactDigest' must be there: the SHA-256 of the bytes that were signed.")
    digest = named or present
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False)
    return _Taken(str(kept[form.label]), digest, text, _fingerprint(digest, kept, text), head_of(form, kept))


def _fingerprint(digest: str, kept: dict[str, JsonValue], text: str) -> str:
    # Equal records were always told by their text in ASCII.
    is_ascii = text.isascii() and "\x7f" not in text
    identity = text if is_ascii else json.dumps(kept, sort_keys=True)
    made = hashlib.sha256(f"{digest}\n".encode())
    # Piece by piece: a large text is not copied as a whole.
    for start in range(0, len(identity), _PIECE):
        made.update(identity[start : start + _PIECE].encode())
    return made.hexdigest()


async def _add(store: Store, request: Request, form: RecordForm) -> Response:
    present = await store.catalogue.read(lambda connection: _require_object(connection, request).digest)
    limits = store.limits
    async with json_body(store, request, limits.max_sbom_size if form.is_document else limits.max_record_size) as body:
        taken = await store.in_json_thread(partial(_take, form, body, present))

        def change(connection: Connection) -> tuple[StoredObject, Record, bool]:
            owner = _require_object(connection, request)
            equal = records.find_equal(connection, owner.id, form.kind, taken.fingerprint)
            # First this: a repeat of what was stored is that, even if the object has other bytes by now.
            if equal is not None:
                return owner, equal, False
            if taken.digest != owner.digest:
                raise Problem("DigestMismatch", f"The object has the digest {owner.digest} now, not {taken.digest}.")
            if records.count(connection, owner.id, form.kind, taken.digest) >= limits.max_records:
                raise Problem(
                    "TooManyRecords",
                    f"These bytes of the object have {limits.max_records} records of this kind, and no more are taken. "
                    "Deleting the object deletes them all.",
                )
            new = NewRecord(secrets.token_hex(16), taken.label, taken.digest, taken.fingerprint, taken.body, store.now_us())
            return owner, records.add(connection, owner.id, form.kind, new, taken.head), True

        owner, record, is_new = await store.catalogue.write(change)
        whole = await store.catalogue.read(lambda connection: _whole(connection, record, owner, taken.body))
        return _sent(store, 201 if is_new else 200, whole)


async def _list(store: Store, request: Request, form: RecordForm, name: str, *, label: str | None = None) -> Response:
    digest = request.query.get("artifact-digest")
    if digest is not None and not is_digest(digest):
        raise Problem("InvalidArgument", "'artifact-digest' is 'sha256:' and 64 lower-case hexadecimal digits.")
    most = whole_number(request.query, "max-keys", default=store.limits.max_page, least=1, most=store.limits.max_page)
    marker = request.query.get("marker") or None

    def look_up(connection: Connection) -> bytes:
        owner = _require_object(connection, request)
        page = records.page(
            connection,
            owner.id,
            form.kind,
            label=label,
            digest=digest,
            marker=marker,
            most=most,
            newest_first=form.newest_first,
        )
        return _page_json(request, name, page, owner)

    body = await store.catalogue.read(look_up)
    return Response(status=200, headers=_JSON, body=body, length=len(body))


async def _get(store: Store, request: Request, form: RecordForm) -> Response:
    def look_up(connection: Connection) -> _Whole:
        owner = _require_object(connection, request)
        record = records.find(connection, owner.id, form.kind, request.query["id"])
        if record is None:
            raise Problem("NoSuchRecord", f"'{request.key.decode()}' has no {form.kind} with this id.")
        return _whole(connection, record, owner)

    return _sent(store, 200, await store.catalogue.read(look_up))


def _require_object(connection: Connection, request: Request) -> StoredObject:
    return objects.require(connection, request.bucket, request.key)


_JSON = (("Content-Type", "application/json"),)


def _common_json(record: Record, owner: StoredObject) -> str:
    """Write the members that every record has."""
    return to_json(
        {
            "id": record.id,
            "artifactDigest": record.digest,
            "matchesCurrent": record.digest == owner.digest,
            "timestamp": timestamp(record.created_us),
        }
    )


def _page_json(request: Request, name: str, page: Page, owner: StoredObject) -> bytes:
    about: dict[str, JsonValue] = {
        "bucket": request.bucket,
        "key": request.key.decode(),
        "isTruncated": page.next_marker is not None,
        "nextMarker": page.next_marker,
    }
    listed = ",".join(joined(_common_json(record, owner), record.facts, record.shown) for record in page.records)
    return joined(to_json(about), f"{{{to_json(name)}:[{listed}]}}").encode()


@frozen
class _Whole:
    """A record on its way: its JSON begins with `start` and ends with what the catalogue has behind the body's brace."""

    record: Record
    start: bytes
    body_size: int
    body: bytes | None
    """If it is small."""


def _whole(connection: Connection, record: Record, owner: StoredObject, known: str | None = None) -> _Whole:
    """Look a record up to be sent. `known` is its body, if that is at hand: it may be gone again already."""
    start = joined(_common_json(record, owner), record.facts, to_json({"omitted": []}))[:-1].encode() + b","
    if known is not None and len(known) <= _PIECE:
        body = known.encode()
        return _Whole(record, start, len(body), body)
    size = records.body_size(connection, record)
    return _Whole(record, start, size, records.read_body(connection, record, 0, size) if size <= _PIECE else None)


def _sent(store: Store, status: int, whole: _Whole) -> Response:
    length = len(whole.start) + whole.body_size - 1
    if whole.body is not None:
        return Response(status=status, headers=_JSON, body=whole.start + whole.body[1:], length=length)
    return Response(status=status, headers=_JSON, stream=_pieces(store, whole), length=length)


async def _pieces(store: Store, whole: _Whole) -> AsyncGenerator[bytes]:
    yield whole.start
    for offset in range(1, whole.body_size, _PIECE):
        yield await store.catalogue.read(partial(records.read_body, record=whole.record, offset=offset, length=_PIECE))
