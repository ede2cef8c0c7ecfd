"""Moving bytes: sources, targets, and the flows between them."""

from typing import TYPE_CHECKING

from .._lazy import lazily

if TYPE_CHECKING:
    from . import download, upload

__all__ = ["download", "upload"]

__getattr__ = lazily(__name__, *__all__)
