"""A request and an answer as values, without any I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol, cast

from attrs import field, frozen

from ..exceptions import ResponseDecodeError
from .quoting import MAX_QUOTED, WINDOW, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def read_json(body: bytes) -> Mapping[str, object] | None:
    """Return the JSON object in a body, None if there is none. It is UTF-8 (RFC 8259, section 8.1), perhaps with a BOM."""
    try:
        value: object = json.loads(body.decode().removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _as_it_is(text: str, *, cut: bool) -> str:  # noqa: ARG001 - as `Channel.redact` has it
    return text


class Redact(Protocol):
    """Takes secrets out of a text."""

    def __call__(self, text: str, *, cut: bool) -> str:
        """Return the text without them; `cut` tells whether its end was cut off."""
        ...


@frozen
class Answer:
    """What came back; the body is empty where it is streamed. Its repr shows nothing that may repeat what was sent."""

    status: int
    fields: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    """Header fields by their names in lower case, as they came: decisions need them so. What is shown goes through `quote`."""
    body: bytes = field(default=b"", repr=False)
    at: float = 0.0
    """When the head was there, in seconds since the epoch."""
    redact: Redact = field(default=_as_it_is, repr=False, eq=False)
    """Takes the token out of a text, should a server have sent it back."""
    document: Mapping[str, object] | None = field(default=None, init=False, repr=False, eq=False)
    """The JSON object in the body, once `json` has read it."""

    @property
    def ok(self) -> bool:
        """Any 2xx is a success."""
        return 200 <= self.status < 300

    @property
    def encoding(self) -> str:
        """What the body is encoded with (RFC 9110, section 8.4), as it came; empty if it is not."""
        encoding = self.fields.get("content-encoding", "")
        return encoding if encoding and any(name.strip().lower() not in ("", "identity") for name in encoding.split(",")) else ""

    def quote(self, value: object, most: int = MAX_QUOTED) -> str | None:
        """Return text of the server's as it may be shown: without the token, one line, printable, short. None if there is none.

        Everything of an answer that gets into an error, a note or a report passes here.
        """
        if not isinstance(value, str):
            return None
        # First without the token, then cut: half a token would not be recognised.
        return one_line(self.redact(value[:WINDOW], cut=len(value) > WINDOW), most) or None

    def json(self) -> Mapping[str, object]:
        """Return the JSON object in the body.

        Raises:
            ResponseDecodeError: There is none.
        """
        value = read_json(self.body)
        if value is None:
            what = f"{len(self.body)} bytes that are no JSON object" if self.body else "no body"
            raise ResponseDecodeError(
                f"the answer has {what} where its result should be",
                status_code=self.status,
                hint="Is base_url really the address of an artifact store?",
            )
        object.__setattr__(self, "document", value)  # it is a function of the body: the answer stays the same value
        return value
