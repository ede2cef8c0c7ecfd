"""Lists in pages: collected to their end, and never taken for ended when they are not."""

from __future__ import annotations

from typing import cast

from .._core.flow import Steps
from .._core.perform import perform
from .._operations import multipart, objects
from .._transfers.upload.stored_parts import check_advance
from .._transfers.upload.stored_parts import list_parts as list_parts
from ..config import Settings
from ..exceptions import InvalidInputError
from ..models import MultipartUpload, ObjectList

PAGE = 1000


def list_objects(
    settings: Settings, bucket: str, *, prefix: str, delimiter: str, marker: str | None, max_keys: int | None
) -> Steps[ObjectList]:
    """List objects from the marker on: all of them, or at most `max_keys`."""
    if max_keys is not None:
        if isinstance(max_keys, bool) or not isinstance(cast("object", max_keys), int):
            raise TypeError(f"max_keys is a whole number or None, not {type(max_keys).__name__}")
        if max_keys < 1:
            raise InvalidInputError(f"max_keys must be at least 1, not {max_keys}", hint="None lists everything.")
    found = ObjectList(next_marker=marker)
    while True:
        count = len(found.objects) + len(found.common_prefixes)
        asked = None if max_keys is None else min(PAGE, max_keys - count)
        page = yield from list_page(settings, bucket, prefix=prefix, delimiter=delimiter, marker=found.next_marker, max_keys=asked)
        found.objects.extend(page.objects)
        found.common_prefixes.extend(page.common_prefixes)
        found = ObjectList(found.objects, found.common_prefixes, page.is_truncated, page.next_marker)
        if not page.is_truncated:
            return found
        if max_keys is not None and len(found.objects) + len(found.common_prefixes) >= max_keys:
            return found


def list_page(
    settings: Settings, bucket: str, *, prefix: str, delimiter: str, marker: str | None, max_keys: int | None
) -> Steps[ObjectList]:
    """Fetch one page, and make sure that the next one begins behind it."""
    operation = objects.list_objects(bucket, prefix=prefix, delimiter=delimiter, marker=marker, max_keys=max_keys)
    page = yield from perform(operation, settings.retry)
    if page.is_truncated:
        check_advance("nextMarker", marker or "", page.next_marker, bucket, operation.name)
    if max_keys is not None:
        page = _cut(page, max_keys)
    return page


def _cut(page: ObjectList, most: int) -> ObjectList:
    """Keep as many entries as were asked for, should the store have sent more."""
    entries = sorted([item.key for item in page.objects] + page.common_prefixes)
    if len(entries) <= most:
        return page
    kept = set(entries[:most])
    return ObjectList(
        [item for item in page.objects if item.key in kept],
        [item for item in page.common_prefixes if item in kept],
        is_truncated=True,
        next_marker=entries[most - 1],
    )


def list_multipart_uploads(settings: Settings, bucket: str, prefix: str) -> Steps[list[MultipartUpload]]:
    """List all uploads under way in a bucket."""
    uploads: list[MultipartUpload] = []
    marker: tuple[str, str] | None = None
    while True:
        operation = multipart.list_uploads(bucket, prefix, marker)
        page = yield from perform(operation, settings.retry)
        uploads += page.uploads
        if not page.is_truncated:
            return uploads
        check_advance("nextKeyMarker", marker or ("", ""), page.next_marker, bucket, operation.name)
        marker = page.next_marker
