"""Operations on buckets."""

# pyright: reportPrivateUsage=false
# The generator names its request builders `_get_kwargs`; they are the one part of its functions that is used.

from __future__ import annotations

from astore_api.api.buckets import create_bucket as create_bucket_api
from astore_api.api.buckets import delete_bucket as delete_bucket_api
from astore_api.api.buckets import head_bucket as head_bucket_api
from astore_api.api.buckets import list_buckets as list_buckets_api

from .._core.operation import MAX_PAGE, Operation, nothing, request
from .._wire import convert
from .._wire.messages import Answer
from .._wire.names import check_bucket
from .._wire.resource import wrong_object
from ..models import Bucket, BucketList


def list_buckets() -> Operation[BucketList]:
    """GET /s3."""

    def parse(answer: Answer) -> BucketList:
        return BucketList(convert.records(answer.json(), "buckets", convert.bucket))

    return Operation("listBuckets", request(list_buckets_api._get_kwargs()), parse, repeatable=True, max_answer=MAX_PAGE)


def create_bucket(bucket: str) -> Operation[Bucket]:
    """PUT /s3/{bucket}. A repeat may find the bucket of an attempt whose answer was lost."""

    def parse(answer: Answer) -> Bucket:
        if not answer.body.lstrip().startswith(b"{"):
            return Bucket(bucket)
        made = convert.bucket(answer.json())
        if made.name != bucket:
            raise wrong_object(answer, "PUT", made.name)
        return made

    kwargs = create_bucket_api._get_kwargs(check_bucket(bucket))
    return Operation("createBucket", request(kwargs), parse, repeatable=True, bucket=bucket)


def head_bucket(bucket: str) -> Operation[None]:
    """HEAD /s3/{bucket}."""
    kwargs = head_bucket_api._get_kwargs(check_bucket(bucket))
    return Operation("headBucket", request(kwargs), nothing, repeatable=True, bucket=bucket)


def delete_bucket(bucket: str) -> Operation[None]:
    """DELETE /s3/{bucket}."""
    kwargs = delete_bucket_api._get_kwargs(check_bucket(bucket))
    return Operation("deleteBucket", request(kwargs), nothing, repeatable=True, bucket=bucket)
