"""The catalogue: what the store holds, in one SQLite database through SQLAlchemy Core."""

from __future__ import annotations

from astore_sdk.server.catalogue.engine import Catalogue, CatalogueError

__all__ = ["Catalogue", "CatalogueError"]
