from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.object_ import Object
from ...models.problem import Problem
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    body: File,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    content_digest: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    if not isinstance(content_digest, Unset):
        headers["Content-Digest"] = content_digest

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/s3/{bucket}/{key}".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

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
    body: File,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    content_digest: str | Unset = UNSET,
) -> Response[Object | Problem]:
    """Store an object

     Stores the body as an object of at most 5 GiB, in place of one that was there. Nothing becomes
    visible before
    every byte is there, durable, and equal to `Content-Digest` if that was sent. `Content-Type` and
    `x-amz-meta-*`
    are kept with the object.

    Args:
        bucket (str):
        key (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        content_digest (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Object | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
        content_digest=content_digest,
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
    body: File,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    content_digest: str | Unset = UNSET,
) -> Object | Problem | None:
    """Store an object

     Stores the body as an object of at most 5 GiB, in place of one that was there. Nothing becomes
    visible before
    every byte is there, durable, and equal to `Content-Digest` if that was sent. `Content-Type` and
    `x-amz-meta-*`
    are kept with the object.

    Args:
        bucket (str):
        key (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        content_digest (str | Unset):
        body (File):

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
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
        content_digest=content_digest,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    content_digest: str | Unset = UNSET,
) -> Response[Object | Problem]:
    """Store an object

     Stores the body as an object of at most 5 GiB, in place of one that was there. Nothing becomes
    visible before
    every byte is there, durable, and equal to `Content-Digest` if that was sent. `Content-Type` and
    `x-amz-meta-*`
    are kept with the object.

    Args:
        bucket (str):
        key (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        content_digest (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Object | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
        content_digest=content_digest,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    content_digest: str | Unset = UNSET,
) -> Object | Problem | None:
    """Store an object

     Stores the body as an object of at most 5 GiB, in place of one that was there. Nothing becomes
    visible before
    every byte is there, durable, and equal to `Content-Digest` if that was sent. `Content-Type` and
    `x-amz-meta-*`
    are kept with the object.

    Args:
        bucket (str):
        key (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        content_digest (str | Unset):
        body (File):

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
            body=body,
            if_match=if_match,
            if_none_match=if_none_match,
            content_digest=content_digest,
        )
    ).parsed
