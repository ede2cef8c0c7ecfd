"""Keys: what is taken, what is refused, and that no refusal shows a secret."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from astore_sdk import InvalidInputError, PrivateKey, PublicKey, generate_key
from astore_sdk.supplychain import load_private_key, load_public_key

PASSPHRASE = "correct-horse-battery"
EC = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()


def pem(key: object, form: PrivateFormat = PrivateFormat.PKCS8, passphrase: str | None = None) -> str:
    protection = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, form, protection).decode()


def public_pem(key: object) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def secrets_of(text: str) -> set[str]:
    return {line for line in text.splitlines() if len(line) > 20 and "-----" not in line}


def shown(error: BaseException) -> str:
    """All that an error and the locals of its traceback show of what happened inside astore_sdk."""
    texts = [repr(error), str(error), repr(error.__cause__), repr(error.__context__)]
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        if "astore_sdk" in trace.tb_frame.f_code.co_filename:
            texts += [repr(value) for value in trace.tb_frame.f_locals.values()]
        trace = trace.tb_next
    return "\n".join(texts)


@pytest.mark.parametrize(
    ("text", "algorithm"),
    [
        (pem(EC), "ECDSA-P256-SHA256"),
        (pem(EC, PrivateFormat.TraditionalOpenSSL), "ECDSA-P256-SHA256"),
        ("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + pem(EC), "ECDSA-P256-SHA256"),
        ("# a remark\r\n" + pem(EC).replace("\n", "\r\n"), "ECDSA-P256-SHA256"),
        (pem(RSA), "RSA-PKCS1v15-SHA256"),
        (pem(RSA, PrivateFormat.TraditionalOpenSSL), "RSA-PKCS1v15-SHA256"),
        (pem(ED), "Ed25519"),
    ],
)
def test_every_form_of_private_key(text: str, algorithm: str, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(text.encode())
    loaded = [load_private_key(source) for source in (text, text.encode(), file)]
    assert {key.public_key() for key in loaded} == {loaded[0].public_key()}
    assert loaded[0].public_key().algorithm == algorithm


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL])
@pytest.mark.parametrize("key", [EC, RSA], ids=["ec", "rsa"])
def test_an_encrypted_key_wants_its_passphrase(key: object, form: PrivateFormat) -> None:
    text = pem(key, form, PASSPHRASE)
    for passphrase in (PASSPHRASE, PASSPHRASE.encode()):
        assert load_private_key(text, passphrase).public_key().pem == public_pem(key)
    for passphrase, said in ((None, "is encrypted"), ("", "is encrypted"), ("wrong-one-here", "passphrase is wrong")):
        with pytest.raises(InvalidInputError, match=said) as caught:
            load_private_key(text, passphrase)
        assert not any(secret in shown(caught.value) for secret in secrets_of(text) | {"wrong-one-here"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (public_pem(EC), "is a public key"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "is a certificate"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n-----END OPENSSH PRIVATE KEY-----\n", "OpenSSH"),
        ("-----BEGIN ENCRYPTED COSIGN PRIVATE KEY-----\neyJrZGYi\n-----END ENCRYPTED COSIGN PRIVATE KEY-----\n", "cosign"),
        (pem(EC) + pem(RSA), "2 private keys"),
        (pem(EC).replace("-----END PRIVATE KEY-----", ""), "no whole PEM block"),
        ("-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49AgEGCCqGSM49\n-----END PRIVATE KEY-----\n", "cannot be|can be read"),
        ("/home/me/key.pem", "no PEM text"),
        ("", "no PEM text"),
        (pem(ec.generate_private_key(ec.SECP384R1())), "curve secp384r1"),
        (pem(ec.generate_private_key(ec.SECP256K1())), "curve secp256k1"),
        (pem(rsa.generate_private_key(65537, 1024)), "1024 bits"),
        (pem(x25519.X25519PrivateKey.generate()), "supported"),
    ],
)
def test_what_is_no_usable_private_key_is_refused_and_not_shown(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said) as caught:
        load_private_key(text)
    assert not any(secret in shown(caught.value) for secret in secrets_of(text))
    assert caught.value.__context__ is None


def test_a_passphrase_for_a_key_that_has_none_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="not encrypted") as caught:
        load_private_key(pem(EC), PASSPHRASE)
    assert PASSPHRASE not in shown(caught.value)


@pytest.mark.parametrize("source", [None, 7, object(), ["-----BEGIN"]])
def test_what_is_no_key_at_all_is_a_type_error(source: object) -> None:
    with pytest.raises(TypeError, match="private_key is"):
        load_private_key(source)
    with pytest.raises(TypeError, match="public_key is"):
        load_public_key(source)


def test_a_passphrase_is_text() -> None:
    with pytest.raises(TypeError, match="passphrase is str or bytes, not int"):
        load_private_key(pem(EC), 1234)


def test_a_missing_file_is_an_os_error_without_the_passphrase(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        load_private_key(tmp_path / "none.pem", PASSPHRASE)
    assert PASSPHRASE not in shown(caught.value)


def test_keys_of_cryptography_are_taken_as_they_are() -> None:
    assert load_private_key(EC).public_key() == load_public_key(EC.public_key()) == load_public_key(public_pem(EC))


def test_a_public_key_has_one_text_and_one_fingerprint() -> None:
    compressed = EC.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    again = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), compressed)
    one, other = load_public_key(public_pem(EC).replace("\n", "\r\n")), load_public_key(again)
    assert one == other
    assert one.fingerprint.startswith("sha256:")
    assert pickle.loads(pickle.dumps(one)) == one


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing", "no PEM text"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "can be read"),
        ("-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "CERTIFICATE"),
        (public_pem(EC) + public_pem(RSA), "one PEM block"),
        ("-----BEGIN PUBLIC KEY-----\nAAAA\n", "broken"),
        (public_pem(ec.generate_private_key(ec.SECP521R1())), "curve secp521r1"),
        (public_pem(rsa.generate_private_key(65537, 1024)), "1024 bits"),
    ],
)
def test_what_is_no_usable_public_key_is_refused(text: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        load_public_key(text)


@pytest.mark.parametrize("text", [pem(EC), pem(RSA, passphrase=PASSPHRASE), public_pem(EC) + pem(EC)])
def test_the_wrong_half_is_refused_and_not_shown(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is a private key") as caught:
        load_public_key(text)
    assert not any(secret in shown(caught.value) for secret in secrets_of(text) - secrets_of(public_pem(EC)))


@pytest.mark.parametrize("key", [EC, RSA], ids=["ec", "rsa"])
def test_signing_again_gives_the_same(key: object) -> None:
    ours, digest = PrivateKey(key), bytes(32)
    signature = ours.sign_digest(digest)
    assert signature == ours.sign_digest(digest)
    assert ours.public_key().verify_digest(digest, signature)
    assert not ours.public_key().verify_digest(b"\1" * 32, signature)
    assert not generate_key().public_key().verify_digest(digest, signature)


def test_ed25519_signs_messages_only() -> None:
    ours = PrivateKey(ED)
    assert ours.public_key().verify_message(b"statement", ours.sign_message(b"statement"))
    with pytest.raises(InvalidInputError, match="signs the bytes themselves and not their digest"):
        ours.sign_digest(bytes(32))
    assert not ours.public_key().verify_digest(bytes(32), ED.sign(bytes(32)))


def test_a_generated_key_can_be_kept() -> None:
    key = generate_key()
    assert load_private_key(key.to_pem()).public_key() == key.public_key()
    kept = key.to_pem(PASSPHRASE)
    assert kept.startswith("-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert load_private_key(kept, PASSPHRASE).public_key() == key.public_key()


def test_a_private_key_shows_nothing_and_stays_here() -> None:
    key = generate_key()
    assert repr(key) == f"PrivateKey('ECDSA-P256-SHA256', '{key.public_key().fingerprint}')"
    for leave in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled or copied"):
            leave(key)


def test_a_public_key_is_a_plain_value_without_cryptography() -> None:
    script = """
import sys
from astore_sdk import Client, Policy, PublicKey, generate_key
from astore_sdk.supplychain import Provenance, read_bundle
assert "cryptography" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert PublicKey(public_pem(EC), "ECDSA-P256-SHA256") == load_public_key(EC.public_key())
