from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ...client import AuthenticatedClient, Client
from ...models.problem import Problem
from ...models.sbom_list import SbomList
from ...types import UNSET, Response, Unset


def _get_kwargs(
    bucket: str,
    key: str,
    *,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
    artifact_digest: str | Unset = UNSET,
) -> dict[str, Any]:

    params: dict[str, Any] = {}

    params["marker"] = marker

    params["max-keys"] = max_keys

    params["artifact-digest"] = artifact_digest

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/supplychain/sboms/{bucket}/{key}".format(
            bucket=quote(str(bucket), safe=""),
            key=quote(str(key), safe=""),
        ),
        "params": params,
    }

    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Problem | SbomList:
    if response.status_code == 200:
        response_200 = SbomList.from_dict(response.json())

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
) -> Response[Problem | SbomList]:
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
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
    artifact_digest: str | Unset = UNSET,
) -> Response[Problem | SbomList]:
    """List one page of the SBOMs of an object

     Lists the SBOMs, newest first, also those of bytes that the key held earlier (`matchesCurrent`
    tells).

    A page ends early when its records have more than 1 MiB, and a field of a record that has more than
    8 KiB is null
    in it and named in `omitted`: `getSbomRecord` gives it.

    Args:
        bucket (str):
        key (str):
        marker (str | Unset):
        max_keys (int | Unset):
        artifact_digest (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SbomList]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        marker=marker,
        max_keys=max_keys,
        artifact_digest=artifact_digest,
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
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
    artifact_digest: str | Unset = UNSET,
) -> Problem | SbomList | None:
    """List one page of the SBOMs of an object

     Lists the SBOMs, newest first, also those of bytes that the key held earlier (`matchesCurrent`
    tells).

    A page ends early when its records have more than 1 MiB, and a field of a record that has more than
    8 KiB is null
    in it and named in `omitted`: `getSbomRecord` gives it.

    Args:
        bucket (str):
        key (str):
        marker (str | Unset):
        max_keys (int | Unset):
        artifact_digest (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SbomList
    """

    return sync_detailed(
        bucket=bucket,
        key=key,
        client=client,
        marker=marker,
        max_keys=max_keys,
        artifact_digest=artifact_digest,
    ).parsed


async def asyncio_detailed(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
    artifact_digest: str | Unset = UNSET,
) -> Response[Problem | SbomList]:
    """List one page of the SBOMs of an object

     Lists the SBOMs, newest first, also those of bytes that the key held earlier (`matchesCurrent`
    tells).

    A page ends early when its records have more than 1 MiB, and a field of a record that has more than
    8 KiB is null
    in it and named in `omitted`: `getSbomRecord` gives it.

    Args:
        bucket (str):
        key (str):
        marker (str | Unset):
        max_keys (int | Unset):
        artifact_digest (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[Problem | SbomList]
    """

    kwargs = _get_kwargs(
        bucket=bucket,
        key=key,
        marker=marker,
        max_keys=max_keys,
        artifact_digest=artifact_digest,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    bucket: str,
    key: str,
    *,
    client: AuthenticatedClient | Client,
    marker: str | Unset = UNSET,
    max_keys: int | Unset = UNSET,
    artifact_digest: str | Unset = UNSET,
) -> Problem | SbomList | None:
    """List one page of the SBOMs of an object

     Lists the SBOMs, newest first, also those of bytes that the key held earlier (`matchesCurrent`
    tells).

    A page ends early when its records have more than 1 MiB, and a field of a record that has more than
    8 KiB is null
    in it and named in `omitted`: `getSbomRecord` gives it.

    Args:
        bucket (str):
        key (str):
        marker (str | Unset):
        max_keys (int | Unset):
        artifact_digest (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Problem | SbomList
    """

    return (
        await asyncio_detailed(
            bucket=bucket,
            key=key,
            client=client,
            marker=marker,
            max_keys=max_keys,
            artifact_digest=artifact_digest,
        )
    ).parsed
