from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.part import Part


T = TypeVar("T", bound="PartList")


@_attrs_define
class PartList:
    """One page of the parts of an upload.

    Attributes:
        bucket (None | str | Unset): The bucket that this is about.
        key (None | str | Unset): The key that this is about.
        parts (list[Part] | None | Unset): By number.
        is_truncated (bool | None | Unset): Whether there is more.
        next_part_number_marker (int | None | Unset): The `part-number-marker` of the next page, if there is one.
    """

    bucket: None | str | Unset = UNSET
    key: None | str | Unset = UNSET
    parts: list[Part] | None | Unset = UNSET
    is_truncated: bool | None | Unset = UNSET
    next_part_number_marker: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bucket: None | str | Unset
        if isinstance(self.bucket, Unset):
            bucket = UNSET
        else:
            bucket = self.bucket

        key: None | str | Unset
        if isinstance(self.key, Unset):
            key = UNSET
        else:
            key = self.key

        parts: list[dict[str, Any]] | None | Unset
        if isinstance(self.parts, Unset):
            parts = UNSET
        elif isinstance(self.parts, list):
            parts = []
            for parts_type_0_item_data in self.parts:
                parts_type_0_item = parts_type_0_item_data.to_dict()
                parts.append(parts_type_0_item)

        else:
            parts = self.parts

        is_truncated: bool | None | Unset
        if isinstance(self.is_truncated, Unset):
            is_truncated = UNSET
        else:
            is_truncated = self.is_truncated

        next_part_number_marker: int | None | Unset
        if isinstance(self.next_part_number_marker, Unset):
            next_part_number_marker = UNSET
        else:
            next_part_number_marker = self.next_part_number_marker

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if bucket is not UNSET:
            field_dict["bucket"] = bucket
        if key is not UNSET:
            field_dict["key"] = key
        if parts is not UNSET:
            field_dict["parts"] = parts
        if is_truncated is not UNSET:
            field_dict["isTruncated"] = is_truncated
        if next_part_number_marker is not UNSET:
            field_dict["nextPartNumberMarker"] = next_part_number_marker

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.part import Part

        d = dict(src_dict)

        def _parse_bucket(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bucket = _parse_bucket(d.pop("bucket", UNSET))

        def _parse_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        key = _parse_key(d.pop("key", UNSET))

        def _parse_parts(data: object) -> list[Part] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                parts_type_0 = []
                _parts_type_0 = data
                for parts_type_0_item_data in _parts_type_0:
                    parts_type_0_item = Part.from_dict(parts_type_0_item_data)

                    parts_type_0.append(parts_type_0_item)

                return parts_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Part] | None | Unset, data)

        parts = _parse_parts(d.pop("parts", UNSET))

        def _parse_is_truncated(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        is_truncated = _parse_is_truncated(d.pop("isTruncated", UNSET))

        def _parse_next_part_number_marker(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        next_part_number_marker = _parse_next_part_number_marker(
            d.pop("nextPartNumberMarker", UNSET)
        )

        part_list = cls(
            bucket=bucket,
            key=key,
            parts=parts,
            is_truncated=is_truncated,
            next_part_number_marker=next_part_number_marker,
        )

        part_list.additional_properties = d
        return part_list

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
