"""The store's marks in the catalogue: the one row of the table `store`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select

from astore_sdk.server.catalogue.tables import store

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from astore_sdk.server.identity import Identity


def put(connection: Connection, identity: Identity) -> None:
    """Write the marks in place of those that are there."""
    connection.execute(delete(store))
    connection.execute(
        insert(store).values(
            id=identity.id,
            opened=identity.opened,
            opened_before=identity.opened_before,
            generation=identity.generation,
        )
    )


def store_id(connection: Connection) -> str | None:
    """Read which store's catalogue it is; None if it does not say."""
    return connection.execute(select(store.c.id)).scalars().first()
