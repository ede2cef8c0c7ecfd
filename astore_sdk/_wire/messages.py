"""A request and an answer as values, without any I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from attrs import field, frozen

from ..exceptions import ResponseDecodeError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RawHeaders = list[tuple[bytes, bytes]]
"""Header fields as they came."""


def header_fields(raw: RawHeaders) -> dict[str, str]:
    """Return header fields by their names in lower case; what comes more than once is one list (RFC 9110, section 5.3)."""
    fields: dict[str, str] = {}
    for raw_name, raw_value in raw:
        name, value = raw_name.decode("latin-1").lower(), _text(raw_value)
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


@frozen
class Request:
    """What is sent, but for a streamed body and what every request has."""

    method: str
    path: str
    """Raw path and query, percent-encoded, below the base URL's path."""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    content: bytes = b""
    authenticated: bool = True
    patience: float = 0.0
    """Seconds that the answer may take at least, whatever the timeout says."""
    haste: float | None = None
    """Seconds that each phase may take at most, whatever the timeout says."""


@frozen
class Answer:
    """What came back; the body is empty where it is streamed."""

    status: int
    fields: Mapping[str, str] = field(factory=dict[str, str])
    """Header fields by their names in lower case."""
    body: bytes = field(default=b"", repr=False)
    at: float = 0.0
    """When the head was there, in seconds since the epoch."""
    redact: Callable[[str], str] = field(default=str, repr=False, eq=False)
    """Removes the token from text of the answer's that an error shows."""
    document: Mapping[str, object] | None = field(default=None, init=False, repr=False, eq=False)
    """The JSON object in the body, once `json` has read it."""

    @property
    def ok(self) -> bool:
        """Any 2xx is a success."""
        return 200 <= self.status < 300

    def json(self) -> Mapping[str, object]:
        """Return the JSON object in the body.

        Raises:
            ResponseDecodeError: There is none.
        """
        try:
            value: object = json.loads(self.body)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            what = f"{len(self.body)} bytes that are no JSON object" if self.body else "no body"
            raise ResponseDecodeError(
                f"the answer has {what} where its result should be",
                status_code=self.status,
                hint="Is base_url really the address of an artifact store?",
            )
        document = cast("dict[str, object]", value)
        object.__setattr__(self, "document", document)  # it is a function of the body: the answer stays the same value
        return document
