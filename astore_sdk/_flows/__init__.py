"""Calls that take more than one request, or more thought than one answer: pages, settling, copies."""

from typing import TYPE_CHECKING

from .._lazy import lazily

if TYPE_CHECKING:
    from . import buckets, fetching, folders, listing, manual_uploads, objects, publishing, records, signers, signing, verification

__all__ = [
    "buckets",
    "fetching",
    "folders",
    "listing",
    "manual_uploads",
    "objects",
    "publishing",
    "records",
    "signers",
    "signing",
    "verification",
]

__getattr__ = lazily(__name__, *__all__)
