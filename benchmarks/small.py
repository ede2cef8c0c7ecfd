"""4 KiB objects: put, looked at and got by their thousands, over one connection, by 16 threads, by 16 tasks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from peers import boto3_client, httpx_client, obstore_store
from trial import BUCKET, SMALL, Case, Trial

DATA = b"x" * 4096
AT_ONCE = 16
OPERATIONS = ("put", "get", "head")
Calls = tuple[Callable[[str, bytes], Any], Callable[[str], Any], Callable[[str], Any]]
"""How a client puts an object, returns one's bytes, and looks at one."""


def astore(trial: Trial) -> Calls:
    from astore_sdk import Client, Config

    client = Client(Config(trial.base))
    return partial(client.upload, BUCKET), partial(client.read, BUCKET), partial(client.get_object_metadata, BUCKET)


def httpx_calls(trial: Trial) -> Calls:
    client = httpx_client(trial)

    def call(method: str, key: str, data: bytes | None = None) -> bytes:
        return client.request(method, trial.url(key), content=data).raise_for_status().content

    return lambda key, data: call("PUT", key, data), partial(call, "GET"), partial(call, "HEAD")


def boto3(trial: Trial) -> Calls:
    client = boto3_client(trial)
    return (
        lambda key, data: client.put_object(Bucket=BUCKET, Key=key, Body=data),
        lambda key: client.get_object(Bucket=BUCKET, Key=key)["Body"].read(),
        lambda key: client.head_object(Bucket=BUCKET, Key=key),
    )


def obstore_calls(trial: Trial) -> Calls:
    import obstore

    store = obstore_store(trial)
    return (
        lambda key, data: obstore.put(store, key, data, use_multipart=False),
        lambda key: obstore.get(store, key).bytes(),
        partial(obstore.head, store),
    )


@asynccontextmanager
async def astore_async(trial: Trial) -> AsyncIterator[Calls]:
    from astore_sdk import AsyncClient, Config

    async with AsyncClient(Config(trial.base)) as client:
        yield partial(client.upload, BUCKET), partial(client.read, BUCKET), partial(client.get_object_metadata, BUCKET)


@asynccontextmanager
async def httpx_async(trial: Trial) -> AsyncIterator[Calls]:
    async with httpx_client(trial, "AsyncClient") as client:

        async def call(method: str, key: str, data: bytes | None = None) -> bytes:
            return (await client.request(method, trial.url(key), content=data)).raise_for_status().content

        yield lambda key, data: call("PUT", key, data), partial(call, "GET"), partial(call, "HEAD")


@asynccontextmanager
async def obstore_async(trial: Trial) -> AsyncIterator[Calls]:
    import obstore

    store = obstore_store(trial)

    async def get(key: str) -> Any:
        return await (await obstore.get_async(store, key)).bytes_async()

    yield lambda key, data: obstore.put_async(store, key, data, use_multipart=False), get, partial(obstore.head_async, store)


def shares(trial: Trial, workers: int) -> list[list[str]]:
    """Return the keys that each worker takes."""
    keys = [f"{SMALL}/{number}" for number in range(trial.count)]
    return [keys[start::workers] for start in range(workers)]


def check(operation: str, answer: Any) -> None:
    if operation == "get" and bytes(answer) != DATA:
        raise RuntimeError("other bytes came")


def sync(client: Callable[[Trial], Calls], workers: int) -> Case:
    def case(trial: Trial) -> None:
        calls = client(trial)
        calls[0](f"{SMALL}/0", DATA)  # connects
        for operation, call in zip(OPERATIONS, calls, strict=True):
            given = (DATA,) if operation == "put" else ()

            def work(keys: list[str], operation: str = operation, call: Any = call, given: Any = given) -> None:
                for key in keys:
                    check(operation, call(key, *given))

            begun = time.perf_counter()
            if workers == 1:
                work(*shares(trial, 1))
            else:
                from concurrent.futures import ThreadPoolExecutor

                with ThreadPoolExecutor(workers) as pool:
                    list(pool.map(work, shares(trial, workers)))
            trial.result[operation] = trial.count / (time.perf_counter() - begun)

    return case


def tasks(client: Callable[[Trial], Any]) -> Case:
    async def case(trial: Trial) -> None:
        async with client(trial) as calls:
            await calls[0](f"{SMALL}/0", DATA)
            for operation, call in zip(OPERATIONS, calls, strict=True):
                given = (DATA,) if operation == "put" else ()

                async def work(keys: list[str], operation: str = operation, call: Any = call, given: Any = given) -> None:
                    for key in keys:
                        check(operation, await call(key, *given))

                begun = time.perf_counter()
                await asyncio.gather(*(work(keys) for keys in shares(trial, AT_ONCE)))
                trial.result[operation] = trial.count / (time.perf_counter() - begun)

    return case


CLIENTS = {"astore": astore, "httpx": httpx_calls, "boto3": boto3, "obstore": obstore_calls}
ONE = {name: sync(client, 1) for name, client in CLIENTS.items()}
THREADS = {name: sync(client, AT_ONCE) for name, client in CLIENTS.items()}
THREADS["astore, one thread"] = ONE["astore"]
TASKS = {
    "astore async": tasks(astore_async),
    "httpx.AsyncClient": tasks(httpx_async),
    "obstore async": tasks(obstore_async),
    "boto3, threads": THREADS["boto3"],
}
