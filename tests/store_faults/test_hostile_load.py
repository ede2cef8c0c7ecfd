"""A store between good clients and hostile ones: the good ones get every byte, and nothing is left of the others."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from astore_sdk import Client, Config, RetryPolicy, TransferConfig

from ..property.conftest import EXPLORE
from ..server.processes import ServeProcess

SECONDS = 180 * EXPLORE if EXPLORE else 5
TOKEN = "the-stores-token"
MIB = 1024 * 1024
SIZES = [0, 1, 4096, 100_000, 3 * MIB, 12 * MIB]
GROWTH = 200 * MIB
"""What a process that has worked may keep: allocators give little back."""

Say = Callable[[socket.socket, random.Random], None]
AUTHORITY = b"Host: 127.0.0.1\r\n"
BEARER = b"Authorization: Bearer the-stores-token\r\n"


def silence(opened: socket.socket, _: random.Random) -> None:
    opened.settimeout(0.05)
    opened.recv(1)


def half_a_head(opened: socket.socket, some: random.Random) -> None:
    opened.sendall((b"PUT /s3/good-bucket/evil HTTP/1.1\r\n" + AUTHORITY)[: some.randrange(1, 50)])


def half_a_body(opened: socket.socket, some: random.Random) -> None:
    head = b"PUT /s3/good-bucket/evil HTTP/1.1\r\n" + AUTHORITY + BEARER + b"Content-Length: 4000000\r\n\r\n"
    opened.sendall(head + bytes(some.randrange(2_000_000)))


def an_unread_download(opened: socket.socket, _: random.Random) -> None:
    opened.sendall(b"GET /s3/good-bucket/large HTTP/1.1\r\n" + AUTHORITY + BEARER + b"\r\n")
    opened.recv(100)


def an_upgrade(opened: socket.socket, _: random.Random) -> None:
    head = (
        b"PUT /s3/good-bucket/large HTTP/1.1\r\n"
        + AUTHORITY
        + b"Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    opened.sendall(head + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n")
    opened.recv(1000)


def trailers_without_end(opened: socket.socket, _: random.Random) -> None:
    head = b"PUT /s3/good-bucket/large HTTP/1.1\r\n" + AUTHORITY + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"
    opened.sendall(head + BEARER)
    for _ in range(2000):
        opened.sendall(b"x-more: " + b"y" * 1000 + b"\r\n")


def a_body_after_a_refusal(opened: socket.socket, _: random.Random) -> None:
    opened.sendall(b"PUT /s3/good-bucket/large HTTP/1.1\r\n" + AUTHORITY + b"Content-Length: 99999999999\r\n\r\n")
    for _ in range(200):
        opened.sendall(bytes(100_000))


def a_large_json_body(opened: socket.socket, _: random.Random) -> None:
    head = b"POST /s3/good-bucket?delete HTTP/1.1\r\n" + AUTHORITY + BEARER + b"Content-Type: application/json\r\n"
    opened.sendall(head + b"Content-Length: 30000000\r\n\r\n" + b'{"keys": [' + b"[]," * 9_000_000)
    opened.recv(1000)


def rubbish(opened: socket.socket, some: random.Random) -> None:
    opened.sendall(some.randbytes(some.randrange(1, 3000)))
    opened.recv(1000)


def an_odd_request(opened: socket.socket, some: random.Random) -> None:
    method = some.choice([b"GET", b"PUT", b"POST", b"DELETE", b"HEAD", b"CONNECT", b"PRI", b"OPTIONS"])
    target = some.choice(
        [b"/s3/good-bucket/large", b"*", b"/s3/%00", b"/s3/good-bucket?x", b"http://evil.example/s3", b"/s3//a", b"/"]
    )
    more = some.choice(
        [
            b"Host: evil.example\r\n", b"Transfer-Encoding: gzip, chunked\r\n", b"Content-Length: 5\r\nContent-Length: 6\r\n",
            b"Origin: https://evil.example\r\n", b"If-None-Match: \"open\r\n", b"Expect: 100-continue\r\n", b" folded: x\r\n",
            b"Range: bytes=5-1\r\n", b"Authorization: Bearer wrong\r\n",
        ]
    )  # fmt: skip
    opened.sendall(method + b" " + target + b" HTTP/1.1\r\n" + AUTHORITY + more + b"\r\n")
    opened.recv(1000)


HOSTILE: list[Say] = [
    silence,
    half_a_head,
    half_a_body,
    an_unread_download,
    an_upgrade,
    trailers_without_end,
    a_body_after_a_refusal,
    a_large_json_body,
    rubbish,
    an_odd_request,
    an_odd_request,
]


def bytes_of(number: int) -> bytes:
    """Return bytes that no other number has."""
    return random.Random(number).randbytes(SIZES[number % len(SIZES)])


def descriptors(process: int) -> int:
    return len(os.listdir(f"/proc/{process}/fd"))  # noqa: PTH208 - numbers, not paths


def resident(process: int) -> int:
    """Return the bytes of memory that a process has."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


class Load:
    """Threads that go on until they are told to end; the first failure ends them all."""

    def __init__(self) -> None:
        self.ended = threading.Event()
        self.failures: list[BaseException] = []
        self.rounds = 0
        self._threads: list[threading.Thread] = []

    def add(self, work: Callable[[int], None], seed: int) -> None:
        def go_on() -> None:
            number = seed
            try:
                while not self.ended.is_set():
                    number += 1000
                    work(number)
                    self.rounds += 1
            except BaseException as error:  # noqa: BLE001 - raised by `finish`
                self.failures.append(error)
                self.ended.set()

        self._threads.append(threading.Thread(target=go_on))
        self._threads[-1].start()

    def finish(self) -> None:
        self.ended.set()
        for thread in self._threads:
            thread.join()
        if self.failures:
            raise self.failures[0]


def use_well(client: Client, number: int) -> None:
    """Do what good clients do, and look at each byte that comes back."""
    data, key = bytes_of(number), f"good/{number % 7}-{number % 1000}"
    stored = client.upload("good-bucket", key, data)
    assert stored.digest == f"sha256:{hashlib.sha256(data).hexdigest()}"
    assert client.read("good-bucket", key) == data
    if len(data) > 10:
        assert client.read("good-bucket", key, byte_range="bytes=5-9") == data[5:10]
    client.copy_object("good-bucket", key, "good-bucket", f"{key}-copy")
    assert client.read("good-bucket", f"{key}-copy") == data
    client.delete_object("good-bucket", key)
    assert not client.object_exists("good-bucket", key)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts descriptors in /proc, which only Linux has")
def test_good_clients_do_not_notice_hostile_ones(tmp_path: Path) -> None:
    large = random.Random(1).randbytes(20 * MIB)
    retry, transfer = RetryPolicy(max_attempts=8, backoff_base=0.05), TransferConfig(threshold=5 * MIB, part_size=5 * MIB)
    with ServeProcess(tmp_path / "store", token=TOKEN) as serving:
        address = urlsplit(serving.url)
        assert address.hostname
        assert address.port
        place = (address.hostname, address.port)

        def attack(number: int) -> None:
            some = random.Random(number)
            with contextlib.suppress(OSError), socket.create_connection(place, timeout=1) as opened:
                some.choice(HOSTILE)(opened, some)

        with Client(Config(serving.url, TOKEN, timeout=60, retry=retry, transfer=transfer)) as client:
            client.create_bucket("good-bucket")
            client.upload("good-bucket", "large", large)
            for number in range(12):
                use_well(client, number)
            before = descriptors(serving.process.pid), resident(serving.process.pid)
            load = Load()
            for seed in range(2):
                load.add(lambda number: use_well(client, number), seed)
            for seed in range(4):
                load.add(attack, 100 + seed)
            load.ended.wait(SECONDS)
            load.finish()
            assert load.rounds > 10
            assert client.read("good-bucket", "large") == large
            assert not client.object_exists("good-bucket", "evil")
            deadline = time.monotonic() + 60
            while descriptors(serving.process.pid) > before[0] + 40 and time.monotonic() < deadline:
                client.get_liveness()  # what the last attacks left is noticed in its own time
            # Readers of the catalogue and its files stay open, up to one for each thread that reads.
            assert descriptors(serving.process.pid) <= before[0] + 100
            assert resident(serving.process.pid) <= before[1] + GROWTH
        assert serving.terminate() == 0
