"""What lists show of a record: all of it, but for members that are large.

A list of a thousand SBOMs of 30 MiB must cost what a thousand small records cost. So what it shows is written down beside
the record when that is stored, and the record itself is read only when somebody asks for it by its id.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.limits import MAX_INLINE_FIELD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from astore_sdk.server.asgi import JsonValue
    from astore_sdk.server.record_forms import RecordForm


@frozen
class Head:
    """What is shown of a record, as JSON objects in text."""

    facts: str
    """Members that are derived from what the client sent."""
    shown: str
    """What the client sent, large members being null, and their names in `omitted`."""


def head_of(form: RecordForm, kept: Mapping[str, JsonValue]) -> Head:
    """Describe a record by what was kept of its request."""
    omitted: list[JsonValue] = [name for name, value in kept.items() if _size(value) > MAX_INLINE_FIELD]
    shown: dict[str, JsonValue] = {name: None if name in omitted else value for name, value in kept.items()}
    return Head(to_json(form.facts(kept)), to_json({**shown, "omitted": omitted}))


def _size(value: JsonValue) -> int:
    """Give the bytes of a value's JSON text."""
    if isinstance(value, str) and len(value) > MAX_INLINE_FIELD:
        return len(value)  # at least: it need not be written to be found too large
    return len(to_json(value).encode())


def to_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """Write JSON as it is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def joined(*texts: str) -> str:
    """Join JSON objects, none of them empty but the last, into one; their names differ."""
    members = [text[1:-1] for text in texts]
    return "{" + ",".join(member for member in members if member) + "}"
