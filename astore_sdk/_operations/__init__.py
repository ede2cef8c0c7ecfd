"""Each operation of the contract as a value, built by a pure function on the generated request builder."""

from typing import TYPE_CHECKING

from .._lazy import lazily

if TYPE_CHECKING:
    from . import buckets, multipart, objects, records, supply_chain, system

__all__ = ["buckets", "multipart", "objects", "records", "supply_chain", "system"]

__getattr__ = lazily(__name__, *__all__)
