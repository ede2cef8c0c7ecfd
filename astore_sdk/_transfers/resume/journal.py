"""What a resumable transfer writes down, so that another process can go on with it after this one was killed.

One file for each source and target, in the user's state folder: a line of JSON that says what is moved, then a line for each part
or piece that is done. The first line appears with the whole file at once, by a rename; the others are appended. What a killed
process wrote of its last line is passed over. A file that cannot be understood is put aside, and the transfer begins anew.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

from platformdirs import user_state_path

from ...exceptions import TransferInProgressError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

VERSION = 1

Record = Mapping[str, str | int | None]
"""One line."""


class DamagedJournal(Exception):  # noqa: N818 - a signal between two of our functions, not an error of the SDK
    """This is not what a transfer of this version writes."""


def parse(content: bytes) -> list[Record]:
    """Return the lines of a journal, without one that was not finished.

    Raises:
        DamagedJournal: It cannot be understood.
    """
    records: list[Record] = []
    *lines, _torn = content.split(b"\n")
    for line in lines:
        try:
            found: object = json.loads(line)
        except (ValueError, RecursionError):
            raise DamagedJournal from None
        if not isinstance(found, dict):
            raise DamagedJournal
        records.append(cast("Record", found))
    if not records or records[0].get("version") != VERSION:
        raise DamagedJournal
    return records


def write(record: Record) -> bytes:
    """Return a record as a line."""
    return json.dumps(record, separators=(",", ":")).encode() + b"\n"


def number(record: Record, name: str) -> int:
    """Return a member that counts something."""
    value = record.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise DamagedJournal
    return value


def text(record: Record, name: str) -> str:
    """Return a member that is text."""
    value = record.get(name)
    if not isinstance(value, str):
        raise DamagedJournal
    return value


class Journal:
    """The journal of one transfer, and the lock that keeps others from it."""

    def __init__(self, kind: str, *what: str) -> None:
        """Take hold of the journal for what is moved from where to where.

        Raises:
            TransferInProgressError: Someone else has hold of it.
            OSError: The state folder cannot be used.
        """
        self.name = hashlib.sha256("\0".join((kind, *what)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        folder = user_state_path("astore_sdk") / "transfers"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / f"{self.name}.jsonl"
        self._lock_path = folder / f"{self.name}.lock"
        self._lock = _locked(self._lock_path, " ".join((kind, *what)))
        self._file: int | None = None
        self.was_there = self._path.exists()
        """Whether an earlier process has left something to go on with."""

    def read(self) -> Sequence[Record] | None:
        """Return what is written down, None if that is nothing."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            return parse(content)
        except DamagedJournal:
            self.put_aside()
            return None

    def put_aside(self) -> None:
        """Keep what is written down for who wants to know, under another name."""
        self._path.replace(self._path.with_suffix(".damaged"))

    def begin(self, *records: Record) -> None:
        """Write down what is moved, in place of what is there."""
        self._stop_appending()
        temporary = self._path.with_suffix(".new")
        temporary.unlink(missing_ok=True)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(descriptor, b"".join(write(record) for record in ({"version": VERSION, **records[0]}, *records[1:])))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self._path)
        self._file = os.open(self._path, os.O_WRONLY | os.O_APPEND)

    def add(self, record: Record) -> None:
        """Write down what was done, behind what `begin` wrote. From any thread."""
        if self._file is not None:
            os.write(self._file, write(record))

    def end(self) -> None:
        """Forget everything: the transfer is over."""
        self._stop_appending()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of it."""
        self._stop_appending()
        with contextlib.suppress(FileNotFoundError):
            self._lock_path.unlink()
        os.close(self._lock)

    def _stop_appending(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def _locked(path: Path, what: str) -> int:
    """Return a descriptor that holds the lock. The system lets go of it when the process ends, however that ends."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _try_lock(descriptor)
            if os.path.samestat(os.fstat(descriptor), path.stat()):
                return descriptor
        except FileNotFoundError:
            pass  # who had it has just removed it
        except OSError:
            os.close(descriptor)
            raise TransferInProgressError(
                f"someone else is moving this right now: {what}", hint="Wait until that has ended."
            ) from None
        os.close(descriptor)


def _try_lock(descriptor: int) -> None:
    if sys.platform == "win32":
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
