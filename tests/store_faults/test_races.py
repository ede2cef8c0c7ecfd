"""Many writers at once: no update is lost, one creator wins, and no reader sees half an object."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from astore_sdk import Client, NotFoundError, PreconditionFailedError, TransferConfig

from ..transfer.origin import digest_of

WRITERS = 8
ROUNDS = 6
MIB = 1024 * 1024


def test_no_update_is_lost(client: Client, bucket: str) -> None:
    client.upload(bucket, "counter", b"0")

    def count_up() -> None:
        for _ in range(ROUNDS):
            while True:
                etag = client.get_object_metadata(bucket, "counter").etag
                try:
                    value = int(client.read(bucket, "counter"))
                    client.upload(bucket, "counter", str(value + 1).encode(), if_match=etag)
                except PreconditionFailedError:
                    continue
                break

    with ThreadPoolExecutor(WRITERS) as threads:
        for done in [threads.submit(count_up) for _ in range(WRITERS)]:
            done.result()
    assert client.read(bucket, "counter") == str(WRITERS * ROUNDS).encode()


def test_one_creator_wins(client: Client, bucket: str) -> None:
    start = threading.Barrier(WRITERS)

    def create(number: int) -> bool:
        start.wait()
        try:
            client.upload(bucket, "one", f"{number}".encode(), if_none_match="*")
        except PreconditionFailedError:
            return False
        return True

    with ThreadPoolExecutor(WRITERS) as threads:
        won = list(threads.map(create, range(WRITERS)))
    assert won.count(True) == 1
    assert client.read(bucket, "one") == f"{won.index(True)}".encode()


def test_no_reader_sees_half_an_object(client: Client, bucket: str) -> None:
    versions = [bytes([number]) * (MIB + number) for number in range(4)]
    sizes = {digest_of(version): len(version) for version in versions}
    in_parts = TransferConfig(threshold=0)
    ended = threading.Event()

    def write() -> None:
        for _ in range(ROUNDS):
            for number, version in enumerate(versions):
                client.upload(bucket, "app", version, transfer=in_parts if number % 2 else None)
            client.delete_object(bucket, "app")
        ended.set()

    looked = 0
    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while not ended.is_set():
            for item in client.list_objects(bucket).objects:
                assert sizes[item.digest or ""] == item.size
            with suppress(NotFoundError):
                assert client.read(bucket, "app") in versions
            looked += 1
        writing.result()
    assert looked > 3
