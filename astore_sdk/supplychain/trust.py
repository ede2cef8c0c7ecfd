"""Whom the caller trusts: public keys, and how many of them must have signed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self, cast

from attrs import frozen

from ..exceptions import InvalidInputError
from ..models import SignatureCheck
from .keys import PublicKey, PublicKeySource, check_signs_digests
from .pem import load_public_keys
from .wording import first_few


@frozen
class Trust:
    """Keys and a threshold."""

    keys: tuple[PublicKey, ...]
    """Distinct."""
    threshold: int

    @classmethod
    def take(cls, sources: Iterable[PublicKeySource], threshold: int | None, *, artifacts: bool) -> Self:
        """Take what a caller gives. `artifacts` tells whether artifacts are to be verified, for which not every key will do.

        Raises:
            InvalidInputError: There is no key, one that cannot be used, or a threshold that means nothing.
        """
        keys = load_public_keys(sources)
        if artifacts:
            for index, key in enumerate(keys):
                check_signs_digests(key, f"public_keys[{index}]")
        return cls(keys, check_threshold(threshold, len(keys)))

    def met_by(self, checks: Iterable[SignatureCheck], digest: str) -> tuple[bool, str]:
        """Tell whether enough keys signed, and say so in words. Each key counts once."""
        listed = list(checks)
        signed = len({check.verified_by for check in listed if check.counts})
        keys = f"{len(self.keys)} trusted keys" if len(self.keys) > 1 else "the trusted key"
        said = f"{signed} of {keys} signed {digest}" if len(self.keys) > 1 or signed == 0 else f"{keys} signed {digest}"
        if signed >= self.threshold:
            return True, said
        reasons = first_few(f"{check.id!r:.60}: {check.reason}" for check in listed if check.reason)
        why = f" ({reasons})" if reasons else "" if listed else " (there are no signatures)"
        return False, f"{said}, {self.threshold} needed{why}"


def check_threshold(threshold: int | None, keys: int) -> int:
    """Return how many keys must have signed: all, if nothing else was said.

    Raises:
        InvalidInputError: It is under 1 or over the number of distinct keys.
    """
    if threshold is None:
        return keys
    if isinstance(threshold, bool) or not isinstance(cast("object", threshold), int):
        raise TypeError(f"threshold is a number of keys, not {type(threshold).__name__}")
    if not 1 <= threshold <= keys:
        raise InvalidInputError(f"threshold is {threshold}, but must be 1 to {keys}, the number of distinct keys")
    return threshold
