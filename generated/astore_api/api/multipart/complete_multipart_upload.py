from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.complete_request import CompleteRequest
from ...models.object_ import Object
from ...models.problem import Problem
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    body: CompleteRequest,
    upload_id: str,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    params["uploadId"] = upload_id

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/s3/{bucket}/{key}#complete".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
        "params": params,
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

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
    body: CompleteRequest,
    upload_id: str,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Object | Problem]:
    """Make an object of the parts

     Joins the named parts, in ascending order, into the object. If `digest` or `size` are given they are
    compared
    with the whole before anything becomes visible; on a mismatch (400 `BadDigest`) nothing is committed
    and the
    parts are still there. Comparing reads the whole object, so the answer may take its time. Repeating
    a complete
    that has succeeded answers with the same object. The body has at most 4 MiB (413 `EntityTooLarge`).

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CompleteRequest): The parts of the object, and what the whole must be.

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
        upload_id=upload_id,
        if_match=if_match,
        if_none_match=if_none_match,
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
    body: CompleteRequest,
    upload_id: str,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Object | Problem | None:
    """Make an object of the parts

     Joins the named parts, in ascending order, into the object. If `digest` or `size` are given they are
    compared
    with the whole before anything becomes visible; on a mismatch (400 `BadDigest`) nothing is committed
    and the
    parts are still there. Comparing reads the whole object, so the answer may take its time. Repeating
    a complete
    that has succeeded answers with the same object. The body has at most 4 MiB (413 `EntityTooLarge`).

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CompleteRequest): The parts of the object, and what the whole must be.

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
        upload_id=upload_id,
        if_match=if_match,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: CompleteRequest,
    upload_id: str,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[Object | Problem]:
    """Make an object of the parts

     Joins the named parts, in ascending order, into the object. If `digest` or `size` are given they are
    compared
    with the whole before anything becomes visible; on a mismatch (400 `BadDigest`) nothing is committed
    and the
    parts are still there. Comparing reads the whole object, so the answer may take its time. Repeating
    a complete
    that has succeeded answers with the same object. The body has at most 4 MiB (413 `EntityTooLarge`).

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CompleteRequest): The parts of the object, and what the whole must be.

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
        upload_id=upload_id,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: CompleteRequest,
    upload_id: str,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Object | Problem | None:
    """Make an object of the parts

     Joins the named parts, in ascending order, into the object. If `digest` or `size` are given they are
    compared
    with the whole before anything becomes visible; on a mismatch (400 `BadDigest`) nothing is committed
    and the
    parts are still there. Comparing reads the whole object, so the answer may take its time. Repeating
    a complete
    that has succeeded answers with the same object. The body has at most 4 MiB (413 `EntityTooLarge`).

    Args:
        bucket (str):
        key (str):
        upload_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CompleteRequest): The parts of the object, and what the whole must be.

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
            upload_id=upload_id,
            if_match=if_match,
            if_none_match=if_none_match,
        )
    ).parsed
