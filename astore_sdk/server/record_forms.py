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
from astore_sdk.server.json_texts import texts_of
from astore_sdk.server.limits import KIB
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from astore_sdk.server.asgi import JsonValue

ALGORITHMS = ("ECDSA-P256-SHA256", "RSA-PKCS1v15-SHA256")
SBOM_FORMATS = ("spdx", "cyclonedx")

_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----")
# RFC 7468 §13, the label that SPKI has; only its text form is looked at.
_PUBLIC_KEY = re.compile(r"-----BEGIN PUBLIC KEY-----\r?\n((?:[A-Za-z0-9+/=]+\r?\n)+)-----END PUBLIC KEY-----\s*")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)")
_CYCLONEDX_NAMESPACE = re.compile(r"http://cyclonedx\.org/schema/bom/([0-9.]+)")
_SPDX_3_CONTEXT = re.compile(r"https://spdx\.org/rdf/([0-9.]+)/")
_STATED_VERSION = re.compile(r'"(?:spdxVersion|specVersion)"\s*:\s*"(?:SPDX-)?([^"\\]{1,32})"')
# What is shown as a version, in every list.
_VERSION = re.compile(r"[ -~]{1,32}")
# Characters. To parse a larger document, which no thread does without holding up the others, its version is not worth it.
_PARSED_DOCUMENT = 1024 * KIB
_EDGE = 64 * KIB

_MAX_DEPTH = 100

# Bytes. What names something, and what signs it.
_MAX_NAME = 1 * KIB
_MAX_KEY = 8 * KIB


class Fields:
    """The members of a JSON object, read with their types."""

    def __init__(self, body: JsonValue) -> None:
        if not isinstance(body, dict):
            raise Problem("InvalidRequest", "The body is a JSON object.")
        self._members = body

    def text(self, name: str, *, most: int | None = None) -> str:
        """Give a text that has to be there and is not empty; at most so many bytes of it."""
        value = self._members.get(name)
        if not isinstance(value, str) or not value:
            raise Problem("InvalidRequest", f"'{name}' is a text that must be there.")
        return _bounded(name, value, most)

    def optional_text(self, name: str, *, most: int | None = None) -> str | None:
        """Give a text, or None; at most so many bytes of it."""
        value = self._members.get(name)
        if value is not None and not isinstance(value, str):
            raise Problem("InvalidRequest", f"'{name}' is a text.")
        return None if value is None else _bounded(name, value, most)

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


def _bounded(name: str, value: str, most: int | None) -> str:
    if most is not None and len(value.encode("utf-8", "surrogatepass")) > most:
        raise Problem("InvalidRequest", f"'{name}' has at most {most} bytes.")
    return value


@frozen
class RecordForm:
    """One kind of record.

    `read` gives the fields to keep, `facts` what the answer tells besides these and what every record has, and `label`
    names the field by which lists are filtered.
    """

    kind: str
    label: str
    read: Callable[[Fields], dict[str, JsonValue]]
    facts: Callable[[Mapping[str, JsonValue]], dict[str, JsonValue]]
    needs_digest: bool = False
    is_document: bool = False
    """Whether it may be as large as an SBOM."""
    newest_first: bool = False


def refuse_private_keys(body: JsonValue) -> None:
    """Refuse a request that has a PEM private key in any of its texts; nothing of it is kept or repeated."""
    if any(_PRIVATE_KEY.search(text) for text in texts_of(body)):
        raise Problem(
            "InvalidRequest",
            "The request contains a private key. It was not stored, but it has left your machine: consider it exposed "
            "and replace it. Signing is done by the client; the store takes signatures and public keys only.",
        )


def refuse_deep_nesting(body: JsonValue) -> None:
    """Refuse a request whose JSON is nested so deeply that some reader could not read a list with this record in it."""
    level: list[JsonValue] = [body]
    for _ in range(_MAX_DEPTH):
        level = [item for value in level for item in _items(value)]
        if not level:
            return
    raise Problem("InvalidRequest", f"The body is nested more than {_MAX_DEPTH} levels deep.")


def _items(value: JsonValue) -> Iterable[JsonValue]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _read_signature(fields: Fields) -> dict[str, JsonValue]:
    algorithm = fields.text("algorithm")
    signature, key = fields.text("signature", most=_MAX_KEY), fields.text("publicKey", most=_MAX_KEY)
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
        "signedBy": fields.optional_text("signedBy", most=_MAX_NAME),
        "bundle": fields.optional_mapping("bundle"),
    }


def _signature_facts(kept: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {"keyId": _key_id(str(kept["publicKey"]))}


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
        "contentType": fields.optional_text("contentType", most=_MAX_NAME),
        "createdBy": fields.optional_text("createdBy", most=_MAX_NAME),
    }


def _sbom_facts(kept: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    content = str(kept["content"])
    encoded = content.encode()
    digest = f"sha256:{hashlib.sha256(encoded).hexdigest()}"
    return {"version": sbom_version(content), "contentSize": len(encoded), "contentDigest": digest}


def sbom_version(content: str) -> str | None:
    """Give the version of its format that a document states near its top or, being JSON, in a member.

    Of a large document only the two ends are looked at: that is where the members of its top level stand.
    """
    stated = _stated_version(content)
    return stated if stated is not None and _VERSION.fullmatch(stated) else None


def _stated_version(content: str) -> str | None:
    if len(content) > _PARSED_DOCUMENT:
        ends = content[:_EDGE] + "\n" + content[-_EDGE:]
        stated = (_STATED_VERSION.search(ends), _SPDX_3_CONTEXT.search(ends), _CYCLONEDX_NAMESPACE.search(ends))
        return next((found[1] for found in stated if found), None)
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
        "type": fields.text("type", most=_MAX_NAME),
        "predicateType": fields.optional_text("predicateType", most=_MAX_NAME),
        "data": fields.mapping("data"),
        "envelope": envelope,
        "createdBy": fields.optional_text("createdBy", most=_MAX_NAME),
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


def _no_facts(_kept: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    return {}


SIGNATURE = RecordForm("signature", "algorithm", _read_signature, _signature_facts, needs_digest=True)
SBOM = RecordForm("sbom", "format", _read_sbom, _sbom_facts, is_document=True, newest_first=True)
ATTESTATION = RecordForm("attestation", "type", _read_attestation, _no_facts)
FORMS: Mapping[str, RecordForm] = {form.kind: form for form in (SIGNATURE, SBOM, ATTESTATION)}
