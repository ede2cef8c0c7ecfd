"""Fetching under a policy: nothing is at the target before everything held."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import cast

from .._core.flow import Steps, work
from .._transfers.download.one_object import digest_received, download, hashing
from .._transfers.download.target import PathTarget, Target, open_target
from .._transfers.plan import CHUNK
from ..config import Settings
from ..exceptions import PolicyViolationError
from ..models import Object, SignatureCheck
from ..supplychain.artifacts import ENCODED_ATTESTATION, is_encoded_attestation
from ..supplychain.policy import Policy
from ..supplychain.verifying import check_signatures
from ..supplychain.wording import clipped, first_few
from ..types import AsyncWriter, ProgressCallback
from .attached_sboms import AttachedSboms
from .records import ObjectRecords


def fetch(
    settings: Settings,
    bucket: str,
    key: str,
    target: AsyncWriter,
    *,
    awaits: bool,
    policy: Policy,
    progress_callback: ProgressCallback | None,
) -> Steps[Object]:
    """Receive an object if it is what the policy asks for."""
    if not isinstance(cast("object", policy), Policy):
        raise TypeError(f"policy is a Policy, not {type(policy).__name__}")

    def receive(path: Path) -> Steps[Object]:
        return download(
            hashing(settings),
            bucket,
            key,
            path,
            awaits=awaits,
            byte_range=None,
            progress_callback=progress_callback,
            if_match=None,
            overwrite=True,
            accept=partial(_hold_to, settings, bucket, key, policy),
        )

    opened = open_target(target, overwrite=True, awaits=awaits)
    if isinstance(opened, PathTarget):
        return (yield from receive(cast("Path", target)))
    # What is handed to a writer cannot be taken back: it waits in a file of ours until everything held.
    folder = Path((yield from work(tempfile.mkdtemp)))
    try:
        received = yield from receive(folder / "artifact")
        yield from _hand_over(folder / "artifact", opened)
    finally:
        shutil.rmtree(folder)
    return received


def _hold_to(settings: Settings, bucket: str, key: str, policy: Policy, received: Object, beginning: bytes) -> Steps[None]:
    """Raise a PolicyViolationError unless what was received is what the policy asks for."""
    if is_encoded_attestation(beginning):
        raise _violated(bucket, key, [f"public_keys: {ENCODED_ATTESTATION}"])
    digest = digest_received(received)
    found = ObjectRecords(settings, bucket, key, digest)
    signatures = yield from found.signatures()
    violations = policy.byte_violations(digest, (yield from work(partial(check_signatures, signatures, digest, policy.trust))))
    if policy.needs_attestations:
        violations += yield from _statement_violations(found, policy)
    if violations:
        raise _violated(bucket, key, violations)


def _violated(bucket: str, key: str, violations: list[str]) -> PolicyViolationError:
    said = first_few(violations, count=8, each=900)
    error = PolicyViolationError(
        clipped(f"the object is not what the policy asks for: {said}"), operation="fetch", bucket=bucket, key=key
    )
    error.violations = tuple(violations)
    return error


def _statement_violations(found: ObjectRecords, policy: Policy) -> Steps[list[str]]:
    """Return what the attestations and SBOMs lack. No more of them is received than it takes to know."""
    bucket, key = found.bucket, found.key
    attached = AttachedSboms(found)

    def has_signed_sbom(checks: Sequence[SignatureCheck]) -> Steps[bool]:
        signed = yield from work(partial(policy.signed_sboms, bucket, key, checks))
        return (yield from attached.include(signed.keys(), signed.values()))

    def enough(checks: Sequence[SignatureCheck]) -> Steps[bool]:
        if policy.statement_violations(bucket, key, checks):
            return False
        return not policy.sbom or (yield from has_signed_sbom(checks))

    checks = yield from found.check_attestations(policy.attesters, enough=enough)
    violations = policy.statement_violations(bucket, key, checks)
    if policy.sbom:
        signed = yield from has_signed_sbom(checks)
        violations += policy.sbom_violations(attached=attached.there, signed=signed)
    return violations


def _hand_over(path: Path, target: Target) -> Steps[None]:
    """Copy a file to where the caller wants it."""
    file = yield from work(lambda: path.open("rb", buffering=0))
    try:
        yield from target.begin()
        while chunk := (yield from work(partial(file.read, CHUNK))):
            yield from target.write(chunk)
        yield from target.commit()
    finally:
        file.close()
        target.discard()
