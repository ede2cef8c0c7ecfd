"""Progress that people can see: ready callbacks for `progress_callback`.

    with PlainProgress(path.stat().st_size, "app.tar.gz") as progress:
        client.upload("releases", "app.tar.gz", path, progress_callback=progress)

Each is called with the bytes so far. A total that is not known may be left out. `RichProgress` and `TqdmProgress` need the extra
`[progress]`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TextIO

__all__ = ["PlainProgress", "RichProgress", "TqdmProgress"]

_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


class PlainProgress:
    """Writes text, and needs nothing: one line that is rewritten in a terminal or a notebook, now and then a new line elsewhere."""

    def __init__(
        self,
        total: int | None = None,
        label: str = "",
        *,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make one.

        Args:
            total: Bytes that will have moved, if that is known.
            label: What is moved.
            file: Where to write; standard error if not given.
            clock: What tells the time, in seconds.
        """
        self._total = total
        self._label = f"{label}: " if label else ""
        self._file = sys.stderr if file is None else file
        self._clock = clock
        self._rewrites = self._file.isatty() or "ipykernel" in sys.modules
        self._begun = clock()
        self._next = self._begun
        self._moved = 0
        self._written = -1
        self._width = 0

    def __call__(self, bytes_transferred: int) -> None:
        """Hear how many bytes have moved."""
        self._moved = bytes_transferred
        now = self._clock()
        if now >= self._next:
            self._next = now + (0.1 if self._rewrites else 10.0)
            self._write(now)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Write how it ended."""
        if self._moved != self._written:
            self._write(self._clock())
        if self._rewrites and self._written >= 0:
            self._file.write("\n")
        self._file.flush()

    def _write(self, now: float) -> None:
        self._written = self._moved
        share = f" of {_bytes(self._total)} ({100 * self._moved // self._total} %)" if self._total else ""
        speed = f", {_bytes(round(self._moved / (now - self._begun)))}/s" if now > self._begun else ""
        line = f"{self._label}{_bytes(self._moved)}{share}{speed}"
        # What a longer line left behind is covered.
        self._file.write(f"\r{line.ljust(self._width)}" if self._rewrites else f"{line}\n")
        self._width = len(line)
        self._file.flush()


def _bytes(count: int) -> str:
    power = min(max(count.bit_length() - 1, 0) // 10, len(_UNITS) - 1)
    return f"{count / 1024**power:.1f} {_UNITS[power]}" if power else f"{count} B"


class RichProgress:
    """A bar by rich, with speed and time left."""

    def __init__(self, total: int | None = None, label: str = "") -> None:
        """Make one; see `PlainProgress`."""
        try:
            from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
        except ImportError as error:
            raise _missing("rich") from error
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(binary_units=True),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
        )
        self._task = self._bar.add_task(label, total=total)

    def __call__(self, bytes_transferred: int) -> None:
        """Hear how many bytes have moved."""
        self._bar.update(self._task, completed=bytes_transferred)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Leave the bar as it stands."""
        self._bar.stop()


class TqdmProgress:
    """A bar by tqdm, in a terminal or a notebook."""

    def __init__(self, total: int | None = None, label: str = "") -> None:
        """Make one; see `PlainProgress`."""
        try:
            from tqdm.auto import tqdm
        except ImportError as error:
            raise _missing("tqdm") from error
        self._bar = tqdm(total=total, desc=label or None, unit="B", unit_scale=True, unit_divisor=1024)

    def __call__(self, bytes_transferred: int) -> None:
        """Hear how many bytes have moved."""
        self._bar.update(bytes_transferred - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        """Leave the bar as it stands."""
        self._bar.close()


def _missing(name: str) -> ImportError:
    return ImportError(f"{name} is not installed: pip install 'astore_sdk[progress]'")
