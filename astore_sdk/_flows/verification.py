"""Verifying what the store has: the bytes come once and are hashed, the records are looked at with the caller's keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from .._core.flow import Steps, work
from .._operations.records import SIGNATURES
from .._transfers.download.one_object import hash_object
from .._wire.names import check_bucket, check_key
from ..config import Settings
from ..models import Signature, VerificationResult
from ..supplychain.artifacts import ENCODED_ATTESTATION, is_encoded_attestation
from ..supplychain.keys import PublicKeySource
from ..supplychain.trust import Trust
from ..supplychain.verifying import check_signatures
from .records import ObjectRecords, some_of_other_bytes


def verify_signatures(
    settings: Settings, bucket: str, key: str, public_keys: Iterable[PublicKeySource], *, threshold: int | None
) -> Steps[VerificationResult]:
    """Return what the signatures of an object prove about its bytes."""
    check_bucket(bucket)
    check_key(key)
    trust = yield from work(partial(Trust.take, public_keys, threshold, artifacts=True))
    received = yield from hash_object(settings, bucket, key)
    digest = received.digest
    if is_encoded_attestation(received.beginning):
        return VerificationResult(False, f"not valid: {ENCODED_ATTESTATION}", digest, [])
    found = ObjectRecords(settings, bucket, key, digest)
    records = yield from found.signatures()
    result = yield from work(partial(check_signatures, records, digest, trust))
    if result.valid:
        return result
    others = found.others or (yield from some_of_other_bytes(settings, bucket, key, SIGNATURES, digest))
    explained = [*records, *(record for record in others if isinstance(record, Signature))]
    return (yield from work(partial(check_signatures, explained, digest, trust)))


def verify_attestations(
    settings: Settings,
    bucket: str,
    key: str,
    public_keys: Iterable[PublicKeySource],
    *,
    type_: str | None,
    threshold: int | None,
) -> Steps[VerificationResult]:
    """Return what the signed attestations of an object prove about its bytes."""
    check_bucket(bucket)
    check_key(key)
    trust = yield from work(partial(Trust.take, public_keys, threshold, artifacts=False))
    digest = (yield from hash_object(settings, bucket, key)).digest
    # Those of every type: which type one has is told by what was signed, not by the store.
    checks = yield from ObjectRecords(settings, bucket, key, digest).check_attestations(trust.keys, type_=type_)
    valid, message = trust.met_by(checks, digest)
    return VerificationResult(valid, message, digest, checks)
