"""Supply-chain security: keys, signatures, attestations, SBOMs and the policies that ask for them.

Signing and verifying happen in this process, over the bytes themselves. A private key never leaves it; a public key counts only if
the caller trusts it.
"""

from .detached import DetachedSignature, read_bundle, read_signature
from .keys import PrivateKey, PublicKey, generate_key
from .pem import load_private_key, load_public_key
from .policy import Policy
from .provenance import BuildDefinition, Provenance, ResourceDescriptor, RunDetails
from .sbom_schema import parse_cyclonedx, parse_spdx, validate_sbom
from .signers import AsyncSigner, Signer

__all__ = [
    "AsyncSigner",
    "BuildDefinition",
    "DetachedSignature",
    "Policy",
    "PrivateKey",
    "Provenance",
    "PublicKey",
    "ResourceDescriptor",
    "RunDetails",
    "Signer",
    "generate_key",
    "load_private_key",
    "load_public_key",
    "parse_cyclonedx",
    "parse_spdx",
    "read_bundle",
    "read_signature",
    "validate_sbom",
]
