from http import HTTPStatus
from typing import Any, Literal
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.multipart_upload_list import MultipartUploadList
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bucket: str,
    *,
    uploads: Literal[""] = "",
    prefix: str | Unset = UNSET,
    key_marker: str | Unset = UNSET,
    upload_id_marker: str | Unset = UNSET,
    max_uploads: int | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["uploads"] = uploads

    params["prefix"] = prefix

    params["key-marker"] = key_marker

    params["upload-id-marker"] = upload_id_marker

    params["max-uploads"] = max_uploads

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/s3/{bucket}#uploads".format(
            bucket=quote(str(bucket), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> MultipartUploadList | Problem:
    if response.status_code == 200:
        response_200 = MultipartUploadList.from_dict(response.json())

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
) -> Response[MultipartUploadList | Problem]:
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
    uploads: Literal[""] = "",
    prefix: str | Unset = UNSET,
    key_marker: str | Unset = UNSET,
    upload_id_marker: str | Unset = UNSET,
    max_uploads: int | Unset = UNSET,
) -> Response[MultipartUploadList | Problem]:
    """List one page of the uploads under way

     Lists multipart uploads that are neither completed nor aborted, by key and then by upload id.

    Args:
        bucket (str):
        uploads (Literal['']):  Default: ''.
        prefix (str | Unset):
        key_marker (str | Unset):
        upload_id_marker (str | Unset):
        max_uploads (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MultipartUploadList | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        uploads=uploads,
        prefix=prefix,
        key_marker=key_marker,
        upload_id_marker=upload_id_marker,
        max_uploads=max_uploads,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    uploads: Literal[""] = "",
    prefix: str | Unset = UNSET,
    key_marker: str | Unset = UNSET,
    upload_id_marker: str | Unset = UNSET,
    max_uploads: int | Unset = UNSET,
) -> MultipartUploadList | Problem | None:
    """List one page of the uploads under way

     Lists multipart uploads that are neither completed nor aborted, by key and then by upload id.

    Args:
        bucket (str):
        uploads (Literal['']):  Default: ''.
        prefix (str | Unset):
        key_marker (str | Unset):
        upload_id_marker (str | Unset):
        max_uploads (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MultipartUploadList | Problem
    """

    return sync_detailed(
        bucket=bucket,
        client=client,
        uploads=uploads,
        prefix=prefix,
        key_marker=key_marker,
        upload_id_marker=upload_id_marker,
        max_uploads=max_uploads,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    uploads: Literal[""] = "",
    prefix: str | Unset = UNSET,
    key_marker: str | Unset = UNSET,
    upload_id_marker: str | Unset = UNSET,
    max_uploads: int | Unset = UNSET,
) -> Response[MultipartUploadList | Problem]:
    """List one page of the uploads under way

     Lists multipart uploads that are neither completed nor aborted, by key and then by upload id.

    Args:
        bucket (str):
        uploads (Literal['']):  Default: ''.
        prefix (str | Unset):
        key_marker (str | Unset):
        upload_id_marker (str | Unset):
        max_uploads (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[MultipartUploadList | Problem]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        uploads=uploads,
        prefix=prefix,
        key_marker=key_marker,
        upload_id_marker=upload_id_marker,
        max_uploads=max_uploads,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    *,
    client: AuthenticatedClient | Client,
    uploads: Literal[""] = "",
    prefix: str | Unset = UNSET,
    key_marker: str | Unset = UNSET,
    upload_id_marker: str | Unset = UNSET,
    max_uploads: int | Unset = UNSET,
) -> MultipartUploadList | Problem | None:
    """List one page of the uploads under way

     Lists multipart uploads that are neither completed nor aborted, by key and then by upload id.

    Args:
        bucket (str):
        uploads (Literal['']):  Default: ''.
        prefix (str | Unset):
        key_marker (str | Unset):
        upload_id_marker (str | Unset):
        max_uploads (int | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        MultipartUploadList | Problem
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            client=client,
            uploads=uploads,
            prefix=prefix,
            key_marker=key_marker,
            upload_id_marker=upload_id_marker,
            max_uploads=max_uploads,
        )
    ).parsed
