from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="SBOM")


@_attrs_define
class SBOM:
    """A stored software bill of materials.

    Attributes:
        id (str): Names this record.
        artifact_digest (None | str | Unset): SHA-256 of the bytes it speaks of.
        matches_current (bool | None | Unset): Whether the object has these bytes now.
        format_ (None | str | Unset): `spdx` or `cyclonedx`.
        version (None | str | Unset): The format's version, as the document itself states it.
        content (None | str | Unset): The document's text, exactly as given.
        content_size (int | None | Unset): Bytes of the text in UTF-8.
        content_digest (None | str | Unset): SHA-256 of the text in UTF-8.
        content_type (None | str | Unset): Its media type.
        created_by (None | str | Unset): Who made it; a claim.
        timestamp (datetime.datetime | None | Unset): When it was stored.
        omitted (list[str] | None | Unset): The fields of this record that are null here although it has them: those
            over 8 KiB, in lists. The record's
            own GET gives them.
    """

    id: str
    artifact_digest: None | str | Unset = UNSET
    matches_current: bool | None | Unset = UNSET
    format_: None | str | Unset = UNSET
    version: None | str | Unset = UNSET
    content: None | str | Unset = UNSET
    content_size: int | None | Unset = UNSET
    content_digest: None | str | Unset = UNSET
    content_type: None | str | Unset = UNSET
    created_by: None | str | Unset = UNSET
    timestamp: datetime.datetime | None | Unset = UNSET
    omitted: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        id = self.id

        artifact_digest: None | str | Unset
        if isinstance(self.artifact_digest, Unset):
            artifact_digest = UNSET
        else:
            artifact_digest = self.artifact_digest

        matches_current: bool | None | Unset
        if isinstance(self.matches_current, Unset):
            matches_current = UNSET
        else:
            matches_current = self.matches_current

        format_: None | str | Unset
        if isinstance(self.format_, Unset):
            format_ = UNSET
        else:
            format_ = self.format_

        version: None | str | Unset
        if isinstance(self.version, Unset):
            version = UNSET
        else:
            version = self.version

        content: None | str | Unset
        if isinstance(self.content, Unset):
            content = UNSET
        else:
            content = self.content

        content_size: int | None | Unset
        if isinstance(self.content_size, Unset):
            content_size = UNSET
        else:
            content_size = self.content_size

        content_digest: None | str | Unset
        if isinstance(self.content_digest, Unset):
            content_digest = UNSET
        else:
            content_digest = self.content_digest

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

        timestamp: None | str | Unset
        if isinstance(self.timestamp, Unset):
            timestamp = UNSET
        elif isinstance(self.timestamp, datetime.datetime):
            timestamp = self.timestamp.isoformat()
        else:
            timestamp = self.timestamp

        omitted: list[str] | None | Unset
        if isinstance(self.omitted, Unset):
            omitted = UNSET
        elif isinstance(self.omitted, list):
            omitted = self.omitted

        else:
            omitted = self.omitted

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "id": id,
            }
        )
        if artifact_digest is not UNSET:
            field_dict["artifactDigest"] = artifact_digest
        if matches_current is not UNSET:
            field_dict["matchesCurrent"] = matches_current
        if format_ is not UNSET:
            field_dict["format"] = format_
        if version is not UNSET:
            field_dict["version"] = version
        if content is not UNSET:
            field_dict["content"] = content
        if content_size is not UNSET:
            field_dict["contentSize"] = content_size
        if content_digest is not UNSET:
            field_dict["contentDigest"] = content_digest
        if content_type is not UNSET:
            field_dict["contentType"] = content_type
        if created_by is not UNSET:
            field_dict["createdBy"] = created_by
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if omitted is not UNSET:
            field_dict["omitted"] = omitted

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        id = d.pop("id")

        def _parse_artifact_digest(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        artifact_digest = _parse_artifact_digest(d.pop("artifactDigest", UNSET))

        def _parse_matches_current(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        matches_current = _parse_matches_current(d.pop("matchesCurrent", UNSET))

        def _parse_format_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        format_ = _parse_format_(d.pop("format", UNSET))

        def _parse_version(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        version = _parse_version(d.pop("version", UNSET))

        def _parse_content(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        content = _parse_content(d.pop("content", UNSET))

        def _parse_content_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        content_size = _parse_content_size(d.pop("contentSize", UNSET))

        def _parse_content_digest(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        content_digest = _parse_content_digest(d.pop("contentDigest", UNSET))

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

        def _parse_timestamp(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                timestamp_type_0 = datetime.datetime.fromisoformat(data)

                return timestamp_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        timestamp = _parse_timestamp(d.pop("timestamp", UNSET))

        def _parse_omitted(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                omitted_type_0 = cast(list[str], data)

                return omitted_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        omitted = _parse_omitted(d.pop("omitted", UNSET))

        sbom = cls(
            id=id,
            artifact_digest=artifact_digest,
            matches_current=matches_current,
            format_=format_,
            version=version,
            content=content,
            content_size=content_size,
            content_digest=content_digest,
            content_type=content_type,
            created_by=created_by,
            timestamp=timestamp,
            omitted=omitted,
        )

        sbom.additional_properties = d
        return sbom

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
