"""What an application is told of a request and of its connection: the scope of ASGI."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import unquote

from astore_sdk.server.responder import CONNECTION_EXTENSION

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from astore_sdk.server.asgi import Scope
    from astore_sdk.server.heads import Head

    Address = tuple[str, int]


def scope_of(head: Head, connection: object, addresses: Mapping[str, Address | None]) -> Scope:
    """Return the scope of a request; `addresses` has those of both ends, by what asyncio calls them."""
    scope: dict[str, object] = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": head.version,
        "server": addresses["sockname"],
        "client": addresses["peername"],
        "scheme": "http",
        "root_path": "",
        "method": head.method.decode(),
        "path": unquote(head.path.decode()),
        "raw_path": head.path,
        "query_string": head.query,
        "headers": head.fields,
        "extensions": {CONNECTION_EXTENSION: connection},
    }
    return cast("Scope", scope)


def address_of(transport: asyncio.BaseTransport, side: str) -> Address | None:
    """Return host and port of one end, None where there are none."""
    address: object = transport.get_extra_info(side)
    if not isinstance(address, tuple):
        return None
    host, port, *_ = cast("tuple[object, ...]", address)
    return str(host), int(str(port))
