"""Operations on objects."""

# pyright: reportPrivateUsage=false
# The generator names its request builders `_get_kwargs`; they are the one part of its functions that is used.

from __future__ import annotations

import re
from collections.abc import Mapping
from io import BytesIO
from typing import TypedDict, cast

from astore_api.api.objects import copy_object as copy_object_api
from astore_api.api.objects import delete_object as delete_object_api
from astore_api.api.objects import delete_objects as delete_objects_api
from astore_api.api.objects import get_object as get_object_api
from astore_api.api.objects import head_object as head_object_api
from astore_api.api.objects import list_objects as list_objects_api
from astore_api.api.objects import put_object as put_object_api
from astore_api.models import DeleteRequest
from astore_api.types import UNSET, File, Unset

from .._core.operation import MAX_PAGE, Operation, nothing, request
from .._wire import convert
from .._wire.digests import digest_field
from .._wire.messages import Answer
from .._wire.metadata import encode_metadata
from .._wire.names import check_bucket, check_key, check_text, copy_source, quote_etag
from ..exceptions import InvalidInputError, ResponseDecodeError
from ..models import DeleteResult, Object, ObjectList

OCTETS = "application/octet-stream"
NO_FILE = File(payload=BytesIO())
"""Stands where a generated builder wants the body, which is streamed beside it."""
COPY_PATIENCE = 300.0
"""Least seconds to wait for the answer to a copy: the store may read the whole object before it answers."""

_MEDIA_TYPE = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+/[!#$%&'*+\-.^_`|~0-9A-Za-z]+(?:[ \t]*;[\x20-\x7e]*)?")


def check_content_type(value: str | None) -> str | None:
    """Return a media type that can travel (RFC 9110, section 8.3.1)."""
    if value is None:
        return None
    if not isinstance(cast("object", value), str):
        raise TypeError(f"content_type is a str, not {type(value).__name__}")
    if not _MEDIA_TYPE.fullmatch(value):
        raise InvalidInputError(f"content_type is not a media type: {value!r}", hint="For example 'application/gzip'.")
    return value


class WriteConditions(TypedDict):
    """As the generated builders take them."""

    if_match: str | Unset
    if_none_match: str | Unset


def described(content_type: str | None, metadata: Mapping[str, str | None] | None) -> dict[str, str]:
    """Return the headers that say what an object is."""
    return {"Content-Type": check_content_type(content_type) or OCTETS, **dict(encode_metadata(metadata))}


def match(if_match: str | None, name: str = "if_match") -> str | Unset:
    """Return the value of an `If-Match`."""
    return UNSET if if_match is None else quote_etag(name, if_match)


def write_conditions(if_match: str | None, if_none_match: str | None) -> WriteConditions:
    """Return the values of `If-Match` and `If-None-Match` on a write."""
    if if_none_match is None:
        return {"if_match": match(if_match), "if_none_match": UNSET}
    if if_none_match != "*":
        raise InvalidInputError(f"if_none_match is '*' on a write (create only), not {if_none_match!r}")
    if if_match is not None:
        raise InvalidInputError("if_match and if_none_match contradict each other")
    return {"if_match": UNSET, "if_none_match": if_none_match}


def list_objects(
    bucket: str, *, prefix: str = "", delimiter: str = "", marker: str | None = None, max_keys: int | None = None
) -> Operation[ObjectList]:
    """GET /s3/{bucket}: one page."""
    kwargs = list_objects_api._get_kwargs(
        check_bucket(bucket),
        prefix=check_text("prefix", prefix) or UNSET,
        delimiter=check_text("delimiter", delimiter) or UNSET,
        marker=check_text("marker", marker) if marker else UNSET,
        max_keys=UNSET if max_keys is None else max_keys,
    )
    return Operation(
        "listObjects",
        request(kwargs),
        lambda answer: convert.object_list(answer, bucket),
        repeatable=True,
        bucket=bucket,
        max_answer=MAX_PAGE,
    )


def put_object(
    bucket: str,
    key: str,
    sent: Object,
    headers: Mapping[str, str],
    *,
    if_match: str | None = None,
    if_none_match: str | None = None,
) -> Operation[Object]:
    """PUT /s3/{bucket}/{key}; the body goes beside it. `sent` is what is known of the object."""
    kwargs = put_object_api._get_kwargs(
        check_bucket(bucket),
        check_key(key),
        body=NO_FILE,
        **write_conditions(if_match, if_none_match),
        content_digest=digest_field(sent.digest) if sent.digest else UNSET,
    )

    def parse(answer: Answer) -> Object:
        return convert.object_written(answer, key, sent=sent)

    return Operation("putObject", request(kwargs, headers=headers), parse, repeatable=True, bucket=bucket, key=key)


def get_object(bucket: str, key: str, *, range_: str | None = None, if_match: str | None = None) -> Operation[None]:
    """GET /s3/{bucket}/{key}; its answer is read as a stream."""
    kwargs = get_object_api._get_kwargs(check_bucket(bucket), check_key(key), range_=range_ or UNSET, if_match=match(if_match))
    return Operation("getObject", request(kwargs), nothing, repeatable=True, bucket=bucket, key=key)


def head_object(bucket: str, key: str) -> Operation[Object]:
    """HEAD /s3/{bucket}/{key}."""

    def parse(answer: Answer) -> Object:
        length = answer.fields.get("content-length", "")
        if not re.fullmatch(r"\d{1,18}", length, re.ASCII):
            raise ResponseDecodeError("the answer does not say how large the object is (Content-Length)")
        return convert.object_of_head(answer, key, int(length))

    kwargs = head_object_api._get_kwargs(check_bucket(bucket), check_key(key))
    return Operation("headObject", request(kwargs), parse, repeatable=True, bucket=bucket, key=key)


def delete_object(bucket: str, key: str, *, if_match: str | None = None) -> Operation[None]:
    """DELETE /s3/{bucket}/{key}."""
    kwargs = delete_object_api._get_kwargs(check_bucket(bucket), check_key(key), if_match=match(if_match))
    return Operation("deleteObject", request(kwargs), nothing, repeatable=True, bucket=bucket, key=key)


def delete_objects(bucket: str, keys: list[str]) -> Operation[DeleteResult]:
    """POST /s3/{bucket}?delete: up to 1000 keys."""
    kwargs = delete_objects_api._get_kwargs(
        check_bucket(bucket), body=DeleteRequest([check_key(key, "one of keys") for key in keys])
    )
    return Operation("deleteObjects", request(kwargs), convert.delete_result, repeatable=True, bucket=bucket, max_answer=MAX_PAGE)


def copy_object(
    source: tuple[str, str],
    bucket: str,
    key: str,
    headers: Mapping[str, str] | None,
    *,
    source_etag: str | None = None,
) -> Operation[Object]:
    """PUT /s3/{bucket}/{key} with `x-amz-copy-source`. `headers` describe the copy anew; None keeps what the source has."""
    kwargs = copy_object_api._get_kwargs(
        check_bucket(bucket),
        check_key(key),
        x_amz_copy_source=copy_source(check_bucket(source[0]), check_key(source[1])),
        x_amz_metadata_directive="COPY" if headers is None else "REPLACE",
        x_amz_copy_source_if_match=match(source_etag),
    )

    def parse(answer: Answer) -> Object:
        return convert.object_written(answer, key, sent=None)

    asked = request(kwargs, headers=headers, patience=COPY_PATIENCE)
    return Operation("copyObject", asked, parse, repeatable=True, bucket=bucket, key=key)
