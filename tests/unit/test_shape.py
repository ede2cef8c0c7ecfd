"""What the package promises of its own shape: names, twins, layers, lightness."""

from __future__ import annotations

import ast
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import astore_sdk
from astore_sdk import AsyncClient, Client, exceptions, models

PACKAGE = Path(astore_sdk.__file__).parent

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


# From the shells down. A module may import what stands behind it, and its own kind.
LAYERS = [
    ("client", "aio"),
    ("_flows",),
    ("_transfers",),
    ("_runners",),
    ("_http",),
    ("_operations",),
    ("_core",),
    ("_wire",),
    ("supplychain",),
    ("models", "config", "auth"),
    ("exceptions", "_version"),
]
RANK = {name: rank for rank, names in enumerate(LAYERS) for name in names}


def imports() -> Iterator[tuple[str, str, str]]:
    """Each import of hand code: the importing file, its top-level part, and what is imported."""
    for path in PACKAGE.rglob("*.py"):
        relative = path.relative_to(PACKAGE)
        part = relative.parts[0].removesuffix(".py")
        package = ("astore_sdk", *relative.parts[:-1])
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield str(relative), part, alias.name
            elif isinstance(node, ast.ImportFrom):
                base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
                module = ".".join(filter(None, [base, node.module]))
                for alias in node.names:
                    yield str(relative), part, f"{module}.{alias.name}"


def test_imports_go_down_only() -> None:
    wrong = [
        (path, name)
        for path, part, name in imports()
        if part in RANK and name.startswith("astore_sdk.") and RANK.get(name.split(".")[1], RANK["exceptions"]) < RANK[part]
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("library", "where"),
    [
        ("astore_api", {"_operations", "_wire", "server"}),
        ("cryptography", {"supplychain"}),
        ("uvicorn", {"server"}),
        ("starlette", {"server"}),
        ("sqlalchemy", {"server"}),
    ],
)
def test_libraries_stay_in_their_room(library: str, where: set[str]) -> None:
    assert {part for _, part, name in imports() if name.split(".")[0] == library} <= where


def test_the_server_shares_nothing_with_the_client() -> None:
    ours = {name.split(".")[1] for _, part, name in imports() if part == "server" and name.startswith("astore_sdk.")}
    assert ours <= {"server", "_version"}


def test_httpx_shows_nowhere_but_where_it_is_spoken() -> None:
    clients, failures = re.compile(r"httpx\.(Async)?Client\("), re.compile(r"httpx\.\w*(Error|Exception)\b")
    for path in PACKAGE.rglob("*.py"):
        name = str(path.relative_to(PACKAGE))
        code = ast.unparse(ast.parse(path.read_text()))
        assert not clients.search(code) or name.startswith("_http/"), name
        # The lane raises what httpx raises, in whose place it stands.
        assert not failures.search(code) or name.startswith("_http/"), name


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
