"""`openapi.yaml` is the only source of the wire: it is valid, and client and store speak all of it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import astore_api.api
import pytest
import yaml
from openapi_spec_validator import validate

from astore_sdk._wire.failures import CODES

ROOT = Path(__file__).parents[2]
CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text())
METHODS = ("get", "put", "post", "delete", "head")
OPERATIONS = {
    item[method]["operationId"]: item[method] for item in CONTRACT["paths"].values() for method in METHODS if method in item
}


def constants(folder: str) -> set[str]:
    """All texts that stand in the code of a folder."""
    trees = (ast.parse(path.read_text()) for path in (ROOT / "astore_sdk" / folder).rglob("*.py"))
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_the_contract_is_valid() -> None:
    validate(CONTRACT)


@pytest.mark.parametrize("folder", ["_operations", "server"])
def test_every_operation_is_spoken(folder: str) -> None:
    assert set(OPERATIONS) <= constants(folder)


def test_every_operation_was_generated() -> None:
    names = {re.sub("([A-Z])", r"_\1", name).lower() for name in OPERATIONS}
    assert names == {path.stem for path in Path(astore_api.api.__path__[0]).glob("*/*.py")} - {"__init__"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_described(name: str) -> None:
    operation = OPERATIONS[name]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert operation["responses"]["default"] == {"$ref": "#/components/responses/Problem"}


def test_nothing_is_unnamed() -> None:
    """An object schema without a name of its own would become a class with an ugly one."""
    inline: list[str] = []

    def walk(node: object, path: str) -> None:
        if isinstance(node, dict):
            named = re.fullmatch(r"/components/schemas/\w+", path)
            if node.get("type") == "object" and not named:
                inline.append(path)
            for key, value in node.items():
                if key not in ("example", "examples"):
                    walk(value, f"{path}/{key}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                walk(value, f"{path}/{index}")

    walk(CONTRACT, "")
    assert inline == []


def test_every_code_is_kept_whatever_the_token_is() -> None:
    """A code that the client does not know could be the token, said back: it is redacted."""
    problem = CONTRACT["components"]["schemas"]["Problem"]["properties"]["code"]["description"]
    named = set(re.findall(r"`(\w+)`", problem))
    assert len(named) > 20
    assert named <= CODES
