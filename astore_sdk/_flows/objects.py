"""Objects: whether they are there, copies, deletes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import cast

from .._core.flow import Steps
from .._core.perform import Settled, perform
from .._operations import objects
from ..config import Settings
from ..exceptions import ArtifactStoreError, NotFoundError, ObjectChangedError, PreconditionFailedError
from ..models import DeleteError, DeleteResult, Object

DELETE_BATCH = 1000


def object_exists(settings: Settings, bucket: str, key: str) -> Steps[bool]:
    """Tell whether an object is there."""
    try:
        yield from perform(objects.head_object(bucket, key), settings.retry)
    except NotFoundError:
        return False
    return True


def delete_object(settings: Settings, bucket: str, key: str, *, if_match: str | None) -> Steps[None]:
    """Delete an object. After a lost answer, an object that is gone was deleted."""

    def settle(failure: ArtifactStoreError) -> Steps[Settled[None] | None]:
        gone = failure.status_code in (404, 412) and not (yield from object_exists(settings, bucket, key))
        return Settled(None) if gone else None

    yield from perform(objects.delete_object(bucket, key, if_match=if_match), settings.retry, settle=settle)


def delete_objects(settings: Settings, bucket: str, keys: Iterable[str]) -> Steps[DeleteResult]:
    """Delete objects, 1000 in a request."""
    if isinstance(cast("object", keys), str | bytes):
        raise TypeError("keys is an iterable of keys, not one key")
    listed = list(keys)
    batches = [listed[start : start + DELETE_BATCH] for start in range(0, len(listed), DELETE_BATCH)]
    operations = [objects.delete_objects(bucket, batch) for batch in batches]  # all keys are checked before any is deleted
    deleted: list[str] = []
    errors: list[DeleteError] = []
    for operation in operations:
        result = yield from perform(operation, settings.retry)
        deleted += result.deleted
        errors += result.errors
    return DeleteResult(deleted, errors)


def copy_object(
    settings: Settings,
    source: tuple[str, str],
    bucket: str,
    key: str,
    *,
    metadata: Mapping[str, str | None] | None,
    content_type: str | None,
) -> Steps[Object]:
    """Copy an object. What of content type and metadata is given replaces the source's, what is not is kept."""
    given = objects.described(content_type, metadata)
    if metadata is None and content_type is None:
        return (yield from perform(objects.copy_object(source, bucket, key, None), settings.retry))
    if metadata is not None and content_type is not None:
        return (yield from perform(objects.copy_object(source, bucket, key, given), settings.retry))
    for last in (False, True):
        # The store replaces both or none: what is kept is looked up, and the copy made only of the version it belongs to.
        found = yield from perform(objects.head_object(*source), settings.retry)
        headers = objects.described(content_type or found.content_type, found.metadata if metadata is None else metadata)
        operation = objects.copy_object(source, bucket, key, headers, source_etag=found.etag)
        try:
            return (yield from perform(operation, settings.retry))
        except PreconditionFailedError as error:
            if last:
                raise ObjectChangedError(
                    "the source changed twice while it was copied",
                    bucket=source[0],
                    key=source[1],
                    operation=error.operation,
                    request_id=error.request_id,
                ) from None
    raise AssertionError("unreachable")
