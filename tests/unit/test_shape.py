"""What the package promises of its own shape: names, twins, lightness."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import astore_sdk
from astore_sdk import AsyncClient, Client, exceptions, models

# How a type of the sync client reads in the async one.
TWINS = {
    "Data": "AsyncData",
    "Writer": "AsyncWriter",
    "PrivateKeySource": "AsyncPrivateKeySource",
    "PrivateKeySource | None": "AsyncPrivateKeySource | None",
    "Iterator[Object]": "AsyncIterator[Object]",
    "ObjectStream": "AsyncObjectStream",
    "ObjectReader | ObjectWriter": "AsyncObjectReader | AsyncObjectWriter",
    "httpx.BaseTransport | None": "httpx.AsyncBaseTransport | None",
}
PLAIN_IN_BOTH = {"set_token", "with_options", "iter_objects", "stream"}


def public_methods(kind: type) -> dict[str, object]:
    return {name: value for name, value in vars(kind).items() if not name.startswith("_") and callable(value)}


@pytest.mark.parametrize("module", [astore_sdk, models, exceptions])
def test_public_names_are_sorted_and_there(module: object) -> None:
    names = module.__all__
    assert names == sorted(names)
    assert all(hasattr(module, name) for name in names)


def test_every_model_and_error_is_importable_from_the_package() -> None:
    assert set(models.__all__) | set(exceptions.__all__) <= set(astore_sdk.__all__)


@pytest.mark.parametrize("name", sorted(public_methods(Client) | {"__init__": None}))
def test_clients_are_twins(name: str) -> None:
    ours, theirs = getattr(Client, name), getattr(AsyncClient, name)
    one, other = inspect.signature(ours), inspect.signature(theirs)
    expected = [
        parameter.replace(annotation=TWINS.get(parameter.annotation, parameter.annotation)) for parameter in one.parameters.values()
    ]
    assert list(other.parameters.values()) == expected
    assert other.return_annotation == TWINS.get(one.return_annotation, one.return_annotation)
    if name not in PLAIN_IN_BOTH | {"__init__"}:
        assert inspect.iscoroutinefunction(theirs)


def test_there_is_no_method_without_a_twin() -> None:
    assert set(public_methods(Client)) == set(public_methods(AsyncClient))


@pytest.mark.parametrize("name", sorted(public_methods(Client)))
def test_every_method_is_documented(name: str) -> None:
    assert inspect.getdoc(getattr(Client, name))
    assert (inspect.getdoc(getattr(AsyncClient, name)) or "").startswith(f"See `Client.{name}`")


def test_import_is_light() -> None:
    script = """
import sys, ssl
made = []
ssl.SSLContext.__init__ = lambda *args, **kwargs: made.append(args)
import httpx  # brings rich along where that is installed
before = set(sys.modules)
import astore_sdk
heavy = {"cryptography", "uvicorn", "starlette", "sqlalchemy", "rich", "tqdm", "dateutil", "pytest"} & (set(sys.modules) - before)
assert not heavy, heavy
assert not made
"""
    subprocess.run([sys.executable, "-c", script], check=True)
