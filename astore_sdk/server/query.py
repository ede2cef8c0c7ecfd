"""Query parameters, read strictly: a request that is misunderstood must not do something else."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping


def parse_query(raw: bytes) -> dict[str, str]:
    """Read a query string; each parameter may be there once. A `+` is a space, as in forms."""
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=100)
    except ValueError as error:
        raise Problem("InvalidArgument", "The query string is not percent-encoded UTF-8.") from error
    if b"#" in raw:
        raise Problem("InvalidArgument", "A query string has no fragment; a '#' travels as %23.")
    query = dict(pairs)
    if len(query) != len(pairs):
        raise Problem("InvalidArgument", "A query parameter is there twice.")
    return query


def whole_number(query: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    """Read a number within bounds."""
    text = query.get(name)
    if text is None:
        return default
    digits = text.isascii() and text.isdigit() and len(text) < 20
    if not digits or not least <= int(text) <= most:
        raise Problem("InvalidArgument", f"'{name}' is a whole number from {least} to {most}.")
    return int(text)


def text_bytes(query: Mapping[str, str], name: str) -> bytes:
    """Read a text as UTF-8; empty if it is not there."""
    return query.get(name, "").encode()
