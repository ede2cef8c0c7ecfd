"""An object on a scripted server that does what RFC 9110 says about ranges and versions, until a test has it do otherwise."""

from __future__ import annotations

import re

from attrs import define, field

from astore_sdk._transfers.digest import RunningDigest
from astore_sdk._wire.digests import digest_field

from .scripted import Heard, Reply


def digest_of(data: bytes) -> str:
    """Return the digest as `sha256:HEX`."""
    running = RunningDigest()
    running.feed(0, data)
    return running.value


@define
class Origin:
    """Answers for one object. What a test wants otherwise is an attribute, or a method put in the place of `reply`."""

    data: bytes
    etag: str | None = '"v1"'
    knows_ranges: bool = True
    knows_if_match: bool = True
    digest: bool = True
    framing: str = "length"
    cuts: list[int] = field(factory=list)
    """After so many bytes of its body each of the next answers is cut."""
    reset: bool = False

    def __call__(self, heard: Heard) -> Reply:
        """Answer."""
        if self.knows_if_match and heard.headers.get("if-match") not in (None, self.etag):
            return Reply(412)
        return self.reply(heard.headers.get("range"))

    def reply(self, asked: str | None) -> Reply:
        """Answer for the whole, or for a range of it."""
        headers = self.version()
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked or "") if self.knows_ranges else None
        if not found:
            return self.cut(Reply(200, self.data, headers, framing=self.framing))
        size = len(self.data)
        first = int(found[1]) if found[1] else max(0, size - int(found[2]))
        end = min(int(found[2]) + 1, size) if found[1] and found[2] else size
        if first >= size:
            return Reply(416)
        headers["Content-Range"] = f"bytes {first}-{end - 1}/{size}"
        return self.cut(Reply(206, self.data[first:end], headers, framing=self.framing))

    def version(self) -> dict[str, str]:
        """Make the headers that say which version it is."""
        named = {"ETag": self.etag, "Repr-Digest": digest_field(digest_of(self.data)) if self.digest else None}
        return {name: value for name, value in named.items() if value is not None}

    def cut(self, reply: Reply) -> Reply:
        """Cut an answer if the next one shall be."""
        if not self.cuts:
            return reply
        return Reply(
            reply.status,
            reply.body,
            reply.headers,
            framing=reply.framing,
            cut=len(reply.head()) + self.cuts.pop(0),
            reset=self.reset,
        )


def ranges(heard: list[Heard]) -> list[tuple[str | None, str | None]]:
    """List what was asked for: `Range` and `If-Match` of each request."""
    return [(request.headers.get("range"), request.headers.get("if-match")) for request in heard]
