from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.signature import Signature
from ...models.signature_request import SignatureRequest
from ...types import Response


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    body: SignatureRequest,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/supplychain/signatures/{bucket}/{key}".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | Signature:
    if response.status_code == 200:
        response_200 = Signature.from_dict(response.json())

        return response_200

    if response.status_code == 201:
        response_201 = Signature.from_dict(response.json())

        return response_201

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

    if response.status_code == 409:
        response_409 = Problem.from_dict(response.json())

        return response_409

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
) -> Response[Problem | Signature]:
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
    body: SignatureRequest,
) -> Response[Problem | Signature]:
    """Attach a signature

     Stores a signature that was made by the client over the object's bytes. The store checks its form,
    never its
    truth: whoever verifies does so with keys of their own. A private key is never part of a request. A
    record equal
    to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `signature` and `publicKey` at most 8 KiB each,
    `signedBy` at
    most 1 KiB; it is nested at most 100 levels deep. At most 1,000 signatures speak of the same bytes
    of an object
    (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SignatureRequest): A signature made elsewhere.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Signature]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
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
    body: SignatureRequest,
) -> Problem | Signature | None:
    """Attach a signature

     Stores a signature that was made by the client over the object's bytes. The store checks its form,
    never its
    truth: whoever verifies does so with keys of their own. A private key is never part of a request. A
    record equal
    to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `signature` and `publicKey` at most 8 KiB each,
    `signedBy` at
    most 1 KiB; it is nested at most 100 levels deep. At most 1,000 signatures speak of the same bytes
    of an object
    (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SignatureRequest): A signature made elsewhere.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Signature
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: SignatureRequest,
) -> Response[Problem | Signature]:
    """Attach a signature

     Stores a signature that was made by the client over the object's bytes. The store checks its form,
    never its
    truth: whoever verifies does so with keys of their own. A private key is never part of a request. A
    record equal
    to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `signature` and `publicKey` at most 8 KiB each,
    `signedBy` at
    most 1 KiB; it is nested at most 100 levels deep. At most 1,000 signatures speak of the same bytes
    of an object
    (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SignatureRequest): A signature made elsewhere.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | Signature]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    body: SignatureRequest,
) -> Problem | Signature | None:
    """Attach a signature

     Stores a signature that was made by the client over the object's bytes. The store checks its form,
    never its
    truth: whoever verifies does so with keys of their own. A private key is never part of a request. A
    record equal
    to a stored one is answered with the stored one.

    The body has at most 1 MiB (413 `EntityTooLarge`), `signature` and `publicKey` at most 8 KiB each,
    `signedBy` at
    most 1 KiB; it is nested at most 100 levels deep. At most 1,000 signatures speak of the same bytes
    of an object
    (409 `TooManyRecords`).

    Args:
        bucket (str):
        key (str):
        body (SignatureRequest): A signature made elsewhere.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | Signature
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            body=body,
        )
    ).parsed
