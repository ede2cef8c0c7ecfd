"""The rooms of the package: which of them may import which, what stays out of which, and how large a file may be.

Everything is read from the code itself, with `ast`: an import counts wherever it stands, in a function too. What is imported by
name at run time is not seen; `test_nothing_is_imported_unseen` says where that is done.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest
from attrs import frozen

import astore_sdk

PACKAGE = Path(astore_sdk.__file__).parent

# Every module and folder of the package, from the top down, and what it imports: only what stands below it.
# `astore_sdk` is the package's own `__init__`.
ROOMS: dict[str, set[str]] = {
    # Around the client.
    "testing": {"astore_sdk", "server"},
    "cli": {"server"},
    "progress": set(),
    "server": set(),  # it shares the contract with the client, and nothing else
    # The clients.
    "astore_sdk": {"client", "aio", "models", "supplychain", "config", "exceptions", "_version"},
    "client": {
        *("files", "_runners", "_flows", "_transfers", "_operations"),
        *("supplychain", "models", "config", "types", "exceptions"),
    },
    "aio": {
        *("aio_files", "_runners", "_flows", "_transfers", "_operations"),
        *("supplychain", "models", "config", "types", "exceptions"),
    },
    "aio_files": {"files", "_runners", "_transfers", "models"},
    "files": {"_runners", "_transfers", "models"},
    # What carries flows out. It meets them in `_core` alone.
    "_runners": {"_http", "_core", "_wire", "auth", "config", "exceptions"},
    "_http": {"_core", "_wire", "auth", "config", "_config_values", "exceptions", "_version"},
    "auth": {"_config_values"},
    # Flows, and what they are made of: pure.
    "_flows": {
        *("_transfers", "_operations", "_core", "_wire", "supplychain", "models"),
        *("config", "types", "exceptions", "_sigstore", "_lazy"),
    },
    "_transfers": {"_operations", "_core", "_wire", "models", "config", "types", "exceptions", "_lazy"},
    "_operations": {"_core", "_wire", "models", "exceptions", "_lazy"},
    "_core": {"_wire", "config", "exceptions"},
    "_wire": {"models", "exceptions"},
    "supplychain": {"models", "exceptions", "_sigstore"},
    # The ground.
    "models": {"exceptions", "_sigstore"},
    "config": {"_config_values", "exceptions"},
    "_config_values": {"exceptions"},
    "types": set(),
    "exceptions": set(),
    "_sigstore": set(),
    "_lazy": set(),
    "_version": set(),
}
AROUND = {"testing", "cli", "progress", "server"}
"""What the client never imports: extras, and what stands on the client."""

# What each folder with folders in it keeps apart.
APART = {
    "_transfers.upload": {"_transfers.download"},
    "_transfers.download": {"_transfers.upload"},
    "_transfers.resume": {"_transfers.upload", "_transfers.download", "_operations"},
    "_http.h1": {"_http.routing", "_http.connections", "_http.aio_connections", "_http.over_httpx", "_http.channel"},
}

# Every library but Python's own, and the rooms that may load it. Annotations alone may name one anywhere.
LIBRARIES: dict[str, set[str]] = {
    "anyio": {"_runners"},
    "astore_api": {"_operations", "_wire"},
    "attrs": {
        *("server", "_http", "_runners", "_flows", "_transfers", "_operations"),
        *("_core", "_wire", "supplychain", "models", "config"),
    },
    "cryptography": {"supplychain"},
    "dateutil": {"_wire"},
    "h11": {"_http"},
    "httpcore": {"_http"},
    "httpx": {"_http", "auth"},
    "platformdirs": {"_transfers"},
    "pytest": {"testing"},
    "rich": {"progress"},
    "sqlalchemy": {"server"},
    "tqdm": {"progress"},
    "uvicorn": {"server"},
}
PURE = ["_core", "_wire", "_operations", "_transfers", "_flows", "supplychain"]
"""Rooms from which nothing leads to a socket or an event loop."""
WORLD = re.compile(
    r"(anyio|asyncio|h11|http\.client|httpcore|httpx|select|selectors|socket|socketserver|ssl|trio|urllib\.request)(\.|$)"
)
SPEAKS_OF_TLS = {"config", "_config_values"}
"""May name `ssl`, for the type of a setting."""

MAX_FILE = 350
MAX_FUNCTION = 50
DOCUMENTED = {"client.py", "aio.py"}
"""The two clients: a line or two a method, and the documentation of it."""


@frozen
class Import:
    """One imported name, with where it is imported."""

    path: str
    module: str
    """The importing module; `astore_sdk` for the package itself."""
    target: str
    """The imported module, or what would be one."""
    for_types: bool
    """Whether only type checkers see it."""


def room_of(module: str) -> str:
    """Return the room of a module of ours."""
    _, _, inside = module.partition(".")
    return inside.partition(".")[0] or "astore_sdk"


def module_of(path: Path) -> str:
    parts = ("astore_sdk", *path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FILES = {module_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {module: ast.parse(path.read_text()) for module, path in FILES.items()}


def for_type_checkers(tree: ast.Module) -> set[ast.AST]:
    blocks = (node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"))
    return {inner for block in blocks for statement in block.body for inner in ast.walk(statement)}


def imported(module: str, node: ast.AST) -> Iterator[str]:
    """Name what one statement imports, absolutely."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        package = module.split(".") if FILES[module].name == "__init__.py" else module.split(".")[:-1]
        above = package[: len(package) - node.level + 1] if node.level else []
        source = ".".join([*above, *([node.module] if node.module else [])])
        for alias in node.names:
            # A module of a package, a name in a module, or a name that is nowhere: that one is left for a table to refuse.
            whole = f"{source}.{alias.name}"
            yield whole if whole in FILES or (source == "astore_sdk" and alias.name not in astore_sdk.__all__) else source


def all_imports() -> Iterator[Import]:
    for module, tree in TREES.items():
        typing_only = for_type_checkers(tree)
        for node in ast.walk(tree):
            for target in imported(module, node):
                yield Import(str(FILES[module].relative_to(PACKAGE)), module, target, node in typing_only)


IMPORTS = list(all_imports())
OURS = [each for each in IMPORTS if each.target.partition(".")[0] == "astore_sdk"]


def test_every_room_has_its_place() -> None:
    assert {room_of(module) for module in FILES} == set(ROOMS)


def test_the_table_goes_down() -> None:
    order = list(ROOMS)
    assert [(room, below) for room in order for below in ROOMS[room] if below not in order[order.index(room) + 1 :]] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_what_the_table_says(room: str) -> None:
    found = {room_of(each.target): each.path for each in OURS if room_of(each.module) == room}
    found.pop(room, None)
    assert {name: path for name, path in found.items() if name not in ROOMS[room]} == {}, "not allowed"
    assert ROOMS[room] - set(found) == set(), "allowed, but not needed: take it off the table"


def test_the_client_stands_without_what_is_around_it() -> None:
    assert [each for each in OURS if room_of(each.target) in AROUND and room_of(each.module) not in AROUND] == []


@pytest.mark.parametrize("folder", APART)
def test_what_is_kept_apart(folder: str) -> None:
    def within(module: str, places: set[str]) -> bool:
        return any(f"{module}.".startswith(f"astore_sdk.{place}.") for place in places)

    assert any(within(module, {folder}) for module in FILES)
    assert [each for each in OURS if within(each.module, {folder}) and within(each.target, APART[folder])] == []


def test_no_circle() -> None:
    graph: dict[str, set[str]] = {}
    for each in OURS:
        if each.target != each.module:
            graph.setdefault(each.module, set()).add(each.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(f"modules import each other: {' <- '.join(error.args[1])}")


def test_libraries_stay_in_their_rooms() -> None:
    used: dict[str, set[str]] = {}
    for each in IMPORTS:
        library = each.target.partition(".")[0]
        if library not in sys.stdlib_module_names | {"astore_sdk"} and not each.for_types:
            used.setdefault(library, set()).add(room_of(each.module))
    assert used == LIBRARIES


def reached_from(room: str) -> set[str]:
    """Name the modules of a room, and all that are loaded with them."""
    found: set[str] = set()
    waiting = [module for module in FILES if room_of(module) == room]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [each.target for each in OURS if each.module == module and not each.for_types]
    return found


@pytest.mark.parametrize("room", PURE)
def test_what_is_pure_leads_to_no_socket(room: str) -> None:
    reached = reached_from(room)
    assert [
        each
        for each in IMPORTS
        if each.module in reached
        and WORLD.match(each.target)
        and not each.for_types
        and not (each.target == "ssl" and room_of(each.module) in SPEAKS_OF_TLS)
    ] == []


def test_what_is_pure_loads_none_either() -> None:
    # But for httpx, which the generated request builders import for functions that nobody calls.
    modules = [module for module in FILES if room_of(module) in PURE]
    script = f"""
import importlib, sys
for name in {modules}:
    importlib.import_module(name)
loaded = {{"httpcore", "h11", "anyio", "asyncio"}} & set(sys.modules)
assert not loaded, loaded
"""
    subprocess.run([sys.executable, "-c", script], check=True)


def test_httpx_is_spoken_in_one_room() -> None:
    spoken = re.compile(r"httpx\.((Async)?Client\(|\w*(Error|Exception)\b)")
    assert {room_of(module) for module, tree in TREES.items() if spoken.search(ast.unparse(tree))} == {"_http"}


def test_nothing_is_imported_unseen() -> None:
    unseen = re.compile(r"\b(import_module|__import__)\(")
    # `_lazy` loads modules of the package that asks, `cli` its own commands, and `sbom_schema` the extra [sbom].
    assert {module for module, tree in TREES.items() if unseen.search(ast.unparse(tree))} == {
        "astore_sdk._lazy",
        "astore_sdk.cli",
        "astore_sdk.supplychain.sbom_schema",
    }


def test_no_file_is_long() -> None:
    lengths = {str(path.relative_to(PACKAGE)): len(path.read_text().splitlines()) for path in FILES.values()}
    assert {name: length for name, length in lengths.items() if length > MAX_FILE and name not in DOCUMENTED} == {}


def test_no_function_is_long() -> None:
    long = []
    for module, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                # The documentation of a parameter makes no function harder to follow.
                said = node.body[0] if ast.get_docstring(node) is not None else None
                spoken = (said.end_lineno or 0) - said.lineno + 1 if said else 0
                if (node.end_lineno or 0) - node.lineno + 1 - spoken > MAX_FUNCTION:
                    long.append(f"{module}.{node.name}")
    assert long == []
