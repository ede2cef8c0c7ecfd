from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.delete_request import DeleteRequest
from ...models.delete_result import DeleteResult
from ...models.problem import Problem
from ...types import UNSET, Response


def _get_kwargs(
    bucket: str,
    *,
    body: DeleteRequest,
    delete: Literal[""] = "",
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    params: dict[str, Any] = {}

    params["delete"] = delete

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/s3/{bucket}#delete".format(
            bucket=quote(str(bucket), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> DeleteResult | Problem:
    if response.status_code == 200:
        response_200 = DeleteResult.from_dict(response.json())

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

    if response.status_code == 507:
        response_507 = Problem.from_dict(response.json())

        return response_507

    response_default = Problem.from_dict(response.json())

    return response_default


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[DeleteResult | Problem]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    body: DeleteRequest,
    delete: Literal[""] = "",
) -> Response[DeleteResult | Problem]:
    """Delete many objects

     Deletes up to 1000 objects in one request. Each key has its own result: one that was not there
    counts as
    deleted, one that could not be deleted is listed with its reason. The body has at most 6 MiB (413
    `EntityTooLarge`).

    Args:
        bucket (str):
        delete (Literal['']):  Default: ''.
        body (DeleteRequest): The keys to delete.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeleteResult | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        body=body,
        delete=delete,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    body: DeleteRequest,
    delete: Literal[""] = "",
) -> DeleteResult | Problem | None:
    """Delete many objects

     Deletes up to 1000 objects in one request. Each key has its own result: one that was not there
    counts as
    deleted, one that could not be deleted is listed with its reason. The body has at most 6 MiB (413
    `EntityTooLarge`).

    Args:
        bucket (str):
        delete (Literal['']):  Default: ''.
        body (DeleteRequest): The keys to delete.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeleteResult | Problem
    """

    return sync_detailed(
        bucket=bucket,
        client=client,
        body=body,
        delete=delete,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    body: DeleteRequest,
    delete: Literal[""] = "",
) -> Response[DeleteResult | Problem]:
    """Delete many objects

     Deletes up to 1000 objects in one request. Each key has its own result: one that was not there
    counts as
    deleted, one that could not be deleted is listed with its reason. The body has at most 6 MiB (413
    `EntityTooLarge`).

    Args:
        bucket (str):
        delete (Literal['']):  Default: ''.
        body (DeleteRequest): The keys to delete.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[DeleteResult | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        body=body,
        delete=delete,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    body: DeleteRequest,
    delete: Literal[""] = "",
) -> DeleteResult | Problem | None:
    """Delete many objects

     Deletes up to 1000 objects in one request. Each key has its own result: one that was not there
    counts as
    deleted, one that could not be deleted is listed with its reason. The body has at most 6 MiB (413
    `EntityTooLarge`).

    Args:
        bucket (str):
        delete (Literal['']):  Default: ''.
        body (DeleteRequest): The keys to delete.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        DeleteResult | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            client=client,
            body=body,
            delete=delete,
        )
    ).parsed
