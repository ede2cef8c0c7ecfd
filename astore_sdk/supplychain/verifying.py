"""What stored records prove about bytes that were received. Nothing that a record says of itself is believed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..models import Attestation, MalformedRecord, Signature, SignatureCheck, VerificationResult
from .dsse import EnvelopeError, open_envelope, signers_of
from .keys import DIGEST_ALGORITHMS, PublicKey
from .statements import PAYLOAD_TYPE, is_of_type, read_statement
from .trust import Trust


def check_signatures(records: Iterable[Signature | MalformedRecord], digest: str, trust: Trust) -> VerificationResult:
    """Return what signatures prove about the bytes with this digest."""
    checks: list[SignatureCheck] = []
    counted: set[str] = set()
    for record in records:
        check = _signature(record, digest, trust.keys)
        if check.counts and check.verified_by in counted:
            check = SignatureCheck(check.id, check.algorithm, check.verified_by, "its key has signed already, and counts once")
        elif check.counts and check.verified_by is not None:
            counted.add(check.verified_by)
        checks.append(check)
    valid, message = trust.met_by(checks, digest)
    return VerificationResult(valid, message, digest, checks)


def _signature(record: Signature | MalformedRecord, digest: str, keys: Sequence[PublicKey]) -> SignatureCheck:
    if isinstance(record, MalformedRecord):
        return SignatureCheck(record.id, None, None, f"the record is malformed: {record.reason}")
    if record.signature is None:
        reason = "the record has no signature"
    elif record.artifact_digest not in (None, digest):
        reason = f"it is about other bytes ({record.artifact_digest!r:.80})"
    elif record.algorithm not in DIGEST_ALGORITHMS:
        reason = f"its algorithm is unknown ({record.algorithm!r:.60})"
    else:
        raw, reason = bytes.fromhex(digest.removeprefix("sha256:")), "no trusted key verifies it"
        for key in keys:
            if key.algorithm == record.algorithm and key.verify_digest(raw, record.signature):
                return SignatureCheck(record.id, record.algorithm, key.fingerprint, None)
    return SignatureCheck(record.id, record.algorithm, None, reason)


def check_attestations(
    records: Iterable[Attestation | MalformedRecord], digest: str, keys: Sequence[PublicKey], *, type_: str | None = None
) -> list[SignatureCheck]:
    """Return what attestations prove about the bytes with this digest: for each an entry per key that signed it."""
    return [check for record in records for check in _attestation(record, digest, keys, type_)]


def _attestation(
    record: Attestation | MalformedRecord, digest: str, keys: Sequence[PublicKey], type_: str | None
) -> list[SignatureCheck]:
    if isinstance(record, MalformedRecord):
        return [SignatureCheck(record.id, None, None, f"the record is malformed: {record.reason}")]
    if record.envelope is None:
        return [SignatureCheck(record.id, None, None, "it is a plain attestation: a note, not evidence")]
    try:
        payload, signatures = open_envelope(record.envelope, PAYLOAD_TYPE)
        signers = signers_of(PAYLOAD_TYPE, payload, signatures, keys)
        if not signers:
            return [SignatureCheck(record.id, None, None, "no trusted key verifies it")]
        statement = read_statement(payload)  # only what a trusted key signed is read at all
    except EnvelopeError as error:
        return [SignatureCheck(record.id, None, None, str(error))]
    names = statement.names(digest)
    reason = None
    if not names:
        reason = "it is about other bytes"
    elif type_ is not None and not is_of_type(statement.predicate_type, type_):
        reason = f"what was signed is {statement.predicate_type!r:.200}, not {type_!r}"
    return [
        SignatureCheck(
            record.id,
            key.algorithm,
            key.fingerprint,
            reason,
            predicate_type=statement.predicate_type,
            subjects=names,
            predicate=statement.predicate,
        )
        for key in signers
    ]
