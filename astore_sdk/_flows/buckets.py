"""Buckets: what a repeated create or delete means."""

from __future__ import annotations

from .._core.flow import Steps
from .._core.perform import Settled, perform
from .._operations import buckets
from ..config import Settings
from ..exceptions import ArtifactStoreError, ConflictError, NotFoundError
from ..models import Bucket


def create_bucket(settings: Settings, bucket: str, *, exist_ok: bool) -> Steps[Bucket]:
    """Create a bucket. A conflict after a lost answer is believed only if the bucket is not there."""

    def settle(failure: ArtifactStoreError) -> Steps[Settled[Bucket] | None]:
        there = failure.status_code == 409 and (yield from bucket_exists(settings, bucket))
        return Settled(Bucket(bucket)) if there else None

    try:
        return (yield from perform(buckets.create_bucket(bucket), settings.retry, settle=settle))
    except ConflictError as error:
        if exist_ok and error.code in ("BucketAlreadyExists", None):
            return Bucket(bucket)
        raise


def delete_bucket(settings: Settings, bucket: str) -> Steps[None]:
    """Delete a bucket. After a lost answer, a bucket that is gone was deleted."""

    def settle(failure: ArtifactStoreError) -> Steps[Settled[None] | None]:
        yield from ()
        return Settled(None) if failure.status_code == 404 else None

    yield from perform(buckets.delete_bucket(bucket), settings.retry, settle=settle)


def bucket_exists(settings: Settings, bucket: str) -> Steps[bool]:
    """Tell whether a bucket is there."""
    try:
        yield from perform(buckets.head_bucket(bucket), settings.retry)
    except NotFoundError:
        return False
    return True
