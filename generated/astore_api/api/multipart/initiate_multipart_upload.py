from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.multipart_upload import MultipartUpload
from ...models.problem import Problem
from ...types import UNSET, Response


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    uploads: Literal[""] = "",
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["uploads"] = uploads

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/s3/{bucket}/{key}#initiate".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> MultipartUpload | Problem:
    if response.status_code == 200:
        response_200 = MultipartUpload.from_dict(response.json())

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
) -> Response[MultipartUpload | Problem]:
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
    uploads: Literal[""] = "",
) -> Response[MultipartUpload | Problem]:
    """Begin a multipart upload

     Gives an upload id under which parts are stored until the upload is completed or aborted. `Content-
    Type` and
    `x-amz-meta-*` of this request become the object's.

    Args:
        bucket (str):
        key (str):
        uploads (Literal['']):  Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MultipartUpload | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        uploads=uploads,
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
    uploads: Literal[""] = "",
) -> MultipartUpload | Problem | None:
    """Begin a multipart upload

     Gives an upload id under which parts are stored until the upload is completed or aborted. `Content-
    Type` and
    `x-amz-meta-*` of this request become the object's.

    Args:
        bucket (str):
        key (str):
        uploads (Literal['']):  Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MultipartUpload | Problem
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        uploads=uploads,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    uploads: Literal[""] = "",
) -> Response[MultipartUpload | Problem]:
    """Begin a multipart upload

     Gives an upload id under which parts are stored until the upload is completed or aborted. `Content-
    Type` and
    `x-amz-meta-*` of this request become the object's.

    Args:
        bucket (str):
        key (str):
        uploads (Literal['']):  Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MultipartUpload | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        uploads=uploads,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    uploads: Literal[""] = "",
) -> MultipartUpload | Problem | None:
    """Begin a multipart upload

     Gives an upload id under which parts are stored until the upload is completed or aborted. `Content-
    Type` and
    `x-amz-meta-*` of this request become the object's.

    Args:
        bucket (str):
        key (str):
        uploads (Literal['']):  Default: ''.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MultipartUpload | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            uploads=uploads,
        )
    ).parsed
