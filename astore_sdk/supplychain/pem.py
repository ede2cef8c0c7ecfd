"""Keys from PEM (RFC 7468), files with PEM, and keys of the package `cryptography`.

What goes wrong with a private key or a passphrase is returned from where they are and raised where they are not: neither is in an
error, nor among the locals of its traceback.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, cast

from ..exceptions import InvalidInputError
from .keys import LocalKeySource, PrivateKey, PublicKey, PublicKeySource, public_value

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----.*?-----END \1-----", re.DOTALL)
_PRIVATE = (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"EC PRIVATE KEY", b"RSA PRIVATE KEY")
_PUBLIC = (b"PUBLIC KEY", b"RSA PUBLIC KEY")


def load_public_key(source: PublicKeySource, *, name: str = "public_key") -> PublicKey:
    """Take a public key: ECDSA P-256, RSA of 2048 bits or more, or Ed25519.

    Args:
        source: PEM, a `Path` to a file with PEM, or a key.
        name: What errors call it.

    Raises:
        InvalidInputError: It is no such key. A private key is refused and never shown.
        OSError: The file cannot be read.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    if isinstance(source, PublicKey):
        return source
    if isinstance(source, str | bytes | Path):
        text = source.read_bytes() if isinstance(source, Path) else source.encode() if isinstance(source, str) else source
        found = [(block[1], block[0]) for block in _BLOCK.finditer(text)]
        private, is_path = any(b"PRIVATE KEY" in label for label, _ in found), b"-----BEGIN" not in text
        del source, text  # what is refused may be the wrong half of the pair: no traceback has it
        if private:
            del found
            raise InvalidInputError(f"{name} is a private key", hint="Pass the public half.")
        if is_path:
            raise InvalidInputError(f"{name} has no PEM text", hint="For a file's path use pathlib.Path.")
        if [label for label, _ in found if label in _PUBLIC] != [label for label, _ in found] or len(found) != 1:
            labels = ", ".join(label.decode() for label, _ in found)
            raise InvalidInputError(f"{name} is one PEM block 'PUBLIC KEY', not {labels or 'a broken one'}")
        try:
            loaded: object = load_pem_public_key(found[0][1])
        except (ValueError, UnsupportedAlgorithm):
            raise InvalidInputError(f"{name} is not a key that can be read") from None
    else:
        loaded = source
    return public_value(loaded, name)


def load_public_keys(sources: Iterable[PublicKeySource], *, name: str = "public_keys") -> tuple[PublicKey, ...]:
    """Take public keys, each key once.

    Raises:
        InvalidInputError: There is none, or one that is no key.
    """
    given = cast("object", sources)
    if isinstance(given, str | bytes | Path | PublicKey):
        raise TypeError(f"{name} must be a list of keys, not one key")
    if isinstance(given, Mapping) or not isinstance(given, Iterable):
        raise TypeError(f"{name} must be a list of keys, not one {type(cast('object', sources)).__name__}")
    keys = [load_public_key(source, name=f"{name}[{index}]") for index, source in enumerate(sources)]
    if not keys:
        raise InvalidInputError(f"{name} is empty: without a key that you trust nothing can be verified")
    return tuple({key.fingerprint: key for key in keys}.values())


def load_private_key(source: LocalKeySource, passphrase: str | bytes | None = None, *, name: str = "private_key") -> PrivateKey:
    """Take a private key: ECDSA P-256, RSA of 2048 bits or more, or Ed25519 (which signs attestations only).

    Args:
        source: PEM (`PRIVATE KEY`, `ENCRYPTED PRIVATE KEY`, `EC PRIVATE KEY`, `RSA PRIVATE KEY`), a `Path` to it, or a key.
        passphrase: What an encrypted key is encrypted with.
        name: What errors call it.

    Raises:
        InvalidInputError: It is no such key, or the passphrase is not right.
        OSError: The file cannot be read.
    """
    outcome = _take_private(source, passphrase, name)
    del source, passphrase
    if isinstance(outcome, PrivateKey):
        return outcome
    raise outcome


def _take_private(source: object, passphrase: str | bytes | None, name: str) -> PrivateKey | Exception:
    """Return the key, or the error to raise once nothing secret is at hand."""
    if isinstance(source, PrivateKey):
        return source
    if not isinstance(cast("object", passphrase), str | bytes | None):
        return TypeError(f"passphrase is str or bytes, not {type(passphrase).__name__}")
    if isinstance(source, Path):
        try:
            source = source.read_bytes()
        except OSError as error:
            return error.with_traceback(None)
    if isinstance(source, str | bytes):
        loaded = _read_private(source.encode() if isinstance(source, str) else source, passphrase, name)
    else:
        loaded = source
    if isinstance(loaded, InvalidInputError):
        return loaded
    try:
        return PrivateKey(cast("EllipticCurvePrivateKey", loaded))
    except AttributeError:
        return TypeError(f"{name} is PEM as str or bytes, a pathlib.Path, a key or a signer, not {type(source).__name__}")
    except (InvalidInputError, TypeError) as error:
        error.__context__ = None
        return error.with_traceback(None)


def _read_private(text: bytes, passphrase: str | bytes | None, name: str) -> object:
    """Return cryptography's key, or an InvalidInputError."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    found = [(block[1], block[0]) for block in _BLOCK.finditer(text)]
    keys = [block for label, block in found if label in _PRIVATE]
    if len(keys) != 1:
        return _no_private(name, [label for label, _ in found], is_pem=b"-----BEGIN" in text, count=len(keys))
    secret = passphrase.encode() if isinstance(passphrase, str) else passphrase
    try:
        return load_pem_private_key(keys[0], secret or None)
    except TypeError:
        if secret:
            return InvalidInputError(f"{name} is not encrypted, but a passphrase was given")
        return InvalidInputError(f"{name} is encrypted", hint="Pass its passphrase.")
    except (ValueError, UnsupportedAlgorithm):
        if secret:
            return InvalidInputError(f"{name} cannot be decrypted: the passphrase is wrong, or the key is broken")
        return InvalidInputError(f"{name} is not a key that can be read")


def _no_private(name: str, labels: list[bytes], *, is_pem: bool, count: int) -> InvalidInputError:
    """Say why there is no private key in it."""
    if count > 1:
        return InvalidInputError(f"{name} has {count} private keys in it; it must be one")
    if any(label in _PUBLIC for label in labels):
        return InvalidInputError(f"{name} is a public key", hint="Sign with the private half; it stays in this process.")
    if b"CERTIFICATE" in labels:
        return InvalidInputError(f"{name} is a certificate", hint="Sign with its private key; it stays in this process.")
    if b"OPENSSH PRIVATE KEY" in labels:
        return InvalidInputError(f"{name} is in the form of OpenSSH", hint="Convert it: ssh-keygen -p -m PKCS8 -f <key>.")
    if any(b"ENCRYPTED" in label for label in labels):
        return InvalidInputError(
            f"{name} is encrypted in cosign's own way",
            hint="Make the key with openssl or generate_key(), and give it to cosign with 'cosign import-key-pair'.",
        )
    if labels or is_pem:
        return InvalidInputError(f"{name} has no whole PEM block with a private key")
    return InvalidInputError(f"{name} has no PEM text", hint="For a file's path use pathlib.Path.")
