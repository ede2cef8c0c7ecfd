"""What a `Config` may be made of: each function takes one value and returns it as it is kept, or says what is wrong with it.

No error shows a secret, and none is shown by a `repr` either: a token, a password in a proxy's URL, the passphrase of a key.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Mapping
from math import isfinite
from pathlib import Path
from typing import cast
from urllib.parse import quote, unquote, urlsplit

from .exceptions import InvalidInputError

_TOKEN = re.compile(r"[\x21-\x7e]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")
_IN_USER = "%:!$&'()*+,;=-._~"
"""What user information may have as it is (RFC 3986, section 3.2.1)."""
# What the client itself has to say about each request; a second opinion would break the message or the promise.
_OWN_HEADERS = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "host",
        "if-match",
        "if-none-match",
        "if-range",
        "range",
        "transfer-encoding",
        "x-astore-resource",
    }
)


def check_seconds(name: str, value: object) -> float:
    """Return seconds that are more than 0 and finite."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is seconds as a number, not {type(value).__name__}")
    if not isfinite(value) or value <= 0:
        raise InvalidInputError(f"{name} must be more than 0 seconds and finite, not {value}")
    return float(value)


def check_count(name: str, value: object, least: int, most: int) -> int:
    """Return a whole number from `least` to `most`."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} is a whole number, not {type(value).__name__}")
    if not least <= value <= most:
        raise InvalidInputError(f"{name} must be between {least} and {most}, not {value}")
    return value


def check_base_url(value: str | None) -> str:
    """Return the store's address without a slash at its end."""
    if value is None or value == "":
        raise InvalidInputError(
            "base_url is missing",
            hint="Give the store's address, or set ASTORE_SERVER if it is read from the environment.",
        )
    if not isinstance(cast("object", value), str):
        raise TypeError(f"base_url is a str, not {type(value).__name__}")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        # Before an @ may be a secret, and the port that is none a part of it.
        raise InvalidInputError(f"base_url is not a URL{'' if '@' in value else f': {error}'}") from None
    if "@" in parts.netloc:
        # The value is not shown: what stands before the @ may be a secret.
        raise InvalidInputError("base_url has user information in it", hint="Pass the token as `token`.")
    if parts.scheme not in ("http", "https") or not host:
        raise InvalidInputError(
            f"base_url must begin with http:// or https:// and name a host, not {without_user(value)!r}",
            hint="For example http://127.0.0.1:8080.",
        )
    if parts.query or parts.fragment or "?" in value or "#" in value:
        raise InvalidInputError(f"base_url has a query or a fragment: {without_user(value)!r}")
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise InvalidInputError(f"base_url has spaces, control or non-ASCII characters: {without_user(value)!r}")
    if ":" not in host and not all(0 < len(label) <= 63 for label in host.removesuffix(".").split(".")):
        raise InvalidInputError(f"base_url's host is {host!r}, but between dots are 1 to 63 characters (RFC 1035, section 2.3.4)")
    if "s3" in re.split(r"[/\\]", unquote(parts.path).lower()):
        raise InvalidInputError(
            f"base_url has the segment 's3' in its path: {without_user(value)!r}",
            hint="Give the address without it: the client adds /s3 itself, and what follows it would be taken for a bucket.",
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def check_token(value: str | None) -> str | None:
    """Return a token that can travel in a header (RFC 6750), None for an empty one. No error shows its text."""
    if value is None or value == "":
        return None
    if not isinstance(cast("object", value), str):
        raise TypeError(f"token is a str, not {type(value).__name__}")
    if not _TOKEN.fullmatch(value):
        raise InvalidInputError(
            "token has spaces, line ends or characters outside ASCII in it",
            hint="A token that was read from a file often ends in a line end: strip it.",
        )
    return value


def check_flag(value: bool) -> bool:
    """Return `insecure_skip_verify`."""
    if not isinstance(cast("object", value), bool):
        raise TypeError(f"insecure_skip_verify is True or False, not {type(value).__name__}")
    return value


def check_verify(value: ssl.SSLContext | str | os.PathLike[str] | None) -> ssl.SSLContext | str | None:
    """Return a context, or the path of a file or folder that is there."""
    if value is None or isinstance(value, ssl.SSLContext):
        return value
    if not isinstance(cast("object", value), str | os.PathLike):
        raise TypeError(
            f"verify is a CA file, a folder of them or an ssl.SSLContext, not {type(value).__name__}; "
            "to switch verification off use insecure_skip_verify"
        )
    path = Path(value)
    if not path.exists():
        raise InvalidInputError(f"verify names no file or folder: {str(path)!r}")
    return str(path)


Cert = str | tuple[str, str] | tuple[str, str, str]


def check_cert(value: Cert | os.PathLike[str] | None) -> Cert | None:
    """Return the paths of a client certificate as str."""
    if isinstance(value, os.PathLike):
        return str(Path(value))
    if value is None or isinstance(value, str):
        return value
    if isinstance(cast("object", value), tuple) and len(value) in (2, 3):
        return cast("Cert", tuple(os.fspath(part) for part in value))
    raise TypeError("cert is a PEM file, or a tuple of certificate file, key file and, if there is one, its passphrase")


def check_headers(value: Mapping[str, str] | None) -> Mapping[str, str]:
    """Return a copy of headers that can travel (RFC 9110, section 5), none of which is set by the client itself."""
    if value is None:
        return {}
    if not isinstance(cast("object", value), Mapping):
        raise TypeError(f"headers is a mapping of str to str, not {type(value).__name__}")
    for name, text in value.items():
        if not isinstance(cast("object", name), str) or not isinstance(cast("object", text), str):
            raise TypeError("headers is a mapping of str to str")
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise InvalidInputError(f"header {name!r} is not one that can travel (RFC 9110, section 5)")
        if name.lower() in _OWN_HEADERS:
            raise InvalidInputError(f"header {name!r} is set by the client itself")
    return dict(value)


def check_user_agent(value: str | None) -> str | None:
    """Return a `User-Agent` of printable ASCII."""
    if value is not None and (not _HEADER_VALUE.fullmatch(value) or not value.strip()):
        raise InvalidInputError("user_agent must be plain printable ASCII")
    return value


def check_proxy(value: str | None) -> str | None:
    """Return a proxy's URL as it was given."""
    if value is None:
        return None
    if not isinstance(cast("object", value), str):
        raise TypeError(f"proxy is a URL as str, not {type(value).__name__}")
    # No error shows the value: what stands before the @ may be a secret.
    if not value.startswith(("http://", "https://", "socks5://", "socks5h://")):
        raise InvalidInputError("proxy must begin with http://, https:// or socks5://")
    if not re.fullmatch(r"[\x21-\x7e]+", value):
        raise InvalidInputError(
            "proxy has spaces, control or non-ASCII characters", hint="In a user's name or password, percent-encode them."
        )
    try:
        _ = urlsplit(proxy_url(value)).port
    except ValueError:
        raise InvalidInputError("proxy is not a URL", hint="For example http://proxy.example:3128.") from None
    return value


def proxy_url(value: str) -> str:
    """Return a proxy's URL with everything percent-encoded that would end the user information before the last @."""
    scheme, _, rest = value.partition("://")
    user, at, place = rest.rpartition("@")
    return f"{scheme}://{quote(user, safe=_IN_USER)}{at}{place}"


def without_user(url: str) -> str:
    """Return a URL, or what should be one, without what stands before its last @: a password may have one in it, and slashes."""
    before, at, place = url.rpartition("@")
    scheme, slashes, _ = before.partition("//")
    return f"{scheme + slashes if slashes else ''}***@{place}" if at else url


def show_proxy(value: str | None) -> str:
    """Return the `repr` of a proxy's URL without user and password."""
    return repr(without_user(value) if value else value)


def show_cert(value: Cert | None) -> str:
    """Return the `repr` of a client certificate without its passphrase."""
    return repr((*value[:2], "***") if isinstance(value, tuple) and len(value) == 3 else value)


def show_headers(value: Mapping[str, str]) -> str:
    """Return the `repr` of headers without their values."""
    return repr(dict.fromkeys(value, "***"))
