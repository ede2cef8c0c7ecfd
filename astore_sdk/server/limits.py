"""The bounds that the store keeps, as one value so that a test can narrow them."""

from __future__ import annotations

from attrs import frozen

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB


@frozen(kw_only=True)
class Limits:
    """Bounds of the contract (sizes in bytes)."""

    max_body_size: int = 5 * GIB
    """The most that one PUT, of an object or a part, may carry."""
    min_part_size: int = 5 * MIB
    """The least size of a part, the last one aside."""
    max_parts: int = 10_000
    max_page: int = 1000
    """The most entries of one page of any list."""
    max_delete_keys: int = 1000
    max_metadata_size: int = 8 * KIB
    """Names and values of `x-amz-meta-*` together, as sent."""
    max_json_size: int = 32 * MIB
    """The most that a JSON body may have: these are held in memory, an SBOM being the largest of them."""
    max_head_size: int = 64 * KIB
    """Request line and headers: room for a 1,024 byte key escaped twice over and 8 KiB of metadata."""
    reserve_size: int = 32 * MIB
    """Kept free on disk (at most a sixteenth of it), so that deletions succeed and the store starts when it is full."""
