from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.attestation import Attestation
from ...models.attestation_request import AttestationRequest
from ...models.problem import Problem
from ...types import Response


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    body: AttestationRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/supplychain/attestations/{bucket}/{key}".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Attestation | Problem:
    if response.status_code == 200:
        response_200 = Attestation.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = Attestation.from_dict(response.json())

        return response_201

    if response.status_code == 400:
        response_400 = Problem.from_dict(response.json())

        return response_400

    if response.status_code == 401:
        response_401 = Problem.from_dict(response.json())

        return response_401

    if response.status_code == 403:
        response_403 = Problem.from_dict(response.json())

        return response_403

    if response.status_code == 404:
        response_404 = Problem.from_dict(response.json())

        return response_404

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

    if response.status_code == 413:
        response_413 = Problem.from_dict(response.json())

        return response_413

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

    if response.status_code == 507:
        response_507 = Problem.from_dict(response.json())

        return response_507

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[Attestation | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: AttestationRequest,
) -> Response[Attestation | Problem]:
    """Attach an attestation

     Stores a statement about the object: a plain one in `data`, or a signed one with its DSSE `envelope`
    as well. A
    record equal to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `type`, `predicateType` and `createdBy` at most 1
    KiB each; it
    is nested at most 100 levels deep. At most 1,000 attestations speak of the same bytes of an object
    (409
    `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (AttestationRequest): An attestation to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Attestation | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: AttestationRequest,
) -> Attestation | Problem | None:
    """Attach an attestation

     Stores a statement about the object: a plain one in `data`, or a signed one with its DSSE `envelope`
    as well. A
    record equal to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `type`, `predicateType` and `createdBy` at most 1
    KiB each; it
    is nested at most 100 levels deep. At most 1,000 attestations speak of the same bytes of an object
    (409
    `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (AttestationRequest): An attestation to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Attestation | Problem
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: AttestationRequest,
) -> Response[Attestation | Problem]:
    """Attach an attestation

     Stores a statement about the object: a plain one in `data`, or a signed one with its DSSE `envelope`
    as well. A
    record equal to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `type`, `predicateType` and `createdBy` at most 1
    KiB each; it
    is nested at most 100 levels deep. At most 1,000 attestations speak of the same bytes of an object
    (409
    `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (AttestationRequest): An attestation to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Attestation | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: AttestationRequest,
) -> Attestation | Problem | None:
    """Attach an attestation

     Stores a statement about the object: a plain one in `data`, or a signed one with its DSSE `envelope`
    as well. A
    record equal to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `type`, `predicateType` and `createdBy` at most 1
    KiB each; it
    is nested at most 100 levels deep. At most 1,000 attestations speak of the same bytes of an object
    (409
    `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (AttestationRequest): An attestation to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Attestation | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            body=body,
        )
    ).parsed
