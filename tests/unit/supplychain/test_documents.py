"""SBOMs, statements, provenance and interop files: pure forms."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from attrs import evolve

from astore_sdk import InvalidInputError, Signature, generate_key
from astore_sdk.supplychain import (
    BuildDefinition,
    Provenance,
    ResourceDescriptor,
    RunDetails,
    read_bundle,
    read_signature,
    validate_sbom,
)
from astore_sdk.supplychain.sbom import is_sbom_predicate, read_marker, sbom_predicate
from astore_sdk.supplychain.statements import is_of_type, own_predicate_type, predicate_type_for
from astore_sdk.supplychain.strict_json import canonical_json, read_json, same_json

from .test_verifying import DIGEST, ONE, RSA, record

XML = '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"/>'


@pytest.mark.parametrize(
    ("content", "marker", "predicate_type"),
    [
        ('{"spdxVersion": "SPDX-2.3"}', ("spdx", "2.3", "application/spdx+json"), "https://spdx.dev/Document/v2.3"),
        (
            '{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}',
            ("spdx", "3.0", "application/spdx3+json"),
            "https://spdx.dev/Document/v3",
        ),
        *(
            (
                f'{{"bomFormat": "CycloneDX", "specVersion": "{version}"}}',
                ("cyclonedx", version, f"application/vnd.cyclonedx+json; version={version}"),
                "https://cyclonedx.org/bom",
            )
            for version in ("1.4", "1.5", "1.6", "1.7")
        ),
        (XML, ("cyclonedx", "1.6", "application/vnd.cyclonedx+xml; version=1.6"), "urn:astore-sdk:attestation:sbom"),
    ],
)
def test_every_format_of_sbom(content: str, marker: tuple[str, str, str], predicate_type: str) -> None:
    found = read_marker(content)
    assert (found.format, found.version, found.media_type) == marker
    signed_type, predicate = sbom_predicate(content)
    assert signed_type == predicate_type
    assert is_sbom_predicate(signed_type, predicate, content)
    assert is_of_type(signed_type, "sbom")
    assert not is_sbom_predicate(signed_type, {**predicate, "more": 1}, content)
    assert not is_sbom_predicate("urn:other", predicate, content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "neither JSON nor XML"),
        ("{", "neither JSON nor XML"),
        ('{"spdxVersion": "SPDX-2.3", "spdxVersion": "SPDX-2.2"}', "a name stands twice"),
        ('{"spdxVersion": "SPDX-2.3", "x": NaN}', "NaN is no JSON"),
        ("[" * 100_000, "neither JSON nor XML"),
        ('{"name": "x"}', "neither SPDX nor CycloneDX"),
        ('{"bomFormat": "CycloneDX", "specVersion": "x"}', "its specVersion is 'x'"),
        ("<bom/>", "XML, but not CycloneDX"),
        ("<bom", "malformed XML"),
        ('<!DOCTYPE x [<!ENTITY a "b">]>' + XML.partition("\n")[2], "document type"),
    ],
)
def test_what_is_no_sbom_says_what_is_wrong(content: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        read_marker(content)


@pytest.mark.parametrize(
    ("type_", "data", "expected"),
    [
        ("build", {"status": "success"}, "urn:astore-sdk:attestation:build"),
        ("build", {"buildDefinition": {}, "runDetails": {}}, "https://slsa.dev/provenance/v1"),
        ("provenance", {"buildDefinition": {}, "runDetails": {}}, "https://slsa.dev/provenance/v1"),
        ("test", {"passed": 1}, "https://in-toto.io/attestation/test-result/v0.1"),
        ("scan", {}, "https://in-toto.io/attestation/vulns/v0.2"),
        ("vex", {}, "https://openvex.dev/ns"),
        ("spdx", {"spdxVersion": "SPDX-2.3"}, "https://spdx.dev/Document/v2.3"),
        ("sbom", {"bomFormat": "CycloneDX"}, "https://cyclonedx.org/bom"),
        ("code review", {}, "urn:astore-sdk:attestation:code%20review"),
        ("https://example.com/review/v1", {}, "https://example.com/review/v1"),
    ],
)
def test_predicate_types(type_: str, data: dict[str, object], expected: str) -> None:
    assert predicate_type_for(type_, data) == expected
    assert is_of_type(expected, type_)
    assert is_of_type(expected, expected)
    assert not is_of_type(expected, "deploy")
    assert not is_of_type(own_predicate_type("deploy"), type_)


def test_json_that_means_one_thing() -> None:
    assert canonical_json({"b": 1, "a": "ü"}) == '{"a":"ü","b":1}'.encode()
    assert same_json({"a": 1, "b": 2}, {"b": 2, "a": 1})
    for one, other in ((1, 1.0), (1, True), ("1", 1), (None, False), ({}, []), ({"a": None}, {})):
        assert not same_json(one, other)
    assert not same_json(read_json("1e999"), read_json("1e999"))
    assert not same_json(read_json('"\\ud800"'), read_json('"\\ud800"'))


GITHUB = {
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octo/app",
    "GITHUB_REF": "refs/tags/v1.2.0",
    "GITHUB_SHA": "c27d339ee6075c1f744c5d4b200f7901aad2c369",
    "GITHUB_WORKFLOW_REF": "octo/app/.github/workflows/release.yml@refs/tags/v1.2.0",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REPOSITORY_ID": "1234",
    "GITHUB_REPOSITORY_OWNER_ID": "56",
    "GITHUB_RUN_ID": "789",
    "GITHUB_RUN_ATTEMPT": "2",
    "RUNNER_ENVIRONMENT": "github-hosted",
}


def test_provenance_of_github_actions(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    assert Provenance.from_github_actions() == Provenance.from_github_actions(GITHUB)
    assert Provenance.from_github_actions().to_dict() == {
        "buildDefinition": {
            "buildType": "https://actions.github.io/buildtypes/workflow/v1",
            "externalParameters": {
                "workflow": {
                    "ref": "refs/tags/v1.2.0",
                    "repository": "https://github.com/octo/app",
                    "path": ".github/workflows/release.yml",
                }
            },
            "internalParameters": {
                "github": {
                    "event_name": "push",
                    "repository_id": "1234",
                    "repository_owner_id": "56",
                    "runner_environment": "github-hosted",
                }
            },
            "resolvedDependencies": [
                {
                    "uri": "git+https://github.com/octo/app@refs/tags/v1.2.0",
                    "digest": {"gitCommit": "c27d339ee6075c1f744c5d4b200f7901aad2c369"},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": "https://github.com/actions/runner/github-hosted"},
            "metadata": {"invocationId": "https://github.com/octo/app/actions/runs/789/attempts/2"},
        },
    }


@pytest.mark.parametrize("name", GITHUB)
def test_elsewhere_there_is_no_such_provenance(name: str) -> None:
    with pytest.raises(InvalidInputError, match=f"{name} is not set"):
        Provenance.from_github_actions({**GITHUB, name: ""})


def test_provenance_by_hand() -> None:
    source = ResourceDescriptor(name="in", download_location="https://x/in", media_type="text/plain", annotations={"a": 1})
    made = Provenance(
        BuildDefinition("https://example.com/make", {"target": "all"}, resolved_dependencies=[source]),
        RunDetails(
            "https://example.com/builder",
            {"make": "4.4"},
            started_on=datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2))),
            finished_on=datetime(2026, 3, 2, 10, 1),  # noqa: DTZ001 - one without a zone is in UTC
            byproducts=[ResourceDescriptor(uri="file:log")],
        ),
    )
    assert made.to_dict() == {
        "buildDefinition": {
            "buildType": "https://example.com/make",
            "externalParameters": {"target": "all"},
            "resolvedDependencies": [
                {"name": "in", "downloadLocation": "https://x/in", "mediaType": "text/plain", "annotations": {"a": 1}}
            ],
        },
        "runDetails": {
            "builder": {"id": "https://example.com/builder", "version": {"make": "4.4"}},
            "metadata": {"startedOn": "2026-03-02T10:00:00Z", "finishedOn": "2026-03-02T10:01:00Z"},
            "byproducts": [{"uri": "file:log"}],
        },
    }
    assert datetime(2026, 3, 2, 10, tzinfo=UTC) == made.run_details.started_on


@pytest.mark.parametrize("key", [ONE, RSA], ids=["ecdsa", "rsa"])
def test_what_is_written_is_read_back(tmp_path: Path, key: object) -> None:
    made = record(key)
    sig, pub, bundle = made.to_files(tmp_path, "app")
    assert [file.name for file in (sig, pub, bundle)] == ["app.sig", "app.pub", "app.sigstore.json"]
    hint = hashlib.sha256(base64.b64decode("".join(pub.read_text().splitlines()[1:-1]))).digest()
    assert made.to_bundle()["verificationMaterial"] == {"publicKey": {"hint": base64.b64encode(hint).decode()}}
    read = [
        read_bundle(bundle, pub),
        read_bundle(bundle.read_text(), pub),
        read_bundle(made.to_bundle(), pub),
        read_signature(sig, DIGEST, pub),
        read_signature(made.signature, DIGEST, pub),
        read_signature(sig.read_text(), DIGEST, pub.read_text()),
    ]
    for one in read:
        assert (one.algorithm, one.signature, one.artifact_digest) == (made.algorithm, made.signature, DIGEST)


def test_files_of_other_things_are_refused(tmp_path: Path) -> None:
    made, stranger = record(ONE), generate_key().public_key()
    with pytest.raises(InvalidInputError, match="was not made with public_key"):
        read_bundle(made.to_bundle(), stranger)
    with pytest.raises(InvalidInputError, match="was not made with public_key"):
        read_signature(made.signature, "sha256:" + "0" * 64, ONE.public_key())
    with pytest.raises(InvalidInputError, match="no base64"):
        read_signature("?", DIGEST, ONE.public_key())
    bundle = made.to_bundle()
    for broken in (
        {},
        [],
        {**bundle, "mediaType": "text/plain"},
        {**bundle, "messageSignature": None},
        {**bundle, "messageSignature": {}},
        {**bundle, "messageSignature": {**bundle["messageSignature"], "messageDigest": {"algorithm": "SHA2_512", "digest": ""}}},
        {**bundle, "messageSignature": {**bundle["messageSignature"], "signature": "?"}},
    ):
        with pytest.raises(InvalidInputError, match="bundle is not what it should be"):
            read_bundle(json.dumps(broken), ONE.public_key())
    for name in ("../app", "a/b", ""):
        with pytest.raises(ValueError, match="name of a file"):
            made.to_files(tmp_path, name)
    for lacking in ("signature", "artifact_digest", "public_key"):
        with pytest.raises(ValueError, match="left out"):
            evolve(made, **{lacking: None}).to_bundle()
    assert isinstance(made, Signature)


@pytest.mark.parametrize(
    ("content", "library"),
    [('{"bomFormat": "CycloneDX", "specVersion": "1.6"}', "cyclonedx"), ('{"spdxVersion": "SPDX-2.3"}', "spdx_tools")],
)
def test_without_its_extra_deep_validation_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, content: str, library: str
) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == library] + [library]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'astore_sdk\[sbom\]'"):
        validate_sbom(content)
