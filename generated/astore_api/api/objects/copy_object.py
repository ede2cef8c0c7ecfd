from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.object_ import Object
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    x_amz_copy_source: str,
    x_amz_metadata_directive: str | Unset = UNSET,
    x_amz_copy_source_if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    headers["x-amz-copy-source"] = x_amz_copy_source

    if not isinstance(x_amz_metadata_directive, Unset):
        headers["x-amz-metadata-directive"] = x_amz_metadata_directive

    if not isinstance(x_amz_copy_source_if_match, Unset):
        headers["x-amz-copy-source-if-match"] = x_amz_copy_source_if_match

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/s3/{bucket}/{key}#copy".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Object | Problem:
    if response.status_code == 200:
        response_200 = Object.from_dict(response.json())

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

    if response.status_code == 412:
        response_412 = Problem.from_dict(response.json())

        return response_412

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
) -> Response[Object | Problem]:
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
    x_amz_copy_source: str,
    x_amz_metadata_directive: str | Unset = UNSET,
    x_amz_copy_source_if_match: str | Unset = UNSET,
) -> Response[Object | Problem]:
    """Copy an object

     Copies the bytes of `x-amz-copy-source` to this key without moving them. Content type and metadata
    come along
    (`COPY`) or are taken from this request (`REPLACE`). Supply-chain records are not copied: they speak
    of one
    bucket and key. Damaged bytes are not copied (500 `DataCorrupted`): the store may have to read the
    object to know
    that, so the answer may take its time.

    Args:
        bucket (str):
        key (str):
        x_amz_copy_source (str):
        x_amz_metadata_directive (str | Unset):
        x_amz_copy_source_if_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Object | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        x_amz_copy_source=x_amz_copy_source,
        x_amz_metadata_directive=x_amz_metadata_directive,
        x_amz_copy_source_if_match=x_amz_copy_source_if_match,
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
    x_amz_copy_source: str,
    x_amz_metadata_directive: str | Unset = UNSET,
    x_amz_copy_source_if_match: str | Unset = UNSET,
) -> Object | Problem | None:
    """Copy an object

     Copies the bytes of `x-amz-copy-source` to this key without moving them. Content type and metadata
    come along
    (`COPY`) or are taken from this request (`REPLACE`). Supply-chain records are not copied: they speak
    of one
    bucket and key. Damaged bytes are not copied (500 `DataCorrupted`): the store may have to read the
    object to know
    that, so the answer may take its time.

    Args:
        bucket (str):
        key (str):
        x_amz_copy_source (str):
        x_amz_metadata_directive (str | Unset):
        x_amz_copy_source_if_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Object | Problem
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        x_amz_copy_source=x_amz_copy_source,
        x_amz_metadata_directive=x_amz_metadata_directive,
        x_amz_copy_source_if_match=x_amz_copy_source_if_match,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    x_amz_copy_source: str,
    x_amz_metadata_directive: str | Unset = UNSET,
    x_amz_copy_source_if_match: str | Unset = UNSET,
) -> Response[Object | Problem]:
    """Copy an object

     Copies the bytes of `x-amz-copy-source` to this key without moving them. Content type and metadata
    come along
    (`COPY`) or are taken from this request (`REPLACE`). Supply-chain records are not copied: they speak
    of one
    bucket and key. Damaged bytes are not copied (500 `DataCorrupted`): the store may have to read the
    object to know
    that, so the answer may take its time.

    Args:
        bucket (str):
        key (str):
        x_amz_copy_source (str):
        x_amz_metadata_directive (str | Unset):
        x_amz_copy_source_if_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Object | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        x_amz_copy_source=x_amz_copy_source,
        x_amz_metadata_directive=x_amz_metadata_directive,
        x_amz_copy_source_if_match=x_amz_copy_source_if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    x_amz_copy_source: str,
    x_amz_metadata_directive: str | Unset = UNSET,
    x_amz_copy_source_if_match: str | Unset = UNSET,
) -> Object | Problem | None:
    """Copy an object

     Copies the bytes of `x-amz-copy-source` to this key without moving them. Content type and metadata
    come along
    (`COPY`) or are taken from this request (`REPLACE`). Supply-chain records are not copied: they speak
    of one
    bucket and key. Damaged bytes are not copied (500 `DataCorrupted`): the store may have to read the
    object to know
    that, so the answer may take its time.

    Args:
        bucket (str):
        key (str):
        x_amz_copy_source (str):
        x_amz_metadata_directive (str | Unset):
        x_amz_copy_source_if_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Object | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            x_amz_copy_source=x_amz_copy_source,
            x_amz_metadata_directive=x_amz_metadata_directive,
            x_amz_copy_source_if_match=x_amz_copy_source_if_match,
        )
    ).parsed
