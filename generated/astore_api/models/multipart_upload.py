from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="MultipartUpload")


@_attrs_define
class MultipartUpload:
    """An upload that is under way.

    Attributes:
        upload_id (str): Names the upload in every request about it.
        bucket (None | str | Unset): Where the object will be.
        key (None | str | Unset): What the object will be called.
        initiated (datetime.datetime | None | Unset): When it began.
        min_part_size (int | None | Unset): The least size of a part but the last in bytes.
        max_part_size (int | None | Unset): The most size of a part in bytes.
        max_parts (int | None | Unset): How many parts it may have.
    """

    upload_id: str
    bucket: None | str | Unset = UNSET
    key: None | str | Unset = UNSET
    initiated: datetime.datetime | None | Unset = UNSET
    min_part_size: int | None | Unset = UNSET
    max_part_size: int | None | Unset = UNSET
    max_parts: int | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        upload_id = self.upload_id

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

        initiated: None | str | Unset
        if isinstance(self.initiated, Unset):
            initiated = UNSET
        elif isinstance(self.initiated, datetime.datetime):
            initiated = self.initiated.isoformat()
        else:
            initiated = self.initiated

        min_part_size: int | None | Unset
        if isinstance(self.min_part_size, Unset):
            min_part_size = UNSET
        else:
            min_part_size = self.min_part_size

        max_part_size: int | None | Unset
        if isinstance(self.max_part_size, Unset):
            max_part_size = UNSET
        else:
            max_part_size = self.max_part_size

        max_parts: int | None | Unset
        if isinstance(self.max_parts, Unset):
            max_parts = UNSET
        else:
            max_parts = self.max_parts

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "uploadId": upload_id,
            }
        )
        if bucket is not UNSET:
            field_dict["bucket"] = bucket
        if key is not UNSET:
            field_dict["key"] = key
        if initiated is not UNSET:
            field_dict["initiated"] = initiated
        if min_part_size is not UNSET:
            field_dict["minPartSize"] = min_part_size
        if max_part_size is not UNSET:
            field_dict["maxPartSize"] = max_part_size
        if max_parts is not UNSET:
            field_dict["maxParts"] = max_parts

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        upload_id = d.pop("uploadId")

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

        def _parse_initiated(data: object) -> datetime.datetime | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, str):
                    raise TypeError()
                initiated_type_0 = datetime.datetime.fromisoformat(data)

                return initiated_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(datetime.datetime | None | Unset, data)

        initiated = _parse_initiated(d.pop("initiated", UNSET))

        def _parse_min_part_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        min_part_size = _parse_min_part_size(d.pop("minPartSize", UNSET))

        def _parse_max_part_size(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_part_size = _parse_max_part_size(d.pop("maxPartSize", UNSET))

        def _parse_max_parts(data: object) -> int | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(int | None | Unset, data)

        max_parts = _parse_max_parts(d.pop("maxParts", UNSET))

        multipart_upload = cls(
            upload_id=upload_id,
            bucket=bucket,
            key=key,
            initiated=initiated,
            min_part_size=min_part_size,
            max_part_size=max_part_size,
            max_parts=max_parts,
        )

        multipart_upload.additional_properties = d
        return multipart_upload

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
