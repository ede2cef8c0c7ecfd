"""Contains all the data models used in inputs/outputs"""

from .attestation import Attestation
from .attestation_data import AttestationData
from .attestation_list import AttestationList
from .attestation_request import AttestationRequest
from .bucket import Bucket
from .bucket_list import BucketList
from .complete_request import CompleteRequest
from .completed_part import CompletedPart
from .delete_error import DeleteError
from .delete_request import DeleteRequest
from .delete_result import DeleteResult
from .dsse_envelope import DsseEnvelope
from .dsse_signature import DsseSignature
from .health import Health
from .metadata import Metadata
from .multipart_upload import MultipartUpload
from .multipart_upload_list import MultipartUploadList
from .object_ import Object
from .object_list import ObjectList
from .part import Part
from .part_list import PartList
from .problem import Problem
from .sbom import SBOM
from .sbom_list import SbomList
from .sbom_request import SbomRequest
from .signature import Signature
from .signature_list import SignatureList
from .signature_request import SignatureRequest
from .sigstore_bundle import SigstoreBundle

__all__ = (
    "SBOM",
    "Attestation",
    "AttestationData",
    "AttestationList",
    "AttestationRequest",
    "Bucket",
    "BucketList",
    "CompleteRequest",
    "CompletedPart",
    "DeleteError",
    "DeleteRequest",
    "DeleteResult",
    "DsseEnvelope",
    "DsseSignature",
    "Health",
    "Metadata",
    "MultipartUpload",
    "MultipartUploadList",
    "Object",
    "ObjectList",
    "Part",
    "PartList",
    "Problem",
    "SbomList",
    "SbomRequest",
    "Signature",
    "SignatureList",
    "SignatureRequest",
    "SigstoreBundle",
)
