"""Each operation of the contract as a value, built by a pure function on the generated request builder."""

from .operation import Operation

__all__ = ["Operation"]
