"""The forms of supply-chain records: what a request must look like, and what the answer shows.

Signatures, SBOMs and attestations differ in their fields and in nothing else.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.digests import is_digest
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from astore_sdk.server.asgi import JsonValue

ALGORITHMS = ("ECDSA-P256-SHA256", "RSA-PKCS1v15-SHA256")
SBOM_FORMATS = ("spdx", "cyclonedx")

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
# RFC 7468 §13, the label that SPKI has; only its text form is looked at.
_PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END PUBLIC KEY-----\s*")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)")
_CYCLONEDX_NAMESPACE = re.compile(r"http://cyclonedx\.org/schema/bom/([0-9.]+)")
_SPDX_3_CONTEXT = re.compile(r"https://spdx\.org/rdf/([0-9.]+)/")


class Fields:
    """The members of a JSON object, read with their types."""

    def __init__(self, body: JsonValue) -> None:
        if not isinstance(body, dict):
            raise Problem("InvalidRequest", "The body is a JSON object.")
        self._members = body

    def text(self, name: str) -> str:
        """Give a text that has to be there and is not empty."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise Problem("InvalidRequest", f"'{name}' is a text that must be there.")
        return value

    def optional_text(self, name: str) -> str | None:
        """Give a text, or None."""
        value = self._members.get(name)
        if value is not None and not isinstance(value, str):
            raise Problem("InvalidRequest", f"'{name}' is a text.")
        return value

    def mapping(self, name: str) -> dict[str, JsonValue]:
        """Give a JSON object that has to be there."""
        value = self._members.get(name)
        if not isinstance(value, dict):
            raise Problem("InvalidRequest", f"'{name}' is a JSON object that must be there.")
        return value

    def optional_mapping(self, name: str) -> dict[str, JsonValue] | None:
        """Give a JSON object, or None."""
        return None if self._members.get(name) is None else self.mapping(name)

    def optional_digest(self, name: str) -> str | None:
        """Give a digest, or None."""
        value = self.optional_text(name)
        if value is not None and not is_digest(value):
            raise Problem("InvalidRequest", f"'{name}' is 'sha256:' and 64 lower-case hexadecimal digits.")
        return value


@frozen
class RecordForm:
    """One kind of record.

    `read` gives the fields to keep, `show` the fields of the answer besides those that every record has, and `label`
    names the field by which lists are filtered.
    """

    kind: str
    label: str
    read: Callable[[Fields], dict[str, JsonValue]]
    show: Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]]
    needs_digest: bool = False


def refuse_private_keys(body: JsonValue) -> None:
    """Refuse a request that has a PEM private key in any of its texts; nothing of it is kept or repeated."""
    if _PRIVATE_KEY.search(json.dumps(body, ensure_ascii=False)):
        raise Problem(
            "InvalidRequest",
            "The request contains a private key. It was not stored, but it has left your machine: consider it exposed "
            "and replace it. Signing is done by the client; the store takes signatures and public keys only.",
        )


def _read_signature(fields: Fields) -> dict[str, JsonValue]:
    algorithm, signature, key = fields.text("algorithm"), fields.text("signature"), fields.text("publicKey")
    if algorithm not in ALGORITHMS:
        raise Problem("InvalidRequest", f"'algorithm' is one of {', '.join(ALGORITHMS)}.")
    if not _BASE64.fullmatch(signature):
        raise Problem("InvalidRequest", "'signature' is base64 (RFC 4648 §4, with padding).")
    if not _PUBLIC_KEY.fullmatch(key):
        raise Problem("InvalidRequest", "'publicKey' is a PEM text that begins with -----BEGIN PUBLIC KEY-----.")
    return {
        "algorithm": algorithm,
        "signature": signature,
        "publicKey": key,
        "signedBy": fields.optional_text("signedBy"),
        "bundle": fields.optional_mapping("bundle"),
    }


def _show_signature(kept: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {**kept, "keyId": _key_id(str(kept["publicKey"]))}


def _key_id(pem: str) -> str | None:
    """Give the SHA-256 of a key's DER form, which is how Sigstore's bundles name a key too."""
    found = _PUBLIC_KEY.fullmatch(pem)
    try:
        der = base64.b64decode("".join(found[1].split()), validate=True) if found else b""
    except ValueError:
        return None
    return f"sha256:{hashlib.sha256(der).hexdigest()}"


def _read_sbom(fields: Fields) -> dict[str, JsonValue]:
    form = fields.text("format")
    if form not in SBOM_FORMATS:
        raise Problem("InvalidRequest", f"'format' is one of {', '.join(SBOM_FORMATS)}.")
    return {
        "format": form,
        "content": fields.text("content"),
        "contentType": fields.optional_text("contentType"),
        "createdBy": fields.optional_text("createdBy"),
    }


def _show_sbom(kept: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {**kept, "version": sbom_version(str(kept["content"]))}


def sbom_version(content: str) -> str | None:
    """Give the version of its format that a document states near its top or, being JSON, in a member."""
    try:
        document: JsonValue = json.loads(content)
    except (ValueError, RecursionError):
        found = _CYCLONEDX_NAMESPACE.search(content)
        return found[1] if found else None
    if not isinstance(document, dict):
        return None
    for member in ("spdxVersion", "specVersion"):
        version = document.get(member)
        if isinstance(version, str):
            return version.removeprefix("SPDX-")
    found = _SPDX_3_CONTEXT.search(json.dumps(document.get("@context")))
    return found[1] if found else None


def _read_attestation(fields: Fields) -> dict[str, JsonValue]:
    envelope = fields.optional_mapping("envelope")
    if envelope is not None:
        _check_envelope(envelope)
    return {
        "type": fields.text("type"),
        "predicateType": fields.optional_text("predicateType"),
        "data": fields.mapping("data"),
        "envelope": envelope,
        "createdBy": fields.optional_text("createdBy"),
    }


def _check_envelope(envelope: dict[str, JsonValue]) -> None:
    """Check the form of a DSSE envelope (github.com/secure-systems-lab/dsse, envelope.md)."""
    members = Fields(envelope)
    members.text("payloadType")
    if not isinstance(envelope.get("payload"), str):
        raise Problem("InvalidRequest", "'payload' of the envelope is a text.")
    signatures = envelope.get("signatures")
    if not isinstance(signatures, list) or not signatures:
        raise Problem("InvalidRequest", "'signatures' of the envelope has at least one signature.")
    for signature in signatures:
        if not isinstance(signature, dict) or not isinstance(signature.get("sig"), str):
            raise Problem("InvalidRequest", "A signature of the envelope has a text 'sig'.")
        Fields(signature).optional_text("keyid")


SIGNATURE = RecordForm("signature", "algorithm", _read_signature, _show_signature, needs_digest=True)
SBOM = RecordForm("sbom", "format", _read_sbom, _show_sbom)
ATTESTATION = RecordForm("attestation", "type", _read_attestation, dict)
