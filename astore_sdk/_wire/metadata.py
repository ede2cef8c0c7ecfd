"""Metadata of objects as it travels: headers that hold printable ASCII, values that may be any text.

A value that a header could not carry exactly is sent as encoded words (RFC 2047, section 2).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from email.errors import HeaderParseError
from email.header import decode_header
from typing import TYPE_CHECKING, cast

from ..exceptions import InvalidInputError
from .names import check_text

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "x-amz-meta-"
MAX_BYTES = 8 * 1024
"""Names and encoded values of one object, added up."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")
_PLAIN = re.compile(r"(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?")
_ENCODED_WORDS = re.compile(r"=\?[^?\s]+\?[BbQq]\?[^?\s]*\?=(?: =\?[^?\s]+\?[BbQq]\?[^?\s]*\?=)*")
# 75 characters a word (RFC 2047, section 2), less `=?utf-8?B?` and `?=`, in base64: 45 bytes.
_WORD_BYTES = 45


def encode_metadata(metadata: Mapping[str, str | None] | None) -> list[tuple[str, str]]:
    """Return the headers that carry the metadata. A value of None is left out.

    Raises:
        InvalidInputError: A name is not a token, two names differ in case only, a value has CR, LF or NUL, or it is too much.
        TypeError: It is not a mapping of str to str.
    """
    if metadata is None:
        return []
    if not isinstance(cast("object", metadata), Mapping):
        raise TypeError(f"metadata is a mapping of str to str, not {type(metadata).__name__}")
    encoded: dict[str, str] = {}
    for name, value in metadata.items():
        if not isinstance(cast("object", name), str):
            raise TypeError(f"metadata names are str, not {type(name).__name__}")
        lower = name.lower()
        if not _TOKEN.fullmatch(lower):
            raise InvalidInputError(f"metadata name {name!r} is not a token (RFC 9110, section 5.6.2)")
        if value is None:
            continue
        if lower in encoded:
            raise InvalidInputError(f"metadata names differ in case only: {name!r}")
        encoded[lower] = _encode(lower, value)
    size = sum(len(name) + len(value) for name, value in encoded.items())
    if size > MAX_BYTES:
        raise InvalidInputError(f"metadata has {size} bytes after encoding, more than {MAX_BYTES}")
    return [(PREFIX + name, value) for name, value in encoded.items()]


def _encode(name: str, value: str) -> str:
    check_text(f"metadata value of {name!r}", value)
    if bad := next((char for char in value if char in "\r\n\0"), None):
        raise InvalidInputError(f"metadata value of {name!r} has the control character U+{ord(bad):04X} in it")
    if _PLAIN.fullmatch(value) and "=?" not in value:
        return value
    words: list[bytes] = [b""]
    for char in value:  # a character is never split between words (RFC 2047, section 5)
        raw = char.encode()
        if len(words[-1]) + len(raw) > _WORD_BYTES:
            words.append(b"")
        words[-1] += raw
    return " ".join(f"=?utf-8?B?{base64.b64encode(word).decode()}?=" for word in words)


def decode_metadata(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the metadata among headers (or the entries of a JSON map, with the prefix put before their names)."""
    return {
        name.lower().removeprefix(PREFIX): decode_value(value)
        for name, value in pairs
        if name.lower().startswith(PREFIX) and len(name) > len(PREFIX)
    }


def decode_value(value: str) -> str:
    """Return a value as its writer gave it. What is not made of encoded words alone, or cannot be decoded, stays as it is."""
    if not _ENCODED_WORDS.fullmatch(value):
        return value
    try:
        return "".join(
            chunk if isinstance(chunk, str) else chunk.decode(charset or "ascii") for chunk, charset in decode_header(value)
        )
    except (HeaderParseError, binascii.Error, LookupError, ValueError):
        return value
