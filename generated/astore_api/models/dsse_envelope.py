from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.dsse_signature import DsseSignature


T = TypeVar("T", bound="DsseEnvelope")


@_attrs_define
class DsseEnvelope:
    """A signed statement (DSSE v1).

    Attributes:
        payload_type (str): What the payload is.
        payload (str): The signed bytes in base64.
        signatures (list[DsseSignature]): At least one.
    """

    payload_type: str
    payload: str
    signatures: list[DsseSignature]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        payload_type = self.payload_type

        payload = self.payload

        signatures = []
        for signatures_item_data in self.signatures:
            signatures_item = signatures_item_data.to_dict()
            signatures.append(signatures_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "payloadType": payload_type,
                "payload": payload,
                "signatures": signatures,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.dsse_signature import DsseSignature

        d = dict(src_dict)
        payload_type = d.pop("payloadType")

        payload = d.pop("payload")

        signatures = []
        _signatures = d.pop("signatures")
        for signatures_item_data in _signatures:
            signatures_item = DsseSignature.from_dict(signatures_item_data)

            signatures.append(signatures_item)

        dsse_envelope = cls(
            payload_type=payload_type,
            payload=payload,
            signatures=signatures,
        )

        dsse_envelope.additional_properties = d
        return dsse_envelope

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
