"""The pages on promises and on security name tests that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = re.findall(r"^\| (\d+) \| (.+?) \| (.+) \|$", (ROOT / "docs" / "promises.md").read_text(), re.MULTILINE)
FOUNDATION = {13, 14, 16, 17, 18, 20, 21, 22, 23, 24}


@pytest.mark.parametrize(("number", "guards"), [(number, guards) for number, _, guards in ROWS])
def test_each_promise_names_tests_that_are_there(number: str, guards: str) -> None:
    named = re.findall(r"`([^`]+)`", guards)
    assert named, f"promise {number} names no test"
    for guard in named:
        require_test(guard)


DEFENCES = re.findall(r"^\| (.+?) \| (`.+`) \|$", (ROOT / "docs" / "security.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize("guards", [guards for _, guards in DEFENCES])
def test_each_defence_names_tests_that_are_there(guards: str) -> None:
    for guard in re.findall(r"`([^`]+)`", guards):
        require_test(f"tests/{guard}")


def require_test(guard: str) -> None:
    path, _, name = guard.partition("::")
    defined = [item.name for item in ast.parse((ROOT / path).read_text()).body if isinstance(item, ast.FunctionDef)]
    assert name.startswith("test_"), f"this is no test: {guard}"
    assert name in defined, f"this test is not there: {guard}"


def test_every_promise_of_the_foundation_is_on_the_page() -> None:
    numbers = [int(number) for number, _, _ in ROWS]
    assert numbers == sorted(set(numbers))
    assert set(numbers) >= FOUNDATION
    rows = [line for line in (ROOT / "docs" / "security.md").read_text().splitlines() if line.startswith("| ")]
    assert len(DEFENCES) == len([row for row in rows if row != "| what holds | shown by |"]) > 20
