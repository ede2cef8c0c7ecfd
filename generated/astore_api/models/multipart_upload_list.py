from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.multipart_upload import MultipartUpload


T = TypeVar("T", bound="MultipartUploadList")


@_attrs_define
class MultipartUploadList:
    """One page of the uploads under way in a bucket.

    Attributes:
        bucket (None | str | Unset): The bucket that this is about.
        uploads (list[MultipartUpload] | None | Unset): By key and then by upload id.
        is_truncated (bool | None | Unset): Whether there is more.
        next_key_marker (None | str | Unset): The `key-marker` of the next page, if there is one.
        next_upload_id_marker (None | str | Unset): The `upload-id-marker` of the next page, if there is one.
    """

    bucket: None | str | Unset = UNSET
    uploads: list[MultipartUpload] | None | Unset = UNSET
    is_truncated: bool | None | Unset = UNSET
    next_key_marker: None | str | Unset = UNSET
    next_upload_id_marker: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        bucket: None | str | Unset
        if isinstance(self.bucket, Unset):
            bucket = UNSET
        else:
            bucket = self.bucket

        uploads: list[dict[str, Any]] | None | Unset
        if isinstance(self.uploads, Unset):
            uploads = UNSET
        elif isinstance(self.uploads, list):
            uploads = []
            for uploads_type_0_item_data in self.uploads:
                uploads_type_0_item = uploads_type_0_item_data.to_dict()
                uploads.append(uploads_type_0_item)

        else:
            uploads = self.uploads

        is_truncated: bool | None | Unset
        if isinstance(self.is_truncated, Unset):
            is_truncated = UNSET
        else:
            is_truncated = self.is_truncated

        next_key_marker: None | str | Unset
        if isinstance(self.next_key_marker, Unset):
            next_key_marker = UNSET
        else:
            next_key_marker = self.next_key_marker

        next_upload_id_marker: None | str | Unset
        if isinstance(self.next_upload_id_marker, Unset):
            next_upload_id_marker = UNSET
        else:
            next_upload_id_marker = self.next_upload_id_marker

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if bucket is not UNSET:
            field_dict["bucket"] = bucket
        if uploads is not UNSET:
            field_dict["uploads"] = uploads
        if is_truncated is not UNSET:
            field_dict["isTruncated"] = is_truncated
        if next_key_marker is not UNSET:
            field_dict["nextKeyMarker"] = next_key_marker
        if next_upload_id_marker is not UNSET:
            field_dict["nextUploadIdMarker"] = next_upload_id_marker

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.multipart_upload import MultipartUpload

        d = dict(src_dict)

        def _parse_bucket(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        bucket = _parse_bucket(d.pop("bucket", UNSET))

        def _parse_uploads(data: object) -> list[MultipartUpload] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                uploads_type_0 = []
                _uploads_type_0 = data
                for uploads_type_0_item_data in _uploads_type_0:
                    uploads_type_0_item = MultipartUpload.from_dict(
                        uploads_type_0_item_data
                    )

                    uploads_type_0.append(uploads_type_0_item)

                return uploads_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[MultipartUpload] | None | Unset, data)

        uploads = _parse_uploads(d.pop("uploads", UNSET))

        def _parse_is_truncated(data: object) -> bool | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(bool | None | Unset, data)

        is_truncated = _parse_is_truncated(d.pop("isTruncated", UNSET))

        def _parse_next_key_marker(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        next_key_marker = _parse_next_key_marker(d.pop("nextKeyMarker", UNSET))

        def _parse_next_upload_id_marker(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        next_upload_id_marker = _parse_next_upload_id_marker(
            d.pop("nextUploadIdMarker", UNSET)
        )

        multipart_upload_list = cls(
            bucket=bucket,
            uploads=uploads,
            is_truncated=is_truncated,
            next_key_marker=next_key_marker,
            next_upload_id_marker=next_upload_id_marker,
        )

        multipart_upload_list.additional_properties = d
        return multipart_upload_list

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
