"""What a call came to, as a value that can be compared."""

from __future__ import annotations

import io
from collections.abc import Callable

from attrs import frozen

from astore_sdk import ArtifactStoreError, Client, NetworkError, NetworkTimeoutError, Object

LANES = ("0", "1")
"""What `ASTORE_FAST_LANE` can be: httpx as it comes, and the fast lane."""


@frozen
class Failure:
    """An error, without its words."""

    kind: type[ArtifactStoreError]
    status: int | None = None
    code: str | None = None
    attempts: int = 1


BROKEN = Failure(NetworkError)
"""There was no answer that could be understood."""
LATE = Failure(NetworkTimeoutError)


@frozen
class Got:
    """An object, bytes and all."""

    content: bytes
    of: Object


def outcome_of(call: Callable[[], object]) -> object:
    """Return what a call returns, or its failure. Any other exception than one of ours is nobody's outcome."""
    try:
        return call()
    except ArtifactStoreError as error:
        return Failure(type(error), error.status_code, error.code, error.attempts)


def get(client: Client) -> object:
    """Get an object."""
    writer = io.BytesIO()
    found = outcome_of(lambda: client.download("bucket", "key", writer))
    return Got(writer.getvalue(), found) if isinstance(found, Object) else found


def head(client: Client) -> object:
    """Ask for an object's metadata."""
    return outcome_of(lambda: client.get_object_metadata("bucket", "key"))


def delete(client: Client) -> object:
    """Delete an object."""
    return outcome_of(lambda: client.delete_object("bucket", "key"))


def buckets(client: Client) -> object:
    """List the names of the buckets."""
    return outcome_of(lambda: tuple(found.name for found in client.list_buckets().buckets))


def content(outcome: object) -> object:
    """Return the bytes that came, or what came in their place."""
    return outcome.content if isinstance(outcome, Got) else outcome
