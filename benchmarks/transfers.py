"""One large file goes up and comes down: by the SDK in its ways, and by others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from peers import boto3_client, httpx_client, obstore_store
from trial import BUCKET, DOWN, MIB, UP, Case, Trial

GIB = 1024 * MIB
RANGE = 16 * MIB
ONE_PUT: dict[str, Any] = {"threshold": 5 * GIB}
ONE_STREAM: dict[str, Any] = {"concurrency": 1}
UNHASHED: dict[str, Any] = {"integrity": False}


def sink(trial: Trial) -> IO[bytes]:
    return open(trial.sink, "r+b", buffering=0)  # noqa: PTH123 - as in `trial`


def config(trial: Trial, transfer: dict[str, Any]) -> Any:
    from astore_sdk import Config, TransferConfig

    return Config(trial.base, verify=trial.cafile, transfer=TransferConfig(**transfer), timeout=600)


def astore_up(**transfer: Any) -> Case:
    def case(trial: Trial) -> None:
        from astore_sdk import Client

        with Client(config(trial, transfer)) as client:
            client.object_exists(BUCKET, DOWN)  # all is imported and made, as the peers' clients are
            with trial.timed():
                client.upload(BUCKET, UP, Path(trial.source))

    return case


def astore_down(*, writer: bool = False, **transfer: Any) -> Case:
    def case(trial: Trial) -> None:
        from astore_sdk import Client

        with Client(config(trial, transfer)) as client, sink(trial) as file:
            client.object_exists(BUCKET, DOWN)
            with trial.timed():
                client.download(BUCKET, DOWN, file if writer else Path(trial.target))

    return case


def astore_async(way: str, **transfer: Any) -> Case:
    async def case(trial: Trial) -> None:
        from astore_sdk import AsyncClient

        async with AsyncClient(config(trial, transfer)) as client:
            await client.object_exists(BUCKET, DOWN)
            with trial.timed():
                if way == UP:
                    await client.upload(BUCKET, UP, Path(trial.source))
                else:
                    await client.download(BUCKET, DOWN, Path(trial.target))

    return case


def curl_command(trial: Trial, *arguments: str) -> list[str]:
    trust = ["--cacert", trial.cafile] if trial.cafile else []
    return ["curl", "-sSf", *trust, "-w", "%{stderr}%{time_total}", *arguments]


def curl_up(*before: str) -> Case:
    def case(trial: Trial) -> None:
        sending = curl_command(trial, "-T", trial.source, "-H", "Expect:", trial.url(UP))
        trial.run(*[([*before, trial.source], None)] * bool(before), (sending, None))

    return case


def curl_down(*then: str) -> Case:
    def case(trial: Trial) -> None:
        with sink(trial) as file:
            getting = (curl_command(trial, trial.url(DOWN)), file.fileno())
            trial.run(getting, *[([*then, trial.sink], None)] * bool(then))

    return case


def curl_down_new(trial: Trial) -> None:
    trial.run((curl_command(trial, "-o", trial.target, trial.url(DOWN)), None))


def httpx_up(chunk: int | None = None) -> Case:
    def case(trial: Trial) -> None:
        def chunks(file: IO[bytes], size: int) -> Iterator[bytes]:
            while data := file.read(size):
                yield data

        with httpx_client(trial) as client, Path(trial.source).open("rb") as file, trial.timed():
            content = chunks(file, chunk) if chunk else file
            client.put(trial.url(UP), content=content, headers={"Content-Length": str(trial.size)}).raise_for_status()

    return case


def httpx_down(trial: Trial) -> None:
    with httpx_client(trial) as client, sink(trial) as file, trial.timed(), client.stream("GET", trial.url(DOWN)) as response:
        response.raise_for_status()
        for chunk in response.iter_bytes():
            file.write(chunk)


def in_ranges(trial: Trial, fetch: Callable[[int, int, int], object]) -> None:
    """Have ranges fetched by four threads into a file: by its descriptor, from the first byte to before the last."""
    from concurrent.futures import ThreadPoolExecutor

    with sink(trial) as file, trial.timed(), ThreadPoolExecutor(4) as pool:
        starts = range(0, trial.size, RANGE)
        ends = (min(start + RANGE, trial.size) for start in starts)
        list(pool.map(fetch, [file.fileno()] * len(starts), starts, ends))


def httpx_ranges(trial: Trial) -> None:
    with httpx_client(trial) as client:

        def fetch(file: int, start: int, end: int) -> None:
            with client.stream("GET", trial.url(DOWN), headers={"Range": f"bytes={start}-{end - 1}"}) as response:
                response.raise_for_status()
                for chunk in response.iter_raw():
                    start += os.pwrite(file, chunk, start)

        in_ranges(trial, fetch)


def boto3_put(trial: Trial) -> None:
    from botocore.exceptions import ClientError

    client = boto3_client(trial)
    with Path(trial.source).open("rb") as file, trial.timed():
        try:
            client.put_object(Bucket=BUCKET, Key=UP, Body=file)
        except ClientError as error:  # the embedded store has taken the object, but answers in JSON where boto3 looks for XML
            if "etag" not in error.response["ResponseMetadata"]["HTTPHeaders"]:
                raise


def boto3_up(trial: Trial) -> None:
    client = boto3_client(trial, "xml")
    with trial.timed():
        client.upload_file(trial.source, BUCKET, UP)


def boto3_down(trial: Trial) -> None:
    client = boto3_client(trial)
    with trial.timed():
        client.download_file(BUCKET, DOWN, trial.target)


def obstore_up(dialect: str, **options: Any) -> Case:
    def case(trial: Trial) -> None:
        import obstore

        store = obstore_store(trial, dialect)
        with trial.timed():
            obstore.put(store, UP, Path(trial.source), **options)

    return case


def obstore_down(trial: Trial) -> None:
    import obstore

    store = obstore_store(trial)
    with sink(trial) as file, trial.timed():
        for chunk in obstore.get(store, DOWN).stream(min_chunk_size=MIB):
            file.write(chunk)


def obstore_ranges(trial: Trial) -> None:
    import obstore

    store = obstore_store(trial)
    in_ranges(trial, lambda file, start, end: os.pwrite(file, obstore.get_range(store, DOWN, start=start, end=end), start))


DGST = ("openssl", "dgst", "-sha256")
UPS: dict[str, Case] = {
    "astore": astore_up(),
    "astore, one PUT": astore_up(**ONE_PUT),
    "astore, unhashed": astore_up(**UNHASHED),
    "astore, one PUT, unhashed": astore_up(**ONE_PUT, **UNHASHED),
    "astore async": astore_async(UP),
    "astore async, unhashed": astore_async(UP, **UNHASHED),
    "curl": curl_up(),
    "openssl dgst, then curl": curl_up(*DGST),
    "httpx": httpx_up(),
    "httpx, 1 MiB chunks": httpx_up(MIB),
    "boto3 put_object": boto3_put,
    "boto3 upload_file": boto3_up,
    "obstore put": obstore_up("xml"),
    "obstore put, one PUT": obstore_up("s3", use_multipart=False),
}
DOWNS: dict[str, Case] = {
    "astore": astore_down(),
    "astore, one stream": astore_down(**ONE_STREAM),
    "astore, unhashed": astore_down(**UNHASHED),
    "astore, one stream, unhashed": astore_down(**ONE_STREAM, **UNHASHED),
    "astore, writer": astore_down(writer=True),
    "astore, writer, one stream": astore_down(writer=True, **ONE_STREAM),
    "astore, writer, one stream, unhashed": astore_down(writer=True, **ONE_STREAM, **UNHASHED),
    "astore async": astore_async(DOWN),
    "astore async, unhashed": astore_async(DOWN, **UNHASHED),
    "curl": curl_down(),
    "curl -o": curl_down_new,
    "curl, then openssl dgst": curl_down(*DGST),
    "httpx": httpx_down,
    "httpx, 4 ranges": httpx_ranges,
    "boto3 download_file": boto3_down,
    "obstore get": obstore_down,
    "obstore, 4 ranges": obstore_ranges,
}
