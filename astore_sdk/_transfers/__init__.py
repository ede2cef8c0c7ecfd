"""Moving bytes between files and the store.

`upload` and `download` know nothing of each other. Both stand on `resume`, which says what a transfer writes down so that another
process can go on with it, and on the modules beside it: plans, digests, progress, and where bytes are kept meanwhile.
"""

from typing import TYPE_CHECKING

from .._lazy import lazily

if TYPE_CHECKING:
    from . import download, upload

__all__ = ["download", "upload"]

__getattr__ = lazily(__name__, *__all__)
