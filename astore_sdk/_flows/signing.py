"""Signing what the store has: an artifact's bytes, or a statement about them. Only public halves and signatures are ever sent."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from attrs import evolve

from .._core.flow import Steps, work
from .._core.perform import perform
from .._operations import supply_chain
from .._sigstore import encoded
from .._transfers.download.one_object import hash_object
from .._wire.digests import check_digest
from .._wire.names import check_bucket, check_key
from ..config import Settings
from ..exceptions import InvalidInputError
from ..models import Attestation, Signature
from ..supplychain.artifacts import check_artifact
from ..supplychain.dsse import make_envelope, pae
from ..supplychain.keys import check_signs_digests
from ..supplychain.statements import PAYLOAD_TYPE, make_statement, predicate_type_for, subject_name
from .signers import KeyHolder, OpenSigner


def sign_artifact(
    settings: Settings,
    bucket: str,
    key: str,
    holder: KeyHolder,
    *,
    awaits: bool,
    signed_by: str | None,
    digest: str | None,
) -> Steps[Signature]:
    """Sign the bytes that the store sends, or those with a digest that is known, and attach the signature."""
    check_bucket(bucket)
    check_key(key)
    if digest is not None:
        check_digest("digest", digest)
    signer = yield from holder.open(awaits=awaits)
    check_signs_digests(signer.public_key, holder.name)
    if digest is None:
        received = yield from hash_object(settings, bucket, key)
        check_artifact(received.beginning, operation="signArtifact", bucket=bucket, key=key)
        digest = received.digest
    return (yield from attach_signature(settings, bucket, key, signer, digest, signed_by=signed_by))


def attach_signature(
    settings: Settings, bucket: str, key: str, signer: OpenSigner, digest: str, *, signed_by: str | None = None
) -> Steps[Signature]:
    """Sign a digest and attach the signature to the object that has it."""
    signature = yield from signer.sign_digest(digest)
    public = signer.public_key
    operation = supply_chain.add_signature(
        bucket,
        key,
        algorithm=public.algorithm,
        signature=signature,
        public_key=public.pem,
        artifact_digest=digest,
        signed_by=public.fingerprint if signed_by is None else signed_by,
    )
    stored = yield from perform(operation, settings.retry)
    # A bare server may answer with the id alone; the rest is known.
    return evolve(
        stored,
        algorithm=stored.algorithm or public.algorithm,
        signature=stored.signature or signature,
        public_key=stored.public_key or public.pem,
        artifact_digest=stored.artifact_digest or digest,
        signed_by=stored.signed_by or signed_by or public.fingerprint,
    )


def add_attestation(
    settings: Settings,
    bucket: str,
    key: str,
    type_: str,
    data: Mapping[str, object],
    holder: KeyHolder | None,
    *,
    awaits: bool,
    predicate_type: str | None,
    digest: str | None,
) -> Steps[Attestation]:
    """Attach an attestation: a plain one, or with a key a signed statement about the bytes that the store sends."""
    plain = supply_chain.add_attestation(bucket, key, type_, data, predicate_type=predicate_type, artifact_digest=digest)
    if holder is None:
        return (yield from perform(plain, settings.retry))
    signer = yield from holder.open(awaits=awaits)
    stated = digest or (yield from hash_object(settings, bucket, key)).digest
    promised = predicate_type or predicate_type_for(type_, data)
    return (yield from attach_statement(settings, bucket, key, signer, stated, type_, promised, data))


def statement(bucket: str, key: str, digest: str, predicate_type: str, predicate: Mapping[str, object]) -> bytes:
    """Return the statement about an object that is to be signed.

    Raises:
        InvalidInputError: The predicate cannot be expressed in JSON.
    """
    try:
        return make_statement(subject_name(bucket, key), digest, predicate_type, predicate)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"this cannot be signed as JSON: {error}") from None


def attach_statement(
    settings: Settings,
    bucket: str,
    key: str,
    signer: OpenSigner,
    digest: str,
    type_: str,
    predicate_type: str,
    predicate: Mapping[str, object],
    *,
    data: Mapping[str, object] | None = None,
) -> Steps[Attestation]:
    """Sign a statement and attach it. `data` stands beside the envelope, in place of the predicate."""
    payload = yield from work(partial(statement, bucket, key, digest, predicate_type, predicate))
    signature = yield from signer.sign_message(pae(PAYLOAD_TYPE, payload))
    operation = supply_chain.add_attestation(
        bucket,
        key,
        type_,
        predicate if data is None else data,
        predicate_type=predicate_type,
        envelope=make_envelope(PAYLOAD_TYPE, payload, signature),
        artifact_digest=digest,
    )
    return (yield from perform(operation, settings.retry))


def carries(record: Attestation, payload: bytes) -> bool:
    """Tell whether a record's envelope has this very payload; its signatures are another matter."""
    return record.envelope is not None and record.envelope.get("payload") == encoded(payload)
