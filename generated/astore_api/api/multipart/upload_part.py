from http import HTTPStatus
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
    body: File,
    upload_id: str,
    part_number: int,
    content_digest: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(content_digest, Unset):
        headers["Content-Digest"] = content_digest

    params: dict[str, Any] = {}

    params["uploadId"] = upload_id

    params["partNumber"] = part_number

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/s3/{bucket}/{key}#part".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
        "params": params,
    }

    _kwargs["content"] = body.payload
    headers["Content-Type"] = "application/octet-stream"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Any | Problem:
    if response.status_code == 200:
        response_200 = cast(Any, None)
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
) -> Response[Any | Problem]:
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
    upload_id: str,
    part_number: int,
    content_digest: str | Unset = UNSET,
) -> Response[Any | Problem]:
    """Store one part

     Stores the body as a part, in place of one with the same number. Parts may come in any order and at
    the same
    time. Every part but the last has at least 5 MiB (checked when the upload is completed), and none
    more than 5
    GiB.

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        part_number (int):
        content_digest (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
        upload_id=upload_id,
        part_number=part_number,
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
    upload_id: str,
    part_number: int,
    content_digest: str | Unset = UNSET,
) -> Any | Problem | None:
    """Store one part

     Stores the body as a part, in place of one with the same number. Parts may come in any order and at
    the same
    time. Every part but the last has at least 5 MiB (checked when the upload is completed), and none
    more than 5
    GiB.

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        part_number (int):
        content_digest (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        body=body,
        upload_id=upload_id,
        part_number=part_number,
        content_digest=content_digest,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: File,
    upload_id: str,
    part_number: int,
    content_digest: str | Unset = UNSET,
) -> Response[Any | Problem]:
    """Store one part

     Stores the body as a part, in place of one with the same number. Parts may come in any order and at
    the same
    time. Every part but the last has at least 5 MiB (checked when the upload is completed), and none
    more than 5
    GiB.

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        part_number (int):
        content_digest (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Any | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
        upload_id=upload_id,
        part_number=part_number,
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
    upload_id: str,
    part_number: int,
    content_digest: str | Unset = UNSET,
) -> Any | Problem | None:
    """Store one part

     Stores the body as a part, in place of one with the same number. Parts may come in any order and at
    the same
    time. Every part but the last has at least 5 MiB (checked when the upload is completed), and none
    more than 5
    GiB.

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        part_number (int):
        content_digest (str | Unset):
        body (File):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Any | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            body=body,
            upload_id=upload_id,
            part_number=part_number,
            content_digest=content_digest,
        )
    ).parsed
