"""A process that starts stores which kill themselves at a chosen moment; it reads a line for each."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

CALLS = ("open", "write", "fsync", "fdatasync", "close", "unlink")
"""What of `os` touches the disk."""
SIZE = 300_000


def content(text: str) -> bytes:
    """Return enough bytes that they are not written at once."""
    return (text * SIZE)[:SIZE].encode()


def act(operation: str, url: str) -> None:
    """Do one operation, of which each phase is a moment to die in."""
    from astore_sdk import Client, Config, RetryPolicy, TransferConfig

    with Client(Config(url, retry=RetryPolicy(max_attempts=1))) as client:
        if operation == "put":
            client.upload("builds", "app", content("new"))
        elif operation == "parts":
            client.upload("builds", "app", content("new"), transfer=TransferConfig(threshold=0))
        elif operation == "copy":
            client.copy_object("builds", "other", "builds", "app")
        elif operation == "delete":
            client.delete_object("builds", "app")


def die_at(moment: int) -> None:
    """Kill this process when it is about to touch the disk for the time with this number (from 0)."""
    from sqlalchemy import Engine, event

    lock = threading.Lock()
    touched = 0

    def touch(*_: object) -> None:
        nonlocal touched
        with lock:
            if touched == moment:
                os.kill(os.getpid(), signal.SIGKILL)
            touched += 1

    def watched(call: Callable[..., object]) -> Callable[..., object]:
        def instead(*arguments: object, **options: object) -> object:
            touch()
            return call(*arguments, **options)

        return instead

    for name in CALLS:
        if hasattr(os, name):
            setattr(os, name, watched(getattr(os, name)))
    event.listen(Engine, "before_cursor_execute", touch)
    event.listen(Engine, "commit", touch)


def main() -> None:
    """Read lines; for each, fork a store that does what is asked and dies when it is time, or says that it was done."""
    from astore_sdk.server import BackgroundServer

    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            with BackgroundServer(Path(asked["data"])) as server:
                die_at(asked["moment"])
                act(asked["operation"], server.url)
                os.write(1, b"acknowledged ")
                os._exit(0)
        os.waitpid(child, 0)
        sys.stdout.write("ended\n")
        sys.stdout.flush()


class Dying:
    """Starts stores that die, one at a time."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=20)

    def act(self, operation: str, data: Path, moment: int) -> bool:
        """Have a store do an operation and die at a moment; return whether it had said that it was done."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"operation": operation, "data": str(data), "moment": moment}) + "\n")
        return self._process.stdout.readline().startswith("acknowledged")


if __name__ == "__main__":
    main()
