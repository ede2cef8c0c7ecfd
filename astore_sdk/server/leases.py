"""Who still reads which blob: a blob without a reference is removed when its last reader has gone.

Between looking an object up in the catalogue and holding its blobs there is a moment in which another request may
delete it. A reader therefore *enters* before it looks, and a blob that loses its last reference afterwards waits for
all who entered before. What a reader then holds is counted blob by blob, so a slow download keeps its own blobs and no
others. Everything here runs on the event loop's thread and needs no lock.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Leases:
    """Readers and the blobs that wait for them."""

    def __init__(self) -> None:
        self._ticket = 0
        self._entered: set[int] = set()
        self._held: Counter[str] = Counter()
        self._doomed: dict[str, int] = {}

    def enter(self) -> int:
        """Announce a reader that is about to look an object up; gives its ticket."""
        self._ticket += 1
        self._entered.add(self._ticket)
        return self._ticket

    def hold(self, ticket: int, names: Iterable[str]) -> None:
        """Turn a ticket into a hold on these blobs."""
        self._held.update(names)
        self._entered.discard(ticket)

    def release(self, names: Iterable[str]) -> list[str]:
        """Give up a hold; gives the blobs that can be removed now."""
        self._held.subtract(names)
        self._held = +self._held
        return self._removable()

    def leave(self, ticket: int) -> list[str]:
        """Give up a ticket without holding anything; gives the blobs that can be removed now."""
        self._entered.discard(ticket)
        return self._removable()

    def doom(self, names: Iterable[str]) -> list[str]:
        """Say that nothing refers to these blobs any more; gives the blobs that can be removed now."""
        for name in names:
            self._doomed[name] = self._ticket
        return self._removable()

    def _removable(self) -> list[str]:
        if not self._doomed:
            return []
        oldest = min(self._entered, default=self._ticket + 1)
        ready = [name for name, ticket in self._doomed.items() if name not in self._held and ticket < oldest]
        for name in ready:
            del self._doomed[name]
        return ready
