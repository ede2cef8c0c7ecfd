"""JSON that all readers understand alike: what is signed or compared may not mean two things."""

from __future__ import annotations

import json
from typing import NoReturn


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def _each_name_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a name stands twice in one object: readers would differ about which one counts")
    return fields


def read_json(text: str | bytes) -> object:
    """Return what JSON text says.

    Raises:
        ValueError: It is malformed, ambiguous, or not in UTF-8 (RFC 8259, section 8.1).
    """
    try:
        # Of bytes, the parser would guess the encoding; of text, it refuses a byte order mark.
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        return json.loads(decoded, object_pairs_hook=_each_name_once, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def canonical_json(value: object) -> bytes:
    """Return a value as JSON, the same bytes for the same value.

    Raises:
        TypeError: It cannot be expressed in JSON.
        ValueError: It cannot be expressed in JSON.
    """
    try:
        text = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return text.encode()


def same_json(one: object, other: object) -> bool:
    """Tell whether two values say the same. What cannot be written in JSON is never the same."""
    try:
        return canonical_json(one) == canonical_json(other)
    except (TypeError, ValueError):
        return False
