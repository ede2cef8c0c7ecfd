"""in-toto statements: what is said of an artifact, in the form that is signed (in-toto Attestation Framework, Statement v1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast
from urllib.parse import quote

from attrs import field, frozen

from .dsse import EnvelopeError
from .strict_json import canonical_json, read_json

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"

SLSA_PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
VULNERABILITIES = "https://in-toto.io/attestation/vulns/v0.2"
SPDX_2 = ("https://spdx.dev/Document/v2.2", "https://spdx.dev/Document/v2.3")
SPDX_3 = "https://spdx.dev/Document/v3"
CYCLONEDX = "https://cyclonedx.org/bom"
OPENVEX = "https://openvex.dev/ns"

_STANDARD = {
    "build": (SLSA_PROVENANCE,),
    "provenance": (SLSA_PROVENANCE,),
    "test": (TEST_RESULT,),
    "scan": (VULNERABILITIES,),
    "spdx": (*SPDX_2, SPDX_3),
    "cyclonedx": (CYCLONEDX,),
    "sbom": (*SPDX_2, SPDX_3, CYCLONEDX),
    "vex": (OPENVEX,),
}
_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*://|urn:)\S+")


@frozen
class Subject:
    """An artifact that a statement is about."""

    name: str | None
    digest: str | None
    """`sha256:HEX`."""


@frozen
class Statement:
    """What a statement says."""

    predicate_type: str
    predicate: Mapping[str, object] = field(hash=False)
    subjects: tuple[Subject, ...]

    def names(self, digest: str) -> tuple[str, ...]:
        """Return the names that it gives to what has this digest; an empty one for a subject without."""
        return tuple(subject.name or "" for subject in self.subjects if subject.digest == digest)


def subject_name(bucket: str, key: str) -> str:
    """Return the name that a statement about an object gives to it."""
    return f"{bucket}/{key}"


def make_statement(name: str, digest: str, predicate_type: str, predicate: Mapping[str, object]) -> bytes:
    """Return a statement as it is signed, the same bytes for the same content."""
    return canonical_json(
        {
            "_type": STATEMENT,
            "subject": [{"name": name, "digest": {"sha256": digest.removeprefix("sha256:")}}],
            "predicateType": predicate_type,
            "predicate": predicate,
        }
    )


def read_statement(payload: bytes) -> Statement:
    """Return what a payload states.

    Raises:
        EnvelopeError: It is no statement.
    """
    try:
        document = read_json(payload)
    except ValueError as error:
        raise EnvelopeError(f"what was signed is not unambiguous JSON: {error}") from None
    fields = cast("dict[str, object]", document) if isinstance(document, dict) else {}
    kind, subjects, predicate = fields.get("predicateType"), fields.get("subject"), fields.get("predicate", {})
    if fields.get("_type") != STATEMENT:
        raise EnvelopeError("what was signed is no in-toto Statement v1")
    if not isinstance(kind, str) or not isinstance(subjects, list) or not isinstance(predicate, dict):
        raise EnvelopeError("the statement that was signed is malformed")
    return Statement(
        kind, cast("dict[str, object]", predicate), tuple(_subject(subject) for subject in cast("list[object]", subjects))
    )


def _subject(value: object) -> Subject:
    fields = cast("dict[str, object]", value) if isinstance(value, dict) else {}
    name, digests = fields.get("name"), fields.get("digest")
    sha256 = cast("dict[str, object]", digests).get("sha256") if isinstance(digests, dict) else None
    return Subject(name if isinstance(name, str) else None, f"sha256:{sha256.lower()}" if isinstance(sha256, str) else None)


def predicate_type_for(type_: str, data: Mapping[str, object]) -> str:
    """Return the predicate type for data of a type: the one that other tools know, where there is one, otherwise one of ours."""
    if _URI.fullmatch(type_):
        return type_
    if type_ in ("build", "provenance"):
        has_shape = all(isinstance(data.get(name), Mapping) for name in ("buildDefinition", "runDetails"))
        return SLSA_PROVENANCE if has_shape else own_predicate_type(type_)
    if type_ in ("sbom", "spdx", "cyclonedx"):
        return _document_type(data) or own_predicate_type(type_)
    return _STANDARD.get(type_, (own_predicate_type(type_),))[0]


def _document_type(data: Mapping[str, object]) -> str | None:
    if data.get("bomFormat") == "CycloneDX":
        return CYCLONEDX
    if "@context" in data:
        return SPDX_3
    version = str(data.get("spdxVersion", "")).removeprefix("SPDX-")
    return f"https://spdx.dev/Document/v{version}" if re.fullmatch(r"2\.\d+", version) else None


def own_predicate_type(type_: str) -> str:
    """Return our own predicate type for a type that no standard names."""
    return f"urn:astore-sdk:attestation:{quote(type_, safe='')}"


def is_of_type(predicate_type: str, wanted: str) -> bool:
    """Tell whether a signed predicate type is the wanted one: a predicate type itself, or a type as `add_attestation` takes it.

    Only what was signed is looked at: the type beside an envelope is what the store says.
    """
    return predicate_type in (wanted, own_predicate_type(wanted), *_STANDARD.get(wanted, ()))
