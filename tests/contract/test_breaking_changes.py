"""The guard over openapi.yaml: it names what breaks, and lets additions pass."""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SPEC = importlib.util.spec_from_file_location("breaking_changes", ROOT / "scripts" / "breaking_changes.py")
guard = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(guard)
OLD = yaml.safe_load((ROOT / "openapi.yaml").read_text())


def schema(document: Any, name: str) -> Any:
    return document["components"]["schemas"][name]


def listing(document: Any) -> Any:
    return document["paths"]["/s3/{bucket}"]["get"]


BREAKING: dict[str, Callable[[Any], object]] = {
    "operation getLiveness (GET /health/live) was removed": lambda new: new["paths"].pop("/health/live"),
    "parameter delimiter (query) of listObjects was removed": lambda new: listing(new)["parameters"].pop(1),
    "field Object.etag was removed": lambda new: schema(new, "Object")["properties"].pop("etag"),
    "field Object.size is no longer null": lambda new: schema(new, "Object")["properties"]["size"].update(type="integer"),
    "field Part.etag is no longer string": lambda new: schema(new, "Part")["properties"]["etag"].update(type="integer"),
    "field SbomRequest.createdBy became required": lambda new: schema(new, "SbomRequest")["required"].append("createdBy"),
    "field SbomRequest.licence is new and required": lambda new: (
        schema(new, "SbomRequest")["required"].append("licence"),
        schema(new, "SbomRequest")["properties"].update(licence={"type": "string"}),
    ),
    "parameter max-keys (query) of listObjects has a lower maximum": lambda new: listing(new)["parameters"][3]["schema"].update(
        maximum=100
    ),
    "parameter owner (query) of listObjects is new and required": lambda new: listing(new)["parameters"].append(
        {"name": "owner", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "answer 200 of listObjects as application/json was removed": lambda new: listing(new)["responses"]["200"].pop("content"),
    "field DeleteRequest.keys has an item that has a lower maxLength": lambda new: schema(new, "DeleteRequest")["properties"][
        "keys"
    ]["items"].update(maxLength=10),
}


@pytest.mark.parametrize("expected", BREAKING)
def test_what_breaks_is_named(expected: str) -> None:
    new = copy.deepcopy(OLD)
    BREAKING[expected](new)
    assert expected in guard.breaking_changes(OLD, new)


def test_additions_pass() -> None:
    new = copy.deepcopy(OLD)
    schema(new, "Object")["properties"]["colour"] = {"type": ["string", "null"]}
    schema(new, "SbomRequest")["properties"]["colour"] = {"type": ["string", "null"]}
    listing(new)["parameters"].append({"name": "colour", "in": "query", "schema": {"type": "string"}})
    new["paths"]["/colours"] = {"get": {"operationId": "listColours", "responses": {"200": {"description": "All."}}}}
    listing(new)["parameters"][3]["schema"]["maximum"] = 5000
    schema(new, "Part")["properties"]["etag"]["type"] = ["string", "null"]
    assert guard.breaking_changes(OLD, new) == []


def test_nothing_breaks_by_itself() -> None:
    assert guard.breaking_changes(OLD, copy.deepcopy(OLD)) == []
