"""What buckets and objects may be called, and how a name is read from a path."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote_from_bytes, unquote_to_bytes

from astore_sdk.server.problems import Problem

MAX_KEY_SIZE = 1024

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+")
_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


def require_bucket_name(name: bytes) -> str:
    """Read a bucket's name."""
    text = name.decode("ascii", "replace")
    if not _BUCKET.fullmatch(text) or ".." in text or _IP_ADDRESS.fullmatch(text):
        raise Problem(
            "InvalidBucketName",
            "A bucket's name has 3 to 63 of a-z, 0-9, '.' and '-', begins and ends with a letter or digit, "
            "has no '..' and is not an IP address.",
        )
    return text


def require_key(key: bytes) -> bytes:
    """Check an object's key: opaque UTF-8 that is never normalised."""
    if not 1 <= len(key) <= MAX_KEY_SIZE:
        raise Problem("InvalidKey", f"A key has 1 to {MAX_KEY_SIZE} bytes of UTF-8; this one has {len(key)}.")
    try:
        text = key.decode()
    except UnicodeDecodeError as error:
        raise Problem("InvalidKey", "A key is UTF-8; this one is not.") from error
    # Control characters (Cc) and no others: format characters such as U+200B are ordinary here.
    if any(unicodedata.category(character) == "Cc" for character in text):
        raise Problem("InvalidKey", "A key has no control characters.")
    return key


def percent_decode(raw: bytes, code: str) -> bytes:
    """Undo percent-encoding, once. A `%` without two digits is an error, not a character of the name."""
    if _ESCAPE.search(raw):
        raise Problem(code, "A '%' in a name is followed by two hexadecimal digits; a literal one travels as %25.")
    return unquote_to_bytes(raw)


def split_bucket_and_key(path: bytes) -> tuple[bytes, bytes | None]:
    """Split `bucket/key`, which is decoded already, so `%2F` and `/` are alike; no key if there is no slash."""
    bucket, slash, key = path.partition(b"/")
    return bucket, key if slash else None


def percent_encode(path: bytes) -> str:
    """Encode a path as clients send it: slashes and unreserved characters stay, segments of dots are encoded as well."""
    encoded = quote_from_bytes(path)
    if "/." not in encoded:
        return encoded
    segments = encoded.split("/")
    return "/".join(segment.replace(".", "%2E") if segment in {".", ".."} else segment for segment in segments)
