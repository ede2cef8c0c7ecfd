"""How fast one large file goes up and comes down: parallel and in one stream, hashed or not, near and far, beside others.

    python benchmarks/transfers.py [--size-mib 256] [--rounds 3] [--far]

Each figure is the median of rounds that take turns, each in a process of its own, against one `astore serve` on this machine. With
`--far` a proxy stands before it that delays everything by 20 ms and gives each connection 20 MiB/s. boto3 and obstore take part if
they are installed (`pip install --group bench`), curl if it is there; the store is not S3, so they speak what it shares with it:
one PUT, one GET, ranges. Only ratios within one run mean anything, and on a busy machine not even those.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

MIB = 1024 * 1024
BUCKET, KEY = "benchmark", "large"
DELAY = 0.02
RATE = 20 * MIB
SERVE = (sys.executable, "-c", "from astore_sdk.cli import main; main()", "serve", "--port", "0", "--data")


def ours(*, concurrency: int, integrity: bool) -> dict[str, Callable[[str, Path], object]]:
    def moving(way: str) -> Callable[[str, Path], object]:
        def move(url: str, path: Path) -> object:
            from astore_sdk import Client, Config, TransferConfig

            with Client(Config(url, transfer=TransferConfig(concurrency=concurrency, integrity=integrity))) as client:
                return getattr(client, way)(BUCKET, KEY, path)

        return move

    return {"up": moving("upload"), "down": moving("download")}


def ours_async(way: str) -> Callable[[str, Path], object]:
    def move(url: str, path: Path) -> object:
        from astore_sdk import AsyncClient, Config

        async def main() -> None:
            async with AsyncClient(Config(url)) as client:
                await getattr(client, way)(BUCKET, KEY, path)

        return asyncio.run(main())

    return move


def curl(*options: str) -> Callable[[str, Path], object]:
    def move(url: str, path: Path) -> object:
        own = [option.replace("PATH", str(path)) for option in options]
        return subprocess.run(["curl", "-sSf", *own, f"{url}/s3/{BUCKET}/{KEY}"], check=True, stdout=subprocess.DEVNULL)

    return move


def boto3_client(url: str) -> object:
    import boto3
    from botocore.config import Config

    settings = Config(
        s3={"addressing_style": "path"}, request_checksum_calculation="when_required", retries={"total_max_attempts": 1}
    )
    known = {"aws_access_key_id": "x", "aws_secret_access_key": "x", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=f"{url}/s3", config=settings, **known)


def boto3_up(url: str, path: Path) -> object:
    from botocore.exceptions import ClientError

    with path.open("rb") as file:
        try:
            return boto3_client(url).put_object(Bucket=BUCKET, Key=KEY, Body=file)
        except ClientError as error:  # the object is stored, but the store's answer is JSON where boto3 looks for XML
            if "etag" not in error.response["ResponseMetadata"]["HTTPHeaders"]:
                raise
            return None


def boto3_down(url: str, path: Path) -> object:
    return boto3_client(url).download_file(BUCKET, KEY, str(path))


def obstore_store(url: str) -> object:
    from obstore.store import S3Store

    options = {"allow_http": True}
    return S3Store(BUCKET, endpoint=f"{url}/s3", skip_signature=True, region="us-east-1", client_options=options)


def obstore_up(url: str, path: Path) -> object:
    import obstore

    return obstore.put(obstore_store(url), KEY, path, use_multipart=False)


def obstore_down(url: str, path: Path) -> object:
    import obstore

    with path.open("wb") as file:
        for chunk in obstore.get(obstore_store(url), KEY).stream(min_chunk_size=MIB):
            file.write(chunk)
    return None


WORKS: dict[str, dict[str, Callable[[str, Path], object]]] = {
    "astore, 4 at once, SHA-256": ours(concurrency=4, integrity=True),
    "astore, 4 at once": ours(concurrency=4, integrity=False),
    "astore, one stream, SHA-256": ours(concurrency=1, integrity=True),
    "astore, one stream": ours(concurrency=1, integrity=False),
    "astore async, 4 at once, SHA-256": {"up": ours_async("upload"), "down": ours_async("download")},
}
if shutil.which("curl"):
    WORKS["curl"] = {"up": curl("-T", "PATH"), "down": curl("-o", "PATH")}
if importlib.util.find_spec("boto3"):
    WORKS["boto3 put_object, download_file"] = {"up": boto3_up, "down": boto3_down}
if importlib.util.find_spec("obstore"):
    WORKS["obstore put, get"] = {"up": obstore_up, "down": obstore_down}


async def far(store: str, port: int) -> None:
    """Pass connections on, each delayed and limited."""
    to = urlsplit(store)

    async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)

        async def deliver() -> None:
            free = 0.0
            while True:
                due, data = await queue.get()
                now = asyncio.get_running_loop().time()
                free = max(free, due, now) + len(data) / RATE
                await asyncio.sleep(max(0.0, free - now))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        async def take() -> None:
            while True:
                data = await reader.read(65536)
                await queue.put((asyncio.get_running_loop().time() + DELAY, data))
                if not data:
                    break

        await asyncio.gather(take(), deliver())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            near = await asyncio.open_connection(to.hostname, to.port)
            await asyncio.gather(passing(reader, near[1]), passing(near[0], writer))
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


@contextmanager
def process(*command: str) -> Iterator[str]:
    """Run a server, and yield the URL in its first line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        line = running.stdout.readline() if running.stdout else ""
        try:
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            running.terminate()


def measure(name: str, way: str, url: str, path: Path) -> float:
    """Return the seconds that one work took in a process of its own."""
    command = [sys.executable, __file__, "--one", name, way, url, str(path)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size-mib", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--far", action="store_true", help="20 ms away, 20 MiB/s for each connection")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    parser.add_argument("--proxy", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.proxy:
        asyncio.run(far(arguments.proxy, 0))
        return
    if arguments.one:
        name, way, url, path = arguments.one
        if name != "curl":
            importlib.import_module({"astore": "astore_sdk"}.get(name.split()[0].strip(","), name.split()[0]))
        begun = time.perf_counter()
        WORKS[name][way](url, Path(path))
        print(time.perf_counter() - begun)
        return
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "source"), Path(folder, "target")
        with source.open("wb") as file:
            for _ in range(arguments.size_mib):
                file.write(os.urandom(MIB))
        with process(*SERVE, f"{folder}/store") as store:
            from astore_sdk import Client, Config

            with Client(Config(store)) as client:
                client.create_bucket(BUCKET)
            if arguments.far:
                with process(sys.executable, __file__, "--proxy", store) as url:
                    report(url, source, target, arguments.rounds)
            else:
                report(store, source, target, arguments.rounds)


def report(url: str, source: Path, target: Path, rounds: int) -> None:
    """Measure everything in turns, and print a table."""
    seconds: dict[tuple[str, str], list[float]] = {}
    for _ in range(rounds):
        for way in ("up", "down"):
            for name in WORKS:
                path = source if way == "up" else target
                seconds.setdefault((name, way), []).append(measure(name, way, url, path))
    size = source.stat().st_size / MIB
    print(f"{size:.0f} MiB, median of {rounds}, MiB/s\n\n| | upload | download |\n|---|---|---|")
    for name in WORKS:
        up, down = (size / statistics.median(seconds[name, way]) for way in ("up", "down"))
        print(f"| {name} | {up:.0f} | {down:.0f} |")


if __name__ == "__main__":
    main()
