"""Envelopes, statements and provenance: other libraries read ours, and we read theirs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from google.protobuf.json_format import ParseDict
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance as ProvenanceMessage
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from astore_sdk import Client, PrivateKey, generate_key
from astore_sdk.models import Attestation
from astore_sdk.supplychain import Provenance
from astore_sdk.supplychain.statements import PAYLOAD_TYPE
from astore_sdk.supplychain.verifying import check_attestations

from ..unit.supplychain.test_documents import GITHUB

RAW = {
    "ecdsa": load_pem_private_key(generate_key().to_pem().encode(), None),
    "rsa": rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
}
SCHEMES = {"ecdsa": "ecdsa-sha2-nistp256", "rsa": "rsa-pkcs1v15-sha256", "ed25519": "ed25519"}
each_key = pytest.mark.parametrize("kind", RAW)


def their_key(kind: str) -> SSlibKey:
    return SSlibKey.from_crypto(RAW[kind].public_key(), keyid="theirs", scheme=SCHEMES[kind])


def read_by_them(envelope: Mapping[str, object]) -> Envelope:
    # securesystemslib finds keys by keyid, which DSSE makes a mere hint: whoever reads an envelope without one has to add it.
    signatures = [{"keyid": "theirs", **signature} for signature in envelope["signatures"]]
    return Envelope.from_dict({**envelope, "signatures": signatures})


@each_key
def test_they_read_ours(client: Client, kind: str) -> None:
    client.upload("releases", "attested", b"artifact")
    provenance = Provenance.from_github_actions(GITHUB).to_dict()
    made = client.add_attestation("releases", "attested", "build", provenance, sign_with=PrivateKey(RAW[kind]))
    assert made.envelope is not None
    envelope = read_by_them(made.envelope)
    assert envelope.payload_type == PAYLOAD_TYPE
    assert envelope.verify([their_key(kind)], 1)
    with pytest.raises(VerificationError):
        envelope.verify([their_key("rsa" if kind == "ecdsa" else "ecdsa")], 1)
    statement = Statement.copy_from_pb(ParseDict(json.loads(envelope.payload), StatementMessage()))
    statement.validate()
    assert statement.pb.subject[0].name == "releases/attested"
    assert statement.pb.predicate_type == "https://slsa.dev/provenance/v1"
    theirs = ParseDict(json.loads(envelope.payload)["predicate"], ProvenanceMessage())  # refuses a name that SLSA does not have
    assert theirs.run_details.metadata.invocation_id == provenance["runDetails"]["metadata"]["invocationId"]


@each_key
def test_we_read_theirs(client: Client, kind: str) -> None:
    digest = client.upload("releases", "attested", b"artifact").digest
    assert digest is not None
    subject = ResourceDescriptor(name="releases/attested", digest={"sha256": digest.removeprefix("sha256:")})
    statement = Statement([subject.pb], "https://example.com/review/v1", {"approved": True})
    payload = json.dumps(
        {
            "_type": statement.pb.type,
            "subject": [{"name": subject.pb.name, "digest": dict(subject.pb.digest)}],
            "predicateType": statement.pb.predicate_type,
            "predicate": {"approved": True},
        }
    )
    envelope = Envelope(payload.encode(), PAYLOAD_TYPE, {})
    key = their_key(kind)
    envelope.sign(CryptoSigner(RAW[kind], key))
    made = json.loads(json.dumps(envelope.to_dict()))
    assert made["signatures"][0]["keyid"] == key.keyid
    checks = check_attestations([Attestation("id", envelope=made)], digest, [PrivateKey(RAW[kind]).public_key()])
    assert [(check.reason, check.subjects, check.predicate) for check in checks] == [
        (None, ("releases/attested",), {"approved": True})
    ]
    assert json.loads(base64.b64decode(made["payload"])) == json.loads(payload)
