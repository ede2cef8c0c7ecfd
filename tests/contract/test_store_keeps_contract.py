"""The embedded store keeps the contract: schemathesis makes requests of it, and compares what comes back.

Each request is made twice: as it was generated, and about a bucket, an object and an upload that are there, so that successes
are compared too. Positive data only: two operations that share method and path are told apart by their query alone, and a
request that breaks the rules of one may be valid for its sibling, so what it should be answered with is undecidable from the
document. The document's `default` responses are taken out of a copy: with them every status would be a documented one.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from astore_sdk.server import BackgroundServer, Limits

# All in one process: the last fixture counts what all of them have heard.
pytestmark = pytest.mark.xdist_group("contract")

TOKEN = {"Authorization": "Bearer contract"}
DOCUMENT = yaml.safe_load((Path(__file__).parents[2] / "openapi.yaml").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
STRICT = copy.deepcopy(DOCUMENT)
for item in STRICT["paths"].values():
    for operation in item.values():
        if "responses" in operation:
            del operation["responses"]["default"]

schema = schemathesis.openapi.from_dict(STRICT)
schema.config.generation.update(modes=[GenerationMode.POSITIVE])

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
)
BUCKET, KEY = "releases", "app.tar.gz"
RECORDS = {"getSignature": "signatures", "getSbomRecord": "sboms", "getAttestation": "attestations"}
# What an answer needs not have: kept as its writer gave it, or a map of the writer's own.
FREE = {"Metadata", "SigstoreBundle", "AttestationData", "DsseEnvelope", "DsseSignature"}


class World:
    """A store with a bucket, an object, its records, and an upload with one part; made anew for every request."""

    def __init__(self, server: BackgroundServer) -> None:
        self.url = server.url
        self.http = httpx.Client(base_url=server.url, headers=TOKEN)
        self.successes: set[str] = set()

    def prepare(self) -> tuple[str, dict[str, object]]:
        self.http.put(f"/s3/{BUCKET}")
        self.http.put("/s3/empty-bucket")
        stored = self.http.put(f"/s3/{BUCKET}/{KEY}", content=b"artifact", headers={"x-amz-meta-a": "b"}).json()
        records = f"{BUCKET}/{KEY}"
        self.http.post(f"/supplychain/sbom/{records}", json={"format": "spdx", "content": '{"spdxVersion": "SPDX-2.3"}'})
        pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
        signature = {"algorithm": "ECDSA-P256-SHA256", "signature": "AAAA", "publicKey": pem, "artifactDigest": stored["digest"]}
        self.http.post(f"/supplychain/signatures/{records}", json=signature)
        self.http.post(f"/supplychain/attestations/{records}", json={"type": "build", "data": {}})
        upload = self.http.post(f"/s3/{BUCKET}/{KEY}?uploads=").json()["uploadId"]
        part = self.http.put(f"/s3/{BUCKET}/{KEY}?uploadId={upload}&partNumber=1", content=b"part")
        parts = {"parts": [{"partNumber": 1, "etag": part.headers["ETag"].strip('"')}]}
        return upload, {"completeMultipartUpload": parts, "digest": stored["digest"]}

    def about_what_is_there(self, case: Case) -> Case:
        """Turn a request into one about what is there."""
        upload, known = self.prepare()
        name = case.operation.definition.raw["operationId"]
        case.path_parameters = {
            key: {"bucket": "empty-bucket" if name == "deleteBucket" else BUCKET, "key": KEY}[key]
            for key in case.path_parameters or {}
        }
        if name == "createBucket":
            self.http.delete("/s3/empty-bucket")
            case.path_parameters = {"bucket": "empty-bucket"}
        if "uploadId" in (case.query or {}):
            case.query["uploadId"] = upload
        for condition in ("If-Match", "If-None-Match", "Content-Digest", "x-amz-copy-source-if-match", "Range", "If-Range"):
            (case.headers or {}).pop(condition, None)
        if name == "copyObject":
            case.headers["x-amz-copy-source"] = f"/{BUCKET}/{KEY}"
        if name == "completeMultipartUpload":
            case.body = known[name]
        if isinstance(case.body, dict) and "artifactDigest" in case.body:
            case.body["artifactDigest"] = known["digest"]
        (case.query or {}).pop("marker", None)  # opaque: it cannot be made up
        if name in RECORDS:
            listed = self.http.get(f"/supplychain/{RECORDS[name]}/{BUCKET}/{KEY}").json()[RECORDS[name]]
            case.query["id"] = listed[0]["id"]
        if name == "getSbom":
            case.query = {}
        return case


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with BackgroundServer(tmp_path_factory.mktemp("store"), token="contract", limits=Limits(min_part_size=1)) as server:
        world = World(server)
        yield world
        world.http.close()
    assert world.successes == {operation["operationId"] for item in DOCUMENT["paths"].values() for operation in operations(item)}


def operations(item: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    return (value for value in item.values() if isinstance(value, dict) and "operationId" in value)


def assert_complete(shape: Mapping[str, object], value: object, path: str) -> None:
    """Every field that the contract names is there, at every depth."""
    if "$ref" in shape:
        name = str(shape["$ref"]).rpartition("/")[2]
        if name in FREE:
            return
        shape = SCHEMAS[name]
    if isinstance(value, list):
        for index, entry in enumerate(value):
            assert_complete(shape["items"], entry, f"{path}[{index}]")
    elif isinstance(value, dict) and "properties" in shape:
        assert set(value) == set(shape["properties"]), path
        for name, entry in value.items():
            assert_complete(shape["properties"][name], entry, f"{path}.{name}")


@schema.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_answers_are_as_documented(case: Case, world: World) -> None:
    check(case, world)
    check(world.about_what_is_there(case), world)


def check(case: Case, world: World) -> None:
    response = case.call(base_url=world.url, headers=TOKEN)
    case.validate_response(response, checks=CHECKS)
    definition = case.operation.definition.raw
    documented = definition["responses"].get(str(response.status_code), {})
    content = documented.get("content", {}).get("application/json")
    if content:
        assert_complete(content["schema"], response.json(), definition["operationId"])
    if response.status_code < 300:
        world.successes.add(definition["operationId"])
