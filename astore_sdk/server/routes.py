"""Which operation a request asks for.

The path is read raw and decoded once, as a whole: nothing is merged, normalised or redirected, so that every key that
the contract allows arrives as it was sent. Several operations share path and method and differ in the query. A query
parameter that an operation does not know is an error wherever something would be written: S3 has many more of these
(`?tagging`, `?acl`, …), and a request for one must not replace the object instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from astore_sdk.server.names import percent_decode, percent_encode, split_bucket_and_key
from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_SYSTEM = {b"/health": "getHealth", b"/health/ready": "getReadiness", b"/health/live": "getLiveness"}
_SUPPLY_CHAIN = {
    (b"signatures", "POST"): "addSignature",
    (b"signatures", "GET"): "listSignatures",
    (b"sbom", "POST"): "attachSbom",
    (b"sbom", "GET"): "getSbom",
    (b"sboms", "GET"): "listSboms",
    (b"attestations", "POST"): "addAttestation",
    (b"attestations", "GET"): "listAttestations",
}
# What a GET of these is with an `id` in its query.
_ONE_RECORD = {
    "listSignatures": "getSignature",
    "listSboms": "getSbomRecord",
    "listAttestations": "getAttestation",
}
_READING = frozenset({"GET", "HEAD"})
# What a request that writes may have in its query.
_QUERY = {
    "deleteObjects": {"delete"},
    "initiateMultipartUpload": {"uploads"},
    "uploadPart": {"uploadId", "partNumber"},
    "completeMultipartUpload": {"uploadId"},
    "abortMultipartUpload": {"uploadId"},
}


# Their answers are, or are about, what the path names; where another answer has JSON, `bucket` and `key` in it say that.
_LOCATED = frozenset(
    {
        "putObject",
        "getObject",
        "headObject",
        "deleteObject",
        "copyObject",
        "uploadPart",
        "completeMultipartUpload",
        "abortMultipartUpload",
        "listSignatures",
        "getSbom",
        "listSboms",
        "listAttestations",
    }
)


@frozen
class Route:
    """An operation, and the bucket and key that it is about (not checked yet)."""

    operation: str
    bucket: bytes | None = None
    key: bytes | None = None
    path: bytes = b""
    """The whole path, decoded."""

    @property
    def location(self) -> str | None:
        """The `Content-Location` of a success (RFC 9110 §8.7): a client compares it with what it asked for."""
        return percent_encode(self.path) if self.operation in _LOCATED else None


def require_resource(path: bytes, meant: str) -> None:
    """Refuse a request whose path names another bucket and key than its `x-astore-resource`, `BUCKET/KEY` or `BUCKET`.

    Clients send it with keys whose path a proxy may rewrite (`a//b`, `a/../b`). A rewritten path may lead anywhere, to
    another bucket or to what is no object at all, so this comes before anything else is made of the path. A value that
    cannot be read names nothing.
    """
    path = percent_decode(path, "InvalidKey")
    if path.startswith(b"/s3/"):
        named = path[len(b"/s3/") :]
    elif path.startswith(b"/supplychain/"):
        named = path[len(b"/supplychain/") :].partition(b"/")[2]
    else:
        named = b""
    if not named or named != percent_decode(meant.encode("latin-1"), "KeyMismatch"):
        raise Problem(
            "KeyMismatch",
            "The path names another bucket and key than 'x-astore-resource' does; a proxy changes paths. Nothing was done.",
        )


def find_route(method: str, raw_path: bytes, query: Mapping[str, str], *, is_copy: bool) -> Route:
    """Tell which operation is asked for. `is_copy` says that there is an `x-amz-copy-source`."""
    path = percent_decode(raw_path, "InvalidKey")
    if path in _SYSTEM:
        _require_method(method, "GET")
        return Route(_SYSTEM[path])
    if path == b"/s3":
        _require_method(method, "GET")
        return Route("listBuckets")
    if path.startswith(b"/s3/"):
        bucket, key = split_bucket_and_key(path[len(b"/s3/") :])
        name = _bucket_operation(method, query) if key is None else _object_operation(method, query, is_copy=is_copy)
        route = Route(name, bucket, key, path)
    elif path.startswith(b"/supplychain/"):
        kind, _, rest = path[len(b"/supplychain/") :].partition(b"/")
        bucket, key = split_bucket_and_key(rest)
        name = _supply_chain_operation(kind, method)
        route = Route(_ONE_RECORD.get(name, name) if "id" in query else name, bucket, key or b"", path)
    else:
        raise Problem("NoSuchResource", "There is nothing under this path; buckets and objects are below /s3.")
    unknown = set(query) - _QUERY.get(route.operation, set())
    if unknown and method not in _READING:
        raise Problem("InvalidArgument", f"{route.operation} has no query parameter '{min(unknown)}'.")
    return route


def _bucket_operation(method: str, query: Mapping[str, str]) -> str:
    if method == "POST":
        if "delete" not in query:
            raise Problem("InvalidArgument", "A POST to a bucket is '?delete'; an object is stored with PUT.")
        return "deleteObjects"
    if method == "GET":
        return "listMultipartUploads" if "uploads" in query else "listObjects"
    _require_method(method, "PUT", "HEAD", "DELETE")
    return {"PUT": "createBucket", "HEAD": "headBucket", "DELETE": "deleteBucket"}[method]


def _object_operation(method: str, query: Mapping[str, str], *, is_copy: bool) -> str:
    _require_method(method, "GET", "HEAD", "PUT", "POST", "DELETE")
    # An upload id that got lost on the way must never turn a part into the object, or an abort into a delete.
    about_upload = "uploadId" in query or "partNumber" in query
    if about_upload and not query.get("uploadId") and method not in _READING:
        raise Problem("InvalidArgument", "'uploadId' is missing.")
    if method == "PUT":
        if about_upload and "partNumber" not in query:
            raise Problem("InvalidArgument", "'partNumber' is missing.")
        if about_upload and is_copy:
            raise Problem("InvalidArgument", "A part cannot be copied from an object.")
        return "uploadPart" if about_upload else "copyObject" if is_copy else "putObject"
    if method == "POST":
        if not about_upload and "uploads" not in query:
            raise Problem("InvalidArgument", "A POST to an object is '?uploads' or '?uploadId'; it is stored with PUT.")
        return "completeMultipartUpload" if about_upload else "initiateMultipartUpload"
    if method == "DELETE":
        return "abortMultipartUpload" if about_upload else "deleteObject"
    if method == "GET":
        return "listParts" if "uploadId" in query else "getObject"
    return "headObject"


def _supply_chain_operation(kind: bytes, method: str) -> str:
    allowed = [known for name, known in _SUPPLY_CHAIN if name == kind]
    if not allowed:
        raise Problem("NoSuchResource", "Below /supplychain are signatures, sbom, sboms and attestations.")
    _require_method(method, *allowed)
    return _SUPPLY_CHAIN[kind, method]


def _require_method(method: str, *allowed: str) -> None:
    if method not in allowed:
        # RFC 9110 §15.5.6: a 405 names what is allowed.
        raise Problem("MethodNotAllowed", f"{method} is not among {', '.join(allowed)}.", headers=(("Allow", ", ".join(allowed)),))
