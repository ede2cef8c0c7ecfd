"""What a publication signs: its SBOM, and the statements that are made of it and of what the caller attests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from attrs import frozen

from .._operations import supply_chain
from ..exceptions import InvalidInputError
from ..supplychain.dsse import make_envelope
from ..supplychain.sbom import SbomMarker, read_marker, sbom_predicate, text_digest
from ..supplychain.statements import PAYLOAD_TYPE, predicate_type_for
from .signing import statement

_MAX_SIGNATURE = 2048
"""Bytes, of an RSA key with 16,384 bits."""

_LISTED_CONTENT = 1024
"""Characters of an SBOM that lists bring along in any case."""


@frozen
class Document:
    """An SBOM to publish."""

    content: str
    marker: SbomMarker
    predicate_type: str
    predicate: Mapping[str, object]

    @property
    def note(self) -> dict[str, object]:
        """What stands beside its signed attestation, which has all of it."""
        told: dict[str, object] = {"format": self.marker.format, "version": self.marker.version}
        if len(self.content) > _LISTED_CONTENT:
            # No evidence: it spares whoever looks for this SBOM among others that lists leave out to receive all of them.
            told["contentDigest"] = self.digest
        return told

    @property
    def digest(self) -> str:
        """SHA-256 of the text."""
        return text_digest(self.content)


@frozen
class Promise:
    """A statement to sign."""

    type: str
    predicate_type: str
    predicate: Mapping[str, object]
    data: Mapping[str, object] | None = None
    """What stands beside the envelope, in place of the predicate."""


def read_document(sbom: Path | str | bytes) -> Document:
    """Return an SBOM with what it says it is.

    Raises:
        InvalidInputError: It is malformed, or neither SPDX nor CycloneDX.
        OSError: The file cannot be read.
    """
    content = sbom.read_bytes() if isinstance(sbom, Path) else sbom
    if isinstance(content, bytes):
        try:
            content = content.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidInputError(f"sbom is not UTF-8: {error}") from None
    marker = read_marker(content)
    return Document(content, marker, *sbom_predicate(content))


def promised(bucket: str, key: str, document: Document | None, attest: Mapping[str, Mapping[str, object]]) -> list[Promise]:
    """Return the statements to sign. There is always one: a policy matches an object's name with what was signed of it.

    Raises:
        InvalidInputError: One cannot be expressed in JSON; nothing was sent.
    """
    promises: list[Promise] = []
    if document:
        promises.append(Promise("sbom", document.predicate_type, document.predicate, document.note))
    for type_, data in (attest or {"publish": {"bucket": bucket, "key": key}}).items():
        supply_chain.add_attestation(bucket, key, type_, data)  # what cannot be sent is refused here
        promises.append(Promise(type_, predicate_type_for(type_, data), data))
    for promise in promises:
        payload = statement(bucket, key, f"sha256:{64 * '0'}", promise.predicate_type, promise.predicate)
        supply_chain.add_attestation(
            bucket,
            key,
            promise.type,
            promise.predicate if promise.data is None else promise.data,
            predicate_type=promise.predicate_type,
            envelope=make_envelope(PAYLOAD_TYPE, payload, bytes(_MAX_SIGNATURE)),
            artifact_digest=f"sha256:{64 * '0'}",
        )
    return promises
