"""Answers as they come, whichever way they travel, and how one is read whole."""

from __future__ import annotations

from typing import Protocol

from .._core.operation import Operation
from .._wire import failures
from .._wire.messages import Answer, RawHeaders
from ..exceptions import ResponseDecodeError


class Reply(Protocol):
    """An answer whose head is there."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> RawHeaders:
        """The header fields, as they came."""
        ...

    def read(self) -> bytes | memoryview:
        """Return what comes next of the body, as it was sent; none at its end. A view is good until the next call."""
        ...

    def close(self) -> None:
        """Let go of the answer. What was not read costs the connection."""
        ...


class AsyncReply(Protocol):
    """An answer whose head is there."""

    @property
    def status(self) -> int:
        """The status code."""
        ...

    @property
    def headers(self) -> RawHeaders:
        """The header fields, as they came."""
        ...

    async def read(self) -> bytes:
        """Return what comes next of the body, as it was sent; none at its end."""
        ...

    async def close(self) -> None:
        """Let go of the answer. What was not read costs the connection."""
        ...


class Gatherer:
    """Collects an answer that is read whole: a success up to its operation's limit, a failure as far as it is of use.

    Nothing is decoded: the client asks for answers that are not encoded, and a few bytes of gzip could be any number of others.
    """

    def __init__(self, head: Answer, operation: Operation[object], attempt: int) -> None:
        self.ok = head.ok
        self._head = head
        self._operation = operation
        self._attempt = attempt
        self._chunks: list[bytes] = []
        self._size = 0

    def begin(self) -> None:
        """Look at the head.

        Raises:
            ResponseDecodeError: It announces more than an answer may have.
        """
        length = self._head.fields.get("content-length", "")
        has_body = self._operation.request.method != "HEAD" and self._head.status != 204
        if self.ok and has_body and length.isascii() and length.isdigit() and int(length[:18]) > self._operation.max_answer:
            raise self._too_long(f"announces {length[:18]}")

    def add(self, chunk: bytes | memoryview) -> bool:
        """Take a chunk; False when there is enough.

        Raises:
            ResponseDecodeError: It is more than an answer may have, or encoded.
        """
        if self.ok and not self._chunks and (encoding := self._head.encoding):
            raise self._refused(
                f"the answer is encoded ({self._head.quote(encoding, 200)}), though the request said Accept-Encoding: identity",
                "Something between here and the store compresses its answers: switch that off there.",
            )
        self._chunks.append(bytes(chunk))
        self._size += len(chunk)
        if not self.ok:
            return self._size < failures.MAX_BODY
        if self._size > self._operation.max_answer:
            raise self._too_long("has more")
        return True

    def _too_long(self, what: str) -> ResponseDecodeError:
        return self._refused(
            f"the answer {what} bytes where {self._operation.max_answer} are the most that this operation can have",
            "Is base_url really the address of an artifact store?",
        )

    def _refused(self, message: str, hint: str) -> ResponseDecodeError:
        operation = self._operation
        return ResponseDecodeError(
            message,
            status_code=self._head.status,
            request_id=failures.request_id_of(self._head),
            operation=operation.name,
            bucket=operation.bucket,
            key=operation.key,
            attempts=self._attempt,
            hint=hint,
        )

    def answer(self) -> Answer:
        """Return what was collected."""
        head = self._head
        if not self._chunks:
            return head
        body = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        return Answer(head.status, head.fields, body if self.ok else body[: failures.MAX_BODY], head.at, head.redact)
