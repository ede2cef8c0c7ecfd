"""Downloads: one version of an object, in one stream or in ranges side by side, and where its bytes go."""

from typing import TYPE_CHECKING

from ..._lazy import lazily

if TYPE_CHECKING:
    from . import one_object

__all__ = ["one_object"]

__getattr__ = lazily(__name__, *__all__)
