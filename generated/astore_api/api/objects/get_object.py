from http import HTTPStatus
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...types import UNSET, File, Response, Unset


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    range_: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    if_range: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(range_, Unset):
        headers["Range"] = range_

    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    if not isinstance(if_range, Unset):
        headers["If-Range"] = if_range

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/s3/{bucket}/{key}".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | File | Problem:
    if response.status_code == 200:
        response_200 = File(payload=BytesIO(response.content))

        return response_200

    if response.status_code == 206:
        response_206 = File(payload=BytesIO(response.content))

        return response_206

    if response.status_code == 304:
        response_304 = cast(Any, None)
        return response_304

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

    if response.status_code == 416:
        response_416 = Problem.from_dict(response.json())

        return response_416

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
) -> Response[Any | File | Problem]:
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
    range_: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    if_range: str | Unset = UNSET,
) -> Response[Any | File | Problem]:
    """Fetch an object or a range of it

     Sends the object's bytes under its own media type, with its metadata in `x-amz-meta-*` headers. One
    range may be
    asked for; a `Range` header that names several, or that cannot be read, is ignored (RFC 9110,
    section 14.2).

    Damaged bytes never make a whole answer: it is 500 `DataCorrupted`, or it breaks off. Before the
    first range of a
    large object the store may have to read all of it, or all of one of its parts, so the answer may
    take its time.

    Args:
        bucket (str):
        key (str):
        range_ (str | Unset):
        if_match (str | Unset):
        if_none_match (str | Unset):
        if_range (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        range_=range_,
        if_match=if_match,
        if_none_match=if_none_match,
        if_range=if_range,
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
    range_: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    if_range: str | Unset = UNSET,
) -> Any | File | Problem | None:
    """Fetch an object or a range of it

     Sends the object's bytes under its own media type, with its metadata in `x-amz-meta-*` headers. One
    range may be
    asked for; a `Range` header that names several, or that cannot be read, is ignored (RFC 9110,
    section 14.2).

    Damaged bytes never make a whole answer: it is 500 `DataCorrupted`, or it breaks off. Before the
    first range of a
    large object the store may have to read all of it, or all of one of its parts, so the answer may
    take its time.

    Args:
        bucket (str):
        key (str):
        range_ (str | Unset):
        if_match (str | Unset):
        if_none_match (str | Unset):
        if_range (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File | Problem
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        range_=range_,
        if_match=if_match,
        if_none_match=if_none_match,
        if_range=if_range,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    range_: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    if_range: str | Unset = UNSET,
) -> Response[Any | File | Problem]:
    """Fetch an object or a range of it

     Sends the object's bytes under its own media type, with its metadata in `x-amz-meta-*` headers. One
    range may be
    asked for; a `Range` header that names several, or that cannot be read, is ignored (RFC 9110,
    section 14.2).

    Damaged bytes never make a whole answer: it is 500 `DataCorrupted`, or it breaks off. Before the
    first range of a
    large object the store may have to read all of it, or all of one of its parts, so the answer may
    take its time.

    Args:
        bucket (str):
        key (str):
        range_ (str | Unset):
        if_match (str | Unset):
        if_none_match (str | Unset):
        if_range (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | File | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        range_=range_,
        if_match=if_match,
        if_none_match=if_none_match,
        if_range=if_range,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    range_: str | Unset = UNSET,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
    if_range: str | Unset = UNSET,
) -> Any | File | Problem | None:
    """Fetch an object or a range of it

     Sends the object's bytes under its own media type, with its metadata in `x-amz-meta-*` headers. One
    range may be
    asked for; a `Range` header that names several, or that cannot be read, is ignored (RFC 9110,
    section 14.2).

    Damaged bytes never make a whole answer: it is 500 `DataCorrupted`, or it breaks off. Before the
    first range of a
    large object the store may have to read all of it, or all of one of its parts, so the answer may
    take its time.

    Args:
        bucket (str):
        key (str):
        range_ (str | Unset):
        if_match (str | Unset):
        if_none_match (str | Unset):
        if_range (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | File | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            range_=range_,
            if_match=if_match,
            if_none_match=if_none_match,
            if_range=if_range,
        )
    ).parsed
