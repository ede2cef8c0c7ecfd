from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.signature import Signature


T = TypeVar("T", bound="SignatureList")


@_attrs_define
class SignatureList:
    """One page of the signatures of an object.

    Attributes:
        signatures (list[Signature] | None | Unset): Oldest first.
        bucket (None | str | Unset): The object's bucket.
        key (None | str | Unset): The object's key.
        is_truncated (bool | None | Unset): Whether there is more.
        next_marker (None | str | Unset): The `marker` of the next page, if there is more.
    """

    signatures: list[Signature] | None | Unset = UNSET
    bucket: None | str | Unset = UNSET
    key: None | str | Unset = UNSET
    is_truncated: bool | None | Unset = UNSET
    next_marker: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        signatures: list[dict[str, Any]] | None | Unset
        if isinstance(self.signatures, Unset):
            signatures = UNSET
        elif isinstance(self.signatures, list):
            signatures = []
            for signatures_type_0_item_data in self.signatures:
                signatures_type_0_item = signatures_type_0_item_data.to_dict()
                signatures.append(signatures_type_0_item)

        else:
            signatures = self.signatures

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
        if signatures is not UNSET:
            field_dict["signatures"] = signatures
        if bucket is not UNSET:
            field_dict["bucket"] = bucket
        if key is not UNSET:
            field_dict["key"] = key
        if is_truncated is not UNSET:
            field_dict["isTruncated"] = is_truncated
        if next_marker is not UNSET:
            field_dict["nextMarker"] = next_marker

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.signature import Signature

        d = dict(src_dict)

        def _parse_signatures(data: object) -> list[Signature] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                signatures_type_0 = []
                _signatures_type_0 = data
                for signatures_type_0_item_data in _signatures_type_0:
                    signatures_type_0_item = Signature.from_dict(
                        signatures_type_0_item_data
                    )

                    signatures_type_0.append(signatures_type_0_item)

                return signatures_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[Signature] | None | Unset, data)

        signatures = _parse_signatures(d.pop("signatures", UNSET))

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

        signature_list = cls(
            signatures=signatures,
            bucket=bucket,
            key=key,
            is_truncated=is_truncated,
            next_marker=next_marker,
        )

        signature_list.additional_properties = d
        return signature_list

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
