"""The tables of the catalogue.

A *content* is an ordered list of blobs that never changes once it is written; an object points at one, and a copy
points at the same one. How often a content is referenced is counted from `objects`, never kept, so it cannot drift.
Keys are stored as the bytes of their UTF-8: that is their order in lists, on every database.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

SCHEMA_VERSION = 1

metadata: MetaData = MetaData()

buckets: Table = Table(
    "buckets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created_us", BigInteger, nullable=False),
    # Kept in the transaction of each write: counting a million rows for a list of buckets would take seconds.
    Column("object_count", BigInteger, nullable=False),
    Column("total_size", BigInteger, nullable=False),
)

contents: Table = Table(
    "contents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    # A content of one blob, as most are, names it here and has no list: that halves the work of a small write or read.
    Column("only_blob", Text),
)

content_blobs: Table = Table(
    "content_blobs",
    metadata,
    Column("content_id", Integer, ForeignKey("contents.id", ondelete="CASCADE"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    sqlite_with_rowid=False,
)

objects: Table = Table(
    "objects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("bucket_id", Integer, ForeignKey("buckets.id"), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("content_id", Integer, ForeignKey("contents.id"), nullable=False),
    Column("etag", Text, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    UniqueConstraint("bucket_id", "key"),
    Index("objects_by_content", "content_id"),
)

uploads: Table = Table(
    "uploads",
    metadata,
    Column("id", Text, primary_key=True),
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE"), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("content_type", Text, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("initiated_us", BigInteger, nullable=False),
    Index("uploads_by_key", "bucket_id", "key", "id"),
)

parts: Table = Table(
    "parts",
    metadata,
    Column("upload_id", Text, ForeignKey("uploads.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("digest", Text, nullable=False),
    Column("etag", Text, nullable=False),
    Column("modified_us", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# What completes answered, so that repeating one gives the same answer.
completed_uploads: Table = Table(
    "completed_uploads",
    metadata,
    Column("upload_id", Text, primary_key=True),
    Column("bucket_id", Integer, ForeignKey("buckets.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("key", LargeBinary, nullable=False),
    Column("request", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("completed_us", BigInteger, nullable=False, index=True),
)

# Supply-chain records. `body` is what the client sent, up to 32 MiB of it; `fingerprint` is over that and the digest it speaks of.
records: Table = Table(
    "records",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("id", Text, nullable=False, unique=True),
    Column("object_id", Integer, ForeignKey("objects.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    UniqueConstraint("object_id", "kind", "fingerprint"),
)

# What lists show of records. Lists read nothing else: behind a body of 30 MiB, every column would cost a walk over all of
# it. `facts` is JSON that was derived from the body, `shown` the body itself without its large members.
record_heads: Table = Table(
    "record_heads",
    metadata,
    Column("number", Integer, ForeignKey("records.number", ondelete="CASCADE"), primary_key=True),
    Column("object_id", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("created_us", BigInteger, nullable=False),
    Column("label", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Index("record_heads_by_object", "object_id", "kind", "number"),
    Index("record_heads_by_digest", "object_id", "kind", "digest", "number"),
)

# One row: which store this is, and how far it has come; the data folder carries the same (`astore_sdk.server.identity`).
store: Table = Table(
    "store",
    metadata,
    Column("id", Text, primary_key=True),
    Column("opened", Text, nullable=False),
    Column("opened_before", Text, nullable=False),
    Column("generation", BigInteger, nullable=False),
)
