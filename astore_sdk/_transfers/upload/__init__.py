"""Uploads: where bytes come from, and how they become an object, in one request or in parts."""

from typing import TYPE_CHECKING

from ..._lazy import lazily

if TYPE_CHECKING:
    from . import one_object

__all__ = ["one_object"]

__getattr__ = lazily(__name__, *__all__)
