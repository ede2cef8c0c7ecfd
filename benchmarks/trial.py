"""What one measurement is given, and how it measures itself. Imports little: the peak of memory is one of its figures."""

from __future__ import annotations

import contextlib
import json
import resource
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

MIB = 1024 * 1024
BUCKET, UP, DOWN, SMALL = "bench", "up", "down", "small"


def peak_mib() -> float:
    """Return the peak of resident memory of this process. Not ru_maxrss, which also counts what ran before the exec."""
    with open("/proc/self/status") as file:  # noqa: PTH123 - pathlib is not imported for it
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024


class Trial:
    """One measurement: set up first, then do the work within `timed`, or fill in `result` otherwise."""

    base: str
    """The server's address: `https` if `cafile` is set."""
    cafile: str | None
    source: str
    """A file to send."""
    sink: str
    """A file that has room for everything: on a virtual machine fresh memory costs more than the transfer."""
    target: str
    """A path where nothing is yet."""
    free: str
    """A folder with what the last measurement wrote: removed when the timing starts, so that its memory is used again."""
    size: int
    count: int
    """How many operations, or objects."""

    def __init__(self, facts: Mapping[str, Any]) -> None:
        self.__dict__.update(facts)
        self.result: dict[str, float] = {}

    def url(self, key: str) -> str:
        return f"{self.base}/s3/{BUCKET}/{key}"

    def release(self) -> None:
        """Give the memory back that the last measurement took."""
        shutil.rmtree(self.free, ignore_errors=True)

    def took(self, seconds: float, cpu: float) -> None:
        """Take down how long it took, and how much of the processor for each GiB."""
        self.result.update(rate=self.size / MIB / seconds, cpu=cpu * 1024 * MIB / self.size)

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Measure what is done within."""
        self.result["before"] = peak_mib()
        self.release()
        cpu, begun = time.process_time(), time.perf_counter()
        yield
        seconds = time.perf_counter() - begun
        self.took(seconds, time.process_time() - cpu)

    def run(self, *commands: tuple[list[str], int | None]) -> None:
        """Measure other programs, one after another, each with its standard output. curl says itself how long it took."""
        import subprocess
        import threading

        peaks = [0.0]

        def watch(pid: int) -> None:
            with contextlib.suppress(OSError, StopIteration):  # it has ended
                while True:
                    with open(f"/proc/{pid}/status") as file:  # noqa: PTH123 - as above
                        peaks.append(next(int(line.split()[1]) for line in file if line.startswith("VmHWM:")) / 1024)
                    time.sleep(0.01)

        self.release()
        seconds = 0.0
        for command, output in commands:
            begun = time.perf_counter()
            with subprocess.Popen(command, stdout=output or subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
                threading.Thread(target=watch, args=(process.pid,)).start()
                said = process.communicate()[1]
            if process.returncode:
                raise RuntimeError(said.strip())
            seconds += float(said) if command[0] == "curl" else time.perf_counter() - begun
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.took(seconds, used.ru_utime + used.ru_stime)
        self.result["rss"] = max(peaks)


Case = Callable[[Trial], object]


def one(cases: Mapping[str, Case], name: str, facts: str) -> None:
    """Do one case, and print its result."""
    trial = Trial(json.loads(facts))
    done: Any = cases[name](trial)
    if hasattr(done, "__await__"):
        import asyncio

        asyncio.run(done)
    trial.result.setdefault("rss", peak_mib())
    print(json.dumps(trial.result), flush=True)
