"""Names of buckets, keys and other text that travels: checked before anything is sent, and sent exactly."""

from __future__ import annotations

import re
from typing import cast
from urllib.parse import quote, urlencode

from ..exceptions import InvalidInputError

MAX_KEY_BYTES = 1024

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_IP_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
"""Unicode's category Cc, whole."""
_ETAG = re.compile(r"[\x21\x23-\x7e]+")


def check_bucket(name: str) -> str:
    """Return the name if a bucket may have it.

    Raises:
        InvalidInputError: It breaks a rule of the contract.
        TypeError: It is not a str.
    """
    if not isinstance(cast("object", name), str):
        raise TypeError(f"bucket is a str, not {type(name).__name__}")
    if not _BUCKET.fullmatch(name) or ".." in name or _IP_ADDRESS.fullmatch(name):
        raise InvalidInputError(
            f"{name!r} is not a bucket name",
            hint="A bucket name has 3 to 63 of a-z, 0-9, '.' and '-', begins and ends with a letter or digit, has no '..' "
            "and is no IP address.",
        )
    return name


def check_text(name: str, text: str) -> str:
    """Return the text if it is a str that UTF-8 can carry; `name` names it in errors."""
    if not isinstance(cast("object", text), str):
        raise TypeError(f"{name} is a str, not {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidInputError(f"{name} has a lone surrogate at {error.start}, which UTF-8 cannot carry") from None
    return text


def check_key(key: str, name: str = "key") -> str:
    """Return the key if an object may have it; `name` names it in errors.

    Raises:
        InvalidInputError: It is empty, too long, or has characters that no key may have.
        TypeError: It is not a str.
    """
    size = len(check_text(name, key).encode())
    if not size:
        raise InvalidInputError(f"{name} is empty")
    if size > MAX_KEY_BYTES:
        raise InvalidInputError(f"{name} has {size} bytes, more than {MAX_KEY_BYTES}")
    if control := _CONTROL.search(key):
        raise InvalidInputError(f"{name} has the control character U+{ord(control[0]):04X} in it: {key!r}")
    return key


def quote_etag(name: str, etag: str) -> str:
    """Return an etag as it travels, with quotes; taken with or without them.

    Raises:
        InvalidInputError: No etag looks like this (RFC 9110, section 8.8.3).
        TypeError: It is not a str.
    """
    if not isinstance(cast("object", etag), str):
        raise TypeError(f"{name} is an etag as str, not {type(etag).__name__}")
    bare = bare_etag(etag)
    if bare is None or not _ETAG.fullmatch(bare):
        raise InvalidInputError(f"{name} is not an etag: {etag!r}")
    return f'"{bare}"'


def bare_etag(etag: str | None) -> str | None:
    """Return an etag without its quotes; None for an absent or empty one. A weak one keeps its mark (`W/"…"`)."""
    if etag and len(etag) >= 2 and etag[0] == etag[-1] == '"':
        etag = etag[1:-1]
    return etag or None


def raw_path(url: str, query: dict[str, object] | None = None) -> str:
    """Return path and query as they travel, from what a generated request builder gives.

    The builders encode a slash in a key as `%2F`, which many proxies refuse, and leave `.` and `..` as they are, which clients
    and proxies delete: slashes are put back, and segments of dots are encoded. The fragment, which only tells
    operations apart in the contract, is dropped.
    """
    path = url.partition("#")[0].replace("%2F", "/")
    path = "/".join(segment.replace(".", "%2E") if segment in (".", "..") else segment for segment in path.split("/"))
    return f"{path}?{urlencode(query, quote_via=quote, safe='')}" if query else path


def copy_source(bucket: str, key: str) -> str:
    """Return the value of `x-amz-copy-source`: bucket and key, percent-encoded like a path."""
    return raw_path(f"/{bucket}/{quote(key, safe='')}")
