"""How the peers are set up: as well as they can be, and with no checksums that nobody asked for."""

from __future__ import annotations

from typing import Any

from trial import BUCKET, Trial


def httpx_client(trial: Trial, kind: str = "Client") -> Any:
    """Return an `httpx.Client`, or an `AsyncClient`."""
    import ssl

    import httpx

    verify = ssl.create_default_context(cafile=trial.cafile) if trial.cafile else False
    return getattr(httpx, kind)(verify=verify, timeout=None, trust_env=False)


def boto3_client(trial: Trial, dialect: str = "s3") -> Any:
    """Return a client that signs headers, not payloads. Uploads in parts need the dialect `xml`."""
    import boto3
    from botocore.config import Config

    config = Config(
        s3={"addressing_style": "path", "payload_signing_enabled": False},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        max_pool_connections=16,
        retries={"total_max_attempts": 1},
    )
    known = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=f"{trial.base}/{dialect}", verify=trial.cafile or True, config=config, **known)


def obstore_store(trial: Trial, dialect: str = "s3", bucket: str = BUCKET) -> Any:
    """Return a store that does not sign. It does not take our certificate, and so verifies none."""
    from obstore.store import S3Store

    options: Any = {"timeout": "600s", "allow_http": not trial.cafile, "allow_invalid_certificates": bool(trial.cafile)}
    return S3Store(bucket, endpoint=f"{trial.base}/{dialect}", skip_signature=True, region="us-east-1", client_options=options)
