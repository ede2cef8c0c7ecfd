"""SBOM documents: which format and version they say they are.

Only the document's own marker is looked at: SPDX 2 says `spdxVersion`, SPDX 3 `@context`, CycloneDX `bomFormat` and `specVersion`,
or the namespace of its XML root.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import cast
from xml.parsers import expat

from attrs import frozen

from ..exceptions import InvalidInputError
from .statements import CYCLONEDX, own_predicate_type, predicate_type_for
from .strict_json import canonical_json, read_json

_SPDX2 = re.compile(r"SPDX-(2\.\d+)")
_SPDX3 = re.compile(r"https?://spdx\.org/rdf/(3\.\d+)(?:\.\d+)?/.*")
_CYCLONEDX_NAMESPACE = re.compile(r"http://cyclonedx\.org/schema/bom/(1\.\d+)")
_CYCLONEDX_VERSION = re.compile(r"1\.\d+")


@frozen
class SbomMarker:
    """What a document says it is."""

    format: str
    """`spdx` or `cyclonedx`."""
    version: str
    media_type: str


def read_marker(content: str) -> SbomMarker:
    """Return what an SBOM document says it is.

    Raises:
        InvalidInputError: It is malformed, or neither SPDX nor CycloneDX.
        TypeError: It is not a str.
    """
    if not isinstance(cast("object", content), str):
        raise TypeError(f"content is the SBOM's text as str, not {type(content).__name__}")
    return _xml_marker(content) if content.lstrip("\ufeff \t\r\n").startswith("<") else _json_marker(content)


def _json_marker(content: str) -> SbomMarker:
    try:
        document = read_json(content)
    except ValueError as error:
        raise InvalidInputError(f"content is neither JSON nor XML: {error}") from None
    if not isinstance(document, dict):
        raise InvalidInputError("content is JSON, but no object")
    fields = cast("dict[str, object]", document)
    if found := _SPDX2.fullmatch(str(fields.get("spdxVersion", ""))):
        return SbomMarker("spdx", found[1], "application/spdx+json")
    context = fields.get("@context")
    for name in cast("list[object]", context) if isinstance(context, list) else [context]:
        if isinstance(name, str) and (found := _SPDX3.fullmatch(name)):
            return SbomMarker("spdx", found[1], "application/spdx3+json")
    version = str(fields.get("specVersion", ""))
    if fields.get("bomFormat") == "CycloneDX":
        if not _CYCLONEDX_VERSION.fullmatch(version):
            raise InvalidInputError(f"content is CycloneDX, but its specVersion is {version!r}")
        return SbomMarker("cyclonedx", version, f"application/vnd.cyclonedx+json; version={version}")
    raise InvalidInputError(
        "content is neither SPDX nor CycloneDX",
        hint="SPDX JSON has 'spdxVersion' or '@context', CycloneDX JSON 'bomFormat' and 'specVersion'.",
    )


def _xml_marker(content: str) -> SbomMarker:
    roots: list[str] = []

    def start(name: str, _attributes: dict[str, str]) -> None:
        if not roots:
            roots.append(name)

    def doctype(*_arguments: object) -> None:
        raise InvalidInputError("content is XML with a document type; an SBOM has none")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.StartDoctypeDeclHandler = doctype
    try:
        parser.Parse(content.encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise InvalidInputError(f"content is malformed XML: {error}") from None
    namespace = roots[0].partition(" ")[0] if roots else ""
    if found := _CYCLONEDX_NAMESPACE.fullmatch(namespace):
        return SbomMarker("cyclonedx", found[1], f"application/vnd.cyclonedx+xml; version={found[1]}")
    raise InvalidInputError("content is XML, but not CycloneDX")


def check_sbom(declared: str, content: str) -> SbomMarker:
    """Return what a document says it is, if that is the format it was declared to have.

    Raises:
        InvalidInputError: It is malformed, or of another format.
    """
    marker = read_marker(content)
    if marker.format != declared:
        raise InvalidInputError(f"format is {declared!r}, but content is {marker.format} {marker.version}")
    return marker


OWN_PREDICATE = own_predicate_type("sbom")
"""Predicate type of what is not the document itself: an SBOM in XML, which is no JSON object, has its text in `content`; one
that is too large to stand in an attestation is named by the SHA-256 of its text, in `digest`."""
_SBOM_PREDICATES = (OWN_PREDICATE, CYCLONEDX, "https://spdx.dev/Document/")
MAX_PREDICATE = 512 * 1024
"""Bytes of JSON that a document may have to be signed as it is: an attestation has at most 1 MiB, in base64."""

Identity = tuple[str, str]
"""What an SBOM is known by: a predicate type and the SHA-256 of what it says, or `text` and that of its text."""


def sbom_predicate(content: str) -> tuple[str, dict[str, object]]:
    """Return predicate type and predicate with which an SBOM is signed: the document itself, or its digest if it is large.

    Raises:
        InvalidInputError: It is malformed, or neither SPDX nor CycloneDX.
    """
    marker = read_marker(content)
    type_, predicate = _document_predicate(content, marker)
    try:
        if len(content) <= 2 * MAX_PREDICATE and len(canonical_json(predicate)) <= MAX_PREDICATE:
            return type_, predicate
    except ValueError as error:
        raise InvalidInputError(f"content cannot be signed as JSON: {error}") from None
    digest = {"sha256": text_digest(content).removeprefix("sha256:")}
    return OWN_PREDICATE, {"digest": digest, "mediaType": marker.media_type}


def _document_predicate(content: str, marker: SbomMarker) -> tuple[str, dict[str, object]]:
    if marker.media_type.partition(";")[0].endswith("+xml"):
        return OWN_PREDICATE, {"content": content, "mediaType": marker.media_type}
    document = cast("dict[str, object]", read_json(content))
    return predicate_type_for(marker.format, document), document


def text_digest(content: str) -> str:
    """Return the SHA-256 of a document's text, `sha256:HEX`."""
    return f"sha256:{hashlib.sha256(content.encode('utf-8', 'surrogatepass')).hexdigest()}"


def signed_size(predicate: Mapping[str, object] | None) -> int:
    """Return how large what was signed is, in bytes of JSON."""
    try:
        return len(canonical_json(predicate))
    except (TypeError, ValueError):
        return 0


def signed_identity(predicate_type: str | None, predicate: Mapping[str, object] | None) -> Identity | None:
    """Return what the SBOM is known by that was signed with this predicate; None if this cannot be one."""
    if predicate_type is None or predicate is None or not predicate_type.startswith(_SBOM_PREDICATES):
        return None
    digest = predicate.get("digest")
    if predicate_type == OWN_PREDICATE and "content" not in predicate and isinstance(digest, Mapping):
        return "text", f"sha256:{cast('Mapping[str, object]', digest).get('sha256')}"
    try:
        return predicate_type, hashlib.sha256(canonical_json(predicate)).hexdigest()
    except (TypeError, ValueError):
        return None


def sbom_identities(content: str) -> frozenset[Identity]:
    """Return what a document is known by. JSON is known by what it says, not by how it is spaced."""
    found: set[Identity] = {("text", text_digest(content))}
    try:
        said = signed_identity(*_document_predicate(content, read_marker(content)))
    except (InvalidInputError, RecursionError):  # anyone may attach anything
        said = None
    return frozenset(found | {said} if said else found)


def is_sbom_predicate(predicate_type: str | None, predicate: Mapping[str, object] | None, content: str) -> bool:
    """Tell whether what was signed is this SBOM."""
    return signed_identity(predicate_type, predicate) in sbom_identities(content)
