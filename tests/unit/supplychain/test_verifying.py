"""What records prove. Any change of what was signed is refused; no other change alters what is accepted."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from attrs import evolve
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import assume, given
from hypothesis import strategies as st

from astore_sdk import InvalidInputError, PrivateKey, generate_key
from astore_sdk.models import Attestation, MalformedRecord, Signature
from astore_sdk.supplychain.dsse import make_envelope, pae
from astore_sdk.supplychain.statements import PAYLOAD_TYPE, STATEMENT, make_statement
from astore_sdk.supplychain.trust import Trust
from astore_sdk.supplychain.verifying import check_attestations, check_signatures

ARTIFACT = b"the artifact's bytes"
ONE, TWO, STRANGER = generate_key(), generate_key(), generate_key()
RSA = PrivateKey(rsa.generate_private_key(65537, 2048))
ED = PrivateKey(ed25519.Ed25519PrivateKey.generate())
KEYS = {key.public_key().fingerprint: key for key in (ONE, TWO, RSA, ED)}


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


DIGEST = digest_of(ARTIFACT)


def record(key: PrivateKey, digest: str = DIGEST, **changes: object) -> Signature:
    signature = key.sign_digest(bytes.fromhex(digest.removeprefix("sha256:")))
    public = key.public_key()
    made = Signature(
        "id", signature=signature, algorithm=public.algorithm, artifact_digest=digest, public_key=public.pem, matches_current=True
    )
    return evolve(made, **changes)


def trust(*keys: PrivateKey, threshold: int | None = None) -> Trust:
    return Trust.take([key.public_key() for key in keys], threshold, artifacts=True)


def attestation(key: PrivateKey, payload: bytes, **changes: object) -> Attestation:
    made = Attestation("id", "build", envelope=make_envelope(PAYLOAD_TYPE, payload, key.sign_message(pae(PAYLOAD_TYPE, payload))))
    return evolve(made, **changes)


STATED = make_statement("releases/app", DIGEST, "urn:x", {"ok": True})


# Signatures


def test_two_keys_of_two_and_one_of_two() -> None:
    both = check_signatures([record(ONE), record(RSA)], DIGEST, trust(ONE, RSA))
    assert (both.valid, both.digest) == (True, DIGEST)
    assert [check.verified_by for check in both.signatures] == [ONE.public_key().fingerprint, RSA.public_key().fingerprint]
    one = check_signatures([record(ONE)], DIGEST, trust(ONE, RSA))
    assert (one.valid, one.message) == (False, f"1 of 2 trusted keys signed {DIGEST}, 2 needed")
    assert check_signatures([record(ONE)], DIGEST, trust(ONE, RSA, threshold=1)).valid


def test_a_key_counts_once_however_often_it_signs() -> None:
    random = ec.ECDSA(Prehashed(SHA256()))
    other = ONE._key.sign(hashlib.sha256(ARTIFACT).digest(), random)
    result = check_signatures([record(ONE), record(ONE, signature=other)], DIGEST, trust(ONE, TWO, threshold=2))
    assert not result.valid
    assert [check.reason for check in result.signatures] == [None, "its key has signed already, and counts once"]
    assert len(trust(ONE, ONE, TWO).keys) == 2


def test_no_signatures_are_not_valid() -> None:
    result = check_signatures([], DIGEST, trust(ONE))
    assert (result.valid, result.signatures) == (False, [])
    assert "there are no signatures" in result.message


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (record(STRANGER), "no trusted key verifies it"),
        (record(STRANGER, public_key=ONE.public_key().pem, key_id=ONE.public_key().fingerprint), "no trusted key verifies it"),
        (record(ONE, digest_of(b"older bytes")), "it is about other bytes"),
        (record(ONE, digest_of(b"older bytes"), artifact_digest=DIGEST), "no trusted key verifies it"),
        (record(ONE, digest_of(b"older bytes"), artifact_digest=None), "no trusted key verifies it"),
        (record(ONE, algorithm="RSA-PKCS1v15-SHA256"), "no trusted key verifies it"),
        (record(ONE, algorithm="none"), "its algorithm is unknown ('none')"),
        (record(ONE, algorithm=None), "its algorithm is unknown (None)"),
        (record(ONE, algorithm="Ed25519"), "its algorithm is unknown ('Ed25519')"),
        (record(ONE, signature=None), "the record has no signature"),
        (record(ONE, signature=b""), "no trusted key verifies it"),
        (record(ONE, signature=b"\x30\x06\x02\x01\x00\x02\x01\x00"), "no trusted key verifies it"),
        (MalformedRecord("id", "it is odd"), "the record is malformed: it is odd"),
    ],
)
def test_what_does_not_count_says_why(made: Signature | MalformedRecord, reason: str) -> None:
    result = check_signatures([made], DIGEST, trust(ONE, RSA, threshold=1))
    (check,) = result.signatures
    assert (result.valid, check.counts, check.verified_by) == (False, False, None)
    assert check.reason is not None
    assert check.reason.startswith(reason)
    assert check.reason in result.message


def test_a_bad_record_does_not_spoil_a_good_one() -> None:
    assert check_signatures([MalformedRecord(None, "odd"), record(STRANGER), record(ONE)], DIGEST, trust(ONE)).valid


@given(st.binary(max_size=40))
def test_other_bytes_are_refused(data: bytes) -> None:
    assume(data != ARTIFACT)
    assert not check_signatures([record(ONE, artifact_digest=None)], digest_of(data), trust(ONE)).valid


def mutated(data: st.DataObject, raw: bytes) -> bytes:
    """Some change of some bytes: replaced, cut, or grown."""
    place = data.draw(st.integers(0, len(raw) - 1))
    kind = data.draw(st.sampled_from(["flip", "cut", "insert", "append"]))
    if kind == "flip":
        changed = bytearray(raw)
        changed[place] ^= data.draw(st.integers(1, 255))
        return bytes(changed)
    if kind == "cut":
        return raw[:place]
    extra = data.draw(st.binary(min_size=1, max_size=4))
    return raw[:place] + extra + raw[place:] if kind == "insert" else raw + extra


@pytest.mark.parametrize("key", [ONE, RSA], ids=["ecdsa", "rsa"])
@given(data=st.data())
def test_a_changed_signature_is_refused(key: PrivateKey, data: st.DataObject) -> None:
    made = record(key)
    changed = mutated(data, made.signature or b"")
    assume(changed != made.signature)
    assert not check_signatures([evolve(made, signature=changed)], DIGEST, trust(key)).valid


TEXTS = st.none() | st.text(max_size=30) | st.sampled_from([STRANGER.public_key().pem, STRANGER.public_key().fingerprint])


FIELDS = st.dictionaries(st.text(max_size=5), st.text(max_size=5))


@given(TEXTS, TEXTS, TEXTS, st.none() | st.booleans(), st.none() | FIELDS, st.text())
def test_what_a_record_says_of_itself_alters_nothing(
    signed_by: str | None,
    public_key: str | None,
    key_id: str | None,
    current: bool | None,
    bundle: Mapping[str, object] | None,
    name: str,
) -> None:
    said: dict[str, object] = {
        "signed_by": signed_by,
        "public_key": public_key,
        "key_id": key_id,
        "matches_current": current,
        "bundle": bundle,
        "timestamp": datetime(2030, 1, 1, tzinfo=UTC),
        "id": name,
    }
    for key, valid in ((ONE, True), (STRANGER, False)):
        assert check_signatures([evolve(record(key), **said)], DIGEST, trust(ONE)).valid is valid


@pytest.mark.parametrize(
    ("keys", "threshold", "said"),
    [([], None, "is empty"), ([ONE], 0, "must be 1 to 1"), ([ONE, TWO], 3, "must be 1 to 2"), ([ONE, ONE], 2, "must be 1 to 1")],
)
def test_trust_that_means_nothing_is_refused(keys: list[PrivateKey], threshold: int | None, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        trust(*keys, threshold=threshold)


def test_trust_in_the_wrong_things_is_refused() -> None:
    with pytest.raises(TypeError, match="a list of keys, not one key"):
        Trust.take(ONE.public_key().pem, None, artifacts=True)
    with pytest.raises(TypeError, match="threshold is a number"):
        Trust.take([ONE.public_key()], True, artifacts=True)
    with pytest.raises(InvalidInputError, match="signs the bytes themselves"):
        Trust.take([ONE.public_key(), ED.public_key()], None, artifacts=True)
    assert Trust.take([ED.public_key()], None, artifacts=False).threshold == 1


# Attestations


@pytest.mark.parametrize("key", [ONE, RSA, ED], ids=["ecdsa", "rsa", "ed25519"])
def test_a_signed_statement_counts(key: PrivateKey) -> None:
    (check,) = check_attestations([attestation(key, STATED)], DIGEST, [key.public_key()])
    assert (check.counts, check.verified_by) == (True, key.public_key().fingerprint)
    assert (check.predicate_type, check.subjects, check.predicate) == ("urn:x", ("releases/app",), {"ok": True})


def stated(**changes: object) -> bytes:
    return json.dumps({**json.loads(STATED), **changes}).encode()


SUBJECT = json.loads(STATED)["subject"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (attestation(STRANGER, STATED), "no trusted key verifies it"),
        (evolve(attestation(ONE, STATED), envelope=None), "it is a plain attestation"),
        (attestation(ONE, stated(_type="https://in-toto.io/Statement/v0.1")), "what was signed is no in-toto Statement v1"),
        (attestation(ONE, stated(subject=[{**SUBJECT[0], "digest": {"sha256": "0" * 64}}])), "it is about other bytes"),
        (attestation(ONE, stated(subject=[{**SUBJECT[0], "digest": {"sha512": DIGEST[7:]}}])), "it is about other bytes"),
        (attestation(ONE, stated(subject=[])), "it is about other bytes"),
        (attestation(ONE, stated(subject=[None, 1, {"digest": []}])), "it is about other bytes"),
        (attestation(ONE, stated(subject={})), "the statement that was signed is malformed"),
        (attestation(ONE, stated(predicateType=1)), "the statement that was signed is malformed"),
        (attestation(ONE, stated(predicate=[])), "the statement that was signed is malformed"),
        (attestation(ONE, b"[]"), "what was signed is no in-toto"),
        (attestation(ONE, b"no json"), "what was signed is not unambiguous JSON"),
        (attestation(ONE, STATED[:-1] + b',"predicateType":"urn:y"}'), "what was signed is not unambiguous JSON"),
        (attestation(ONE, b"[" * 100_000), "what was signed is not unambiguous JSON"),
        (MalformedRecord(None, "it is odd"), "the record is malformed: it is odd"),
    ],
)
def test_an_attestation_that_does_not_count_says_why(made: Attestation | MalformedRecord, reason: str) -> None:
    (check,) = check_attestations([made], DIGEST, [ONE.public_key()])
    assert not check.counts
    assert check.reason is not None
    assert check.reason.startswith(reason)


@pytest.mark.parametrize(
    "envelope",
    [
        {},
        {"payloadType": PAYLOAD_TYPE},
        {"payloadType": PAYLOAD_TYPE, "payload": 1, "signatures": []},
        {"payloadType": PAYLOAD_TYPE, "payload": "e30=", "signatures": {}},
        {"payloadType": PAYLOAD_TYPE, "payload": "not base64!", "signatures": []},
        {"payloadType": PAYLOAD_TYPE, "payload": "e30=", "signatures": [None, {}, {"sig": 1}, {"sig": "?"}, []]},
        {**make_envelope(PAYLOAD_TYPE, STATED, ONE.sign_message(pae(PAYLOAD_TYPE, STATED))), "payloadType": "text/plain"},
        make_envelope(PAYLOAD_TYPE, STATED, ONE.sign_message(STATED)),  # signed without PAE
        make_envelope(PAYLOAD_TYPE, STATED, ONE.sign_message(pae("text/plain", STATED))),
    ],
)
def test_a_strange_envelope_does_not_count(envelope: Mapping[str, object]) -> None:
    (check,) = check_attestations([Attestation("id", envelope=envelope)], DIGEST, [ONE.public_key()])
    assert not check.counts


def test_each_key_that_signed_an_envelope_has_its_entry() -> None:
    message = pae(PAYLOAD_TYPE, STATED)
    envelope = make_envelope(PAYLOAD_TYPE, STATED, ONE.sign_message(message))
    sigs = [{"sig": base64.urlsafe_b64encode(key.sign_message(message)).decode(), "keyid": "x"} for key in (TWO, STRANGER, ONE)]
    made = Attestation("id", envelope={**envelope, "signatures": [None, *sigs, *sigs]})
    checks = check_attestations([made], DIGEST, [ONE.public_key(), TWO.public_key()])
    assert [check.verified_by for check in checks] == [ONE.public_key().fingerprint, TWO.public_key().fingerprint]
    assert all(check.counts for check in checks)


def test_the_type_is_what_was_signed_not_what_the_record_says() -> None:
    test = attestation(ONE, make_statement("a/b", DIGEST, "https://in-toto.io/attestation/test-result/v0.1", {}), type="build")
    (check,) = check_attestations([test], DIGEST, [ONE.public_key()], type_="build")
    assert check.reason == "what was signed is 'https://in-toto.io/attestation/test-result/v0.1', not 'build'"
    assert check_attestations([test], DIGEST, [ONE.public_key()], type_="test")[0].counts


@given(data=st.data())
def test_a_changed_payload_is_refused(data: st.DataObject) -> None:
    made = attestation(ONE, STATED)
    changed = mutated(data, STATED)
    assume(changed != STATED)
    envelope = {**(made.envelope or {}), "payload": base64.b64encode(changed).decode()}
    assert not any(check.counts for check in check_attestations([evolve(made, envelope=envelope)], DIGEST, [ONE.public_key()]))


@given(
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=20),
    st.dictionaries(st.text(max_size=5), st.integers()),
    st.none() | st.text(max_size=20),
    st.none() | st.text(max_size=80),
)
def test_what_an_attestation_says_beside_its_envelope_alters_nothing(
    type_: str | None, predicate_type: str | None, data: Mapping[str, object], keyid: str | None, digest: str | None
) -> None:
    for key, counts in ((ONE, True), (STRANGER, False)):
        made = attestation(key, STATED)
        signature = {**made.envelope["signatures"][0], "keyid": keyid}
        said = evolve(
            made,
            type=type_,
            predicate_type=predicate_type,
            data=data,
            artifact_digest=digest,
            envelope={**made.envelope, "signatures": [signature], "extra": 1},
        )
        (check,) = check_attestations([said], DIGEST, [ONE.public_key()])
        assert check.counts is counts
        assert check.predicate == ({"ok": True} if counts else None)


def test_pae_is_that_of_the_specification() -> None:
    assert pae("http://example.com/HelloWorld", b"hello world") == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    assert json.loads(STATED)["_type"] == STATEMENT
