"""The parts of ASGI that the store uses, typed, and requests and responses over them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from typing import NotRequired, TypedDict

from attrs import define, field, frozen

from astore_sdk.server.limits import KIB
from astore_sdk.server.problems import Problem

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


# RFC 9110 §8.3.1; parameters say nothing about JSON, which is UTF-8 (RFC 8259 §8.1).
_JSON_TYPE = re.compile(r"(?:application/json|[\w!#$&^.+-]+/[\w!#$&^.+-]+\+json)[ \t]*(?:;.*)?", re.ASCII | re.IGNORECASE)

# Bytes; a body like this fits into the buffers of the connection.
_SMALL_BODY = 256 * KIB


class Scope(TypedDict):
    """An HTTP request as the server hands it over."""

    type: str
    http_version: str
    method: str
    raw_path: bytes
    query_string: bytes
    headers: list[tuple[bytes, bytes]]
    client: NotRequired[tuple[str, int] | None]
    extensions: NotRequired[dict[str, object]]


class ReceiveEvent(TypedDict):
    """A piece of a request's body, or the news that the client has gone."""

    type: str
    body: NotRequired[bytes]
    more_body: NotRequired[bool]


class SendEvent(TypedDict):
    """The head of a response or a piece of its body."""

    type: str
    status: NotRequired[int]
    headers: NotRequired[list[tuple[bytes, bytes]]]
    body: NotRequired[bytes]
    more_body: NotRequired[bool]


Receive = Callable[[], Awaitable[ReceiveEvent]]
Send = Callable[[SendEvent], Awaitable[None]]


class ClientGoneError(Exception):
    """The client closed the connection before its request was complete."""


class RequestHeaders:
    """Header fields by lower-case name; several lines of one name are joined (RFC 9110 §5.3)."""

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self._fields: dict[str, str] = {}
        for name, value in raw:
            key = name.decode("latin-1").lower()
            text = value.decode("latin-1").strip(" \t")
            self._fields[key] = f"{self._fields[key]}, {text}" if key in self._fields else text

    def get(self, name: str) -> str | None:
        """Give the value of a field, None without one."""
        return self._fields.get(name)

    def with_prefix(self, prefix: str) -> dict[str, str]:
        """Give the fields whose name begins with `prefix`, without it."""
        return {name[len(prefix) :]: value for name, value in self._fields.items() if name.startswith(prefix)}


@define
class Request:
    """One request, its operation already known."""

    operation: str
    method: str
    bucket: str
    key: bytes
    query: Mapping[str, str]
    headers: RequestHeaders
    _receive: Receive = field(repr=False)
    body_begun: bool = False

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read the body piece by piece; the first read is what answers `Expect: 100-continue`."""
        self.body_begun = True
        more = True
        while more:
            event = await self._receive()
            if event["type"] == "http.disconnect":
                raise ClientGoneError
            more = event.get("more_body", False)
            if data := event.get("body", b""):
                yield data

    async def wait_until_gone(self) -> None:
        """Wait for the client to close the connection, or for the response to be complete."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    def content_length(self) -> int | None:
        """Give the body's announced size in bytes."""
        value = self.headers.get("content-length")
        return int(value) if value is not None and value.isascii() and value.isdigit() else None

    @property
    def has_small_body(self) -> bool:
        """Whether the body is on its way already and takes less time than asking first whether it is welcome."""
        announced = self.content_length()
        return announced is not None and announced <= _SMALL_BODY and self.headers.get("expect") is None

    def require_json_type(self) -> None:
        """Refuse a body that does not say it is JSON: a web page may send any other type to any site without asking it."""
        if not _JSON_TYPE.fullmatch(self.headers.get("content-type") or ""):
            raise Problem("UnsupportedMediaType", "The body of this request is JSON, and its Content-Type is application/json.")


@frozen(kw_only=True)
class Response:
    """An answer; `stream` gives the body if it is not there as a whole."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    stream: AsyncGenerator[bytes] | None = None
    length: int | None = None
    """Bytes of the body; None where the status has none, and taken from `body` unless there is a stream or HEAD."""
    finished: Callable[[], None] | None = None
    """Called once when nothing more will be read from `stream`, however that came."""


def json_response(status: int, value: JsonValue, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Answer with a JSON text."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status=status, headers=(("Content-Type", "application/json"), *headers), body=body, length=len(body))
