"""Operations that add signatures, SBOMs and attestations, and `getSbom`; `records` reads them.

Records equal to a stored one are not stored twice, so all may be repeated.
"""

# pyright: reportPrivateUsage=false
# The generator names its request builders `_get_kwargs`; they are the one part of its functions that is used.

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import cast

from astore_api.api.supply_chain import add_attestation as add_attestation_api
from astore_api.api.supply_chain import add_signature as add_signature_api
from astore_api.api.supply_chain import attach_sbom as attach_sbom_api
from astore_api.api.supply_chain import get_sbom as get_sbom_api
from astore_api.models import (
    AttestationData,
    AttestationRequest,
    DsseEnvelope,
    SbomRequest,
    SignatureRequest,
    SigstoreBundle,
)
from astore_api.types import UNSET

from .._core.operation import MIB, Operation, request
from .._wire import convert
from .._wire.digests import check_digest
from .._wire.messages import Request
from .._wire.names import check_bucket, check_key, check_text
from ..exceptions import InvalidInputError
from ..models import Attestation, Sbom, Signature

ALGORITHMS = ("ECDSA-P256-SHA256", "RSA-PKCS1v15-SHA256")
FORMATS = ("spdx", "cyclonedx")
MAX_SBOM = 32 * MIB
"""Bytes that a request with an SBOM has at most."""
MAX_RECORD = MIB
"""Bytes that a request with any other record has at most."""
MAX_SBOM_ANSWER = 200 * MIB
"""Bytes of an answer with an SBOM: 32 MiB of text, of which JSON may make six bytes each (`\\u0022`)."""
MAX_RECORD_ANSWER = 64 * MIB
"""Bytes of an answer with one signature or attestation, or with a page of them."""


def _bounded(sent: Request, what: str, most: int) -> Request:
    """Return a request that is not larger than the contract allows."""
    if len(sent.content) > most:
        raise InvalidInputError(
            f"{what} has {len(sent.content)} bytes as it is sent, more than {most}",
            hint="Store it as an object of its own, and let a small record name it and its digest.",
        )
    return sent


def _named(name: str, text: str | None) -> str | None:
    if text is not None and not check_text(name, text):
        raise InvalidInputError(f"{name} is empty")
    return text


def _pem(public_key: str | bytes) -> str:
    if not isinstance(cast("object", public_key), str | bytes):
        raise TypeError(f"public_key is PEM as str or bytes, not {type(public_key).__name__}")
    pem = public_key if isinstance(public_key, str) else public_key.decode("ascii", "replace")
    # What is refused is never shown: it may be the wrong half of the pair.
    if "PRIVATE KEY" in pem:
        raise InvalidInputError("public_key is a private key; it was not sent", hint="Pass the public half.")
    if not pem.lstrip().startswith("-----BEGIN PUBLIC KEY-----"):
        raise InvalidInputError("public_key is not a PEM public key ('-----BEGIN PUBLIC KEY-----')")
    return pem


def add_signature(
    bucket: str,
    key: str,
    *,
    algorithm: str,
    signature: bytes,
    public_key: str | bytes,
    artifact_digest: str,
    signed_by: str | None = None,
    bundle: Mapping[str, object] | None = None,
) -> Operation[Signature]:
    """POST /supplychain/signatures/{bucket}/{key}."""
    if algorithm not in ALGORITHMS:
        raise InvalidInputError(f"algorithm is one of {', '.join(ALGORITHMS)}, not {algorithm!r}")
    if not isinstance(cast("object", signature), bytes | bytearray | memoryview):
        raise TypeError(f"signature is the raw signature as bytes, not {type(signature).__name__}")
    if not signature:
        raise InvalidInputError("signature is empty")
    body = SignatureRequest(
        algorithm=algorithm,
        signature=base64.b64encode(signature).decode(),
        public_key=_pem(public_key),
        artifact_digest=check_digest("artifact_digest", artifact_digest),
        signed_by=UNSET if signed_by is None else check_text("signed_by", signed_by),
        bundle=UNSET if bundle is None else SigstoreBundle.from_dict(_json_object("bundle", bundle)),
    )
    kwargs = add_signature_api._get_kwargs(check_bucket(bucket), check_key(key), body=body)
    return Operation(
        "addSignature",
        _bounded(request(kwargs), "the signature", MAX_RECORD),
        lambda answer: convert.signature(answer.json()),
        repeatable=True,
        bucket=bucket,
        key=key,
        max_answer=MAX_RECORD_ANSWER,
    )


def check_format(format_: str) -> str:
    """Return an SBOM format that the contract knows."""
    if format_ not in FORMATS:
        raise InvalidInputError(f"format is one of {', '.join(FORMATS)}, not {format_!r}")
    return format_


def attach_sbom(
    bucket: str,
    key: str,
    format_: str,
    content: str,
    *,
    content_type: str,
    created_by: str | None = None,
    artifact_digest: str | None = None,
) -> Operation[Sbom]:
    """POST /supplychain/sbom/{bucket}/{key}."""
    body = SbomRequest(
        format_=check_format(format_),
        content=check_text("content", content),
        content_type=content_type,
        created_by=UNSET if created_by is None else check_text("created_by", created_by),
        artifact_digest=UNSET if artifact_digest is None else check_digest("artifact_digest", artifact_digest),
    )
    kwargs = attach_sbom_api._get_kwargs(check_bucket(bucket), check_key(key), body=body)
    return Operation(
        "attachSbom",
        _bounded(request(kwargs), "the SBOM", MAX_SBOM),
        lambda answer: convert.sbom(answer.json()),
        repeatable=True,
        bucket=bucket,
        key=key,
        max_answer=MAX_SBOM_ANSWER,
    )


def get_sbom(bucket: str, key: str, format_: str | None = None) -> Operation[Sbom]:
    """GET /supplychain/sbom/{bucket}/{key}."""
    kwargs = get_sbom_api._get_kwargs(
        check_bucket(bucket), check_key(key), format_=UNSET if format_ is None else check_format(format_)
    )
    return Operation(
        "getSbom",
        request(kwargs),
        lambda answer: convert.sbom(answer.json()),
        repeatable=True,
        bucket=bucket,
        key=key,
        max_answer=MAX_SBOM_ANSWER,
    )


def add_attestation(
    bucket: str,
    key: str,
    type_: str,
    data: Mapping[str, object],
    *,
    predicate_type: str | None = None,
    envelope: Mapping[str, object] | None = None,
    artifact_digest: str | None = None,
) -> Operation[Attestation]:
    """POST /supplychain/attestations/{bucket}/{key}."""
    _named("type", type_)
    body = AttestationRequest(
        type_=type_,
        data=AttestationData.from_dict(_json_object("data", data)),
        predicate_type=UNSET if predicate_type is None else check_text("predicate_type", predicate_type),
        envelope=UNSET if envelope is None else DsseEnvelope.from_dict(envelope),
        artifact_digest=UNSET if artifact_digest is None else check_digest("artifact_digest", artifact_digest),
    )
    kwargs = add_attestation_api._get_kwargs(check_bucket(bucket), check_key(key), body=body)
    return Operation(
        "addAttestation",
        _bounded(request(kwargs), "the attestation", MAX_RECORD),
        lambda answer: convert.attestation(answer.json()),
        repeatable=True,
        bucket=bucket,
        key=key,
        max_answer=MAX_RECORD_ANSWER,
    )


def _json_object(name: str, value: Mapping[str, object]) -> dict[str, object]:
    if not isinstance(cast("object", value), Mapping):
        raise TypeError(f"{name} is a mapping, not {type(value).__name__}")
    if stray := next((key for key in value if not isinstance(cast("object", key), str)), None):
        raise TypeError(f"{name} has a name that is not a str: {stray!r}")
    return dict(value)
