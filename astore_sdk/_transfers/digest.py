"""The SHA-256 of a whole that comes in order, each byte hashed once."""

from __future__ import annotations

import hashlib


class RunningDigest:
    """Hashes bytes as they come. Bytes that come again, because they are sent again, are passed over."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.position = 0
        """Bytes hashed so far."""

    def feed(self, offset: int, chunk: bytes | memoryview) -> None:
        """Take the bytes at this offset; they may begin before, but not behind, what was hashed so far."""
        if offset > self.position:
            raise ValueError(f"bytes {self.position} to {offset} were never hashed")
        fresh = memoryview(chunk)[self.position - offset :]
        if fresh:
            self._hash.update(fresh)
            self.position += len(fresh)

    @property
    def value(self) -> str:
        """The digest of what came so far, as `sha256:HEX`."""
        return f"sha256:{self._hash.hexdigest()}"
