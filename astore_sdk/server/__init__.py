"""The embedded store: a complete implementation of the contract on one machine (`astore serve`, extra `[server]`).

A data folder belongs to one process at a time and holds all there is:

    lock                 held with flock while a store is open
    catalogue.sqlite3    names, sizes, digests, metadata, uploads, records (SQLite in WAL mode, synchronous=FULL)
    blobs/xx/xxxx…       bytes: one file of random name for each body that was received, 256 folders wide
    store.json           which store this is, and how far its catalogue was when it last wrote
    lost/                what the catalogue did not name at some start, by date
    reserve              room for deletions and starts on a full disk

An object is an ordered list of blobs. One PUT makes one blob, each part of a multipart upload makes one, completing an
upload lists the blobs of its parts, and a copy points at the list of its source: bytes are never moved or joined.

What is acknowledged is on disk: a body is written, hashed on the way, and synced with its directory entry before the
catalogue learns its name, and the catalogue's commit is synced before the answer is sent. A crash can therefore leave
files that nothing refers to, which the next start moves to `lost/`, and never a reference to bytes that are not there. A
blob is removed once its last reference and its last reader have gone. Whole blobs are compared with their SHA-256 whenever
they are read from end to end, and others are looked at before the first stretch of them is sent; an answer whose bytes
turn out to be damaged is broken off, never completed.

The server shares the contract with the client half of this package and nothing else.
"""

from __future__ import annotations

from astore_sdk.server.app import App
from astore_sdk.server.faults import Fault, Faults
from astore_sdk.server.limits import Limits, Timeouts
from astore_sdk.server.running import BackgroundServer, run
from astore_sdk.server.store import Store, StoreError

__all__ = ["App", "BackgroundServer", "Fault", "Faults", "Limits", "Store", "StoreError", "Timeouts", "run"]
