"""Operations on multipart uploads."""

# pyright: reportPrivateUsage=false
# The generator names its request builders `_get_kwargs`; they are the one part of its functions that is used.

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astore_api.api.multipart import abort_multipart_upload as abort_api
from astore_api.api.multipart import complete_multipart_upload as complete_api
from astore_api.api.multipart import initiate_multipart_upload as initiate_api
from astore_api.api.multipart import list_multipart_uploads as list_uploads_api
from astore_api.api.multipart import list_parts as list_parts_api
from astore_api.api.multipart import upload_part as upload_part_api
from astore_api.models import CompletedPart as CompletedPartBody
from astore_api.models import CompleteRequest
from astore_api.types import UNSET
from attrs import frozen

from .._core.operation import MAX_PAGE, Operation, nothing, request
from .._wire import convert
from .._wire.digests import digest_field
from .._wire.messages import Answer
from .._wire.names import bare_etag, check_bucket, check_key, check_text
from ..exceptions import InvalidInputError, ResponseDecodeError
from ..models import MultipartUpload, Object, Part
from .objects import NO_FILE, write_conditions

COMPLETE_PATIENCE = 300.0
"""Least seconds to wait for the answer to a complete: the store reads the whole object before it answers."""


def check_upload_id(upload_id: str) -> str:
    """Return the id if it is one."""
    if not check_text("upload_id", upload_id):
        raise InvalidInputError("upload_id is empty")
    return upload_id


def initiate(bucket: str, key: str, headers: Mapping[str, str]) -> Operation[MultipartUpload]:
    """POST /s3/{bucket}/{key}?uploads. Twice makes two uploads."""

    def parse(answer: Answer) -> MultipartUpload:
        return convert.multipart_upload(answer.json(), bucket, key)

    kwargs = initiate_api._get_kwargs(check_bucket(bucket), check_key(key))
    return Operation("initiateMultipartUpload", request(kwargs, headers=headers), parse, repeatable=False, bucket=bucket, key=key)


def upload_part(bucket: str, key: str, upload_id: str, part_number: int, digest: str | None) -> Operation[str]:
    """PUT /s3/{bucket}/{key}?uploadId&partNumber; the body goes beside it."""

    def parse(answer: Answer) -> str:
        etag = bare_etag(answer.fields.get("etag"))
        if etag is None:
            raise ResponseDecodeError("the answer has no ETag")
        return etag

    kwargs = upload_part_api._get_kwargs(
        check_bucket(bucket),
        check_key(key),
        body=NO_FILE,
        upload_id=check_upload_id(upload_id),
        part_number=part_number,
        content_digest=digest_field(digest) if digest else UNSET,
    )
    return Operation("uploadPart", request(kwargs), parse, repeatable=True, bucket=bucket, key=key)


@frozen
class PartPage:
    """One page of parts."""

    parts: list[Part]
    is_truncated: bool
    next_marker: int | None


def list_parts(bucket: str, key: str, upload_id: str, marker: int | None = None) -> Operation[PartPage]:
    """GET /s3/{bucket}/{key}?uploadId: one page."""

    def parse(answer: Answer) -> PartPage:
        page = answer.json()
        return PartPage(
            convert.records(page, "parts", convert.part),
            convert.flag("isTruncated", page.get("isTruncated")) or False,
            convert.size("nextPartNumberMarker", page.get("nextPartNumberMarker")),
        )

    kwargs = list_parts_api._get_kwargs(
        check_bucket(bucket),
        check_key(key),
        upload_id=check_upload_id(upload_id),
        part_number_marker=UNSET if marker is None else marker,
    )
    return Operation("listParts", request(kwargs), parse, repeatable=True, bucket=bucket, key=key, max_answer=MAX_PAGE)


def complete(
    bucket: str,
    key: str,
    upload_id: str,
    parts: Sequence[tuple[int, str]],
    sent: Object | None,
    *,
    size: int | None = None,
    digest: str | None = None,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> Operation[Object]:
    """POST /s3/{bucket}/{key}?uploadId. Repeating one that has succeeded gives the same object."""

    def parse(answer: Answer) -> Object:
        return convert.object_written(answer, key, sent=sent)

    kwargs = complete_api._get_kwargs(
        check_bucket(bucket),
        check_key(key),
        body=CompleteRequest(
            [CompletedPartBody(number, etag) for number, etag in parts],
            UNSET if digest is None else digest,
            UNSET if size is None else size,
        ),
        upload_id=check_upload_id(upload_id),
        **write_conditions(if_match, if_none_match),
    )
    return Operation(
        "completeMultipartUpload",
        request(kwargs, patience=COMPLETE_PATIENCE),
        parse,
        repeatable=True,
        bucket=bucket,
        key=key,
    )


def abort(bucket: str, key: str, upload_id: str, haste: float | None = None) -> Operation[None]:
    """DELETE /s3/{bucket}/{key}?uploadId; with haste, no phase takes more than so many seconds."""
    kwargs = abort_api._get_kwargs(check_bucket(bucket), check_key(key), upload_id=check_upload_id(upload_id))
    return Operation("abortMultipartUpload", request(kwargs, haste=haste), nothing, repeatable=True, bucket=bucket, key=key)


@frozen
class UploadPage:
    """One page of uploads under way."""

    uploads: list[MultipartUpload]
    is_truncated: bool
    next_marker: tuple[str, str] | None


def list_uploads(bucket: str, prefix: str = "", marker: tuple[str, str] | None = None) -> Operation[UploadPage]:
    """GET /s3/{bucket}?uploads: one page. The marker is a key and an upload id."""

    def parse(answer: Answer) -> UploadPage:
        page = answer.json()
        key = convert.text("nextKeyMarker", page.get("nextKeyMarker"))
        upload_id = convert.text("nextUploadIdMarker", page.get("nextUploadIdMarker"))
        return UploadPage(
            convert.records(page, "uploads", lambda record: convert.multipart_upload(record, bucket)),
            convert.flag("isTruncated", page.get("isTruncated")) or False,
            (key, upload_id or "") if key else None,
        )

    kwargs = list_uploads_api._get_kwargs(
        check_bucket(bucket),
        prefix=check_text("prefix", prefix) or UNSET,
        key_marker=marker[0] if marker else UNSET,
        upload_id_marker=marker[1] or UNSET if marker else UNSET,
    )
    return Operation("listMultipartUploads", request(kwargs), parse, repeatable=True, bucket=bucket, max_answer=MAX_PAGE)
