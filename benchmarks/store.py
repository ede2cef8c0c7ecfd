"""The embedded store beside another version of itself, in one run: `benchmarks/store.py OTHER_CHECKOUT`.

Both stores run at the same time, each in a process of its own on one file system, and are asked in turns, so that whatever
else the machine does hits both. The client is bare sockets: what is measured is the store. Prints a table of medians.
"""

from __future__ import annotations

import argparse
import http.client
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

MIB = 1024 * 1024
SMALL, LARGE = os.urandom(4096), os.urandom(256 * MIB)

Work = Callable[[http.client.HTTPConnection, int], None]


def put(data: bytes) -> Work:
    def work(connection: http.client.HTTPConnection, number: int) -> None:
        connection.request("PUT", f"/s3/bench/{len(data)}-{number % 50}", body=data)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status

    return work


def get(size: int, start: int | None = None, length: int = 0) -> Work:
    headers = {} if start is None else {"Range": f"bytes={start}-{start + length - 1}"}
    buffer = bytearray(MIB)

    def work(connection: http.client.HTTPConnection, _: int) -> None:
        connection.request("GET", f"/s3/bench/{size}-0", headers=headers)
        answer = connection.getresponse()
        received = 0
        while count := answer.readinto(buffer):
            received += count
        assert received == (length or size), (answer.status, received)

    return work


# How often each is done in a turn.
CASES: dict[str, tuple[Work, int]] = {
    "PUT 4 KiB": (put(SMALL), 200),
    "GET 4 KiB": (get(len(SMALL)), 400),
    "GET 1 KiB of 4 KiB": (get(len(SMALL), 1000, 1024), 400),
    "PUT 256 MiB": (put(LARGE), 1),
    "GET 256 MiB": (get(len(LARGE)), 2),
    "GET 64 KiB of 256 MiB": (get(len(LARGE), 100 * MIB + 7, 64 * 1024), 300),
    "GET 8 MiB of 256 MiB": (get(len(LARGE), 100 * MIB + 7, 8 * MIB), 20),
}


class Served:
    """A store of a checkout, with its own environment."""

    def __init__(self, checkout: Path, data: Path, options: list[str]) -> None:
        astore = str(checkout / ".venv" / "bin" / "astore")
        command = [astore, "serve", "--port", "0", "--data", str(data), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert self.process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.process.stdout.readline())
        assert found is not None, f"the store of {checkout} did not start"
        self.connection = http.client.HTTPConnection("127.0.0.1", int(found[1]))
        self.connection.request("PUT", "/s3/bench")
        self.connection.getresponse().read()

    def seconds(self, case: str) -> float:
        """Do a case as often as it is done in a turn; gives the seconds for one."""
        work, times = CASES[case]
        began = time.perf_counter()
        for number in range(times):
            work(self.connection, number)
        return (time.perf_counter() - began) / times

    def close(self) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path, help="checkout of the other version, set up with `make setup`")
    parser.add_argument("--turns", type=int, default=15)
    parser.add_argument(
        "--options", default="", help="options of `astore serve` for this version alone, such as '--access-log off'"
    )
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="astore-bench-"))
    here = Served(Path(__file__).parents[1], folder / "here", arguments.options.split())
    other = Served(arguments.other, folder / "other", [])
    try:
        print(f"{'':24} {'other':>12} {'this':>12} {'this/other':>11}   spread of the ratios")
        for case in CASES:
            turns = [(other.seconds(case), here.seconds(case)) for _ in range(arguments.turns)][1:]
            before, now = (statistics.median(side) * 1e6 for side in zip(*turns, strict=True))
            ratios = sorted(after / first for first, after in turns)
            middle = statistics.median(ratios)
            print(f"{case:24} {before:9.0f} µs {now:9.0f} µs {middle:11.3f}   {ratios[0]:.2f} to {ratios[-1]:.2f}")
            sys.stdout.flush()
    finally:
        for served in (here, other):
            served.close()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
