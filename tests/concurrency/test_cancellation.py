"""Calls cancelled at each of their awaits, by asyncio and by anyio: the client can be used again, and nothing is left over."""

from __future__ import annotations

import asyncio
import io
import os
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator
from pathlib import Path

import anyio
import pytest

from astore_sdk import AsyncClient, Config, TransferConfig
from astore_sdk._wire.messages import Answer

MIB = 1024 * 1024
DATA = os.urandom(5 * MIB + 1)
OLD = DATA[: MIB + 1]
IN_PARTS = TransferConfig(threshold=MIB, part_size=5 * MIB)

CALLS: dict[str, Callable[[AsyncClient, str, Path], Coroutine[None, None, object]]] = {
    "list": lambda client, bucket, folder: client.list_objects(bucket),
    "put": lambda client, bucket, folder: client.upload(bucket, "new", DATA[: MIB + 1]),
    "put-file": lambda client, bucket, folder: client.upload(bucket, "new", folder / "source"),
    "put-stream": lambda client, bucket, folder: client.upload(bucket, "new", iter([DATA[:100], DATA[100:MIB]])),
    "parts": lambda client, bucket, folder: client.upload(bucket, "new", DATA, transfer=IN_PARTS),
    "parts-of-file": lambda client, bucket, folder: client.upload(bucket, "new", folder / "source", transfer=IN_PARTS),
    "read": lambda client, bucket, folder: client.read(bucket, "old"),
    "download-file": lambda client, bucket, folder: client.download(bucket, "old", folder / "target"),
    "download-writer": lambda client, bucket, folder: client.download(bucket, "old", io.BytesIO()),
    "copy": lambda client, bucket, folder: client.copy_object(bucket, "old", bucket, "new", content_type="text/plain"),
}


@types.coroutine
def interrupted(
    coroutine: Coroutine[object, object, object], at: int, cancel: Callable[[], object]
) -> Generator[object, object, object]:
    """Run a coroutine, and cancel it when it waits for the time with this number (from 0). Returns whether it came so far."""
    awaits = 0
    resume, value = coroutine.send, None
    while True:
        try:
            waiting_for = resume(value)
        except StopIteration:
            return awaits > at
        if awaits == at:
            cancel()
        awaits += 1
        try:
            resume, value = coroutine.send, (yield waiting_for)
        except BaseException as error:  # noqa: BLE001 - what is thrown in here is meant for the coroutine
            resume, value = coroutine.throw, error


async def by_asyncio(coroutine: Coroutine[object, object, object], at: int) -> bool:
    async def run() -> bool:
        task = asyncio.current_task()
        assert task is not None
        return bool(await interrupted(coroutine, at, task.cancel))

    task = asyncio.create_task(run())
    await asyncio.wait([task])
    return True if task.cancelled() else task.result()


async def by_anyio(coroutine: Coroutine[object, object, object], at: int) -> bool:
    with anyio.CancelScope() as scope:
        return bool(await interrupted(coroutine, at, scope.cancel))
    return True


def watch(client: AsyncClient) -> Callable[[], int]:
    """Count the uploads that the client has heard the beginning of."""
    runner, begun = client._runner, []
    exchange = runner.exchange

    async def watched(step: object) -> Answer:
        answer = await exchange(step)
        if step.operation.name == "initiateMultipartUpload":
            begun.append(answer)
        return answer

    runner.exchange = watched
    return lambda: len(begun)


def assert_tidy(folder: Path) -> None:
    assert sorted(path.name for path in folder.iterdir()) == ["source", "target"]
    assert (folder / "target").read_bytes() in (b"old", OLD)


Interrupt = Callable[[Coroutine[object, object, object], int], Awaitable[bool]]


@pytest.mark.parametrize("interrupt", [by_asyncio, by_anyio])
@pytest.mark.parametrize("name", CALLS)
def test_cancelled_at_every_await(name: str, interrupt: Interrupt, config: Config, tmp_path: Path) -> None:
    bucket = f"{name}-{interrupt.__name__}".replace("_", "-")
    (tmp_path / "source").write_bytes(DATA)
    (tmp_path / "target").write_bytes(b"old")

    async def main() -> int:
        async with AsyncClient(config) as client:
            await client.create_bucket(bucket)
            await client.upload(bucket, "old", OLD)
            begun = watch(client)
            at = 0
            while True:
                known = begun()
                came_so_far = await interrupt(CALLS[name](client, bucket, tmp_path), at)
                for upload in await client.list_multipart_uploads(bucket):
                    assert begun() == known, f"{upload} was left when cancelled at {at}"  # it was begun, but nobody had heard
                    await client.abort_multipart_upload(bucket, upload.key, upload.upload_id)
                assert_tidy(tmp_path)
                found = {item.key: item.size for item in (await client.list_objects(bucket)).objects}
                assert found.pop("old") == len(OLD)
                assert found.get("new") in (None, MIB, MIB + 1, len(DATA))
                assert asyncio.all_tasks() == {asyncio.current_task()}
                if not came_so_far:
                    return at
                at += 1

    assert asyncio.run(main()) > 0
