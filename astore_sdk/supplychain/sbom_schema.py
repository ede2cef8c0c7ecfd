"""SBOM documents looked at as a whole: against their format's schema, and as typed models. Needs the extra `sbom`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from ..exceptions import InvalidInputError
from .sbom import SbomMarker, read_marker
from .strict_json import read_json

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from spdx_tools.spdx.model.document import Document  # pyright: ignore[reportMissingTypeStubs]


def validate_sbom(content: str) -> SbomMarker:
    """Check an SBOM against the schema of its format, and return what it says it is.

    CycloneDX in JSON and XML is checked by cyclonedx-python-lib, SPDX 2 by spdx-tools.

    Raises:
        InvalidInputError: It does not follow its schema; the message says where. Or there is no schema here, as for SPDX 3.
        ModuleNotFoundError: The extra `sbom` is not installed.
    """
    marker = read_marker(content)
    if marker.format == "cyclonedx":
        _check_cyclonedx(content, marker)
    else:
        problems = _module("spdx_tools.spdx.validation.document_validator").validate_full_spdx_document(parse_spdx(content))
        if problems:
            raise InvalidInputError(f"content is not valid {marker.format} {marker.version}: {problems[0].validation_message}")
    return marker


def parse_cyclonedx(content: str) -> Bom:
    """Return a CycloneDX document as cyclonedx-python-lib has it.

    Raises:
        InvalidInputError: It is none, or does not follow its schema.
        ModuleNotFoundError: The extra `sbom` is not installed.
    """
    marker = _marked(content, "cyclonedx")
    _check_cyclonedx(content, marker)
    bom = _module("cyclonedx.model.bom").Bom
    if _is_xml(marker):
        from io import StringIO

        return cast("Bom", bom.from_xml(StringIO(content)))
    return cast("Bom", bom.from_json(read_json(content)))


def parse_spdx(content: str) -> Document:
    """Return an SPDX 2 document as spdx-tools has it.

    Raises:
        InvalidInputError: It is none, or cannot be read. SPDX 3 cannot.
        ModuleNotFoundError: The extra `sbom` is not installed.
    """
    marker = _marked(content, "spdx")
    if not marker.version.startswith("2."):
        raise InvalidInputError(f"content is SPDX {marker.version}, which spdx-tools cannot read; its marker is right")
    parser = _module("spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser").JsonLikeDictParser()
    failure = _module("spdx_tools.spdx.parser.error").SPDXParsingError
    try:
        return cast("Document", parser.parse(read_json(content)))
    except failure as error:
        raise InvalidInputError(f"content is not valid SPDX {marker.version}: {error.get_messages()[0]}") from None


def _marked(content: str, wanted: str) -> SbomMarker:
    marker = read_marker(content)
    if marker.format != wanted:
        raise InvalidInputError(f"content is {marker.format} {marker.version}, not {wanted}")
    return marker


def _is_xml(marker: SbomMarker) -> bool:
    return "+xml" in marker.media_type


def _check_cyclonedx(content: str, marker: SbomMarker) -> None:
    schema = _module("cyclonedx.schema")
    kind = schema.OutputFormat.XML if _is_xml(marker) else schema.OutputFormat.JSON
    try:
        version = schema.SchemaVersion.from_version(marker.version)
    except ValueError:
        raise InvalidInputError(f"content is CycloneDX {marker.version}, of which there is no schema here") from None
    problem = _module("cyclonedx.validation").make_schemabased_validator(kind, version).validate_str(content)
    if problem is not None:
        place = getattr(problem.data, "json_path", "")
        said = str(getattr(problem.data, "message", problem.data)).partition("\n")[0]
        raise InvalidInputError(f"content is not valid CycloneDX {marker.version}: {f'{place}: ' if place else ''}{said:.300}")


def _module(name: str) -> Any:  # noqa: ANN401 - what it has is looked up only where the extra is installed
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{error.name} is missing: install it with pip install 'astore_sdk[sbom]'", name=error.name
        ) from None
