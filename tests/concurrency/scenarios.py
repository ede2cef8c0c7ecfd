"""What a spawned process, in which there is nothing else, does with one client, and what that leaves behind."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from attrs import evolve, frozen

from astore_sdk import AsyncClient, Client, Config, NotFoundError, RetryPolicy, TransferConfig

BUCKET = "shared"
IN_PARTS = TransferConfig(threshold=100_000, part_size=5 * 1024 * 1024)


@frozen
class Held:
    """What a process has open."""

    descriptors: int
    threads: int

    @classmethod
    def now(cls) -> Held:
        """Count."""
        gc.collect()
        return cls(len(list(Path("/dev/fd").iterdir())), threading.active_count())


def leftovers(scenario: Callable[..., object], config: Config, folder: Path) -> tuple[Held, Held]:
    """Play a scenario, and return what the process held before and after."""
    warnings.simplefilter("error")
    scenario(config, folder, 2)  # what stays because it was used for the first time (imports, pools of threads) is no leak
    before = Held.now()
    scenario(config, folder)
    return before, Held.now()


def content(number: int) -> bytes:
    """Return bytes that no other number has; every tenth goes up in parts."""
    return f"{number:06}".encode() * (20_000 if number % 10 == 0 else 50)


def many_threads(config: Config, folder: Path, count: int = 32) -> None:
    """Use one client from many threads at once."""
    start = threading.Barrier(count)

    def work(client: Client, number: int) -> None:
        start.wait()
        key, path = f"thread/{number}", folder / f"{number}"
        client.upload(BUCKET, key, content(number), transfer=IN_PARTS)
        client.download(BUCKET, key, path)
        assert path.read_bytes() == client.read(BUCKET, key) == content(number)
        assert client.get_object_metadata(BUCKET, key).size == len(content(number))
        assert key in [item.key for item in client.iter_objects(BUCKET, prefix="thread/")]
        client.set_token(config.token)
        client.delete_object(BUCKET, key)
        try:
            client.read(BUCKET, key)
        except NotFoundError:
            return
        raise AssertionError(key)

    with Client(config) as client, ThreadPoolExecutor(count) as threads:
        for done in [threads.submit(work, client, number) for number in range(count)]:
            done.result()


def many_tasks(config: Config, folder: Path, count: int = 200) -> None:
    """Use one client from many tasks at once, some of which are cancelled."""

    async def work(client: AsyncClient, number: int) -> None:
        key, path = f"task/{number}", folder / f"{number}"
        await client.upload(BUCKET, key, content(number), transfer=IN_PARTS)
        if number % 2:
            await client.download(BUCKET, key, path)
        assert await client.read(BUCKET, key) == content(number)
        assert not number % 2 or path.read_bytes() == content(number)

    async def main() -> None:
        async with AsyncClient(evolve(config, max_connections=32)) as client:
            tasks = [asyncio.create_task(work(client, number)) for number in range(count)]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for number, task in enumerate(tasks):
                if number % 10 in (1, 2, 3):
                    task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
            failed = [result for result in results if isinstance(result, Exception)]
            assert failed == []
            assert sum(result is None for result in results) >= count // 2
            assert (await client.list_multipart_uploads(BUCKET)) == []
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    assert not list(folder.glob(".astore-*"))


def in_child(work: Callable[[], object], meanwhile: Callable[[], object] = lambda: None) -> None:
    """Fork, and see that the work is done in the child, while the parent does something too."""
    child = os.fork()
    if not child:
        try:
            work()
            os._exit(0)
        finally:
            os._exit(1)
    try:
        meanwhile()
    finally:
        assert os.waitpid(child, 0)[1] == 0


def fork(config: Config, _folder: Path, _count: int = 1) -> None:
    """Use a client before a fork, after it in both processes at once, and in the parent again. Nothing is repeated for it."""
    with Client(evolve(config, retry=RetryPolicy(max_attempts=1))) as client:
        client.upload(BUCKET, "fork", b"parent")

        def work(key: str = "fork-child") -> None:
            for number in range(20):  # were the connection shared, each would get answers to the other's questions
                client.upload(BUCKET, key, f"{key}-{number}".encode())
                assert client.read(BUCKET, key) == f"{key}-{number}".encode()

        def child() -> None:
            assert client.read(BUCKET, "fork") == b"parent"
            work()
            client.upload(BUCKET, "fork", b"child")
            client.close()

        in_child(child, meanwhile=lambda: work("fork-parent"))
        assert client.read(BUCKET, "fork") == b"child"
        assert client.get_object_metadata(BUCKET, "fork").size == 5


def fork_async(config: Config, _folder: Path, _count: int = 1) -> None:
    """Do the same with an asynchronous client, on an event loop of each process."""
    client = AsyncClient(config)

    async def read() -> bytes:
        try:
            return await client.read(BUCKET, "fork")
        finally:
            await client.close()

    def work() -> None:
        assert asyncio.run(read()) == b"child"

    in_child(work)
    assert asyncio.run(read()) == b"child"
