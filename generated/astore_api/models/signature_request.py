from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset

if TYPE_CHECKING:
    from ..models.sigstore_bundle import SigstoreBundle


T = TypeVar("T", bound="SignatureRequest")


@_attrs_define
class SignatureRequest:
    """A signature made elsewhere.

    Attributes:
        algorithm (str): `ECDSA-P256-SHA256` or `RSA-PKCS1v15-SHA256`.
        signature (str): The signature in base64 (RFC 4648).
        public_key (str): The signer's public key as PEM. It informs; nobody should trust it for standing here.
        artifact_digest (str): SHA-256 of the bytes that were signed.
        signed_by (None | str | Unset): Who signed; a claim.
        bundle (None | SigstoreBundle | Unset): The same signature as a Sigstore bundle.
    """

    algorithm: str
    signature: str
    public_key: str
    artifact_digest: str
    signed_by: None | str | Unset = UNSET
    bundle: None | SigstoreBundle | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        from ..models.sigstore_bundle import SigstoreBundle

        algorithm = self.algorithm

        signature = self.signature

        public_key = self.public_key

        artifact_digest = self.artifact_digest

        signed_by: None | str | Unset
        if isinstance(self.signed_by, Unset):
            signed_by = UNSET
        else:
            signed_by = self.signed_by

        bundle: dict[str, Any] | None | Unset
        if isinstance(self.bundle, Unset):
            bundle = UNSET
        elif isinstance(self.bundle, SigstoreBundle):
            bundle = self.bundle.to_dict()
        else:
            bundle = self.bundle

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "algorithm": algorithm,
                "signature": signature,
                "publicKey": public_key,
                "artifactDigest": artifact_digest,
            }
        )
        if signed_by is not UNSET:
            field_dict["signedBy"] = signed_by
        if bundle is not UNSET:
            field_dict["bundle"] = bundle

        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        from ..models.sigstore_bundle import SigstoreBundle

        d = dict(src_dict)
        algorithm = d.pop("algorithm")

        signature = d.pop("signature")

        public_key = d.pop("publicKey")

        artifact_digest = d.pop("artifactDigest")

        def _parse_signed_by(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        signed_by = _parse_signed_by(d.pop("signedBy", UNSET))

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

        signature_request = cls(
            algorithm=algorithm,
            signature=signature,
            public_key=public_key,
            artifact_digest=artifact_digest,
            signed_by=signed_by,
            bundle=bundle,
        )

        signature_request.additional_properties = d
        return signature_request

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
