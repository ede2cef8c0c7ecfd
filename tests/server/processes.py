"""The store as a process of its own, which a test can kill."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MAIN = "import sys; from astore_sdk.cli import main; sys.exit(main())"


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-W", "error", "-c", _MAIN, *arguments]


class ServeProcess:
    """`astore serve` on a free port."""

    def __init__(
        self,
        data: Path,
        *arguments: str,
        token: str | None = None,
        preexec: Callable[[], None] | None = None,
        stderr: int = subprocess.PIPE,
    ) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASTORE_")}
        if token is not None:
            environment["ASTORE_TOKEN"] = token
        self.process = subprocess.Popen(
            command("serve", "--port", "0", "--data", str(data), *arguments),
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
            env=environment,
            preexec_fn=preexec,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.match(r"astore store listening on (\S+) \(data in (.*), (token required|no token)\)$", self.line)
        if found is None:
            _, errors = self.process.communicate()
            raise AssertionError(f"the store did not start: {errors}")
        self.url = found[1]
        self.errors = ""
        self.shown_data = found[2]
        self.shown_token = found[3]

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self.wait()

    def terminate(self) -> int:
        """Ask it to end; gives its exit code."""
        self.process.terminate()
        return self.wait()

    def wait(self) -> int:
        """Wait for its end; gives its exit code, and keeps what it said on standard error."""
        _, errors = self.process.communicate(timeout=20)
        self.errors = errors or ""
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()


_FORKING = """
import os, sys
from pathlib import Path
from astore_sdk.server import run

for line in sys.stdin:
    child = os.fork()
    if child == 0:
        run(host="127.0.0.1", port=0, data=Path(line.rstrip()), token=None,
            on_ready=lambda url: print(os.getpid(), url, flush=True))
        os._exit(0)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


class ForkingStarter:
    """Starts stores from a process that has loaded all they need, one at a time: twenty of them take a second."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", _FORKING], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._running = 0

    def start(self, data: Path) -> str:
        """Start a store; gives its URL."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{data}\n")
        self._process.stdin.flush()
        number, url = self._read().split()
        self._running = int(number)
        return url

    def kill(self) -> None:
        """End the store without warning."""
        os.kill(self._running, signal.SIGKILL)
        assert self._read() == "ended\n"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)
