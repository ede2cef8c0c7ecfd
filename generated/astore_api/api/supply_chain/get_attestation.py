from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.attestation import Attestation
from ...models.problem import Problem
from ...types import UNSET, Response


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    id: str,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["id"] = id

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/supplychain/attestations/{bucket}/{key}#record".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Attestation | Problem:
    if response.status_code == 200:
        response_200 = Attestation.from_dict(response.json())

        return response_200

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

    if response.status_code == 429:
        response_429 = Problem.from_dict(response.json())

        return response_429

    if response.status_code == 500:
        response_500 = Problem.from_dict(response.json())

        return response_500

    if response.status_code == 503:
        response_503 = Problem.from_dict(response.json())

        return response_503

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
    id: str,
) -> Response[Attestation | Problem]:
    """Fetch one attestation

     Gives one attestation of the object with everything in it, also what lists leave out because of its
    size. 404
    `NoSuchRecord` if the object has none with this id.

    Args:
        bucket (str):
        key (str):
        id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Attestation | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        id=id,
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
    id: str,
) -> Attestation | Problem | None:
    """Fetch one attestation

     Gives one attestation of the object with everything in it, also what lists leave out because of its
    size. 404
    `NoSuchRecord` if the object has none with this id.

    Args:
        bucket (str):
        key (str):
        id (str):

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
        id=id,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    id: str,
) -> Response[Attestation | Problem]:
    """Fetch one attestation

     Gives one attestation of the object with everything in it, also what lists leave out because of its
    size. 404
    `NoSuchRecord` if the object has none with this id.

    Args:
        bucket (str):
        key (str):
        id (str):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Attestation | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        id=id,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    id: str,
) -> Attestation | Problem | None:
    """Fetch one attestation

     Gives one attestation of the object with everything in it, also what lists leave out because of its
    size. 404
    `NoSuchRecord` if the object has none with this id.

    Args:
        bucket (str):
        key (str):
        id (str):

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
            id=id,
        )
    ).parsed
