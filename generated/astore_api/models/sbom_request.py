from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SbomRequest")


@_attrs_define
class SbomRequest:
    """An SBOM to attach.

    Attributes:
        format_ (str): `spdx` or `cyclonedx`.
        content (str): The document's text, kept exactly.
        content_type (None | str | Unset): Its media type.
        created_by (None | str | Unset): Who made it; a claim.
        artifact_digest (None | str | Unset): SHA-256 of the bytes it speaks of; those of now if absent, 409
            `DigestMismatch` if the object has others.
    """

    format_: str
    content: str
    content_type: None | str | Unset = UNSET
    created_by: None | str | Unset = UNSET
    artifact_digest: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        format_ = self.format_

        content = self.content

        content_type: None | str | Unset
        if isinstance(self.content_type, Unset):
            content_type = UNSET
        else:
            content_type = self.content_type

        created_by: None | str | Unset
        if isinstance(self.created_by, Unset):
            created_by = UNSET
        else:
            created_by = self.created_by

        artifact_digest: None | str | Unset
        if isinstance(self.artifact_digest, Unset):
            artifact_digest = UNSET
        else:
            artifact_digest = self.artifact_digest

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "format": format_,
                "content": content,
            }
        )
        if content_type is not UNSET:
            field_dict["contentType"] = content_type
        if created_by is not UNSET:
            field_dict["createdBy"] = created_by
        if artifact_digest is not UNSET:
            field_dict["artifactDigest"] = artifact_digest

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        format_ = d.pop("format")

        content = d.pop("content")

        def _parse_content_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        content_type = _parse_content_type(d.pop("contentType", UNSET))

        def _parse_created_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        created_by = _parse_created_by(d.pop("createdBy", UNSET))

        def _parse_artifact_digest(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        artifact_digest = _parse_artifact_digest(d.pop("artifactDigest", UNSET))

        sbom_request = cls(
            format_=format_,
            content=content,
            content_type=content_type,
            created_by=created_by,
            artifact_digest=artifact_digest,
        )

        sbom_request.additional_properties = d
        return sbom_request

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
