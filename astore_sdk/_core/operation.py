"""What every operation is made of."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Generic, TypeVar, cast

from attrs import frozen

from .._wire.messages import Answer, Request
from .._wire.names import raw_path
from ..exceptions import InvalidInputError

T = TypeVar("T")


MIB = 1024 * 1024
MAX_ANSWER = 4 * MIB
"""Bytes of an answer's body where an operation does not say otherwise."""
MAX_PAGE = 32 * MIB
"""Bytes of a page of a list: 1000 entries of 32 KiB. A key has at most 1024 bytes and metadata 8 KiB, and a server that writes JSON
in ASCII makes three bytes of each (`\\u00e9`)."""


@frozen
class Operation(Generic[T]):
    """One request, how its answer is read, and whether it may be sent twice."""

    name: str
    """The operationId in the contract."""
    request: Request
    parse: Callable[[Answer], T]
    """Reads an answer that is a success."""
    repeatable: bool
    """Whether sending it twice has the same effect as sending it once."""
    bucket: str | None = None
    key: str | None = None
    max_answer: int = MAX_ANSWER
    """Bytes of the body of a success; more is refused. An object's body, which is streamed, has no limit."""


def request(
    kwargs: Mapping[str, object],
    *,
    headers: Mapping[str, str] | None = None,
    authenticated: bool = True,
    patience: float = 0.0,
    haste: float | None = None,
) -> Request:
    """Make a request of what a generated `_get_kwargs` gives. `headers` go over those of the builder."""
    content = b""
    if "json" in kwargs:
        try:
            content = json.dumps(kwargs["json"], ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
        except (UnicodeEncodeError, ValueError, RecursionError) as error:
            raise InvalidInputError(f"this cannot be sent as JSON: {error}") from None
    own = cast("dict[str, str]", kwargs.get("headers", {}))
    return Request(
        method=str(kwargs["method"]).upper(),
        path=raw_path(str(kwargs["url"]), cast("dict[str, object] | None", kwargs.get("params"))),
        headers={**own, **(headers or {})},
        content=content,
        authenticated=authenticated,
        patience=patience,
        haste=haste,
    )


def nothing(_answer: Answer) -> None:
    """Read an answer whose status says it all."""
