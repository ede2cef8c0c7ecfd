"""Modules that are imported when they are first needed, so that importing astore_sdk costs little over importing httpx."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType


def lazily(package: str, *names: str) -> Callable[[str], ModuleType]:
    """Return a `__getattr__` for a package (PEP 562) that imports these modules of it on demand."""

    def find(name: str) -> ModuleType:
        if name not in names:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return import_module(f"{package}.{name}")

    return find
