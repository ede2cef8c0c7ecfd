"""The store as a process of its own, which a test can kill."""

from __future__ import annotations

import os
import re
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

    def __init__(self, data: Path, *arguments: str, token: str | None = None, preexec: Callable[[], None] | None = None) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASTORE_")}
        if token is not None:
            environment["ASTORE_TOKEN"] = token
        self.process = subprocess.Popen(
            command("serve", "--port", "0", "--data", str(data), *arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            preexec_fn=preexec,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.match(r"astore store listening on (\S+) \(data in (.*)\)$", self.line)
        if found is None:
            _, errors = self.process.communicate()
            raise AssertionError(f"the store did not start: {errors}")
        self.url = found[1]
        self.shown_data = found[2]

    def kill(self) -> None:
        """End it without warning."""
        self.process.kill()
        self._reap()

    def terminate(self) -> int:
        """Ask it to end; gives its exit code."""
        self.process.terminate()
        return self._reap()

    def _reap(self) -> int:
        self.process.communicate(timeout=20)
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()
