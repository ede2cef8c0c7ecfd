"""How many connections there may be, and which of them goes when there are more.

Every connection costs a descriptor, and the request on it perhaps one more, for a blob. The catalogue and the folders
need theirs as well, so connections stop long before descriptors do: a store that cannot open its own files cannot
finish what it has begun.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

log: logging.Logger = logging.getLogger("astore_sdk.server")

# The catalogue's readers have two each, folders are opened to be synced, and some connections wait to be told no.
_RESERVE = 160
_PER_CONNECTION = 2
_MOST = 4096
_LEAST = 16
# This many more are taken so far that they can be told that there are too many, and that health is answered.
_EXCESS = 16
_LOG_SECONDS = 60


def descriptor_limit(*, raise_it: bool) -> int | None:
    """Give the limit of descriptors of this process, None where there is none; raise it first, if asked to and allowed."""
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST * _PER_CONNECTION + _RESERVE
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if raise_it and soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return None if soft == resource.RLIM_INFINITY else soft


def connection_limit(descriptors: int | None) -> int:
    """Derive how many connections there may be from how many descriptors there are."""
    if descriptors is None:
        return _MOST
    return min(max((descriptors - _RESERVE) // _PER_CONNECTION, _LEAST), _MOST)


class Member(Protocol):
    """What a crowd asks of a connection."""

    since: float
    """When what is waited for was last seen to come, in seconds."""
    is_excess: bool
    """Whether it was taken only to be told that there are too many."""

    @property
    def is_waiting(self) -> bool:
        """Whether no request is under way: it could be closed without breaking anything off."""
        ...

    def check(self, now: float) -> None:
        """Close the connection if it has stood still for too long."""
        ...

    def close(self) -> None:
        """Close without an answer."""
        ...


class Crowd:
    """The connections that are open; `clock` gives seconds."""

    def __init__(self, limit: int, clock: Callable[[], float]) -> None:
        self.limit = limit
        self._clock = clock
        self._open: set[Member] = set()
        self._leaving: set[Member] = set()
        self._logged: float | None = None

    def admit(self, connection: Member) -> bool:
        """Take a connection, if need be in place of the one that has waited longest for a request to come.

        Where all have a request under way, a few more are taken, as `is_excess`. Gives False if there is no room at all.
        """
        self._open.add(connection)
        if len(self._open) <= self.limit:
            return True
        self.complain(f"{self.limit} connections are open, which is the limit: idle ones are closed, or new ones refused")
        if not self.make_room(beside=connection):
            connection.is_excess = True
        return len(self._open) <= self.limit + _EXCESS

    def leave(self, connection: Member) -> None:
        """Forget a connection."""
        self._open.discard(connection)
        self._leaving.discard(connection)

    def make_room(self, *, beside: Member | None = None) -> bool:
        """Close the connection that has waited longest for a request to come; gives whether there was one."""
        waiting = [each for each in self._open if each.is_waiting and each is not beside]
        if not waiting:
            return False
        longest = min(waiting, key=lambda each: each.since)
        self._open.discard(longest)
        self._leaving.add(longest)
        longest.close()
        return True

    def check(self) -> None:
        """Close what has stood still for too long."""
        now = self._clock()
        for connection in [*self._open, *self._leaving]:
            connection.check(now)

    def complain(self, message: str) -> None:
        """Tell the log, but not more than once a minute."""
        now = self._clock()
        if self._logged is None or now - self._logged >= _LOG_SECONDS:
            self._logged = now
            log.warning("%s", message)
