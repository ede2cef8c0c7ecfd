"""Each promise on the page names tests that are there."""

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
    assert named
    for guard in named:
        path, _, name = guard.partition("::")
        defined = [item.name for item in ast.parse((ROOT / path).read_text()).body if isinstance(item, ast.FunctionDef)]
        assert name.startswith("test_"), f"promise {number} names no test: {guard}"
        assert name in defined, f"promise {number} names a test that is not there: {guard}"


def test_every_promise_of_the_foundation_is_on_the_page() -> None:
    numbers = [int(number) for number, _, _ in ROWS]
    assert numbers == sorted(set(numbers))
    assert set(numbers) >= FOUNDATION
