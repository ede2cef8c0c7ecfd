from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.object_ import Object


T = TypeVar("T", bound="ObjectList")


@_attrs_define
class ObjectList:
    """One page of a bucket.

    Attributes:
        bucket (None | str | Unset): The bucket that this is about.
        objects (list[Object] | None | Unset): In the byte order of their UTF-8 keys.
        common_prefixes (list[str] | None | Unset): What keys were rolled up into, each ending with the delimiter.
        is_truncated (bool | None | Unset): Whether there is more.
        next_marker (None | str | Unset): The `marker` of the next page, if there is one.
    """

    bucket: None | str | Unset = UNSET
    objects: list[Object] | None | Unset = UNSET
    common_prefixes: list[str] | None | Unset = UNSET
    is_truncated: bool | None | Unset = UNSET
    next_marker: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bucket: None | str | Unset
        if isinstance(self.bucket, Unset):
            bucket = UNSET
        else:
            bucket = self.bucket

        objects: list[dict[str, Any]] | None | Unset
        if isinstance(self.objects, Unset):
            objects = UNSET
        elif isinstance(self.objects, list):
            objects = []
            for objects_type_0_item_data in self.objects:
                objects_type_0_item = objects_type_0_item_data.to_dict()
                objects.append(objects_type_0_item)

        else:
            objects = self.objects

        common_prefixes: list[str] | None | Unset
        if isinstance(self.common_prefixes, Unset):
            common_prefixes = UNSET
        elif isinstance(self.common_prefixes, list):
            common_prefixes = self.common_prefixes

        else:
            common_prefixes = self.common_prefixes

        is_truncated: bool | None | Unset
        if isinstance(self.is_truncated, Unset):
            is_truncated = UNSET
        else:
            is_truncated = self.is_truncated

        next_marker: None | str | Unset
        if isinstance(self.next_marker, Unset):
            next_marker = UNSET
        else:
            next_marker = self.next_marker

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if bucket is not UNSET:
            field_dict["bucket"] = bucket
        if objects is not UNSET:
            field_dict["objects"] = objects
        if common_prefixes is not UNSET:
            field_dict["commonPrefixes"] = common_prefixes
        if is_truncated is not UNSET:
            field_dict["isTruncated"] = is_truncated
        if next_marker is not UNSET:
            field_dict["nextMarker"] = next_marker

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.object_ import Object

        d = dict(src_dict)

        def _parse_bucket(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bucket = _parse_bucket(d.pop("bucket", UNSET))

        def _parse_objects(data: object) -> list[Object] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                objects_type_0 = []
                _objects_type_0 = data
                for objects_type_0_item_data in _objects_type_0:
                    objects_type_0_item = Object.from_dict(objects_type_0_item_data)

                    objects_type_0.append(objects_type_0_item)

                return objects_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Object] | None | Unset, data)

        objects = _parse_objects(d.pop("objects", UNSET))

        def _parse_common_prefixes(data: object) -> list[str] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                common_prefixes_type_0 = cast(list[str], data)

                return common_prefixes_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[str] | None | Unset, data)

        common_prefixes = _parse_common_prefixes(d.pop("commonPrefixes", UNSET))

        def _parse_is_truncated(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        is_truncated = _parse_is_truncated(d.pop("isTruncated", UNSET))

        def _parse_next_marker(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        next_marker = _parse_next_marker(d.pop("nextMarker", UNSET))

        object_list = cls(
            bucket=bucket,
            objects=objects,
            common_prefixes=common_prefixes,
            is_truncated=is_truncated,
            next_marker=next_marker,
        )

        object_list.additional_properties = d
        return object_list

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
