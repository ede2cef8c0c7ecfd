from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.attestation_data import AttestationData
    from ..models.dsse_envelope import DsseEnvelope


T = TypeVar("T", bound="Attestation")


@_attrs_define
class Attestation:
    """A stored attestation.

    Attributes:
        id (str): Names this record.
        artifact_digest (None | str | Unset): SHA-256 of the bytes it speaks of.
        matches_current (bool | None | Unset): Whether the object has these bytes now.
        type_ (None | str | Unset): What kind of thing is attested.
        predicate_type (None | str | Unset): The in-toto predicate type (a URI).
        data (AttestationData | None | Unset): What is attested.
        envelope (DsseEnvelope | None | Unset): The same as a signed in-toto statement.
        created_by (None | str | Unset): Who attests; a claim.
        timestamp (datetime.datetime | None | Unset): When it was stored.
        omitted (list[str] | None | Unset): The fields of this record that are null here although it has them: those
            over 8 KiB, in lists. The record's
            own GET gives them.
    """

    id: str
    artifact_digest: None | str | Unset = UNSET
    matches_current: bool | None | Unset = UNSET
    type_: None | str | Unset = UNSET
    predicate_type: None | str | Unset = UNSET
    data: AttestationData | None | Unset = UNSET
    envelope: DsseEnvelope | None | Unset = UNSET
    created_by: None | str | Unset = UNSET
    timestamp: datetime.datetime | None | Unset = UNSET
    omitted: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.attestation_data import AttestationData
        from ..models.dsse_envelope import DsseEnvelope

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

        type_: None | str | Unset
        if isinstance(self.type_, Unset):
            type_ = UNSET
        else:
            type_ = self.type_

        predicate_type: None | str | Unset
        if isinstance(self.predicate_type, Unset):
            predicate_type = UNSET
        else:
            predicate_type = self.predicate_type

        data: dict[str, Any] | None | Unset
        if isinstance(self.data, Unset):
            data = UNSET
        elif isinstance(self.data, AttestationData):
            data = self.data.to_dict()
        else:
            data = self.data

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
        if type_ is not UNSET:
            field_dict["type"] = type_
        if predicate_type is not UNSET:
            field_dict["predicateType"] = predicate_type
        if data is not UNSET:
            field_dict["data"] = data
        if envelope is not UNSET:
            field_dict["envelope"] = envelope
        if created_by is not UNSET:
            field_dict["createdBy"] = created_by
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if omitted is not UNSET:
            field_dict["omitted"] = omitted

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.attestation_data import AttestationData
        from ..models.dsse_envelope import DsseEnvelope

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

        def _parse_type_(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        type_ = _parse_type_(d.pop("type", UNSET))

        def _parse_predicate_type(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        predicate_type = _parse_predicate_type(d.pop("predicateType", UNSET))

        def _parse_data(data: object) -> AttestationData | None | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                data_type_0 = AttestationData.from_dict(data)

                return data_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(AttestationData | None | Unset, data)

        data = _parse_data(d.pop("data", UNSET))

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

        attestation = cls(
            id=id,
            artifact_digest=artifact_digest,
            matches_current=matches_current,
            type_=type_,
            predicate_type=predicate_type,
            data=data,
            envelope=envelope,
            created_by=created_by,
            timestamp=timestamp,
            omitted=omitted,
        )

        attestation.additional_properties = d
        return attestation

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
