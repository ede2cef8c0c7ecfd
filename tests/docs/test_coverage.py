"""What docs/coverage.md excuses still exists."""

from __future__ import annotations

import ast
import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("uncovered", ROOT / "scripts" / "uncovered.py")
uncovered = importlib.util.module_from_spec(spec)
spec.loader.exec_module(uncovered)

ROWS = uncovered.explained(uncovered.PAGE.read_text())


def functions(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """Name all functions, as coverage does."""
    found: set[str] = set()
    for item in body:
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = prefix + item.name
            found |= functions(item.body, f"{name}.") | ({name} if not isinstance(item, ast.ClassDef) else set())
    return found


def test_the_page_can_be_read() -> None:
    table = [line for line in uncovered.PAGE.read_text().splitlines() if line.startswith("| `")]
    assert len(table) == len(ROWS) > 0


@pytest.mark.parametrize(("file", "function"), ROWS)
def test_what_is_excused_is_there(file: str, function: str) -> None:
    tree = ast.parse((ROOT / uncovered.PACKAGE / file).read_text())
    assert function in functions(tree.body) | {"(module)"}, f"{file} has no {function} any more: take it off docs/coverage.md"
