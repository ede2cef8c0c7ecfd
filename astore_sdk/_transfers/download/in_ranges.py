"""Receiving an object in pieces side by side: into a file where each belongs, or into a writer in their order."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from attrs import define, field, frozen

from ..._core.flow import Steps, work
from ..._core.workers import Crew
from ...config import MIB
from ..digest import RunningDigest
from ..plan import CHUNK, plan_ranges
from ..progress import Progress, Tally
from ..resume.resumable import ResumableDownload
from ..resume.state import DownloadState
from ..spool import block
from .receiver import Receiver, Sink
from .target import CallerTarget, PathTarget, WriterTarget

MOST_IN_MEMORY = 16 * MIB
"""A piece on its way to a writer is kept in memory: it has no more bytes than this, whatever the part size is."""
HASHED = MIB
"""Bytes of a file that are read and hashed at once: the fewer pieces, the less often threads wait for each other."""
AT_A_TIME = 16 * MIB
"""Bytes that are hashed before it is asked whether to go on."""
TOLD = MIB // 4
"""A piece tells what moved each time so many bytes did."""


class FilePiece:
    """A stretch of a file. It has the file open for itself, from its first byte to its last."""

    restartable = True

    def __init__(self, path: Path, index: int, offset: int, length: int) -> None:
        self.index = index
        self.length = length
        self._path = path
        self._offset = offset
        self._file: io.FileIO | None = None

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Put the next chunk where it belongs."""
        yield from work(partial(self._write, chunk))

    def _write(self, chunk: bytes | memoryview) -> None:
        if self._file is None:
            self._file = io.FileIO(self._path, "r+b")
            self._file.seek(self._offset)
        view = memoryview(chunk)
        while view:
            view = view[self._file.write(view) :]

    def restart(self) -> Steps[None]:
        """Begin anew: what comes again is written over."""
        yield from ()
        self.close()

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def hash(self, *digests: RunningDigest) -> Steps[None]:
        """Add the bytes to digests, as they are in the file."""
        with io.FileIO(self._path, "rb") as file:
            file.seek(self._offset)
            buffer = memoryview(bytearray(min(HASHED, self.length)))
            left = self.length
            while left:
                left -= yield from work(partial(_hash_some, file, buffer, min(left, AT_A_TIME), digests))


def _hash_some(file: io.FileIO, buffer: memoryview, length: int, digests: tuple[RunningDigest, ...]) -> int:
    left = length
    while left:
        count = file.readinto(buffer[:left])
        if not count:
            raise OSError("the temporary file became shorter while it was written")
        left -= count
        for digest in digests:
            digest.feed(digest.position, buffer[:count])
    return length


class MemoryPiece:
    """A stretch in memory."""

    restartable = True

    def __init__(self, length: int, buffer: memoryview) -> None:
        self.length = length
        self.buffer = buffer
        self._size = 0

    def write(self, chunk: bytes | memoryview) -> Steps[None]:
        """Keep the next chunk."""
        yield from ()
        self.buffer[self._size : self._size + len(chunk)] = chunk
        self._size += len(chunk)

    def restart(self) -> Steps[None]:
        """Begin anew: what comes again is written over."""
        yield from ()
        self._size = 0

    def close(self) -> None:
        """Do nothing."""

    def chunks(self) -> Iterator[bytes]:
        """Read it."""
        return (bytes(self.buffer[start : min(start + CHUNK, self.length)]) for start in range(0, self.length, CHUNK))


P = TypeVar("P", FilePiece, MemoryPiece)


class Landing(Protocol[P]):
    """What is made of pieces."""

    def window(self, crew: int) -> int:
        """Return how many pieces may be begun and not done with."""
        ...

    def piece(self, index: int, offset: int, length: int) -> P:
        """Return where so many bytes go that begin there."""
        ...

    def find(self, piece: P, then: Callable[[bool], object]) -> bool:
        """Look, beside the flow, whether a piece is there already, and say so to `then`. Return False if it cannot be."""
        ...

    def deliver(self, piece: P, done: Callable[[], object]) -> Steps[None]:
        """Take a piece whose turn it is. `done` is called when it needs no more attention."""
        ...


@frozen
class FileLanding:
    """A file, which is hashed in its order as it grows: the system has it in its cache from just having written it."""

    path: Path
    crew: Crew
    digest: RunningDigest | None
    resumable: ResumableDownload | None
    there: Mapping[int, str]
    """Digests of the pieces that an earlier process received."""

    def window(self, crew: int) -> int:
        """Return how many pieces may be begun and not done with: enough that a slow one stops nobody for a while.

        Where another process shall go on, just those that travel: the others are written down.
        """
        return 4 * crew if self.resumable is None else crew

    def piece(self, index: int, offset: int, length: int) -> FilePiece:
        """Return where so many bytes go that begin there."""
        return FilePiece(self.path, index, offset, length)

    def find(self, piece: FilePiece, then: Callable[[bool], object]) -> bool:
        """Have a piece hashed that shall be there, and compare it."""
        expected = self.there.get(piece.index)
        if expected is None:
            return False
        digest = RunningDigest()
        self.crew.submit(piece.hash(digest), lambda _: then(digest.value == expected), local=True)
        return True

    def deliver(self, piece: FilePiece, done: Callable[[], object]) -> Steps[None]:
        """Have a piece hashed, and written down."""
        yield from ()
        if self.digest is not None or self.resumable is not None:
            self.crew.submit(self._hashed(piece), lambda _: done(), local=True)
        else:
            done()

    def _hashed(self, piece: FilePiece) -> Steps[None]:
        own = RunningDigest() if self.resumable is not None else None
        yield from piece.hash(*(digest for digest in (self.digest, own) if digest is not None))
        if own is not None and self.resumable is not None and own.value != self.there.get(piece.index):
            yield from work(partial(self.resumable.received, piece.index, own.value))


@frozen
class WriterLanding:
    """A writer of the caller's, who gets the pieces in their order."""

    target: WriterTarget
    receiver: Receiver
    length: int
    """Bytes of a piece."""
    free: list[memoryview] = field(factory=list[memoryview])
    """Buffers of pieces that were delivered: the next ones go there."""

    def window(self, crew: int) -> int:
        """Return how many pieces may be begun and not done with: this is what bounds memory."""
        return crew + 1

    def piece(self, index: int, offset: int, length: int) -> MemoryPiece:  # noqa: ARG002 - as its twin has it
        """Return where so many bytes go that begin there."""
        return MemoryPiece(length, self.free.pop() if self.free else block(self.length))

    def find(self, piece: MemoryPiece, then: Callable[[bool], object]) -> bool:  # noqa: ARG002 - as its twin has it
        """Know that nothing is there."""
        return False

    def deliver(self, piece: MemoryPiece, done: Callable[[], object]) -> Steps[None]:
        """Write a piece."""
        reception = self.receiver.reception
        for chunk in piece.chunks():
            yield from self.target.write(chunk)
            if self.receiver.hashing is not None:
                yield from self.receiver.hashing.feed(chunk)
            reception.received += len(chunk)
        self.free.append(piece.buffer)
        done()


def divisible(target: Sink) -> bool:
    """Tell whether a target can be filled from pieces that come side by side."""
    return isinstance(target, PathTarget | WriterTarget) and not isinstance(target, CallerTarget)


def receive_in_pieces(
    receiver: Receiver, target: Sink, crew: Crew, progress: Progress, resumable: ResumableDownload | None
) -> Steps[None]:
    """Receive what a receiver knows the head of."""
    reception, length = receiver.reception, receiver.settings.transfer.part_size
    if isinstance(target, WriterTarget):
        if receiver.hashing is not None:
            receiver.hashing.begin_aside(crew)
        length = min(length, MOST_IN_MEMORY)
        landing = WriterLanding(target, receiver, length)
        yield from _InPieces(receiver, landing, crew, Tally(progress)).run(length)
    else:
        if not isinstance(target, PathTarget):
            raise AssertionError("unreachable")  # see `divisible`
        there: Mapping[int, str] = {}
        if resumable is not None:
            end = reception.first + (reception.left or 0)
            wanted = DownloadState(reception.etag or "", reception.size or 0, reception.first, end, length)
            state = yield from work(partial(resumable.begin, wanted, fresh=target.fresh))
            there, length = state.pieces, state.length
        yield from work(partial(target.allocate, reception.left or 0))
        digest = receiver.hashing.running if receiver.hashing is not None else None
        file = FileLanding(target.temporary, crew, digest, resumable, there)
        yield from _InPieces(receiver, file, crew, Tally(progress)).run(length)


@define
class _InPieces(Generic[P]):
    """Has pieces received. None waits for another one, but for its turn to be delivered."""

    receiver: Receiver
    """Knows what is wanted, of which version."""
    landing: Landing[P]
    crew: Crew
    tally: Tally
    _under_way: int = field(default=0, init=False)
    """Pieces that were begun and not done with."""
    _arrived: dict[int, P] = field(factory=dict[int, P], init=False)

    def run(self, length: int) -> Steps[None]:
        """Receive pieces of so many bytes and deliver them in their order."""
        reception = self.receiver.reception
        first, end = reception.first, reception.first + (reception.left or 0)
        plan = enumerate(plan_ranges(first, end, length))
        coming = next(plan, None)
        due = 0
        while coming is not None or self._under_way:
            while coming is not None and self.crew.free and self._under_way < self.landing.window(self.crew.size):
                index, interval = coming
                self._under_way += 1
                self._begin(index, *interval)
                coming = next(plan, None)
            yield from self.crew.attend()
            while (piece := self._arrived.pop(due, None)) is not None:
                due += 1
                yield from self.landing.deliver(piece, self._done)
        reception.received = end - first

    def _begin(self, index: int, first: int, end: int) -> None:
        """Have a piece received, unless it is there."""
        piece = self.landing.piece(index, first - self.receiver.reception.first, end - first)

        def arrived() -> object:
            self._arrived[index] = piece
            return self.tally.finish(index, piece.length)

        def found(is_there: bool) -> object:
            if is_there:
                return arrived()
            self._receive(piece, index, first, end, arrived)
            return None

        if not self.landing.find(piece, found):
            self._receive(piece, index, first, end, arrived)

    def _receive(self, piece: P, index: int, first: int, end: int, arrived: Callable[[], object]) -> None:
        told = 0

        def moved(position: int) -> object:
            nonlocal told
            if position - told < TOLD and position < piece.length:
                return None
            told = position
            return self.crew.report(partial(self.tally.reach, index, position))

        parent = self.receiver
        reception = parent.reception.piece(first, end)
        telling = None if parent.moved is None else moved
        receiver = Receiver(parent.settings, parent.bucket, parent.key, reception, piece, parent.budget, telling)
        self.crew.submit(_received(receiver, piece), lambda _: arrived())

    def _done(self) -> None:
        self._under_way -= 1


def _received(receiver: Receiver, piece: FilePiece | MemoryPiece) -> Steps[None]:
    try:
        yield from receiver.run()
    finally:
        piece.close()
