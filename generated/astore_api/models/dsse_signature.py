from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

T = TypeVar("T", bound="DsseSignature")


@_attrs_define
class DsseSignature:
    """One signature of a DSSE envelope.

    Attributes:
        sig (str): The signature in base64.
        keyid (None | str | Unset): A hint at the key; never used to verify.
    """

    sig: str
    keyid: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sig = self.sig

        keyid: None | str | Unset
        if isinstance(self.keyid, Unset):
            keyid = UNSET
        else:
            keyid = self.keyid

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "sig": sig,
            }
        )
        if keyid is not UNSET:
            field_dict["keyid"] = keyid

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        d = dict(src_dict)
        sig = d.pop("sig")

        def _parse_keyid(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        keyid = _parse_keyid(d.pop("keyid", UNSET))

        dsse_signature = cls(
            sig=sig,
            keyid=keyid,
        )

        dsse_signature.additional_properties = d
        return dsse_signature

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
