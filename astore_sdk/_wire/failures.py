"""From what went wrong to the error that says so: statuses and problem documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..exceptions import (
    ArtifactStoreError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    IntegrityError,
    InternalServerError,
    NotFoundError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    ServerError,
    ServiceUnavailableError,
    TooManyRequestsError,
    UnauthorizedError,
)
from .messages import read_json
from .resource import HINT as PROXY_HINT

if TYPE_CHECKING:
    from .messages import Answer

MAX_BODY = 64 * 1024
"""Bytes of a failure's body that are read."""
CERTIFICATE_REFUSED = "CertificateRefused"
"""The code of a `NetworkError` that no repeat would cure."""
_MAX_FIRST = 200
"""Characters of a body that is no problem document."""
_MAX_ID = 200
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:*-]{0,63}|\*{3}[A-Za-z0-9._:*-]{0,61}")
CODES = frozenset(
    {
        *("InvalidBucketName", "InvalidKey", "InvalidArgument", "InvalidMetadata", "InvalidRequest", "InvalidPart"),
        *("InvalidPartOrder", "EntityTooSmall", "BadDigest", "KeyMismatch", "Unauthorized", "AccessDenied", "NoSuchBucket"),
        *("NoSuchKey", "NoSuchUpload", "NoSuchSBOM", "NoSuchRecord", "NoSuchResource", "MethodNotAllowed", "BucketAlreadyExists"),
        *("BucketNotEmpty", "DigestMismatch", "TooManyRecords", "PreconditionFailed", "EntityTooLarge", "InvalidRange", "SlowDown"),
        *("InternalError", "DataCorrupted", "NotReady", "InsufficientStorage"),
    }
)
"""What the contract calls problems. These are kept whatever the token is; another code may be the token itself."""

_BY_STATUS: dict[int, type[ArtifactStoreError]] = {
    400: BadRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    412: PreconditionFailedError,
    416: RangeNotSatisfiableError,
    429: TooManyRequestsError,
    500: InternalServerError,
    503: ServiceUnavailableError,
}

_MESSAGES = {
    401: "the store asks for a valid token",
    403: "the token does not allow this",
    404: "not found",
    412: "a condition of the request does not hold",
    413: "the store takes no body of this size",
    416: "the range begins behind the object's end",
    429: "the store asks for fewer requests",
}

_HINTS_BY_CODE = {
    "NoSuchBucket": "Create the bucket with create_bucket(), or check its name.",
    "NoSuchKey": "Check the key: keys are exact, case and slashes included. list_objects() shows what is there.",
    "NoSuchUpload": "The upload was completed or aborted: begin a new one.",
    "NoSuchSBOM": "No SBOM speaks of the bytes the object has now; list_sboms() shows older ones.",
    "NoSuchRecord": "Records go with their object; the lists of records show which there are.",
    "TooManyRecords": "Deleting the object deletes its records; publish it again then.",
    "BucketNotEmpty": "Delete its objects first, for example with delete_objects().",
    "BucketAlreadyExists": "Pass exist_ok=True if that is fine.",
    "BadDigest": "The bytes changed on their way: send them again.",
    "DigestMismatch": "The record speaks of other bytes than the object has now.",
    "EntityTooLarge": "Upload it in parts: upload() does so above TransferConfig.threshold.",
    "EntityTooSmall": "Every part but the last has at least 5 MiB.",
    "InsufficientStorage": "Make room on the store's disk.",
    "KeyMismatch": f"Nothing was done. {PROXY_HINT}",
}

_RECORDS = ("addSignature", "attachSbom", "addAttestation")

_HINTS_BY_STATUS = {
    401: "Pass a valid token to Config(token=…) or set_token().",
    403: "Use a token that has this right.",
    412: "Fetch the object's present etag, look at what changed, and try again.",
    416: "Ask for a range within the object's size.",
    429: "Wait, or send fewer requests at once.",
    503: "Try again later.",
}


def from_answer(answer: Answer, operation: str, bucket: str | None, key: str | None) -> ArtifactStoreError:
    """Make the error that an answer other than 2xx stands for."""
    problem = (None if answer.encoding else read_json(answer.body)) or {}
    status = answer.status
    code = code_of(answer, problem.get("code")) or code_of(answer, answer.fields.get("x-astore-error-code"))
    kind = _BY_STATUS.get(status, ServerError if 500 <= status < 600 else ArtifactStoreError)
    if code == "BadDigest":
        kind = IntegrityError
    message = answer.quote(problem.get("detail")) or answer.quote(problem.get("title")) or _described(answer, bucket, key)
    hint = _HINTS_BY_CODE.get(code or "") or _HINTS_BY_STATUS.get(status)
    if status == 400 and key is not None and not code and not _is_json(_media_type(answer)):
        hint = PROXY_HINT  # a proxy that reads the path refuses what it takes for an attack; the store says a code
    if code == "EntityTooLarge" and operation in _RECORDS:
        hint = "Store it as an object of its own, and let a small record name it and its digest."
    if 300 <= status < 400 and status != 304:
        location = answer.quote(answer.fields.get("location"))
        message = f"redirected{f' to {location}' if location else ''}; redirects of requests to a store are not followed"
        hint = "Set base_url to the store's final address."
    return kind(
        message,
        status_code=status,
        code=code,
        request_id=request_id_of(answer) or answer.quote(problem.get("requestId"), _MAX_ID),
        operation=operation,
        bucket=bucket,
        key=key,
        hint=hint,
    )


def code_of(answer: Answer, value: object) -> str | None:
    """Return the code that a problem has, None for what is none."""
    if isinstance(value, str) and value in CODES:
        return value
    code = answer.quote(value)
    return code if code is not None and _CODE.fullmatch(code) else None


def request_id_of(answer: Answer) -> str | None:
    """Return what the store calls the request, as it may be shown."""
    return answer.quote(answer.fields.get("x-request-id"), _MAX_ID)


def _described(answer: Answer, bucket: str | None, key: str | None) -> str:
    """Describe an answer without a problem document: a HEAD's, or one of something in front of the store."""
    media_type = _media_type(answer)
    said = ""
    if answer.body and answer.encoding:
        said = f" (the answer says more, but encoded: {answer.quote(answer.encoding, _MAX_ID)})"
    elif answer.body and media_type == "text/plain":
        first = answer.quote(answer.body.decode("utf-8", "replace"), _MAX_FIRST)
        said = f": {first}" if first else ""
    known = _MESSAGES.get(answer.status, f"the answer is HTTP {answer.status}")
    if answer.status == 404 and bucket is not None and not said:
        known = f"no bucket {bucket!r}" if key is None else f"no object {key!r} in bucket {bucket!r}, or no such bucket"
    origin = ""
    if _foreign(answer, media_type):
        sent = (answer.quote(answer.fields.get("content-type"), _MAX_ID) or "").partition(";")[0].strip()
        origin = f" (from something that is not the store: it sent {sent})"
    return f"{known}{said}{origin}"


def _media_type(answer: Answer) -> str:
    return (answer.fields.get("content-type") or "").partition(";")[0].strip().lower()


def _is_json(media_type: str) -> bool:
    return not media_type or re.fullmatch(r"application/(problem\+)?json", media_type) is not None


def _foreign(answer: Answer, media_type: str) -> bool:
    return bool(answer.body) and not _is_json(media_type)
