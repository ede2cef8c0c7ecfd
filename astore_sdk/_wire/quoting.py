"""What a server says, as errors and reports quote it: one short line of printable characters."""

from __future__ import annotations

MAX_QUOTED = 1000
"""Characters of one quotation."""
WINDOW = 16 * 1024
"""Characters of a text of a server's that are looked at."""


def one_line(text: str, most: int = MAX_QUOTED) -> str:
    """Return a text as one line without control, format or bidirectional characters, and without spaces at its ends."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return text.strip()[:most].rstrip()
