"""Messages of bounded length: whoever may write records decides how many reasons there are, and how long each is."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

MAX_MESSAGE = 2000
"""Characters of a message that is made of what a store sent."""


def clipped(text: str, most: int = MAX_MESSAGE) -> str:
    """Return the text, or its beginning and an ellipsis, `most` characters in all."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def first_few(items: Iterable[str], *, separator: str = "; ", count: int = 5, each: int = 200) -> str:
    """Return the first items, each clipped, and how many more there are."""
    rest = iter(items)
    shown = [clipped(item, each) for item in islice(rest, count)]
    more = sum(1 for _ in rest)
    if more:
        shown.append(f"and {more} more")
    return separator.join(shown)
