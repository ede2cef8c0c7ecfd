"""What the store holds of an upload that is under way."""

from __future__ import annotations

from typing import TypeVar

from ..._core.flow import Steps
from ..._core.perform import perform
from ..._operations import multipart
from ...config import Settings
from ...exceptions import ResponseDecodeError
from ...models import Part

Marker = TypeVar("Marker", str, int, tuple[str, str])


def check_advance(name: str, marker: Marker, following: Marker | None, bucket: str, operation: str) -> None:
    """Make sure that the next page of a list begins behind this one."""
    if following is None or following <= marker:  # the order of str is that of UTF-8's bytes
        problem = "has none" if following is None else "does not advance"
        raise ResponseDecodeError(
            f"the list goes on, but its {name} {problem}: it would end early or never",
            operation=operation,
            bucket=bucket,
        )


def list_parts(settings: Settings, bucket: str, key: str, upload_id: str) -> Steps[list[Part]]:
    """List all parts of an upload."""
    parts: list[Part] = []
    marker: int | None = None
    while True:
        operation = multipart.list_parts(bucket, key, upload_id, marker)
        page = yield from perform(operation, settings.retry)
        parts += page.parts
        if not page.is_truncated:
            return parts
        check_advance("nextPartNumberMarker", marker or 0, page.next_marker, bucket, operation.name)
        marker = page.next_marker
