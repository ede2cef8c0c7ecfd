"""The catalogue: what the store holds, in one SQLite database through SQLAlchemy Core."""

from __future__ import annotations

from astore_sdk.server.catalogue.engine import Catalogue
from astore_sdk.server.errors import CatalogueError

__all__ = ["Catalogue", "CatalogueError"]
