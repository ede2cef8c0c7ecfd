"""Health: the only operations that need no token."""

from __future__ import annotations

import sqlite3
from importlib.metadata import version
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from astore_sdk.server.asgi import Response, json_response
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from astore_sdk.server.asgi import JsonValue, Request
    from astore_sdk.server.store import Store

API_VERSION = "1.0.0"
FEATURES = ("multipart", "ranges", "conditional-requests", "signatures", "sboms", "attestations")


def _health() -> Response:
    features: list[JsonValue] = list(FEATURES)
    return json_response(200, {"status": "ok", "version": version("astore_sdk"), "apiVersion": API_VERSION, "features": features})


async def get_health(_store: Store, _request: Request) -> Response:
    """Tell version and features."""
    return _health()


async def get_liveness(_store: Store, _request: Request) -> Response:
    """Answer, which is all that liveness asks."""
    return _health()


async def get_readiness(store: Store, _request: Request) -> Response:
    """Try what every request needs: a query of the catalogue and a durable file among the blobs."""

    def probe() -> None:
        store.catalogue.probe()
        store.blobs.probe()

    try:
        await store.in_thread(probe)
    except (OSError, SQLAlchemyError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else "the catalogue does not answer"
        raise Problem("NotReady", f"The store cannot work: {reason}.") from error
    if (gone := store.misplaced) is not None:
        raise Problem("NotReady", f"The store's file {gone} was removed or replaced; put it back, or restart the store.")
    return _health()
