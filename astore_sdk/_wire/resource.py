"""Which object a request means, and which one its answer is about.

Keys are opaque, but proxies are not: many merge slashes, remove `.` and `..` segments, decode what was encoded, or put a path
in front. So a request whose path such a proxy may change says in a header which object it means, and the store refuses the
request if its path says otherwise. What an answer says about itself is compared with what was asked for: an answer about
another object must never pass for the right one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from ..exceptions import ResponseDecodeError, WrongObjectError

if TYPE_CHECKING:
    from .messages import Answer

FIELD = "x-astore-resource"
HINT = "Something on the way to the store changes paths: docs/proxies.md has a configuration that keeps them."

_AUTHORITY = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:)?//[^/?#]*")
_ROOT = re.compile(rb"/(?:s3|supplychain/(?:signatures|sboms?|attestations))/")
"""What stands before bucket and key in a path of the store. In front of such a path it means that the path is part of a key."""
_SHOWN = 300
"""Characters of a foreign name that an error shows at most."""


def resource_field(path: str, bucket: str, key: str) -> str | None:
    """Return the value of `x-astore-resource` for a request about an object, None where no proxy would change its path.

    `path` is the raw path as it travels. The header goes with every path that has an encoded byte or an empty segment; dot
    segments travel encoded.
    """
    path = path.partition("?")[0]
    if "%" not in path and "//" not in path and path[-1] != "/":
        return None
    return f"{bucket}/{quote(key, safe='')}"


def check_location(answer: Answer, method: str, path: str) -> None:
    """Compare the answer's `Content-Location` (RFC 9110, section 8.7) with the path that was asked for, if there is one.

    It may be the store's own, relative to the store, or one that a proxy has made absolute or put its prefix before.

    Raises:
        WrongObjectError: It names something else.
    """
    location = answer.fields.get("content-location")
    if not location:
        return
    path = path.partition("?")[0]
    if location == path:  # as the store sends it
        return
    asked, named = unquote_to_bytes(path), unquote_to_bytes(_path_of(location, path))
    if not named.endswith(asked) or _ROOT.search(named[: -len(asked)] + b"/"):
        shown = unquote_to_bytes(_path_of(answer.redact(location, cut=False), path)).decode("utf-8", "replace")
        raise wrong_object(answer, method, shown)


def _path_of(reference: str, base: str) -> str:
    """Return the path of a URI reference (RFC 3986, section 4.1), still encoded."""
    authority = _AUTHORITY.match(reference)
    path = re.split(r"[?#]", reference[authority.end() :] if authority else reference, maxsplit=1)[0]
    return path if authority or path.startswith("/") else base[: base.rindex("/") + 1] + path


def check_members(answer: Answer, method: str, bucket: str, key: str | None) -> None:
    """Compare `bucket` and `key` of the JSON object that was read from an answer, if it has them, with what was asked for.

    Raises:
        WrongObjectError: They name another object.
        ResponseDecodeError: They are no text.
    """
    if answer.document is None:
        return
    found_bucket, found_key = answer.document.get("bucket"), None if key is None else answer.document.get("key")
    if (found_bucket is None or found_bucket == bucket) and (found_key is None or found_key == key):
        return
    for name, found in (("bucket", found_bucket), ("key", found_key)):
        if found is not None and not isinstance(found, str):
            raise ResponseDecodeError(f"the answer's {name} is not what the contract says, but a {type(found).__name__}")
    parts = (found_bucket or bucket, found_key or key)
    raise wrong_object(answer, method, "/".join(str(part) for part in parts if part is not None))


def wrong_object(answer: Answer, method: str, named: str) -> WrongObjectError:
    """Return the error for an answer about what `named` says, which is not what was asked for."""
    shown = answer.quote(named, _SHOWN)
    changed = "" if method in ("GET", "HEAD") else "; what has that name may have been changed"
    return WrongObjectError(f"the answer is about '{shown}', which was not asked for{changed}", hint=HINT)
