from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.sigstore_bundle import SigstoreBundle


T = TypeVar("T", bound="Signature")


@_attrs_define
class Signature:
    """A stored signature.

    Attributes:
        id (str): Names this record.
        artifact_digest (None | str | Unset): SHA-256 of the bytes it speaks of.
        matches_current (bool | None | Unset): Whether the object has these bytes now.
        signature (None | str | Unset): The signature in base64 (RFC 4648).
        algorithm (None | str | Unset): `ECDSA-P256-SHA256` or `RSA-PKCS1v15-SHA256`.
        signed_by (None | str | Unset): Who signed; a claim.
        timestamp (datetime.datetime | None | Unset): When it was stored.
        public_key (None | str | Unset): The signer's public key as PEM; a claim.
        key_id (None | str | Unset): SHA-256 of the public key's DER form, `sha256:` and 64 hexadecimal digits.
        bundle (None | SigstoreBundle | Unset): The same signature as a Sigstore bundle.
        omitted (list[str] | None | Unset): The fields of this record that are null here although it has them: those
            over 8 KiB, in lists. The record's
            own GET gives them.
    """

    id: str
    artifact_digest: None | str | Unset = UNSET
    matches_current: bool | None | Unset = UNSET
    signature: None | str | Unset = UNSET
    algorithm: None | str | Unset = UNSET
    signed_by: None | str | Unset = UNSET
    timestamp: datetime.datetime | None | Unset = UNSET
    public_key: None | str | Unset = UNSET
    key_id: None | str | Unset = UNSET
    bundle: None | SigstoreBundle | Unset = UNSET
    omitted: list[str] | None | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.sigstore_bundle import SigstoreBundle

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

        signature: None | str | Unset
        if isinstance(self.signature, Unset):
            signature = UNSET
        else:
            signature = self.signature

        algorithm: None | str | Unset
        if isinstance(self.algorithm, Unset):
            algorithm = UNSET
        else:
            algorithm = self.algorithm

        signed_by: None | str | Unset
        if isinstance(self.signed_by, Unset):
            signed_by = UNSET
        else:
            signed_by = self.signed_by

        timestamp: None | str | Unset
        if isinstance(self.timestamp, Unset):
            timestamp = UNSET
        elif isinstance(self.timestamp, datetime.datetime):
            timestamp = self.timestamp.isoformat()
        else:
            timestamp = self.timestamp

        public_key: None | str | Unset
        if isinstance(self.public_key, Unset):
            public_key = UNSET
        else:
            public_key = self.public_key

        key_id: None | str | Unset
        if isinstance(self.key_id, Unset):
            key_id = UNSET
        else:
            key_id = self.key_id

        bundle: dict[str, Any] | None | Unset
        if isinstance(self.bundle, Unset):
            bundle = UNSET
        elif isinstance(self.bundle, SigstoreBundle):
            bundle = self.bundle.to_dict()
        else:
            bundle = self.bundle

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
        if signature is not UNSET:
            field_dict["signature"] = signature
        if algorithm is not UNSET:
            field_dict["algorithm"] = algorithm
        if signed_by is not UNSET:
            field_dict["signedBy"] = signed_by
        if timestamp is not UNSET:
            field_dict["timestamp"] = timestamp
        if public_key is not UNSET:
            field_dict["publicKey"] = public_key
        if key_id is not UNSET:
            field_dict["keyId"] = key_id
        if bundle is not UNSET:
            field_dict["bundle"] = bundle
        if omitted is not UNSET:
            field_dict["omitted"] = omitted

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.sigstore_bundle import SigstoreBundle

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

        def _parse_signature(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        signature = _parse_signature(d.pop("signature", UNSET))

        def _parse_algorithm(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        algorithm = _parse_algorithm(d.pop("algorithm", UNSET))

        def _parse_signed_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        signed_by = _parse_signed_by(d.pop("signedBy", UNSET))

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

        def _parse_public_key(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        public_key = _parse_public_key(d.pop("publicKey", UNSET))

        def _parse_key_id(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        key_id = _parse_key_id(d.pop("keyId", UNSET))

        def _parse_bundle(data: object) -> None | SigstoreBundle | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            try:
                if not isinstance(data, dict):
                    raise TypeError()
                bundle_type_0 = SigstoreBundle.from_dict(data)

                return bundle_type_0
            except (TypeError, ValueError, AttributeError, KeyError):
                pass
            return cast(None | SigstoreBundle | Unset, data)

        bundle = _parse_bundle(d.pop("bundle", UNSET))

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

        signature = cls(
            id=id,
            artifact_digest=artifact_digest,
            matches_current=matches_current,
            signature=signature,
            algorithm=algorithm,
            signed_by=signed_by,
            timestamp=timestamp,
            public_key=public_key,
            key_id=key_id,
            bundle=bundle,
            omitted=omitted,
        )

        signature.additional_properties = d
        return signature

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
