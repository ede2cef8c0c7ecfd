"""Verifying what the store has: the bytes come once and are hashed, the records are looked at with the caller's keys."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from .._operations import supply_chain
from .._transfers.download import hash_object
from .._transport.perform import perform
from .._transport.steps import Steps, work
from .._wire.names import check_bucket, check_key
from ..config import Settings
from ..models import VerificationResult
from ..supplychain.keys import PublicKeySource
from ..supplychain.trust import Trust
from ..supplychain.verifying import check_attestations, check_signatures


def verify_signatures(
    settings: Settings, bucket: str, key: str, public_keys: Iterable[PublicKeySource], *, threshold: int | None
) -> Steps[VerificationResult]:
    """Return what the signatures of an object prove about its bytes."""
    check_bucket(bucket)
    check_key(key)
    trust = yield from work(partial(Trust.take, public_keys, threshold, artifacts=True))
    digest = yield from hash_object(settings, bucket, key)
    records = yield from perform(supply_chain.read_signatures(bucket, key), settings.retry)
    return (yield from work(partial(check_signatures, records, digest, trust)))


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
    digest = yield from hash_object(settings, bucket, key)
    # All of them: which type one has is told by what was signed, not by the store.
    records = yield from perform(supply_chain.read_attestations(bucket, key), settings.retry)
    checks = yield from work(partial(check_attestations, records, digest, trust.keys, type_=type_))
    valid, message = trust.met_by(checks, digest)
    return VerificationResult(valid, message, digest, checks)
