"""What a flow asks of the outside world.

Everything that takes more than one request, or waits, is written once, as a generator of steps: retries, pages, multipart
uploads, downloads that go on after a cut. The flow decides; a runner (`sync`, `aio`) carries each step out and sends its
outcome, or raises its failure, back into the generator. So both clients behave alike, and no flow does any I/O of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Iterator
from typing import Generic, Protocol, TypeVar, cast

from attrs import frozen

from .._wire.messages import Answer
from .operation import Operation

T = TypeVar("T")


class Body(Protocol):
    """The streamed body of a request. It can be read from its start as often as it is sent."""

    @property
    def length(self) -> int:
        """Bytes that it has."""
        ...

    @property
    def in_memory(self) -> bool:
        """Whether reading it never waits for a disk."""
        ...

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Read it from its start. A view is good until the next one."""
        ...

    def sent(self, count: int) -> object:
        """Hear that so many bytes were handed to the network. What it returns is awaited if it can be."""
        ...


@frozen
class Exchange:
    """Send a request and read its whole answer."""

    operation: Operation[object]
    body: Body | None
    attempt: int
    shielded: bool = False
    """Whether it is carried out although the caller was cancelled."""


@frozen
class Open:
    """Send a request; if the answer is a success, keep its body for `Read`."""

    operation: Operation[object]
    attempt: int


@frozen
class Read:
    """Read the next bytes of the answer that is open; none at its end. A view is good until the next step of this kind."""

    enough: int | None
    """Bytes after which no more of this answer is wanted, None for all of it: what comes behind them is not waited for."""


@frozen
class Close:
    """Let go of the answer that is open. Unread bytes cost its connection."""


@frozen
class Sleep:
    """Wait so many seconds, or with jitter a random part of them."""

    seconds: float
    jitter: bool
    shielded: bool = False
    """Whether it is waited although the caller was cancelled."""


@frozen
class Work(Generic[T]):
    """Do local work that may block: on a thread, for async callers."""

    call: Callable[[], T]
    shielded: bool = False
    """Whether it is done although the caller was cancelled."""


@frozen
class Wait:
    """Wait for something of ours to happen, and get what it brings. Who is cancelled stops waiting at once."""

    call: Callable[[], object]


@frozen
class Hire:
    """Get so many workers for jobs that run beside the flow: a `workers.Crew`."""

    size: int


@frozen
class Tell(Generic[T]):
    """Call what the caller gave us, where the caller is: its outcome is awaited if it can be."""

    call: Callable[[], T | Awaitable[T]]


@frozen
class Meet:
    """Hand something to the caller, who drives this flow piece by piece, and go on with what the caller hands back."""

    value: bytes | None


@frozen
class Ended(Generic[T]):
    """What a flow that is driven piece by piece came to."""

    value: T


Effect = Exchange | Open | Read | Close | Sleep | Work[object] | Wait | Tell[object] | Hire
"""What a runner carries out by itself."""
Step = Effect | Meet
Steps = Generator[Step, object, T]


class Theirs(BaseException):
    """Carries what the caller's own code raised (a callback, a source, a writer) past all that handles failures of the store.

    Such code may raise what httpx raises, or an error of this SDK that it uses itself: neither is a failure of the transfer's own.
    """

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error

    def add_note(self, note: str, /) -> None:
        """Add the note to what is carried."""
        self.error.add_note(note)


def exchange(operation: Operation[object], body: Body | None = None, *, attempt: int = 1, shielded: bool = False) -> Steps[Answer]:
    """Send a request and return its whole answer, whatever its status."""
    return cast("Answer", (yield Exchange(operation, body, attempt, shielded)))


def open_answer(operation: Operation[object], attempt: int) -> Steps[Answer]:
    """Send a request and return the head of its answer; a failure's body is in it."""
    return cast("Answer", (yield Open(operation, attempt)))


def read(enough: int | None = None) -> Steps[bytes | memoryview]:
    """Return the next bytes of the open answer; none at its end. A view is good until this is called again."""
    return cast("bytes | memoryview", (yield Read(enough)))


def work(call: Callable[[], T], *, shielded: bool = False) -> Steps[T]:
    """Return the outcome of local work that may block."""
    return cast("T", (yield Work(call, shielded)))


def tell(call: Callable[[], T | Awaitable[T]]) -> Steps[T]:
    """Return the outcome of something of the caller's."""
    return cast("T", (yield Tell(call)))


def meet(value: bytes | None = None) -> Steps[object]:
    """Hand something to the caller and return what the caller hands back."""
    return (yield Meet(value))
