"""What must hold before an artifact is believed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self, cast

from attrs import field, fields, frozen

from ..exceptions import InvalidInputError
from ..models import Attestation, MalformedRecord, Sbom, Signature, SignatureCheck, VerificationResult
from .keys import PublicKey, PublicKeySource, check_signs_digests
from .pem import load_public_keys
from .sbom import Identity, sbom_identities, signed_identity, signed_size
from .statements import is_of_type, subject_name
from .trust import Trust, check_threshold
from .verifying import check_attestations, check_signatures
from .wording import clipped, first_few


def _artifact_keys(sources: Iterable[PublicKeySource]) -> tuple[PublicKey, ...]:
    keys = load_public_keys(sources)
    for index, key in enumerate(keys):
        check_signs_digests(key, f"public_keys[{index}]")
    return keys


def _attestation_keys(sources: Iterable[PublicKeySource] | None) -> tuple[PublicKey, ...] | None:
    return None if sources is None else load_public_keys(sources, name="attestation_keys")


def _types(value: Iterable[str]) -> tuple[str, ...]:
    # A mapping is iterable too, but what its values say would be lost: `{build = false}` does not ask for a build.
    given = cast("object", value)
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"attestations must be a list of types, not one {type(cast('object', value)).__name__}")
    types = tuple(value)
    for index, item in enumerate(types):
        if not isinstance(cast("object", item), str):
            raise TypeError(f"attestations[{index}] must be a type as str, not {type(item).__name__}")
        if not item:
            raise InvalidInputError(f"attestations[{index}] is empty", hint="Name a type of attestation, for example 'build'.")
    return types


@frozen
class Policy:
    """What an artifact must have to be fetched. Trust comes from the keys in it, never from the store.

    Policy([Path("release.pub"), Path("security.pub"), Path("ci.pub")], threshold=2, sbom=True, attestations=["build"])
    """

    public_keys: tuple[PublicKey, ...] = field(converter=_artifact_keys)
    """Whose signatures over the artifact count; ECDSA P-256 or RSA."""
    threshold: int | None = None
    """How many of the keys must have signed; None for all."""
    sbom: bool = field(default=False, kw_only=True)
    """Whether an SBOM must be attached to these bytes that a trusted key signed for them. Others beside it do not matter."""
    attestations: tuple[str, ...] = field(default=(), kw_only=True, converter=_types)
    """Types, or in-toto predicate types, of which a signed attestation must be there. A plain one is a note, not evidence."""
    attestation_keys: tuple[PublicKey, ...] | None = field(default=None, kw_only=True, converter=_attestation_keys)
    """Whose attestations count, one signature each; None for `public_keys`."""
    match_name: bool = field(default=True, kw_only=True)
    """Whether a signed attestation must name the `bucket/key` that is fetched, and every attestation that counts must."""
    digest: str | None = field(default=None, kw_only=True)
    """The only SHA-256 that is accepted (`sha256:HEX`): pins a version."""

    def __attrs_post_init__(self) -> None:
        for name, value in (("sbom", self.sbom), ("match_name", self.match_name)):
            if not isinstance(cast("object", value), bool):  # in a file, "false" is not false
                raise TypeError(f"{name} must be true or false, not {value!r:.60}")
        check_threshold(self.threshold, len(self.public_keys))
        if not isinstance(cast("object", self.digest), str | None):
            raise TypeError(f"digest must be a str, not {type(self.digest).__name__}")
        if self.digest is not None and not re.fullmatch(r"sha256:[0-9a-f]{64}", self.digest):
            raise InvalidInputError(f"digest must be 'sha256:' and 64 lower-case hexadecimal digits, not {self.digest!r:.100}")

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Read a policy from a TOML file with the same names.

        A key is PEM text, or the path of a file with PEM, relative to the policy's own folder.

        Raises:
            InvalidInputError: The file is not TOML, has a name that no policy has, lacks `public_keys`, or a value is not allowed.
            OSError: The file, or that of a key, cannot be read.
            TypeError: A value is of the wrong type. The message names file and field, as with `InvalidInputError`.
        """
        import tomllib

        if not isinstance(cast("object", path), Path):
            raise TypeError(f"path must be a pathlib.Path, not {type(path).__name__}")
        try:
            found = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"{path} is not TOML: {error}") from None
        names = [attribute.name for attribute in fields(cls)]
        if stray := next((name for name in found if name not in names), None):
            raise InvalidInputError(f"{path} has {stray!r}, which no policy has", hint=f"There are {', '.join(names)}.")
        if "public_keys" not in found:
            raise InvalidInputError(f"{path} lacks public_keys: whom shall it trust?")
        for name in {"public_keys", "attestation_keys"} & found.keys():
            found[name] = _key_sources(f"{path}: {name}", found[name], path.parent)
        try:
            return cls(**found)
        except InvalidInputError as error:
            raise InvalidInputError(f"{path}: {error.message}", hint=error.hint) from None
        except TypeError as error:
            raise TypeError(f"{path}: {error}") from None

    @property
    def needs_attestations(self) -> bool:
        """Whether attestations have a part in it."""
        return self.match_name or self.sbom or bool(self.attestations)

    def violations(
        self,
        bucket: str,
        key: str,
        digest: str,
        *,
        signatures: Iterable[Signature | MalformedRecord],
        attestations: Iterable[Attestation | MalformedRecord],
        sboms: Iterable[Sbom | MalformedRecord],
    ) -> list[str]:
        """Return every requirement that the bytes with this digest do not meet; each begins with the field's name."""
        checks = check_attestations(attestations, digest, self.attesters)
        of_these = (sbom for sbom in sboms if isinstance(sbom, Sbom) and sbom.artifact_digest == digest)
        attached = [sbom.content for sbom in of_these if sbom.content is not None]
        signed = self.signed_sboms(bucket, key, checks)
        return [
            *self.byte_violations(digest, check_signatures(signatures, digest, self.trust)),
            *self.statement_violations(bucket, key, checks),
            *self.sbom_violations(
                attached=bool(attached), signed=any(not signed.keys().isdisjoint(sbom_identities(content)) for content in attached)
            ),
        ]

    @property
    def trust(self) -> Trust:
        """Whose signatures over the artifact count, and how many are needed."""
        return Trust(self.public_keys, check_threshold(self.threshold, len(self.public_keys)))

    @property
    def attesters(self) -> tuple[PublicKey, ...]:
        """Whose attestations count."""
        return self.attestation_keys or self.public_keys

    def byte_violations(self, digest: str, signatures: VerificationResult) -> list[str]:
        """Return what the bytes with this digest, and the signatures over them, lack."""
        failed: list[str] = []
        if self.digest not in (None, digest):
            failed.append(f"digest: the bytes have {digest}, not {self.digest}")
        if not signatures.valid:
            failed.append(f"public_keys: {signatures.message}")
        return failed

    def statement_violations(self, bucket: str, key: str, checks: Sequence[SignatureCheck]) -> list[str]:
        """Return what the attestations of an object lack, but for that of its SBOM."""
        failed: list[str] = []
        if self.match_name:
            failed += _name_violations(
                subject_name(bucket, key), [check for check in checks if check.counts], self._proven(bucket, key, checks)
            )
        proven = self._proven(bucket, key, checks)
        failed += [
            f"attestations: {_lacks(type_, checks)}"
            for type_ in self.attestations
            if not any(is_of_type(check.predicate_type or "", type_) for check in proven)
        ]
        return failed

    def signed_sboms(self, bucket: str, key: str, checks: Iterable[SignatureCheck]) -> dict[Identity, int]:
        """Return what the SBOMs are known by that were signed for an object, and how large what was signed is (bytes)."""
        found: dict[Identity, int] = {}
        for check in self._proven(bucket, key, checks):
            identity = signed_identity(check.predicate_type, check.predicate)
            if identity is not None:
                found[identity] = signed_size(check.predicate)
        return found

    def sbom_violations(self, *, attached: bool, signed: bool) -> list[str]:
        """Return what the SBOMs lack, given whether any is attached to these bytes, and whether one of these was signed."""
        if not self.sbom or signed:
            return []
        if not attached:
            return ["sbom: none is attached to these bytes"]
        return ["sbom: none of those that are attached was signed by a trusted key for this"]

    def _proven(self, bucket: str, key: str, checks: Iterable[SignatureCheck]) -> list[SignatureCheck]:
        """Return the attestations that count for this policy."""
        name = subject_name(bucket, key)
        return [check for check in checks if check.counts and (not self.match_name or name in check.subjects)]


def _key_sources(name: str, value: object, folder: Path) -> list[str | Path]:
    if not isinstance(value, list):
        raise TypeError(f"{name} must be a list of PEM texts or paths, not one {type(value).__name__}")
    sources: list[str | Path] = []
    for index, item in enumerate(cast("list[object]", value)):
        if not isinstance(item, str):
            raise TypeError(f"{name}[{index}] must be PEM text or a path, not {type(item).__name__}")
        if not item or "\0" in item:
            raise InvalidInputError(f"{name}[{index}] must be PEM text or a path, not {item!r:.60}")
        sources.append(item if "-----BEGIN" in item else folder / item)
    return sources


def _name_violations(name: str, proven: Sequence[SignatureCheck], named: Sequence[SignatureCheck]) -> list[str]:
    if named:
        return []
    if proven:
        others = sorted({subject for check in proven for subject in check.subjects})
        shown = first_few(map(repr, others), separator=", ")
        return [f"match_name: these bytes were attested as {shown}, not as {clipped(repr(name), 300)}"]
    return [
        "match_name: no trusted key attested these bytes, so that their name cannot be matched "
        "(publish() signs such an attestation; match_name=False goes without)"
    ]


def _lacks(type_: str, checks: Iterable[SignatureCheck]) -> str:
    reasons = first_few(f"{check.id!r:.60}: {check.reason}" for check in checks if check.reason)
    return f"there is no {type_!r:.200} that a trusted key signed for this" + (f" ({reasons})" if reasons else "")
