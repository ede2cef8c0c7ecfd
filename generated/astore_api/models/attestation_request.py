from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.attestation_data import AttestationData
    from ..models.dsse_envelope import DsseEnvelope


T = TypeVar("T", bound="AttestationRequest")


@_attrs_define
class AttestationRequest:
    """An attestation to attach.

    Attributes:
        type_ (str): What kind of thing is attested.
        data (AttestationData): What is attested, in a form of the writer's choice.
        predicate_type (None | str | Unset): The in-toto predicate type (a URI).
        envelope (DsseEnvelope | None | Unset): The same as a signed in-toto statement.
        created_by (None | str | Unset): Who attests; a claim.
        artifact_digest (None | str | Unset): SHA-256 of the bytes it speaks of; those of now if absent, 409
            `DigestMismatch` if the object has others.
    """

    type_: str
    data: AttestationData
    predicate_type: None | str | Unset = UNSET
    envelope: DsseEnvelope | None | Unset = UNSET
    created_by: None | str | Unset = UNSET
    artifact_digest: None | str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.dsse_envelope import DsseEnvelope

        type_ = self.type_

        data = self.data.to_dict()

        predicate_type: None | str | Unset
        if isinstance(self.predicate_type, Unset):
            predicate_type = UNSET
        else:
            predicate_type = self.predicate_type

        envelope: dict[str, Any] | None | Unset
        if isinstance(self.envelope, Unset):
            envelope = UNSET
        elif isinstance(self.envelope, DsseEnvelope):
            envelope = self.envelope.to_dict()
        else:
            envelope = self.envelope

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
                "type": type_,
                "data": data,
            }
        )
        if predicate_type is not UNSET:
            field_dict["predicateType"] = predicate_type
        if envelope is not UNSET:
            field_dict["envelope"] = envelope
        if created_by is not UNSET:
            field_dict["createdBy"] = created_by
        if artifact_digest is not UNSET:
            field_dict["artifactDigest"] = artifact_digest

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.attestation_data import AttestationData
        from ..models.dsse_envelope import DsseEnvelope

        d = dict(src_dict)
        type_ = d.pop("type")

        data = AttestationData.from_dict(d.pop("data"))

        def _parse_predicate_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        predicate_type = _parse_predicate_type(d.pop("predicateType", UNSET))

        def _parse_envelope(data: object) -> DsseEnvelope | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                envelope_type_0 = DsseEnvelope.from_dict(data)

                return envelope_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(DsseEnvelope | None | Unset, data)

        envelope = _parse_envelope(d.pop("envelope", UNSET))

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

        attestation_request = cls(
            type_=type_,
            data=data,
            predicate_type=predicate_type,
            envelope=envelope,
            created_by=created_by,
            artifact_digest=artifact_digest,
        )

        attestation_request.additional_properties = d
        return attestation_request

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
