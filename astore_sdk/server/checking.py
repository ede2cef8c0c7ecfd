"""Comparing a data folder with its catalogue while no store runs on it. Nothing is changed.

Everything is looked at through read-only connections and plain reads, so that the worst folder can be checked.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import quote

from attrs import field, frozen

from astore_sdk.server import identity as identities
from astore_sdk.server.blob_reading import BATCH
from astore_sdk.server.blobs import FOLDERS
from astore_sdk.server.catalogue.looking import Look, look
from astore_sdk.server.errors import CatalogueError, DataFolderError
from astore_sdk.server.lost import LostFile, lost_files
from astore_sdk.server.pairing import CATALOGUE_NAME, complaint, examine
from astore_sdk.server.values import Blob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from astore_sdk.server.identity import Identity

# What refers to which blob: bucket, key, upload and part number (if it is a part), then the blob.
_REFERENCES = """
    SELECT buckets.name, objects.key, NULL, NULL, contents.only_blob, contents.size, contents.digest
    FROM contents LEFT JOIN objects ON objects.content_id = contents.id LEFT JOIN buckets ON buckets.id = objects.bucket_id
    WHERE contents.only_blob IS NOT NULL
    UNION ALL
    SELECT buckets.name, objects.key, NULL, NULL, content_blobs.name, content_blobs.size, content_blobs.digest
    FROM content_blobs LEFT JOIN objects ON objects.content_id = content_blobs.content_id
    LEFT JOIN buckets ON buckets.id = objects.bucket_id
    UNION ALL
    SELECT buckets.name, uploads.key, uploads.id, parts.number, parts.name, parts.size, parts.digest
    FROM parts JOIN uploads ON uploads.id = parts.upload_id JOIN buckets ON buckets.id = uploads.bucket_id
"""


@frozen
class Reference:
    """An object, or a part of an upload, that needs a blob."""

    bucket: str
    key: str
    upload: str | None = None
    part: int | None = None

    def __str__(self) -> str:
        if self.upload is None:
            return f"{self.bucket}/{self.key}"
        return f"part {self.part} of upload {self.upload} of {self.bucket}/{self.key}"


@frozen
class DamagedBlob:
    """A blob that the catalogue names and that is not what was stored."""

    blob: Blob
    problem: str
    """`missing`, `size` or `digest`."""
    found: str
    """What is there instead, for a person."""
    references: tuple[Reference, ...]


@frozen
class StoredFile:
    """A file among the blobs."""

    path: str
    name: str
    size: int


@frozen
class Report:
    """What a check found; sizes in bytes."""

    refused: str | None
    """Why the store would not start: marks, catalogue or blobs are not of one store, or damaged."""
    folder: Identity | None
    catalogue: Identity | None
    blobs: int = 0
    size: int = 0
    damaged: tuple[DamagedBlob, ...] = ()
    unreferenced: tuple[StoredFile, ...] = ()
    lost: tuple[LostFile, ...] = ()
    lost_and_named: frozenset[str] = field(default=frozenset())
    """Names of files in `lost/` that the catalogue misses."""

    @property
    def is_well(self) -> bool:
        """Whether nothing was found; what is in `lost/` is nobody's and no finding."""
        return self.refused is None and not self.damaged and not self.unreferenced


def check(data: Path, *, digests: bool = False) -> Report:
    """Compare a folder, whose lock is held, with its catalogue; with `digests`, read all bytes and compare them too."""
    refused: str | None = None
    folder: Identity | None = None
    found = Look("missing")
    named: dict[str, Blob] = {}
    try:
        folder = identities.read(data)
    except DataFolderError as error:
        refused = str(error)
    path = data / CATALOGUE_NAME
    try:
        found = look(path, whole=True)
        if found.state == "good":
            named = named_blobs(path)
        refused = refused or complaint(data, examine(data, folder=folder))
    except (CatalogueError, sqlite3.Error) as error:
        refused = refused or str(error)
    present = {file.name: file for file in stored_files(data)}
    in_place = {name for name, file in present.items() if file.path.endswith(f"/{name[:2]}/{name}")}
    damaged = dict(_differences(named, {name: present[name] for name in in_place}, digests=digests))
    lost = tuple(lost_files(data))
    missing = {name for name, (problem, _) in damaged.items() if problem == "missing"}
    references = _references_of(path, damaged.keys()) if damaged else {}
    return Report(
        refused=refused,
        folder=folder,
        catalogue=found.identity,
        blobs=len(named),
        size=sum(blob.size for blob in named.values()),
        damaged=tuple(
            DamagedBlob(named[name], problem, instead, tuple(references.get(name, ())))
            for name, (problem, instead) in damaged.items()
        ),
        unreferenced=tuple(file for name, file in present.items() if name not in named or name not in in_place),
        lost=lost,
        lost_and_named=frozenset(file.name for file in lost if file.name in missing and file.size == named[file.name].size),
    )


def stored_files(data: Path) -> Iterator[StoredFile]:
    """List the files among the blobs."""
    for folder in FOLDERS:
        try:
            with os.scandir(data / "blobs" / folder) as entries:
                for entry in entries:
                    yield StoredFile(entry.path, entry.name, entry.stat(follow_symlinks=False).st_size)
        except (FileNotFoundError, NotADirectoryError):
            continue


def named_blobs(catalogue: Path) -> dict[str, Blob]:
    """List the blobs that a catalogue names."""
    return {name: Blob(name, size, digest) for *_, name, size, digest in _rows(catalogue)}


def _references_of(catalogue: Path, names: Iterable[str]) -> dict[str, list[Reference]]:
    wanted: dict[str, list[Reference]] = {name: [] for name in names}
    for bucket, key, upload, part, name, _, _ in _rows(catalogue):
        if name in wanted and bucket is not None and key is not None:
            wanted[name].append(Reference(bucket, key.decode(errors="replace"), upload, part))
    return wanted


_Row = tuple[str | None, bytes | None, str | None, int | None, str, int, str]


def _rows(catalogue: Path) -> Iterator[_Row]:
    with closing(sqlite3.connect(f"file:{quote(str(catalogue))}?mode=ro", uri=True)) as connection:
        yield from connection.execute(_REFERENCES)


def _differences(named: dict[str, Blob], present: dict[str, StoredFile], *, digests: bool) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, blob in named.items():
        file = present.get(name)
        if file is None:
            yield name, ("missing", "no file")
        elif file.size != blob.size:
            yield name, ("size", f"{file.size} bytes instead of {blob.size}")
        elif digests:
            found = digest_of(file.path)
            if found != blob.digest:
                yield name, ("digest", f"{found} instead of {blob.digest}")


def digest_of(path: str) -> str:
    """Read a file and give its SHA-256."""
    whole = hashlib.sha256()
    with open(path, "rb") as file:  # noqa: PTH123 - blobs are many: their paths are plain text
        while data := file.read(BATCH):
            whole.update(data)
    return f"sha256:{whole.hexdigest()}"
