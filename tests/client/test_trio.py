"""The async client on trio: all that a program does with a store, in one go."""

from __future__ import annotations

import gc
import io
import os
from pathlib import Path

import anyio
import pytest

from astore_sdk import AsyncClient, Config, NotFoundError, Policy, TransferConfig, generate_key
from astore_sdk.server import BackgroundServer, Fault

from ..concurrency.scenarios import Held
from ..transfer.scripted import Reply, ScriptedServer

MIB = 1024 * 1024
DATA = os.urandom(11 * MIB + 1)


async def main_job(config: Config, folder: Path) -> None:
    source, target, writer, totals = folder / "source", folder / "target", io.BytesIO(), list[int]()
    source.write_bytes(DATA)
    key = generate_key()

    async def told(total: int) -> None:
        await anyio.lowlevel.checkpoint()
        totals.append(total)

    async with AsyncClient(config) as client:
        await client.create_bucket("trio")
        await client.publish("trio", "big", source, sign_with=key, progress_callback=told)
        await client.fetch("trio", "big", target, policy=Policy([key.public_key()]))
        await client.download("trio", "big", writer)
        assert target.read_bytes() == writer.getvalue() == DATA
        assert totals[-1] == len(DATA)
        async with client.stream("trio", "big") as chunks:
            assert b"".join([chunk async for chunk in chunks]) == DATA
        async with client.stream("trio", "big") as chunks:
            await anext(aiter(chunks))
        async with await client.open("trio", "big") as file:
            await file.seek(-5, os.SEEK_END)
            assert await file.read() == DATA[-5:]
        async with anyio.create_task_group() as tasks:
            for number in range(20):
                tasks.start_soon(client.upload, "trio", f"small/{number}", b"x")
        assert len([found async for found in client.iter_objects("trio", prefix="small/")]) == 20
        with pytest.raises(NotFoundError):
            await client.read("trio", "missing")


# Where a body is not read to its end, httpx and httpcore leave generators of their own to trio, which says so.
@pytest.mark.filterwarnings("ignore:Async generator 'http(x|core):ResourceWarning")
def test_the_main_job(config: Config, store: BackgroundServer, tmp_path: Path) -> None:
    config = Config(config.base_url, config.token, transfer=TransferConfig(threshold=5 * MIB, part_size=5 * MIB))
    store.faults.add(Fault(operation="getObject", drop_after=MIB, skip=1))
    anyio.run(main_job, config, tmp_path, backend="trio")
    gc.collect()


def test_a_call_that_is_cancelled() -> None:
    async def main(url: str) -> None:
        async with AsyncClient(Config(url, "token")) as client:
            with anyio.move_on_after(0.1) as scope:
                await client.list_buckets()
            assert scope.cancelled_caught
            assert (await client.list_buckets()).buckets == []

    with ScriptedServer([Reply(cut=0, stall=True), Reply(200, b'{"buckets": []}')]) as server:
        before = Held.now()
        anyio.run(main, server.url, backend="trio")
        assert server.let_go(1)
        assert server.let_go(2)
        assert Held.now().descriptors <= before.descriptors
