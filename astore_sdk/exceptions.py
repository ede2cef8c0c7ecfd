"""Every error that astore_sdk raises about a store, one tree to catch by meaning.

    ArtifactStoreError                  anything; also statuses without a class of their own, redirects among them
    ├── BadRequestError                 400
    ├── UnauthorizedError               401
    ├── ForbiddenError                  403
    ├── NotFoundError                   404
    ├── ConflictError                   409
    ├── PreconditionFailedError         412
    ├── RangeNotSatisfiableError        416
    ├── TooManyRequestsError            429
    ├── ServerError                     any 5xx
    │   ├── InternalServerError         500
    │   └── ServiceUnavailableError     503
    ├── InvalidInputError               refused before anything was sent; also a ValueError
    ├── NetworkError                    no answer
    │   └── NetworkTimeoutError         none in time; also a TimeoutError
    ├── ResponseDecodeError             an answer that cannot be understood
    ├── IntegrityError                  bytes that are not what they should be
    ├── SourceChangedError              the source changed while it was sent
    ├── ObjectChangedError              the object changed while it was received
    ├── TransferInProgressError         another process is at the same resumable transfer
    ├── PolicyViolationError            what was fetched is not what the policy asks for
    └── WrongObjectError                an answer about another bucket or key than was asked for

An argument of the wrong type is a plain `TypeError`, a failure of the local disk a plain `OSError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

_E = TypeVar("_E", bound="ArtifactStoreError")

__all__ = [
    "ArtifactStoreError",
    "BadRequestError",
    "ConflictError",
    "ForbiddenError",
    "InsecureTransportWarning",
    "IntegrityError",
    "InternalServerError",
    "InvalidInputError",
    "NetworkError",
    "NetworkTimeoutError",
    "NotFoundError",
    "ObjectChangedError",
    "PolicyViolationError",
    "PreconditionFailedError",
    "RangeNotSatisfiableError",
    "ResponseDecodeError",
    "ServerError",
    "ServiceUnavailableError",
    "SourceChangedError",
    "TooManyRequestsError",
    "TransferInProgressError",
    "UnauthorizedError",
    "WrongObjectError",
]


class ArtifactStoreError(Exception):
    """Base of every error about a store.

    Attributes:
        message: What went wrong, in words.
        status_code: The answer's HTTP status, or None if there was no answer.
        code: The store's stable name for the problem (`NoSuchKey`, …), or None.
        request_id: Names the request in the store's log, or None.
        operation: The operation's id in the contract (`getObject`, …), or None.
        bucket: The bucket it was about, or None.
        key: The key it was about, or None.
        attempts: How many times the request was sent; 0 if it never was.
        hint: What to do next, or None.
    """

    def __init__(
        self,
        message: str,
        *,
        status_code: int | None = None,
        code: str | None = None,
        request_id: str | None = None,
        operation: str | None = None,
        bucket: str | None = None,
        key: str | None = None,
        attempts: int = 0,
        hint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status_code = status_code
        self.code = code
        self.request_id = request_id
        self.operation = operation
        self.bucket = bucket
        self.key = key
        self.attempts = attempts
        self.hint = hint

    def __str__(self) -> str:
        facts: list[str] = []
        if self.operation:
            target = "/".join(part for part in (self.bucket, self.key) if part is not None)
            facts.append(f"{self.operation} {target}".rstrip())
        if self.status_code is not None:
            facts.append(f"{self.status_code} {self.code}" if self.code else str(self.status_code))
        elif self.code:
            facts.append(self.code)
        if self.attempts > 1:
            facts.append(f"{self.attempts} attempts")
        if self.request_id:
            facts.append(f"request {self.request_id}")
        text = f"{self.message} [{', '.join(facts)}]" if facts else self.message
        if self.hint:
            end = "" if text.endswith((".", "!", "?", "]")) else "."
            text = f"{text}{end} {self.hint}"
        return text if text.isprintable() else _printable(text)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[type[Self], str], dict[str, Any]]:
        # The default would call the class with its positional arguments only, and OSError's would lose ours.
        return _restore, (type(self), self.message), dict(self.__dict__)


def _printable(text: str) -> str:
    """Return a text that a terminal shows and does not obey: a key may have characters that turn the line around."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def _restore(kind: type[_E], message: str) -> _E:
    return kind(message)


class BadRequestError(ArtifactStoreError):
    """The store refused the request as it stands (400)."""


class UnauthorizedError(ArtifactStoreError):
    """There is no token, or the store does not accept it (401)."""


class ForbiddenError(ArtifactStoreError):
    """The token does not allow this (403)."""


class NotFoundError(ArtifactStoreError):
    """The bucket, object, upload or record is not there (404); `code` says which."""


class ConflictError(ArtifactStoreError):
    """What is stored stands against it (409); `code` says what."""


class PreconditionFailedError(ArtifactStoreError):
    """`if_match` or `if_none_match` does not hold (412)."""


class RangeNotSatisfiableError(ArtifactStoreError):
    """The range begins behind the object's end (416)."""


class TooManyRequestsError(ArtifactStoreError):
    """The store asks for fewer requests (429)."""


class ServerError(ArtifactStoreError):
    """The store, or something in front of it, failed (5xx)."""


class InternalServerError(ServerError):
    """The store failed (500)."""


class ServiceUnavailableError(ServerError):
    """The store cannot answer now (503)."""


class InvalidInputError(ArtifactStoreError, ValueError):
    """An argument breaks a rule; nothing was sent."""


class NetworkError(ArtifactStoreError):
    """No answer came: not reached, refused, cut off, or not HTTP."""


class NetworkTimeoutError(NetworkError, TimeoutError):
    """Nothing moved for longer than the timeout."""


class ResponseDecodeError(ArtifactStoreError):
    """The store answered with something that cannot be understood."""


class IntegrityError(ArtifactStoreError):
    """Bytes arrived that are not those that were sent."""


class SourceChangedError(ArtifactStoreError):
    """The source of an upload changed while it was sent; nothing was stored."""


class ObjectChangedError(ArtifactStoreError):
    """The object changed in the store while it was received."""


class TransferInProgressError(ArtifactStoreError):
    """Another process, or another thread, is at the same resumable transfer."""


class PolicyViolationError(ArtifactStoreError):
    """What was fetched is not what the policy asks for; nothing of it is at the target.

    Attributes:
        violations: Every requirement that failed, in words; each begins with the policy's field.
    """

    violations: tuple[str, ...] = ()


class WrongObjectError(ArtifactStoreError):
    """The answer is about another bucket or key than was asked for: something on the way changes paths.

    What was read is not delivered. A write may have changed the other object.
    """


class InsecureTransportWarning(UserWarning):
    """TLS certificates are not verified (`insecure_skip_verify`)."""
