"""What a malicious store can try, and the field of the policy that stops it.

The store behind these tests says what it likes: it answers from a picture of true records that an attack has changed.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from attrs import define, evolve, field

from astore_sdk import (
    Client,
    Config,
    IntegrityError,
    Policy,
    PolicyViolationError,
    RetryPolicy,
    generate_key,
)
from astore_sdk.server import BackgroundServer
from astore_sdk.supplychain.dsse import make_envelope, pae
from astore_sdk.supplychain.statements import PAYLOAD_TYPE, make_statement

from ..conftest import ClientFactory
from ..transfer.scripted import Heard, Reply, ScriptedServer

ONE, TWO, THREE, MALLORY = (generate_key() for _ in range(4))
KEYS = [key.public_key() for key in (ONE, TWO, THREE)]
SBOM = '{"spdxVersion": "SPDX-2.3", "name": "app"}'
EVIL = b"evil bytes"
MIB = 1024 * 1024
Json = dict[str, object]


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@define
class Picture:
    """One object and its records, as a store shows them."""

    data: bytes
    signatures: list[Json]
    attestations: list[Json]
    sboms: list[Json]
    told: str | None = field(init=False)
    """The digest that the store tells."""
    pieces: bytes | None = field(default=None, init=False)
    """The bytes that are shown to whoever asks for ranges."""

    def __attrs_post_init__(self) -> None:
        self.told = digest_of(self.data)

    @property
    def digest(self) -> str:
        return digest_of(self.data)

    def swap_bytes(self, data: bytes) -> None:
        self.data, self.told = data, digest_of(data)

    def become(self, other: Picture) -> None:
        """Show another object instead, with everything that belongs to it."""
        self.swap_bytes(other.data)
        self.signatures, self.attestations, self.sboms = other.signatures, other.attestations, other.sboms

    def rewrite_digests(self) -> None:
        """Let every record say that it is about the bytes there are now."""
        for record in [*self.signatures, *self.attestations, *self.sboms]:
            record.update(artifactDigest=self.digest, matchesCurrent=True)

    def attestation(self, type_: str) -> Json:
        return next(record for record in self.attestations if record["type"] == type_)

    def answer(self, heard: Heard) -> Reply:
        kind = heard.target.partition("?")[0].split("/")[2]
        if heard.target.startswith("/s3/"):
            headers = {"ETag": '"e"', "Accept-Ranges": "bytes", "Content-Type": "application/octet-stream"}
            if self.told is not None:
                headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(self.told[7:])).decode()}:"
            first, _, last = heard.headers.get("range", "").removeprefix("bytes=").partition("-")
            if not last:
                return Reply(200, self.data, headers)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(self.data)}"
            return Reply(206, (self.pieces or self.data)[int(first) : int(last) + 1], headers)
        listed = {"signatures": self.signatures, "attestations": self.attestations, "sboms": self.sboms}
        return Reply(200, json.dumps({kind: listed[kind]}).encode(), {"Content-Type": "application/json"})


@pytest.fixture(scope="module")
def pictures() -> Iterator[dict[str, Picture]]:
    """An object, an older version of it, and another object: each published by two of the three, with all records true."""
    with BackgroundServer() as server, Client(Config(server.url)) as client, httpx.Client(base_url=server.url) as raw:
        client.create_bucket("releases")

        def picture(name: str, key: str, data: bytes) -> tuple[str, Picture]:
            for signer in (ONE, TWO):
                client.publish("releases", key, data, sign_with=signer, sbom=SBOM, attest={"build": {"ok": True}, "test": {"n": 1}})
            current = digest_of(data)
            records = {
                kind: [
                    record
                    for record in raw.get(f"/supplychain/{kind}/releases/{key}").json()[kind]
                    if record["artifactDigest"] == current
                ]
                for kind in ("signatures", "attestations", "sboms")
            }
            return name, Picture(data, **records)

        yield dict([picture("older", "app", b"app 1.0"), picture("app", "app", b"app 1.1"), picture("other", "other", b"other")])


def policy(digest: str) -> Policy:
    return Policy(KEYS, 2, sbom=True, attestations=["build"], digest=digest)


Attack = Callable[[Picture, dict[str, Picture]], None]
ATTACKS: list[tuple[str, str, Attack]] = []


def attack(stopped_by: str, name: str) -> Callable[[Attack], Attack]:
    def register(change: Attack) -> Attack:
        ATTACKS.append((stopped_by, name, change))
        return change

    return register


def resign(record: Json, key: object, digest: str) -> None:
    """Put another key's true signature into a record, and nothing else."""
    record["signature"] = base64.b64encode(key.sign_digest(bytes.fromhex(digest[7:]))).decode()


def envelope(key: object, payload: bytes, payload_type: str = PAYLOAD_TYPE) -> Json:
    return make_envelope(payload_type, payload, key.sign_message(pae(payload_type, payload)))


@attack("public_keys", "other bytes, with their own digest")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(EVIL)


@attack("public_keys", "other bytes, and every record says it is about them")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(EVIL)
    app.rewrite_digests()


@attack("public_keys", "one bit of the bytes, and no digest told")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.data, app.told = bytes([app.data[0] ^ 1]) + app.data[1:], None


@attack("public_keys", "fewer bytes, honestly announced")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(app.data[:-1])


@attack("public_keys", "more bytes, honestly announced")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(app.data + b"\0")


@attack("public_keys", "no bytes at all")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(b"")


@attack("public_keys", "the bytes of one object, the records of another")
def _(app: Picture, pictures: dict[str, Picture]) -> None:
    app.swap_bytes(pictures["other"].data)


@attack("public_keys", "what was signed of an attestation, as an artifact with that signature")
def _(app: Picture, _: dict[str, Picture]) -> None:
    shown = app.attestation("build")["envelope"]
    app.swap_bytes(pae(PAYLOAD_TYPE, base64.b64decode(shown["payload"])))
    app.rewrite_digests()
    for record, attested in zip(app.signatures, [one for one in app.attestations if one["type"] == "build"], strict=True):
        record["signature"] = attested["envelope"]["signatures"][0]["sig"]


@attack("public_keys", "other bytes, signed by a key of its own that stands beside")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(EVIL)
    app.rewrite_digests()
    for record in app.signatures:
        resign(record, MALLORY, app.digest)
        record.update(publicKey=MALLORY.public_key().pem, keyId=MALLORY.public_key().fingerprint)


@attack("public_keys", "other bytes, signed by a key of its own, beside the trusted key")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.swap_bytes(EVIL)
    app.rewrite_digests()
    for record in app.signatures:
        resign(record, MALLORY, app.digest)


@attack("public_keys", "a signature of its own in place of one of two")
def _(app: Picture, _: dict[str, Picture]) -> None:
    resign(app.signatures[1], MALLORY, app.digest)


@attack("public_keys", "one signature dropped")
def _(app: Picture, _: dict[str, Picture]) -> None:
    del app.signatures[0]


@attack("public_keys", "all signatures dropped")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures.clear()


@attack("public_keys", "one signature shown twice")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures[1] = app.signatures[0]


@attack("public_keys", "one signature shown again under the name and key of the other")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures[1]["signature"] = app.signatures[0]["signature"]


@attack("public_keys", "one signature shown again, written differently")
def _(app: Picture, _: dict[str, Picture]) -> None:
    # An ECDSA signature (r, s) is as good as (r, n - s): it still is one key's.
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

    n = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    r, s = decode_dss_signature(base64.b64decode(app.signatures[0]["signature"]))
    app.signatures[1] = {**app.signatures[0], "id": "x", "signature": base64.b64encode(encode_dss_signature(r, n - s)).decode()}


@attack("public_keys", "another algorithm's name")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures[0]["algorithm"] = "RSA-PKCS1v15-SHA256"


@attack("public_keys", "no algorithm")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures[0]["algorithm"] = "none"


@attack("public_keys", "an empty signature")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures[0]["signature"] = ""


@attack("public_keys", "the signature of nought: r = s = 0")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.signatures[0]["signature"] = "MAYCAQACAQA="


@attack("public_keys", "a signature with bytes behind it")
def _(app: Picture, _: dict[str, Picture]) -> None:
    raw = base64.b64decode(app.signatures[0]["signature"])
    app.signatures[0]["signature"] = base64.b64encode(raw + b"\0").decode()


@attack("public_keys", "records that are none")
def _(app: Picture, _: dict[str, Picture]) -> None:
    odd = [None, 7, [], "x", {}, {"id": 1}, {"id": "a", "signature": 5}, {"id": "a", "signature": "?"}]
    app.signatures[:] = [app.signatures[0], *odd, {**app.signatures[1], "timestamp": "0001-01-01T00:00:00+14:00"}]


@attack("public_keys", "the older version's signatures, said to be about these bytes")
def _(app: Picture, pictures: dict[str, Picture]) -> None:
    app.signatures = pictures["older"].signatures
    app.rewrite_digests()


@attack("attestations", "the attestation dropped")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.attestations = [record for record in app.attestations if record["type"] != "build"]


@attack("attestations", "a plain attestation in its place")
def _(app: Picture, _: dict[str, Picture]) -> None:
    for record in app.attestations:
        if record["type"] == "build":
            record["envelope"] = None


@attack("attestations", "another type of attestation under its name")
def _(app: Picture, _: dict[str, Picture]) -> None:
    test = app.attestation("test")
    app.attestations = [
        {**record, "envelope": test["envelope"]} if record["type"] == "build" else record for record in app.attestations
    ]


@attack("attestations", "another statement in the envelope")
def _(app: Picture, _: dict[str, Picture]) -> None:
    for record in app.attestations:
        if record["type"] == "build":
            stated = base64.b64decode(record["envelope"]["payload"]).replace(b"true", b"false")
            record["envelope"]["payload"] = base64.b64encode(stated).decode()


@attack("attestations", "another payload type")
def _(app: Picture, _: dict[str, Picture]) -> None:
    for record in app.attestations:
        if record["type"] == "build":
            record["envelope"]["payloadType"] = "application/vnd.in-toto+json; x"


@attack("attestations", "a statement that it signed itself")
def _(app: Picture, _: dict[str, Picture]) -> None:
    for record in app.attestations:
        if record["type"] == "build":
            record["envelope"] = envelope(MALLORY, base64.b64decode(record["envelope"]["payload"]))


@attack("attestations", "a statement of its own, with the signature of another")
def _(app: Picture, _: dict[str, Picture]) -> None:
    for record in app.attestations:
        if record["type"] == "build":
            record["envelope"]["signatures"] = app.attestation("test")["envelope"]["signatures"]


@attack("attestations", "the artifact's signature under a statement of its own")
def _(app: Picture, _: dict[str, Picture]) -> None:
    for record in app.attestations:
        if record["type"] == "build":
            record["envelope"]["signatures"] = [{"sig": signature["signature"]} for signature in app.signatures]


@attack("attestations", "the older version's attestation")
def _(app: Picture, pictures: dict[str, Picture]) -> None:
    rest = [record for record in app.attestations if record["type"] != "build"]
    app.attestations = [*rest, pictures["older"].attestation("build")]
    app.rewrite_digests()


@attack("attestations", "envelopes that are none")
def _(app: Picture, _: dict[str, Picture]) -> None:
    odd = [5, "x", [], {}, {"payloadType": PAYLOAD_TYPE, "payload": 1, "signatures": 2}, {"signatures": [None]}]
    rest = [record for record in app.attestations if record["type"] != "build"]
    app.attestations = [*rest, *({"id": "x", "type": "build", "envelope": value} for value in odd), None]


@attack("match_name", "another object, with its own true records")
def _(app: Picture, pictures: dict[str, Picture]) -> None:
    app.become(pictures["other"])


@attack("match_name", "all attestations dropped")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.attestations.clear()


@attack("match_name", "attestations about these bytes under another name")
def _(app: Picture, _: dict[str, Picture]) -> None:
    # Once published as something else, by the very same keys.
    stated = make_statement("releases/debug", app.digest, "urn:astore-sdk:attestation:build", {"ok": True})
    app.attestations = [{**app.attestation("build"), "envelope": envelope(ONE, stated)}]


@attack("digest", "an older version, with its own true records")
def _(app: Picture, pictures: dict[str, Picture]) -> None:
    app.become(pictures["older"])


@attack("sbom", "another SBOM")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.sboms[0]["content"] = SBOM.replace("app", "none")


@attack("sbom", "an SBOM that readers would understand differently")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.sboms[0]["content"] = SBOM.replace('"name"', '"name": "none", "name"')


@attack("sbom", "the SBOM dropped")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.sboms.clear()


@attack("sbom", "the SBOM of other bytes")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.sboms[0]["artifactDigest"] = digest_of(EVIL)


@attack("sbom", "the SBOM's signed attestation dropped")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.attestations = [record for record in app.attestations if record["type"] != "sbom"]


@attack("sbom", "the SBOM and an attestation of its own")
def _(app: Picture, _: dict[str, Picture]) -> None:
    app.sboms[0]["content"] = SBOM.replace("app", "none")
    stated = make_statement("releases/app", app.digest, "https://spdx.dev/Document/v2.3", json.loads(app.sboms[0]["content"]))
    app.attestations.append({**app.attestation("sbom"), "id": "x", "envelope": envelope(MALLORY, stated)})


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "app"
    path.write_bytes(b"what was there")
    return path


@pytest.fixture
def fetch(make_client: ClientFactory, target: Path) -> Iterator[Callable[[Picture, Policy], None]]:
    with ScriptedServer() as server, make_client(Config(server.url, timeout=10, retry=RetryPolicy(max_attempts=1))) as client:

        def fetched(picture: Picture, asked: Policy) -> None:
            server.play(picture.answer)
            client.fetch("releases", "app", target, policy=asked)

        yield fetched


Fetch = Callable[[Picture, Policy], None]


def test_the_truth_passes(fetch: Fetch, pictures: dict[str, Picture], target: Path) -> None:
    fetch(pictures["app"], policy(pictures["app"].digest))
    assert target.read_bytes() == b"app 1.1"


@pytest.mark.parametrize(("stopped_by", "change"), [pytest.param(by, change, id=f"{by}-{name}") for by, name, change in ATTACKS])
def test_an_attack_is_stopped(fetch: Fetch, pictures: dict[str, Picture], target: Path, stopped_by: str, change: Attack) -> None:
    attacked, asked = copy.deepcopy(pictures["app"]), policy(pictures["app"].digest)
    change(attacked, copy.deepcopy(pictures))
    with pytest.raises(PolicyViolationError) as caught:
        fetch(attacked, asked)
    assert stopped_by in {violation.partition(":")[0] for violation in caught.value.violations}
    assert [(path.name, path.read_bytes()) for path in target.parent.iterdir()] == [("app", b"what was there")]


WITHOUT = {
    "attestations": {"attestations": ()},
    "match_name": {"match_name": False, "attestations": (), "sbom": False, "digest": None},
    "digest": {"digest": None},
    "sbom": {"sbom": False},
}


@pytest.mark.parametrize(
    ("stopped_by", "change"),
    [pytest.param(by, change, id=f"{by}-{name}") for by, name, change in ATTACKS if by != "public_keys"],
)
def test_it_is_that_field_that_stops_it(
    fetch: Fetch, pictures: dict[str, Picture], target: Path, stopped_by: str, change: Attack
) -> None:
    """Without it the same attack gets through: what each field is for."""
    attacked = copy.deepcopy(pictures["app"])
    change(attacked, copy.deepcopy(pictures))
    fetch(attacked, evolve(policy(pictures["app"].digest), **WITHOUT[stopped_by]))
    assert target.read_bytes() == attacked.data


def test_bytes_that_belie_their_own_digest_are_no_matter_of_policy(
    fetch: Fetch, pictures: dict[str, Picture], target: Path
) -> None:
    attacked = copy.deepcopy(pictures["app"])
    attacked.data = EVIL
    with pytest.raises(IntegrityError):
        fetch(attacked, policy(pictures["app"].digest))
    assert [(path.name, path.read_bytes()) for path in target.parent.iterdir()] == [("app", b"what was there")]


def test_bytes_swapped_in_a_piece_of_a_large_object(fetch: Fetch, pictures: dict[str, Picture], target: Path) -> None:
    """Large objects come in pieces side by side: each counts, and the digest is that of the whole as it is in the file."""
    large = copy.deepcopy(pictures["app"])
    large.swap_bytes(bytes(40 * MIB))
    large.rewrite_digests()
    for record, key in zip(large.signatures, (ONE, TWO), strict=True):
        resign(record, key, large.digest)
    asked = Policy(KEYS, 2, match_name=False)
    fetch(large, asked)
    assert target.stat().st_size == 40 * MIB
    target.write_bytes(b"what was there")
    large.told = None
    large.pieces = bytes(30 * MIB) + b"\1" + bytes(10 * MIB - 1)
    with pytest.raises(PolicyViolationError, match="public_keys"):
        fetch(large, asked)
    assert [(path.name, path.read_bytes()) for path in target.parent.iterdir()] == [("app", b"what was there")]


@pytest.mark.parametrize("place", [0, 1], ids=["newer", "older"])
def test_another_sbom_beside_the_true_one_denies_nothing(
    fetch: Fetch, pictures: dict[str, Picture], target: Path, place: int
) -> None:
    """Whoever may write records can attach one to these bytes at any time: what was signed is attached all the same."""
    attacked = copy.deepcopy(pictures["app"])
    attacked.sboms.insert(place, {**attacked.sboms[0], "id": "x", "content": SBOM.replace("app", "none")})
    fetch(attacked, policy(pictures["app"].digest))
    assert target.read_bytes() == attacked.data


def test_there_are_twenty_and_more() -> None:
    assert len({name for _, name, _ in ATTACKS}) == len(ATTACKS) >= 20
