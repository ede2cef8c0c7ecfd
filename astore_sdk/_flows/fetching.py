"""Fetching under a policy: nothing is at the target before everything held."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import cast

from .._operations import supply_chain
from .._transfers.download import digest_received, download, hashing
from .._transfers.source import CHUNK
from .._transfers.target import PathTarget, Target, open_target
from .._transport.perform import perform
from .._transport.steps import Steps, work
from ..config import Settings
from ..exceptions import PolicyViolationError
from ..models import Object
from ..supplychain.policy import Policy
from ..types import AsyncWriter, ProgressCallback


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


def _hold_to(settings: Settings, bucket: str, key: str, policy: Policy, received: Object) -> Steps[None]:
    """Raise a PolicyViolationError unless what was received is what the policy asks for."""
    signatures = yield from perform(supply_chain.read_signatures(bucket, key), settings.retry)
    asked = supply_chain.read_attestations(bucket, key) if policy.needs_attestations else None
    attestations = (yield from perform(asked, settings.retry)) if asked else []
    listing = supply_chain.read_sboms(bucket, key) if policy.sbom else None
    sboms = (yield from perform(listing, settings.retry)) if listing else []
    violations = yield from work(
        partial(
            policy.violations,
            bucket,
            key,
            digest_received(received),
            signatures=signatures,
            attestations=attestations,
            sboms=sboms,
        )
    )
    if violations:
        error = PolicyViolationError(
            f"the object is not what the policy asks for: {'; '.join(violations)}", operation="fetch", bucket=bucket, key=key
        )
        error.violations = tuple(violations)
        raise error


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
