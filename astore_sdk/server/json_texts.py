"""Reading JSON texts of strangers: no more work than their size is worth, and nothing that cannot be written again.

Python's parser is quick with long strings and slow with many small values, and it lets no other thread run meanwhile:
32 MiB of `[[],[],…]` take ten seconds. What a large text has outside of its strings is therefore limited; no request
needs more, since all that is large in one is a string.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

from astore_sdk.server.limits import MIB
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from astore_sdk.server.asgi import JsonValue

# Bytes: punctuation, numbers and white space. These are parsed in about a tenth of a second, whatever they are.
_MOST_OUTSIDE_STRINGS = MIB
# The largest list of parts has 30,000.
_MOST_STRINGS = 100_000


def parse_json(body: bytes) -> JsonValue:
    """Parse a JSON text.

    Refused is what JSON or UTF-8 cannot say (NaN, 1e999, lone surrogates), what is nested too deeply for the parser, and
    what would keep it busy for long.
    """
    if len(body) > _MOST_OUTSIDE_STRINGS:
        _refuse_many_values(body)
    # Only these escapes make a lone surrogate: UTF-8 has none, and the parser joins pairs.
    may_have_surrogates = b"\\ud" in body or b"\\uD" in body
    try:
        value: JsonValue = json.loads(body.decode(), parse_float=_finite, parse_constant=_refuse_constant)
        if may_have_surrogates:
            for text in texts_of(value):
                text.encode()
    except (ValueError, RecursionError) as error:
        raise Problem("InvalidRequest", "The body is not a JSON text in UTF-8, or is nested too deeply.") from error
    return value


def texts_of(value: JsonValue) -> Iterator[str]:
    """Give every string of a value, names of members included."""
    waiting: list[JsonValue] = [value]
    while waiting:
        member = waiting.pop()
        if isinstance(member, str):
            yield member
        elif isinstance(member, list):
            waiting.extend(member)
        elif isinstance(member, dict):
            yield from member
            waiting.extend(member.values())


def _refuse_many_values(body: bytes) -> None:
    # Without what is escaped, every quotation mark begins or ends a string.
    plain = body.replace(b"\\\\", b"").replace(b'\\"', b"")
    if plain.count(b'"') > 2 * _MOST_STRINGS or sum(map(len, plain.split(b'"')[::2])) > _MOST_OUTSIDE_STRINGS:
        raise Problem(
            "InvalidRequest",
            f"A JSON body of more than {MIB} bytes has at most {_MOST_STRINGS} strings, and {_MOST_OUTSIDE_STRINGS} bytes "
            "outside of them.",
        )


def _finite(text: str) -> float:
    # A number such as 1e999 is read as infinity, which JSON cannot say.
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number is too large")
    return number


def _refuse_constant(name: str) -> JsonValue:
    raise ValueError(f"JSON has no {name}")
