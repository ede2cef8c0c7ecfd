"""Typed Python SDK for the Zot Artifact Store: buckets, objects, multipart uploads and supply-chain records.

    from pathlib import Path
    from astore_sdk import Client, Config

    with Client(Config.from_env()) as client:
        client.upload("releases", "app.tar.gz", Path("dist/app.tar.gz"))

`AsyncClient` is the same with `await`. Errors are one tree under `ArtifactStoreError`.
"""

import logging

from ._version import __version__
from .aio import AsyncClient
from .client import Client
from .config import Config, RetryPolicy, Timeout, TransferConfig
from .exceptions import (
    ArtifactStoreError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    InsecureTransportWarning,
    IntegrityError,
    InternalServerError,
    InvalidInputError,
    NetworkError,
    NetworkTimeoutError,
    NotFoundError,
    ObjectChangedError,
    PolicyViolationError,
    PreconditionFailedError,
    RangeNotSatisfiableError,
    ResponseDecodeError,
    ServerError,
    ServiceUnavailableError,
    SourceChangedError,
    TooManyRequestsError,
    TransferInProgressError,
    UnauthorizedError,
    WrongObjectError,
)
from .models import (
    Attestation,
    Bucket,
    BucketList,
    CompletedPart,
    DeleteError,
    DeleteResult,
    FileResult,
    Health,
    MultipartUpload,
    Object,
    ObjectList,
    Part,
    Publication,
    Sbom,
    Signature,
    SignatureCheck,
    VerificationResult,
)
from .supplychain import AsyncSigner, Policy, PrivateKey, PublicKey, Signer, generate_key

# A library is silent until its application asks: without this, Python would print our warnings itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())

__all__ = [
    "ArtifactStoreError",
    "AsyncClient",
    "AsyncSigner",
    "Attestation",
    "BadRequestError",
    "Bucket",
    "BucketList",
    "Client",
    "CompletedPart",
    "Config",
    "ConflictError",
    "DeleteError",
    "DeleteResult",
    "FileResult",
    "ForbiddenError",
    "Health",
    "InsecureTransportWarning",
    "IntegrityError",
    "InternalServerError",
    "InvalidInputError",
    "MultipartUpload",
    "NetworkError",
    "NetworkTimeoutError",
    "NotFoundError",
    "Object",
    "ObjectChangedError",
    "ObjectList",
    "Part",
    "Policy",
    "PolicyViolationError",
    "PreconditionFailedError",
    "PrivateKey",
    "PublicKey",
    "Publication",
    "RangeNotSatisfiableError",
    "ResponseDecodeError",
    "RetryPolicy",
    "Sbom",
    "ServerError",
    "ServiceUnavailableError",
    "Signature",
    "SignatureCheck",
    "Signer",
    "SourceChangedError",
    "Timeout",
    "TooManyRequestsError",
    "TransferConfig",
    "TransferInProgressError",
    "UnauthorizedError",
    "VerificationResult",
    "WrongObjectError",
    "__version__",
    "generate_key",
]
