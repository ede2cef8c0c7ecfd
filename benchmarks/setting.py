"""Where one work is measured: files on tmpfs, and a server that has what is asked for."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import listing
import server
from trial import BUCKET, DOWN, MIB, SMALL, UP
from works import Work


class Setting:
    """Files, and what to do with them before and after each measurement."""

    def __init__(self, root: Path, work: Work, size_mib: int) -> None:
        self.work = work
        self.root = root
        self.size = min(size_mib, work.most_mib) * MIB if work.module == "transfers" else 0
        self.source, self.sink, self.target, self.free = (root / name for name in ("source", "sink", "target", "free"))
        self.uploads = root / "data/s3" / BUCKET / UP, root / "data/parts"
        self.facts: dict[str, Any] = {"base": "", "cafile": None, "size": self.size, "count": work.count}
        self.facts |= {name: str(getattr(self, name)) for name in ("source", "sink", "target", "free")}
        with self.source.open("wb") as file:
            for _ in range(self.size // MIB):
                file.write(os.urandom(MIB))

    def warm(self) -> None:
        """Touch as much memory as a transfer will: the first one shall not pay for it."""
        self.free.mkdir()
        shutil.copyfile(self.source, self.free / "warm")
        if self.work.table == "DOWNS":
            shutil.copyfile(self.source, self.sink)

    def reset(self) -> None:
        """Put what the last measurement wrote aside, and spoil what the next one shall write."""
        self.free.mkdir(exist_ok=True)
        for number, path in enumerate((*self.uploads, self.target)):
            if path.exists():
                path.rename(self.free / str(number))
        if self.sink.exists():
            with self.sink.open("r+b") as file:
                for start in range(0, self.size, MIB):
                    os.pwrite(file.fileno(), bytes(4096), start)

    def check(self) -> str | None:
        """Compare what the measurement wrote with what it should have; return what is wrong."""
        if self.work.module != "transfers":
            return None
        if self.work.table == "DOWNS":
            written = [self.target if self.target.exists() else self.sink]
        elif self.work.server == "store":
            return None  # it has compared digests itself
        else:
            whole, parts = self.uploads
            written = [whole] if whole.exists() else sorted(parts.iterdir(), key=lambda part: int(part.name))
        return None if same(self.source, written) else "the bytes differ"


def same(source: Path, written: list[Path]) -> bool:
    """Tell whether files are, one after another, what the source is."""
    with source.open("rb") as file:
        for path in written:
            with path.open("rb") as other:
                while chunk := other.read(MIB):
                    if file.read(len(chunk)) != chunk:
                        return False
        return not file.read(1)


def digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


@contextlib.contextmanager
def setting(work: Work, size_mib: int) -> Iterator[Setting]:
    """Make files and start servers for one work."""
    with contextlib.ExitStack() as stack:
        root = stack.enter_context(server.folder())
        place = Setting(root, work, size_mib)
        if work.server == "nginx":
            little = b"x" * 4096
            nginx = server.Nginx(root, digest(place.source), hashlib.sha256(little).digest())
            (nginx.data / "s3" / BUCKET / DOWN).hardlink_to(place.source)
            if work.module == "small":
                for number in range(work.count):
                    (nginx.data / "s3" / BUCKET / SMALL / str(number)).write_bytes(little)
            if work.module == "listing":
                listing.write_pages(nginx.data / "pages", work.count)
            stack.enter_context(nginx)
            place.facts |= {"base": nginx.tls_url, "cafile": nginx.cafile} if work.tls else {"base": nginx.url}
        elif work.server == "store":
            place.facts["base"] = stack.enter_context(server.embedded(root / "store"))
            fill(place)
        if work.far:
            place.facts["base"] = stack.enter_context(server.far(place.facts["base"]))
        if place.size:
            place.warm()
        yield place


def fill(place: Setting) -> None:
    """Put the object to download into the embedded store."""
    from astore_sdk import Client, Config

    with Client(Config(place.facts["base"])) as client:
        client.create_bucket(BUCKET)
        client.upload(BUCKET, DOWN, place.source)
