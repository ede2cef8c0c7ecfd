"""The bounds that the store keeps, as one value so that a test can narrow them."""

from __future__ import annotations

from attrs import frozen

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

MAX_INLINE_FIELD = 8 * KIB
"""The most that a field of a record has in a list, in bytes of JSON; a larger one is left out there."""
MAX_INLINE_PAGE = 1 * MIB
"""The most that the records of one page have together, the first one aside, in bytes of JSON."""


@frozen(kw_only=True)
class Timeouts:
    """How long a connection may do nothing, by what it should be doing (seconds).

    All but `head` are about standing still: who goes on, however slowly, is never cut off.
    """

    head: float = 30
    """From the opening of a connection, or the first byte of a later request, to the end of that request's head."""
    body: float = 60
    """Between two pieces of a body that the store waits for."""
    unread: float = 60
    """During which none of an answer is taken."""
    keep_alive: float = 120
    """Between an answer and the next request: longer than clients keep idle connections, since whoever closes first
    should be the one who knows whether it will send more."""
    linger: float = 2
    """After an answer that closes the connection although more was on its way: for the client to read the answer."""


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
    max_sbom_size: int = 32 * MIB
    """The most that the request to attach an SBOM may have: its JSON is held in memory."""
    max_record_size: int = 1 * MIB
    """The most that the request to attach any other record may have."""
    max_records: int = 1000
    """The most records of one kind that speak of the same bytes of an object."""
    max_delete_size: int = 6 * MIB
    """The most that the list of keys of one request may have: 1,000 of 1,024 bytes, each written as an escape of six."""
    max_complete_size: int = 4 * MIB
    """The most that the list of parts of an upload may have: 10,000, with room for indentation and escapes."""
    max_fault_size: int = 64 * KIB
    """The most that a fault may have as JSON."""
    max_head_size: int = 64 * KIB
    """Request line and headers: room for a 1,024 byte key escaped twice over and 8 KiB of metadata."""
    reserve_size: int = 32 * MIB
    """Kept free on disk (at most a sixteenth of it), so that deletions succeed and the store starts when it is full."""
    max_unread_body: int = MIB
    """The most of a body that is read, and thrown away, after an answer that did not want it."""
    max_connections: int | None = None
    """Connections at one time; None takes as many as the descriptors of the process allow, with a reserve for files."""
    timeouts: Timeouts = Timeouts()
