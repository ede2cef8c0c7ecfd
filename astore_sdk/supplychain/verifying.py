"""What stored records prove about bytes that were received. Nothing that a record says of itself is believed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from attrs import define, field

from ..models import Attestation, MalformedRecord, Signature, SignatureCheck, VerificationResult
from .dsse import EnvelopeError, open_envelope, signers_of
from .keys import DIGEST_ALGORITHMS, PublicKey
from .statements import PAYLOAD_TYPE, Statement, is_of_type, read_statement
from .trust import Trust
from .wording import clipped

MAX_REASON = 500
"""Characters of why a record does not count."""


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
        return _malformed(record)
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
    checker = AttestationChecker(digest, keys, type_)
    return [check for record in records for check in checker.check(record)]


@define
class AttestationChecker:
    """Looks at attestations one by one, and keeps of them only what trusted keys signed, each statement once.

    Anyone can attach a signed statement again and again, a little different beside it: that must not fill the memory.
    """

    digest: str
    keys: Sequence[PublicKey]
    type: str | None = None
    _statements: dict[bytes, Statement] = field(factory=dict[bytes, Statement], init=False)
    """What was signed, by the SHA-256 of the payload."""

    def check(self, record: Attestation | MalformedRecord) -> list[SignatureCheck]:
        """Return an entry for each key that signed it, or one that says why it does not count."""
        if isinstance(record, MalformedRecord):
            return [_malformed(record)]
        if record.envelope is None:
            return [SignatureCheck(record.id, None, None, "it is a plain attestation: a note, not evidence")]
        try:
            payload, signatures = open_envelope(record.envelope, PAYLOAD_TYPE)
            signers = signers_of(PAYLOAD_TYPE, payload, signatures, self.keys)
            if not signers:
                return [SignatureCheck(record.id, None, None, "no trusted key verifies it")]
            statement = self._read(payload)  # only what a trusted key signed is read at all
        except EnvelopeError as error:
            return [SignatureCheck(record.id, None, None, clipped(str(error), MAX_REASON))]
        return _entries(record, signers, statement, self.digest, self.type)

    def _read(self, payload: bytes) -> Statement:
        name = hashlib.sha256(payload).digest()
        statement = self._statements.get(name)
        if statement is None:
            statement = self._statements[name] = read_statement(payload)
        return statement


def _malformed(record: MalformedRecord) -> SignatureCheck:
    return SignatureCheck(record.id, None, None, clipped(f"the record is malformed: {record.reason}", MAX_REASON))


def _entries(
    record: Attestation, signers: Iterable[PublicKey], statement: Statement, digest: str, type_: str | None
) -> list[SignatureCheck]:
    names = statement.names(digest)
    reason = None
    if not names:
        reason = "it is about other bytes"
    elif type_ is not None and not is_of_type(statement.predicate_type, type_):
        reason = f"what was signed is {statement.predicate_type!r:.200}, not {type_!r:.200}"
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
