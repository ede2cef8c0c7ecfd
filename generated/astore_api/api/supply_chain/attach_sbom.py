from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.sbom import SBOM
from ...models.sbom_request import SbomRequest
from ...types import Response


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    body: SbomRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/supplychain/sbom/{bucket}/{key}".format(
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
) -> Problem | SBOM:
    if response.status_code == 200:
        response_200 = SBOM.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = SBOM.from_dict(response.json())

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
) -> Response[Problem | SBOM]:
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
    body: SbomRequest,
) -> Response[Problem | SBOM]:
    """Attach an SBOM

     Stores a software bill of materials with the object, exactly as given. A record equal to a stored
    one is
    answered with the stored one.

    The body has at most 32 MiB (413 `EntityTooLarge`), `contentType` and `createdBy` at most 1 KiB
    each. At most
    1,000 SBOMs speak of the same bytes of an object (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SbomRequest): An SBOM to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SBOM]
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
    body: SbomRequest,
) -> Problem | SBOM | None:
    """Attach an SBOM

     Stores a software bill of materials with the object, exactly as given. A record equal to a stored
    one is
    answered with the stored one.

    The body has at most 32 MiB (413 `EntityTooLarge`), `contentType` and `createdBy` at most 1 KiB
    each. At most
    1,000 SBOMs speak of the same bytes of an object (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SbomRequest): An SBOM to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SBOM
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
    body: SbomRequest,
) -> Response[Problem | SBOM]:
    """Attach an SBOM

     Stores a software bill of materials with the object, exactly as given. A record equal to a stored
    one is
    answered with the stored one.

    The body has at most 32 MiB (413 `EntityTooLarge`), `contentType` and `createdBy` at most 1 KiB
    each. At most
    1,000 SBOMs speak of the same bytes of an object (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SbomRequest): An SBOM to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SBOM]
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
    body: SbomRequest,
) -> Problem | SBOM | None:
    """Attach an SBOM

     Stores a software bill of materials with the object, exactly as given. A record equal to a stored
    one is
    answered with the stored one.

    The body has at most 32 MiB (413 `EntityTooLarge`), `contentType` and `createdBy` at most 1 KiB
    each. At most
    1,000 SBOMs speak of the same bytes of an object (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SbomRequest): An SBOM to attach.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SBOM
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            body=body,
        )
    ).parsed
