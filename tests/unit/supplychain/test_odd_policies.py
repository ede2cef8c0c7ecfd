"""Policies with the wrong types in them, from Python and from files: each is refused, and the message names what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from astore_sdk import InvalidInputError, Policy
from astore_sdk.supplychain import load_public_key, read_bundle
from astore_sdk.supplychain.dsse import EnvelopeError
from astore_sdk.supplychain.statements import make_statement, read_statement

from .test_verifying import DIGEST, ONE, RSA

PEM = ONE.public_key().pem
WRONG = {
    "public_keys": [
        "5",
        "true",
        "1.5",
        "{a = 1}",
        "'key.pub'",
        "[5]",
        "[['key.pub']]",
        "[]",
        "['']",
        "['\\u0000']",
        "1979-05-27",
    ],
    "threshold": ["'1'", "true", "1.0", "[1]", "{}", "0", "-1", "2", "1979-05-27T07:32:00Z"],
    "sbom": ["'true'", "1", "0", "[]", "{}", "[true]"],
    "match_name": ["'false'", "0", "[]", "{}"],
    "attestations": [
        "'build'",
        "5",
        "true",
        "{build = false}",
        "{build = true}",
        "[5]",
        "[true]",
        "['']",
        "[['build']]",
        "07:32:00",
    ],
    "attestation_keys": ["5", "'key.pub'", "{}", "[]", "[5]", "['']"],
    "digest": ["5", "true", "[]", "{}", "'abc'", f"'{DIGEST.upper()}'", f"'{DIGEST[7:]}'", f"'{DIGEST} '", "1979-05-27"],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in WRONG.items() for value in values])
def test_a_file_that_is_refused_names_itself_and_the_field(tmp_path: Path, field: str, value: str) -> None:
    path = tmp_path / "policy.toml"
    value = value.replace("'\\u0000'", '"\\u0000"')
    keys = "" if field == "public_keys" else f"public_keys = ['''{PEM}''']\n"
    path.write_text(f"{keys}{field} = {value}\n")
    with pytest.raises((TypeError, InvalidInputError)) as caught:
        Policy.from_file(path)
    assert str(path) in str(caught.value)
    assert field in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Policy([PEM], attestations={"build": False}),
        lambda: Policy([PEM], attestations=b"build"),
        lambda: Policy([PEM], attestations=5),
        lambda: Policy([PEM], digest=5),
        lambda: Policy([PEM], digest=DIGEST.encode()),
        lambda: Policy({PEM: True}),
        lambda: Policy(5),
        lambda: Policy(None),
        lambda: Policy([PEM], attestation_keys={PEM: 1}),
        lambda: Policy([PEM], sbom=None),
    ],
)
def test_wrong_types_are_type_errors(make: Callable[[], Policy]) -> None:
    with pytest.raises(TypeError, match="must be"):
        make()


def test_any_iterable_of_types_will_do() -> None:
    assert Policy([PEM], attestations=(type_ for type_ in ["build"])).attestations == ("build",)
    assert Policy({PEM}, attestations={"build"}).attestations == ("build",)


def test_a_path_is_a_path() -> None:
    with pytest.raises(TypeError, match=r"pathlib\.Path"):
        Policy.from_file("policy.toml")


def test_a_key_file_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("public_keys = ['absent.pub']")
    with pytest.raises(FileNotFoundError, match=r"absent\.pub"):
        Policy.from_file(tmp_path / "policy.toml")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-8-sig"])
def test_only_utf_8_is_read(encoding: str) -> None:
    payload = make_statement("b/k", DIGEST, "https://example.com/x", {"é": 1})
    assert read_statement(payload).predicate == {"é": 1}
    with pytest.raises(EnvelopeError):
        read_statement(payload.decode().encode(encoding))
    with pytest.raises(InvalidInputError):
        read_bundle('{"mediaType": "x"}'.encode(encoding), PEM)  # type: ignore[arg-type] - bytes are what a file has


def _with(modulus: int, exponent: int = 65537) -> object:
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _good_modulus() -> int:
    return load_rsa().public_numbers().n


def load_rsa() -> rsa.RSAPublicKey:
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    loaded = load_pem_public_key(RSA.public_key().pem.encode())
    assert isinstance(loaded, rsa.RSAPublicKey)
    return loaded


MERSENNE = 2**2203 - 1  # a prime


@pytest.mark.parametrize(
    ("modulus", "said"),
    [
        (1 << 2048, "is even"),
        (_good_modulus() + 1, "is even"),
        (3 * (_good_modulus() | 1), "small factor"),
        (751 * MERSENNE, "small factor"),
        (MERSENNE, "is a prime"),
        ((2**1279 - 1) ** 2, "power"),
        ((2**1279 - 1) ** 3, "power"),
        (_good_modulus() ** 5, "bits, more than"),
    ],
    ids=["a power of two", "even", "three times", "751 times", "a prime", "a square", "a cube", "too long"],
)
def test_a_modulus_that_is_none(modulus: int, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        load_public_key(_with(modulus))


def test_an_exponent_that_is_none() -> None:
    with pytest.raises(InvalidInputError, match="exponent"):
        load_public_key(_with(_good_modulus(), (1 << 200) + 1))


@pytest.mark.parametrize("exponent", [3, 17, 65537])
def test_keys_that_tools_make_are_taken(exponent: int) -> None:
    assert load_public_key(_with(_good_modulus(), exponent)).algorithm == RSA.public_key().algorithm
