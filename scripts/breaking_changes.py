"""Name what a change of openapi.yaml breaks for those who use the API: `make check-breaking`.

Compares the document with that of a commit: the last one if the document was changed since, or else the one before it.
Additions pass. What breaks needs a new major version in `info.version`.

No library is used: those that compare such documents know OpenAPI 3.0, or no fragments in paths.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

METHODS = ("get", "put", "post", "delete", "head", "patch")
LOWER = ("maximum", "maxLength", "maxItems")
RAISED = ("minimum", "minLength", "minItems")


def facts(document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return what users can rely on, by name: operations, parameters, bodies, answers, schemas and their fields."""
    found: dict[str, Mapping[str, Any]] = {}
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                found.update(operation_facts(document, f"{method.upper()} {path}", item, item[method]))
    for name, schema in document["components"]["schemas"].items():
        found[f"schema {name}"] = schema
        required = schema.get("required", ())
        for field, value in schema.get("properties", {}).items():
            found[f"field {name}.{field}"] = {**value, "required": field in required}
    return found


def operation_facts(
    document: Mapping[str, Any], where: str, item: Mapping[str, Any], operation: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    name = operation["operationId"]
    yield f"operation {name} ({where})", {}
    for given in [*item.get("parameters", ()), *operation.get("parameters", ())]:
        parameter = resolve(document, given)
        schema = {**parameter["schema"], "required": parameter.get("required", False)}
        yield f"parameter {parameter['name']} ({parameter['in']}) of {name}", schema
    for status, answer in operation["responses"].items():
        for kind, content in resolve(document, answer).get("content", {}).items():
            yield f"answer {status} of {name} as {kind}", content["schema"]
    if "requestBody" in operation:
        for kind, content in operation["requestBody"]["content"].items():
            yield f"body of {name} as {kind}", content["schema"]


def resolve(document: Mapping[str, Any], value: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in value:
        target: Any = document
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


def types(schema: Mapping[str, Any]) -> set[str]:
    """Return what a value may be: JSON types, and names of schemas."""
    if "$ref" in schema:
        return {schema["$ref"].rpartition("/")[2]}
    choices = schema.get("oneOf", schema.get("anyOf"))
    if choices:
        return set().union(*(types(choice) for choice in choices))
    declared = schema.get("type", [])
    return {declared} if isinstance(declared, str) else set(declared)


def narrowed(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say how a value may be less than it was."""
    if lost := types(old) - types(new):
        yield f"is no longer {' or '.join(sorted(lost))}"
    if not types(old) and types(new):
        yield f"is only {' or '.join(sorted(types(new)))} now"
    if new.get("required") is True and old.get("required") is False:
        yield "became required"
    for word in LOWER:
        if word in new and new[word] < old.get(word, float("inf")):
            yield f"has a lower {word}"
    for word in RAISED:
        if word in new and new[word] > old.get(word, float("-inf")):
            yield f"has a higher {word}"
    for word in ("pattern", "const", "format", "contentEncoding"):
        if word in new and new[word] != old.get(word):
            yield f"has another {word}"
    if "enum" in new and not set(old.get("enum", [None])) <= set(new["enum"]):
        yield "has fewer values"
    if "items" in old and "items" in new:
        yield from (f"has an item that {reason}" for reason in narrowed(old["items"], new["items"]))


def breaking_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Return what the new document breaks, one line each."""
    before, after = facts(old), facts(new)
    found = [f"{name} was removed" for name in before if name not in after]
    for name, value in before.items():
        found += [f"{name} {reason}" for reason in narrowed(value, after.get(name, value))]
    for name, value in after.items():
        operation = name.rpartition(" of ")[2]
        known = any(fact.startswith(f"operation {operation} ") for fact in before)
        schema = name.removeprefix("field ").partition(".")[0]
        new_field = name.startswith("field ") and f"schema {schema}" in before
        if name not in before and value.get("required") and ((name.startswith("parameter ") and known) or new_field):
            found.append(f"{name} is new and required")
    return found


def major(document: Mapping[str, Any]) -> int:
    return int(re.match(r"\d+", document["info"]["version"])[0])


def document_at(revision: str, root: Path) -> Mapping[str, Any] | None:
    shown = subprocess.run(["git", "show", f"{revision}:openapi.yaml"], cwd=root, capture_output=True)
    return yaml.safe_load(shown.stdout) if shown.returncode == 0 else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base", help="the commit to compare with")
    base = parser.parse_args().base
    root = Path(__file__).parents[1]
    new = yaml.safe_load((root / "openapi.yaml").read_text())
    bases = [base] if base else ["HEAD", "HEAD~1"]
    documents = [document for revision in bases if (document := document_at(revision, root)) is not None]
    old = next((document for document in documents if document != new), None)
    if old is None:
        print("openapi.yaml: nothing to compare with" if not documents else "openapi.yaml is unchanged")
        return 0
    found = breaking_changes(old, new)
    if not found:
        print("openapi.yaml breaks nothing")
        return 0
    print("openapi.yaml breaks:", *found, sep="\n  ")
    if major(new) > major(old):
        print("which its new major version allows")
        return 0
    print("Take that back, or raise the major version in info.version.")
    return 1


if __name__ == "__main__":
    sys.exit(main())
