"""What keeps web pages out of a store that has no token.

Such a store trusts whoever reaches it, and only programs of this machine do. A browser is one of them, and does what
any page tells it: it sends requests across sites, and it takes the store for the page's own server once the page's name
resolves to this machine (DNS rebinding). Two things give it away. It sends the *name* it believes it talks to, so a
store without a token answers to names that can mean only this machine. And it says on whose behalf it asks, in `Origin`
and `Sec-Fetch-Site`, so what another site asks for is refused, whatever the method: a page must not read either, and
whether a read succeeds is something that a page can measure. That includes a link on another page, which a browser
announces as `Sec-Fetch-Site: cross-site` like everything else; the address can still be typed.

A token makes all of this unnecessary: a browser does not have it, and never sends it by itself.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from typing import TYPE_CHECKING

from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from astore_sdk.server.asgi import RequestHeaders

# RFC 3986 §3.2.2 and §3.2.3, without user information, which HTTP has no place for (RFC 9110 §4.2.4).
_AUTHORITY = re.compile(r"(?:\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[0-9A-Za-z_.-]+))(?::[0-9]*)?", re.ASCII)
# Fetch Metadata (W3C): `none` is a person who typed the address. `same-site` is another port of this machine.
_OWN_SITE = frozenset({"same-origin", "none"})


def refuse_foreign_names(headers: RequestHeaders) -> None:
    """Refuse a request to a host that is not by its name this machine.

    Only HTTP/1.0 may leave it out, which no browser speaks.
    """
    host = headers.get("host")
    if host is not None and not is_loopback_authority(host):
        raise Problem(
            "AccessDenied",
            "Without a token the store answers only to names of this machine, such as 127.0.0.1 or localhost; "
            "use one of these, or start the store with a token.",
        )


def refuse_foreign_pages(headers: RequestHeaders) -> None:
    """Refuse what a browser asks on behalf of another site than the store itself."""
    host, origin, site = headers.get("host"), headers.get("origin"), headers.get("sec-fetch-site")
    # The store speaks http, so a page of its own has that scheme.
    is_foreign = origin is not None and (host is None or _plain(origin) != _plain(f"http://{host}"))
    if is_foreign or (site is not None and site not in _OWN_SITE):
        raise Problem(
            "AccessDenied",
            "Without a token the store takes no requests from pages of other sites; start the store with a token and "
            "send it, or type the address.",
        )


@lru_cache(maxsize=64)
def is_loopback_authority(authority: str) -> bool:
    """Whether a host, with or without a port, can mean nothing but this machine."""
    found = _AUTHORITY.fullmatch(authority)
    if found is None:
        return False
    name = (found["address"] or found["name"]).lower()
    if found["address"] is None:
        # A full stop at the end is the root. RFC 6761 §6.3: `localhost` and all names below it are loopback.
        name = name.removesuffix(".")
        if name == "localhost" or name.endswith(".localhost"):
            return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _plain(origin: str) -> str:
    """Write an origin as browsers do: in lower case, without the port that is understood."""
    return origin.lower().removesuffix(":80")
