"""Where the log of `astore serve` goes: standard error, without ever waiting for it.

Lines are handed to a thread, which writes them in batches. Standard error may be a pipe that nobody reads, a full disk
or closed: then lines are lost and counted, and no request waits or fails for it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from astore_sdk.server.access import AccessEntry, access_log
from astore_sdk.server.limits import MIB
from astore_sdk.server.log_lines import LineFormatter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from astore_sdk.server.access import AccessSink
    from astore_sdk.server.log_lines import LogFormat

log: logging.Logger = logging.getLogger("astore_sdk.server")

# Bytes that may wait to be written: some 20,000 lines.
_MOST_WAITING = 4 * MIB
# Seconds in which lines gather: a thread that woke for every line would take turns with each request.
_GATHERING = 0.05
# Bytes of an entry without its path.
_ENTRY_SIZE = 500
# Seconds that the end waits for the last lines.
_LAST_LINES = 1.0
# Seconds until a descriptor that does not block is tried again.
_AGAIN = 0.02


class LineWriter:
    """Writes lines to a descriptor from a thread of its own.

    `lost_line` makes the line that tells how many were lost, `entry_line` that of a request: it is the thread that
    formats these, many at a time, and not the event loop after each request.
    """

    def __init__(
        self,
        descriptor: int,
        lost_line: Callable[[int], bytes],
        entry_line: Callable[[AccessEntry], bytes],
        *,
        most_waiting: int = _MOST_WAITING,
    ) -> None:
        self._descriptor = descriptor
        self._lost_line = lost_line
        self._entry_line = entry_line
        self._most_waiting = most_waiting
        self._lock = threading.Lock()
        self._lines: list[bytes | AccessEntry] = []
        self._waiting = 0
        self._lost = 0
        self._within_line = False
        self._closing = False
        self._work = threading.Event()
        self._hurry = threading.Event()
        # A daemon, because a write to a pipe that nobody reads never returns, and must not keep the process.
        self._thread = threading.Thread(target=self._run, name="astore-log", daemon=True)
        self._thread.start()

    def write(self, line: bytes | AccessEntry, *, at_once: bool = False) -> None:
        """Take a line, or lose it if too much is waiting."""
        size = _size(line)
        with self._lock:
            if self._waiting + size > self._most_waiting:
                self._lost += 1
                return
            self._lines.append(line)
            self._waiting += size
        if not self._work.is_set():
            self._work.set()
        if at_once:
            self._hurry.set()

    def close(self) -> None:
        """Write what is waiting, as far as it is taken within a second."""
        self._closing = True
        self._work.set()
        self._hurry.set()
        self._thread.join(_LAST_LINES)

    def _run(self) -> None:
        while True:
            self._work.wait()
            self._hurry.wait(_GATHERING)
            self._work.clear()
            self._hurry.clear()
            closing = self._closing
            with self._lock:
                lines, self._lines = self._lines, []
                lost, self._lost = self._lost, 0
            data = b"".join(line if isinstance(line, bytes) else self._entry_line(line) for line in lines)
            written = self._put(data + (self._lost_line(lost) if lost else b""))
            with self._lock:
                self._waiting -= sum(map(_size, lines))
                if not written:
                    self._lost += lost + len(lines)
            if closing:
                return

    def _put(self, data: bytes) -> bool:
        """Write all of it; gives whether that was possible."""
        rest = memoryview(b"\n" + data if self._within_line and data else data)
        while rest:
            try:
                done = os.write(self._descriptor, rest)
            except BlockingIOError:
                time.sleep(_AGAIN)
                continue
            except OSError:
                return False
            self._within_line = rest[done - 1] != ord("\n")
            rest = rest[done:]
        return True


class OutputHandler(logging.Handler):
    """Passes formatted records on to a `LineWriter`; warnings and errors at once."""

    def __init__(self, descriptor: int, formatter: LineFormatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self._writer = LineWriter(descriptor, self._lost_line, lambda entry: _encoded(formatter.entry(entry)))
        self.take: AccessSink = self._writer.write
        """Takes an entry of the access log past the logging module, which would cost each request more than the rest of it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        try:
            line = self.format(record)
        except Exception as error:  # noqa: BLE001 - a record that cannot be formatted must not fail what it is about.
            record = _record(logging.ERROR, f"a line of the log could not be made: {type(error).__name__} at {record.pathname}")
            line = self.format(record)
        self._writer.write(_encoded(line), at_once=record.levelno >= logging.WARNING)

    def close(self) -> None:
        """Write what is waiting."""
        self._writer.close()
        super().close()

    def _lost_line(self, lost: int) -> bytes:
        text = f"{lost} lines of the log were lost: standard error did not take them"
        return _encoded(self.format(_record(logging.WARNING, text)))


def _size(line: bytes | AccessEntry) -> int:
    return len(line) if isinstance(line, bytes) else _ENTRY_SIZE + len(line.path or "")


def _record(level: int, text: str) -> logging.LogRecord:
    return log.makeRecord(log.name, level, __file__, 0, text, (), None)


def _encoded(line: str) -> bytes:
    return line.encode("utf-8", "backslashreplace") + b"\n"


@contextmanager
def logging_to_stderr(*, level: int, form: LogFormat, access: bool, secret: str | None) -> Generator[AccessSink | None]:
    """Send the log of this process to standard error until the end of the block; gives where requests are logged, if at all.

    Args:
        level: What is logged at least (`logging.INFO`, …). Requests are logged at `INFO`.
        form: `text` or `json`.
        access: Whether requests are logged.
        secret: The token, which no line shows.
    """
    descriptor = _stderr_descriptor()
    before = (log.level, access_log.level)
    log.setLevel(level)
    requests = access and level <= logging.INFO and descriptor is not None
    access_log.setLevel(logging.INFO if requests else logging.CRITICAL + 1)
    # At the root, so that what asyncio and others have to say comes in the same form.
    handler = logging.NullHandler() if descriptor is None else OutputHandler(descriptor, LineFormatter(form, secret=secret))
    handler.setLevel(level)
    root = logging.getLogger()
    root.addHandler(handler)
    logging.captureWarnings(capture=True)
    try:
        yield handler.take if requests and isinstance(handler, OutputHandler) else None
    finally:
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
        handler.close()
        log.setLevel(before[0])
        access_log.setLevel(before[1])


def _stderr_descriptor() -> int | None:
    """Give the descriptor of standard error; None where the process has none."""
    # A process that was started without it may have another file under number 2, the catalogue for one.
    try:
        return None if sys.stderr is None else sys.stderr.fileno()  # pyright: ignore[reportUnnecessaryComparison] - see above
    except (OSError, ValueError):
        return None
