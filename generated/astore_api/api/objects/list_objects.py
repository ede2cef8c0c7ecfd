from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.object_list import ObjectList
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bucket: str,
    *,
    prefix: str | Unset = UNSET,
    delimiter: str | Unset = UNSET,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["prefix"] = prefix

    params["delimiter"] = delimiter

    params["marker"] = marker

    params["max-keys"] = max_keys

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/s3/{bucket}".format(
            bucket=quote(str(bucket), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> ObjectList | Problem:
    if response.status_code == 200:
        response_200 = ObjectList.from_dict(response.json())

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
) -> Response[ObjectList | Problem]:
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
    prefix: str | Unset = UNSET,
    delimiter: str | Unset = UNSET,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
) -> Response[ObjectList | Problem]:
    """List one page of a bucket

     Lists objects in the byte order of their UTF-8 keys. With `delimiter`, keys that share the part
    between `prefix`
    and the next delimiter are rolled into one entry of `commonPrefixes`, which counts towards `max-
    keys` like an
    object.

    Args:
        bucket (str):
        prefix (str | Unset):
        delimiter (str | Unset):
        marker (str | Unset):
        max_keys (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ObjectList | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        max_keys=max_keys,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    prefix: str | Unset = UNSET,
    delimiter: str | Unset = UNSET,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
) -> ObjectList | Problem | None:
    """List one page of a bucket

     Lists objects in the byte order of their UTF-8 keys. With `delimiter`, keys that share the part
    between `prefix`
    and the next delimiter are rolled into one entry of `commonPrefixes`, which counts towards `max-
    keys` like an
    object.

    Args:
        bucket (str):
        prefix (str | Unset):
        delimiter (str | Unset):
        marker (str | Unset):
        max_keys (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ObjectList | Problem
    """

    return sync_detailed(
        bucket=bucket,
        client=client,
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        max_keys=max_keys,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    prefix: str | Unset = UNSET,
    delimiter: str | Unset = UNSET,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
) -> Response[ObjectList | Problem]:
    """List one page of a bucket

     Lists objects in the byte order of their UTF-8 keys. With `delimiter`, keys that share the part
    between `prefix`
    and the next delimiter are rolled into one entry of `commonPrefixes`, which counts towards `max-
    keys` like an
    object.

    Args:
        bucket (str):
        prefix (str | Unset):
        delimiter (str | Unset):
        marker (str | Unset):
        max_keys (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ObjectList | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        prefix=prefix,
        delimiter=delimiter,
        marker=marker,
        max_keys=max_keys,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    prefix: str | Unset = UNSET,
    delimiter: str | Unset = UNSET,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
) -> ObjectList | Problem | None:
    """List one page of a bucket

     Lists objects in the byte order of their UTF-8 keys. With `delimiter`, keys that share the part
    between `prefix`
    and the next delimiter are rolled into one entry of `commonPrefixes`, which counts towards `max-
    keys` like an
    object.

    Args:
        bucket (str):
        prefix (str | Unset):
        delimiter (str | Unset):
        marker (str | Unset):
        max_keys (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ObjectList | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            client=client,
            prefix=prefix,
            delimiter=delimiter,
            marker=marker,
            max_keys=max_keys,
        )
    ).parsed
