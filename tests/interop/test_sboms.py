"""SBOMs: the libraries of both formats read what we accept, and find what is wrong with what they refuse."""

from __future__ import annotations

import json

import pytest
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from spdx_tools.spdx.jsonschema.document_converter import DocumentConverter

from astore_sdk import Client, InvalidInputError, generate_key
from astore_sdk.supplychain import parse_cyclonedx, parse_spdx, validate_sbom

KEY = generate_key()
SPDX = json.dumps(
    {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "app-1.2.0",
        "documentNamespace": "https://example.com/app-1.2.0",
        "creationInfo": {"created": "2026-03-02T10:00:00Z", "creators": ["Tool: make"]},
        "packages": [{"name": "app", "SPDXID": "SPDXRef-app", "downloadLocation": "NOASSERTION", "filesAnalyzed": False}],
        "relationships": [
            {"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-app"}
        ],
    }
)


def cyclonedx(form: OutputFormat, version: SchemaVersion) -> str:
    return make_outputter(Bom(components=[Component(name="app", version="1.2.0")]), form, version).output_as_string()


VERSIONS = [SchemaVersion.V1_4, SchemaVersion.V1_5, SchemaVersion.V1_6, SchemaVersion.V1_7]


@pytest.mark.parametrize("form", [OutputFormat.JSON, OutputFormat.XML])
@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: version.to_version())
def test_cyclonedx(client: Client, form: OutputFormat, version: SchemaVersion) -> None:
    text = cyclonedx(form, version)
    client.publish("releases", "with-sbom", text.encode(), sign_with=KEY, sbom=text)
    kept = client.get_sbom("releases", "with-sbom")
    assert (kept.content, kept.format, kept.version) == (text, "cyclonedx", version.to_version())
    assert validate_sbom(text).version == version.to_version()
    assert [component.name for component in parse_cyclonedx(text).components] == ["app"]


def test_spdx(client: Client) -> None:
    client.publish("releases", "with-spdx", b"data", sign_with=KEY, sbom=SPDX)
    kept = client.get_sbom("releases", "with-spdx")
    assert validate_sbom(kept.content or "").media_type == "application/spdx+json" == kept.content_type
    document = parse_spdx(kept.content or "")
    assert document.creation_info.name == "app-1.2.0"
    assert validate_sbom(json.dumps(DocumentConverter().convert(document))).version == "2.3"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (SPDX.replace("Tool: make", "make"), "not valid SPDX 2.3"),
        (SPDX.replace("SPDXRef-DOCUMENT", "SPDXRef-Document"), "not valid spdx 2.3"),
        (cyclonedx(OutputFormat.JSON, SchemaVersion.V1_5).replace('"library"', '"thing"'), "CycloneDX 1.5: .*components"),
        (cyclonedx(OutputFormat.XML, SchemaVersion.V1_5).replace('"library"', '"thing"'), "CycloneDX 1.5: .*thing"),
        ('{"bomFormat": "CycloneDX", "specVersion": "1.99"}', "of which there is no schema"),
        ('{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', "which spdx-tools cannot read"),
    ],
)
def test_what_breaks_its_schema_says_where(content: str, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        validate_sbom(content)


def test_each_parser_takes_its_own() -> None:
    with pytest.raises(InvalidInputError, match="not spdx"):
        parse_spdx(cyclonedx(OutputFormat.JSON, SchemaVersion.V1_6))
    with pytest.raises(InvalidInputError, match="not cyclonedx"):
        parse_cyclonedx(SPDX)
