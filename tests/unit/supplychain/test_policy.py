"""Policies: what they take, and what they ask for."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from astore_sdk import InvalidInputError, Policy, generate_key
from astore_sdk.models import Sbom

from .test_verifying import DIGEST, ED, ONE, TWO, attestation, make_statement, record

PUBLIC = [ONE.public_key().pem, TWO.public_key().pem]


def test_defaults_are_strict() -> None:
    policy = Policy(PUBLIC)
    assert (policy.threshold, policy.sbom, policy.attestations, policy.match_name, policy.digest) == (None, False, (), True, None)
    assert policy.public_keys == (ONE.public_key(), TWO.public_key())
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        policy.match_name = False
    assert pickle.loads(pickle.dumps(policy)) == policy
    assert hash(policy) == hash(Policy(PUBLIC))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Policy([]), "public_keys is empty"),
        (lambda: Policy(PUBLIC, 3), "threshold is 3, but must be 1 to 2"),
        (lambda: Policy(PUBLIC, 0), "threshold is 0"),
        (lambda: Policy([ED.public_key()]), "signs the bytes themselves"),
        (lambda: Policy(PUBLIC, attestation_keys=[]), "attestation_keys is empty"),
        (lambda: Policy(PUBLIC, attestations=[""]), r"attestations\[0\] is empty"),
        (lambda: Policy(PUBLIC, digest="abc"), "digest must be 'sha256:'"),
        (lambda: Policy(PUBLIC, digest=DIGEST.upper()), "digest must be 'sha256:'"),
        (lambda: Policy([generate_key().to_pem()]), r"public_keys\[0\] is a private key"),
    ],
)
def test_what_no_policy_can_be_is_an_error(make: Callable[[], Policy], said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        make()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Policy(PUBLIC[0]), "a list of keys, not one key"),
        (lambda: Policy(PUBLIC, attestations="build"), "a list of types, not one str"),
        (lambda: Policy(PUBLIC, sbom="false"), "sbom must be true or false"),
        (lambda: Policy(PUBLIC, match_name=0), "match_name must be true or false"),
        (lambda: Policy(PUBLIC, threshold="1"), "threshold is a number"),
    ],
)
def test_a_wrong_type_is_a_type_error(make: Callable[[], Policy], said: str) -> None:
    with pytest.raises(TypeError, match=said):
        make()


def test_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "two.pub").write_text(PUBLIC[1])
    (tmp_path / "policy.toml").write_text(
        f"""
public_keys = ['''{PUBLIC[0]}''', "keys/two.pub"]
threshold = 1
sbom = true
attestations = ["build"]
attestation_keys = ["keys/two.pub"]
match_name = false
digest = "{DIGEST}"
"""
    )
    expected = Policy(PUBLIC, 1, sbom=True, attestations=["build"], attestation_keys=[PUBLIC[1]], match_name=False, digest=DIGEST)
    assert Policy.from_file(tmp_path / "policy.toml") == expected


@pytest.mark.parametrize(
    ("text", "error", "said"),
    [
        ("public_keys =", InvalidInputError, "is not TOML"),
        ("threshold = 1", InvalidInputError, "lacks public_keys"),
        ("public_keys = ['k.pub']\ntreshold = 2", InvalidInputError, "'treshold', which no policy has"),
        ("public_keys = 'k.pub'", TypeError, "a list of PEM texts or paths"),
        ("public_keys = ['k.pub']\nsbom = 'no'", TypeError, "sbom must be true or false"),
        ("public_keys = ['k.pub']\nattestations = 'build'", TypeError, "a list of types"),
        ("public_keys = ['none.pub']", FileNotFoundError, "none.pub"),
    ],
)
def test_a_file_that_could_weaken_it_unnoticed_is_refused(tmp_path: Path, text: str, error: type[Exception], said: str) -> None:
    (tmp_path / "k.pub").write_text(PUBLIC[0])
    (tmp_path / "policy.toml").write_text(text)
    with pytest.raises(error, match=said):
        Policy.from_file(tmp_path / "policy.toml")


SBOM = '{"spdxVersion": "SPDX-2.3", "name": "app"}'
SIGNED_SBOM = make_statement("releases/app", DIGEST, "https://spdx.dev/Document/v2.3", {"name": "app", "spdxVersion": "SPDX-2.3"})


def violated(policy: Policy, **changes: object) -> list[str]:
    found: dict[str, object] = {
        "signatures": [record(ONE), record(TWO)],
        "attestations": [attestation(ONE, SIGNED_SBOM)],
        "sboms": [Sbom("id", "spdx", SBOM, artifact_digest=DIGEST)],
        **changes,
    }
    return [text.partition(":")[0] for text in policy.violations("releases", "app", DIGEST, **found)]


def test_every_requirement_that_fails_is_named() -> None:
    assert violated(Policy(PUBLIC, sbom=True, attestations=["sbom"], digest=DIGEST)) == []
    strict = Policy(PUBLIC, sbom=True, attestations=["build", "test"], digest="sha256:" + "0" * 64)
    assert violated(strict, signatures=[], attestations=[], sboms=[]) == [
        "digest",
        "public_keys",
        "match_name",
        "attestations",
        "attestations",
        "sbom",
    ]


def test_attestation_keys_stand_in_for_the_others() -> None:
    assert violated(Policy(PUBLIC, sbom=True, attestation_keys=[TWO.public_key()])) == ["match_name", "sbom"]
    by_ed = [attestation(ED, SIGNED_SBOM)]
    assert violated(Policy(PUBLIC, sbom=True, attestation_keys=[ED.public_key()]), attestations=by_ed) == []


def test_an_sbom_that_was_signed_is_attached_whatever_else_is() -> None:
    spaced = Sbom("id", "spdx", '{"name":\n"app", "spdxVersion": "SPDX-2.3"}', artifact_digest=DIGEST)
    other = Sbom("id", "spdx", '{"spdxVersion": "SPDX-2.3", "name": "other"}', artifact_digest=DIGEST)
    twice = Sbom("id", "spdx", '{"spdxVersion": "SPDX-2.3", "name": "other", "name": "app"}', artifact_digest=DIGEST)
    older = Sbom("id", "spdx", SBOM, artifact_digest="sha256:" + "0" * 64)
    policy = Policy(PUBLIC, sbom=True)
    assert violated(policy, sboms=[spaced, other]) == []
    assert violated(policy, sboms=[other, twice, spaced]) == []
    assert violated(policy, sboms=[older, spaced]) == []
    for sboms in ([other], [twice], [older], [other, older], []):
        assert violated(policy, sboms=sboms) == ["sbom"]


def test_a_name_is_matched_only_by_what_was_signed() -> None:
    unsigned = [attestation(ONE, SIGNED_SBOM, envelope=None)]
    assert violated(Policy(PUBLIC), attestations=unsigned) == ["match_name"]
    assert violated(Policy(PUBLIC, match_name=False), attestations=unsigned) == []
    elsewhere = [attestation(ONE, make_statement("releases/other", DIGEST, "urn:x", {}))]
    assert violated(Policy(PUBLIC, attestations=["urn:x"]), attestations=elsewhere) == ["match_name", "attestations"]
    assert violated(Policy(PUBLIC, attestations=["urn:x"], match_name=False), attestations=elsewhere) == []
