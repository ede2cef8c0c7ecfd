"""What the store answers when it cannot do what was asked: RFC 9457 problem details with a code of ours."""

from __future__ import annotations

import errno
import json
import sqlite3
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

# A proxy or client may repeat these unchanged and hope; everything else fails the same way again.
_RETRYABLE = frozenset({408, 429, 500, 502, 503, 504})
# RFC 9110 §15.6.4: how long a client is asked to wait. Nothing here takes longer than a moment.
_RETRY_AFTER_SECONDS = 1

_STATUS_OF_CODE = {
    "BadDigest": 400,
    "EntityTooSmall": 400,
    "InvalidArgument": 400,
    "InvalidBucketName": 400,
    "InvalidKey": 400,
    "InvalidMetadata": 400,
    "InvalidPart": 400,
    "InvalidPartOrder": 400,
    "InvalidRequest": 400,
    "KeyMismatch": 400,
    "Unauthorized": 401,
    "AccessDenied": 403,
    "NoSuchBucket": 404,
    "NoSuchKey": 404,
    "NoSuchRecord": 404,
    "NoSuchResource": 404,
    "NoSuchSBOM": 404,
    "NoSuchUpload": 404,
    "MethodNotAllowed": 405,
    "BucketAlreadyExists": 409,
    "BucketNotEmpty": 409,
    "DigestMismatch": 409,
    "TooManyRecords": 409,
    "PreconditionFailed": 412,
    "EntityTooLarge": 413,
    "UnsupportedMediaType": 415,
    "InvalidRange": 416,
    "DataCorrupted": 500,
    "InternalError": 500,
    "NotReady": 503,
    "SlowDown": 503,
    "InsufficientStorage": 507,
}


class Problem(Exception):  # noqa: N818 - the name that RFC 9457 gives it
    """An answer other than success.

    `code` names the problem and decides the status unless one is given; `detail` is for a person. `headers` are sent
    besides the usual ones.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        status: int | None = None,
        retryable: bool | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.status: int = _STATUS_OF_CODE[code] if status is None else status
        # A damaged blob is a 500 that stays one: repeating the read cannot mend it.
        self.retryable: bool = (self.status in _RETRYABLE and code != "DataCorrupted") if retryable is None else retryable
        if self.status in {429, 503} and not any(name.lower() == "retry-after" for name, _ in headers):
            headers = (*headers, ("Retry-After", str(_RETRY_AFTER_SECONDS)))
        self.headers = headers

    def body(self, *, request_id: str) -> bytes:
        """Render the problem as `application/problem+json`, every member of the shape present."""
        try:
            title = HTTPStatus(self.status).phrase
        except ValueError:
            title = self.code
        return json.dumps(
            {
                "type": "about:blank",
                "title": title,
                "status": self.status,
                "detail": self.detail,
                "instance": f"urn:request:{request_id}",
                "code": self.code,
                "requestId": request_id,
                "retryable": self.retryable,
            }
        ).encode()


class OutcomeUnknownError(Problem):
    """A change failed while it was being committed: it may or may not be there."""


def no_space() -> Problem:
    """Say that the disk is full."""
    return Problem("InsufficientStorage", "The store has no space left for this; nothing was stored.")


_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_GONE = frozenset({errno.ENOENT, errno.ENOTDIR, errno.ESTALE})
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


def from_os_error(error: OSError) -> Problem:
    """Say what a failure of the disk means to the client.

    507 (RFC 4918 §11.5) and not 503: a client that repeats the upload at once only makes it worse.
    """
    if error.errno in _NO_SPACE:
        return no_space()
    if error.errno in _READ_ONLY:
        return Problem("InsufficientStorage", "The store cannot write to its data folder; nothing was stored.")
    if error.errno in _GONE:
        return Problem("NotReady", "The store's data folder, or a part of it, is gone; it must be put back by who runs the store.")
    if error.errno in _NO_DESCRIPTORS:
        return Problem("SlowDown", "The store has as many files open as it may; repeat the request in a moment.")
    return Problem("InternalError", "The store could not read or write its data folder.")


def from_database_error(error: SQLAlchemyError | sqlite3.Error) -> Problem:
    """Say what a failure of the catalogue means to the client."""
    # Only what the database itself says: a statement's text and values may have any word in them.
    said = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text, number = str(said).lower(), getattr(said, "sqlite_errorcode", 0) & 0xFF
    if number == sqlite3.SQLITE_FULL or "disk is full" in text:
        return no_space()
    if number == sqlite3.SQLITE_READONLY or "readonly database" in text:
        return Problem("InsufficientStorage", "The store cannot write to its catalogue; nothing was stored.")
    if number in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED} or "locked" in text:
        return Problem("SlowDown", "The store is busy; repeat the request in a moment.")
    if number in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB} or "malformed" in text:
        return Problem("DataCorrupted", "The store's catalogue is damaged; it must be mended by who runs the store.")
    return Problem("InternalError", "The store could not read or write its catalogue.")
