from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.sbom import SBOM


T = TypeVar("T", bound="SbomList")


@_attrs_define
class SbomList:
    """The SBOMs of an object.

    Attributes:
        sboms (list[SBOM] | None | Unset): Newest first.
    """

    sboms: list[SBOM] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        sboms: list[dict[str, Any]] | None | Unset
        if isinstance(self.sboms, Unset):
            sboms = UNSET
        elif isinstance(self.sboms, list):
            sboms = []
            for sboms_type_0_item_data in self.sboms:
                sboms_type_0_item = sboms_type_0_item_data.to_dict()
                sboms.append(sboms_type_0_item)

        else:
            sboms = self.sboms

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update({})
        if sboms is not UNSET:
            field_dict["sboms"] = sboms

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.sbom import SBOM

        d = dict(src_dict)

        def _parse_sboms(data: object) -> list[SBOM] | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, list):
                    raise TypeError()
                sboms_type_0 = []
                _sboms_type_0 = data
                for sboms_type_0_item_data in _sboms_type_0:
                    sboms_type_0_item = SBOM.from_dict(sboms_type_0_item_data)

                    sboms_type_0.append(sboms_type_0_item)

                return sboms_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(list[SBOM] | None | Unset, data)

        sboms = _parse_sboms(d.pop("sboms", UNSET))

        sbom_list = cls(
            sboms=sboms,
        )

        sbom_list.additional_properties = d
        return sbom_list

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
