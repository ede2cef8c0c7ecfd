"""Reading supply-chain records: pages of each kind, and one whole by its id."""

# pyright: reportPrivateUsage=false
# The generator names its request builders `_get_kwargs`; they are the one part of its functions that is used.

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from astore_api.api.supply_chain import get_attestation as get_attestation_api
from astore_api.api.supply_chain import get_sbom_record as get_sbom_record_api
from astore_api.api.supply_chain import get_signature as get_signature_api
from astore_api.api.supply_chain import list_attestations as list_attestations_api
from astore_api.api.supply_chain import list_sboms as list_sboms_api
from astore_api.api.supply_chain import list_signatures as list_signatures_api
from attrs import frozen

from .._core.operation import Operation, request
from .._wire import convert
from .._wire.convert import Listed
from .._wire.messages import Answer
from .._wire.names import check_bucket, check_key, check_text
from ..exceptions import InvalidInputError
from ..models import Attestation, MalformedRecord, Sbom, Signature
from . import supply_chain

T = TypeVar("T")
U = TypeVar("U")


@frozen
class Kind(Generic[T]):
    """One kind of record: how its pages and its own GET are asked for and read."""

    list_name: str
    """The operationId of its list."""
    get_name: str
    """The operationId of its own GET."""
    member: str
    """Where the records of a page stand."""
    list_kwargs: Callable[..., dict[str, object]]
    get_kwargs: Callable[..., dict[str, object]]
    convert: Callable[[object], T]
    max_answer: int = supply_chain.MAX_RECORD_ANSWER
    """Bytes of the answer to its own GET."""


SIGNATURES: Kind[Signature] = Kind(
    "listSignatures",
    "getSignature",
    "signatures",
    list_signatures_api._get_kwargs,
    get_signature_api._get_kwargs,
    convert.signature,
)
SBOMS: Kind[Sbom] = Kind(
    "listSboms",
    "getSbomRecord",
    "sboms",
    list_sboms_api._get_kwargs,
    get_sbom_record_api._get_kwargs,
    convert.sbom,
    supply_chain.MAX_SBOM_ANSWER,
)
ATTESTATIONS: Kind[Attestation] = Kind(
    "listAttestations",
    "getAttestation",
    "attestations",
    list_attestations_api._get_kwargs,
    get_attestation_api._get_kwargs,
    convert.attestation,
)


@frozen
class Selection:
    """Which records of an object are asked for."""

    digest: str | None = None
    """Only those about the bytes with this SHA-256."""
    type: str | None = None
    """Only attestations of this type."""
    most: int | None = None
    """The most records in one page."""


@frozen
class RecordPage(Generic[T]):
    """One page of records."""

    records: list[Listed[T]]
    is_truncated: bool
    next_marker: str | None


def list_page(kind: Kind[T], bucket: str, key: str, selection: Selection, marker: str | None) -> Operation[RecordPage[T]]:
    """GET /supplychain/…/{bucket}/{key}: one page. A record that cannot be read is an error."""
    return _page(kind, bucket, key, selection, marker, convert.listed(kind.convert))


def read_page(
    kind: Kind[T], bucket: str, key: str, selection: Selection, marker: str | None
) -> Operation[RecordPage[T | MalformedRecord]]:
    """GET /supplychain/…/{bucket}/{key}: one page, for verifying. A record that cannot be read is in it as that."""
    return _page(kind, bucket, key, selection, marker, convert.listed_or_malformed(kind.convert))


def _page(
    kind: Kind[T], bucket: str, key: str, selection: Selection, marker: str | None, read: Callable[[object], Listed[U]]
) -> Operation[RecordPage[U]]:
    def parse(answer: Answer) -> RecordPage[U]:
        page = answer.json()
        return RecordPage(
            convert.records(page, kind.member, read),
            convert.flag("isTruncated", page.get("isTruncated")) or False,
            convert.text("nextMarker", page.get("nextMarker")),
        )

    asked = {
        "marker": marker,
        "max_keys": selection.most,
        "artifact_digest": selection.digest,
        "type_": selection.type,
    }
    given = {name: value for name, value in asked.items() if value is not None}
    kwargs = kind.list_kwargs(check_bucket(bucket), check_key(key), **given)
    # A store that does not page, or leave out what is large, sends all there is.
    most = supply_chain.MAX_RECORD_ANSWER
    return Operation(kind.list_name, request(kwargs), parse, repeatable=True, bucket=bucket, key=key, max_answer=most)


def get_record(kind: Kind[T], bucket: str, key: str, id_: str) -> Operation[T]:
    """GET /supplychain/…/{bucket}/{key}?id: one record whole."""
    if not check_text("id", id_):
        raise InvalidInputError("id is empty", hint="It is the id of a record, as lists give it.")
    return _record(kind, bucket, key, id_, kind.convert)


def read_record(kind: Kind[T], bucket: str, key: str, id_: str) -> Operation[T | MalformedRecord]:
    """GET /supplychain/…/{bucket}/{key}?id: one record whole, for verifying; it may be one that cannot be read."""
    return _record(kind, bucket, key, id_, lambda record: convert.listed_or_malformed(kind.convert)(record).record)


def _record(kind: Kind[T], bucket: str, key: str, id_: str, read: Callable[[object], U]) -> Operation[U]:
    kwargs = kind.get_kwargs(check_bucket(bucket), check_key(key), id=id_)
    return Operation(
        kind.get_name,
        request(kwargs),
        lambda answer: read(answer.json()),
        repeatable=True,
        bucket=bucket,
        key=key,
        max_answer=kind.max_answer,
    )


def get_sbom(bucket: str, key: str, format_: str | None, id_: str | None) -> Operation[Sbom]:
    """Ask for the SBOM with an id, or for the newest one about the bytes of now."""
    if id_ is None:
        return supply_chain.get_sbom(bucket, key, format_)
    if format_ is not None:
        raise InvalidInputError("format and id are both given", hint="Pass one of them: an id names one SBOM already.")
    return get_record(SBOMS, bucket, key, id_)


def check_type(type_: str | None) -> str | None:
    """Return the type of attestations to list, if there is one."""
    if type_ is not None and not check_text("type", type_):
        raise InvalidInputError("type is empty")
    return type_
