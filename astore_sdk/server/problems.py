"""What the store answers when it cannot do what was asked: RFC 9457 problem details with a code of ours."""

from __future__ import annotations

import errno
import json
from http import HTTPStatus
from typing import TYPE_CHECKING

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


_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


def from_os_error(error: OSError) -> Problem:
    """Say what a failure of the disk means to the client.

    507 (RFC 4918 §11.5) and not 503: a client that repeats the upload at once only makes it worse.
    """
    if error.errno in _NO_SPACE:
        return Problem("InsufficientStorage", "The store has no space left for this; nothing was stored.")
    if error.errno in _READ_ONLY:
        return Problem("InsufficientStorage", "The store cannot write to its data folder; nothing was stored.")
    if error.errno in _NO_DESCRIPTORS:
        return Problem("SlowDown", "The store has as many files open as it may; repeat the request in a moment.")
    return Problem("InternalError", "The store could not read or write its data folder.")


def from_database_error(error: SQLAlchemyError) -> Problem:
    """Say what a failure of the catalogue means to the client."""
    text = str(error).lower()
    if "disk is full" in text:
        return Problem("InsufficientStorage", "The store has no space left for this; nothing was stored.")
    if "readonly database" in text:
        return Problem("InsufficientStorage", "The store cannot write to its catalogue; nothing was stored.")
    if "locked" in text:
        return Problem("SlowDown", "The store is busy; repeat the request in a moment.")
    return Problem("InternalError", "The store could not read or write its catalogue.")
