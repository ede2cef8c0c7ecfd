"""A bucket of a million objects is gone through, page by page."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from peers import boto3_client, obstore_store
from trial import Case, Trial

BUCKET = "listing"
PAGE = 1000
DIGEST = "sha256:" + "0123456789abcdef" * 4
XML = (
    "<Contents><Key>{key}</Key><LastModified>2026-03-02T10:15:30.000Z</LastModified><ETag>&quot;{etag}&quot;</ETag><Size>{size}</Size>"
    "<StorageClass>STANDARD</StorageClass></Contents>"
)


def write_pages(folder: Path, count: int) -> None:
    """Write what the store answers, each page under the name of the key before it."""
    before = ""
    for start in range(0, count, PAGE):
        numbers = range(start, min(start + PAGE, count))
        keys = [f"object-{number:09}" for number in numbers]
        more = numbers.stop < count
        objects = [
            {
                "key": key,
                "size": number,
                "etag": f"{number:032x}",
                "lastModified": "2026-03-02T10:15:30+00:00",
                "contentType": "application/octet-stream",
                "digest": DIGEST,
                "metadata": {"commit": "9f2c1ab"},
            }
            for number, key in zip(numbers, keys, strict=True)
        ]
        page = {"objects": objects, "commonPrefixes": [], "isTruncated": more, "nextMarker": keys[-1] if more else None}
        (folder / f"{before}.json").write_text(json.dumps(page, separators=(",", ":")))
        contents = "".join(
            XML.format(key=key, etag=f"{number:032x}", size=number) for number, key in zip(numbers, keys, strict=True)
        )
        following = f"<NextContinuationToken>{keys[-1]}</NextContinuationToken>" if more else ""
        head = f"<IsTruncated>{str(more).lower()}</IsTruncated>{following}<Name>{BUCKET}</Name><KeyCount>{len(keys)}</KeyCount>"
        (folder / f"{before}.xml").write_text(f"<?xml version='1.0'?><ListBucketResult>{head}{contents}</ListBucketResult>")
        before = keys[-1]


def count(trial: Trial, keys: Iterable[str], expected: int) -> None:
    """Go through keys, and take down how fast that was."""
    cpu, begun = time.process_time(), time.perf_counter()
    found = sum(1 for _ in keys)
    seconds = time.perf_counter() - begun
    if found != expected:
        raise RuntimeError(f"{found:,} objects came, not {expected:,}")
    trial.result.update(rate=found / seconds, cpu=(time.process_time() - cpu) / found * 1e6)


def astore(part: int = 1) -> Case:
    def case(trial: Trial) -> None:
        from astore_sdk import Client, Config

        wanted = trial.count // part
        with Client(Config(trial.base)) as client:
            count(trial, (found.key for found in islice(client.iter_objects(BUCKET), wanted)), wanted)

    return case


async def astore_async(trial: Trial) -> None:
    from astore_sdk import AsyncClient, Config

    async with AsyncClient(Config(trial.base)) as client:
        begun = time.perf_counter()
        found = 0
        async for _ in client.iter_objects(BUCKET):
            found += 1
        trial.result["rate"] = found / (time.perf_counter() - begun)


def boto3(trial: Trial) -> None:
    pages = boto3_client(trial, "xml").get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    wanted = trial.count // 10
    count(trial, islice((found["Key"] for page in pages for found in page["Contents"]), wanted), wanted)


def obstore(trial: Trial) -> None:
    import obstore

    def keys() -> Iterator[str]:
        for page in obstore.list(obstore_store(trial, "xml", BUCKET), chunk_size=PAGE):
            for found in page:
                yield found["path"]

    count(trial, keys(), trial.count)


LISTS: dict[str, Case] = {
    "astore": astore(),
    "astore, a tenth of them": astore(10),
    "astore async": astore_async,
    "boto3 list_objects_v2, a tenth of them": boto3,
    "obstore list": obstore,
}
