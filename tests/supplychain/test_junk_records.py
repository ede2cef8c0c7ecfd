"""Whoever may write records attaches many, large and odd ones: that slows nobody down much, fills no memory and denies nothing."""

from __future__ import annotations

import base64
import hashlib
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from astore_sdk import Client, Config, Policy, PolicyViolationError, RetryPolicy, generate_key
from astore_sdk.server import BackgroundServer
from astore_sdk.supplychain.dsse import make_envelope, pae
from astore_sdk.supplychain.statements import PAYLOAD_TYPE, STATEMENT, make_statement

from ..conftest import TOKEN, ClientFactory
from ..transfer.scripted import Heard, Reply, ScriptedServer

ONE, MALLORY = generate_key(), generate_key()
KIB = 1024
MIB = 1024 * KIB
MAX_MESSAGE = 2500
"""Characters of an error, its hint and facts included."""


def document(name: str, size: int = 0) -> str:
    return json.dumps({"spdxVersion": "SPDX-2.3", "name": name, "packages": ["x" * 50] * (size // 54)})


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.fixture
def raw(store: BackgroundServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=store.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60) as raw:
        yield raw


def junk_signature(number: int, digest: str) -> dict[str, object]:
    signature = MALLORY.sign_digest(hashlib.sha256(number.to_bytes(4)).digest())
    return {
        "algorithm": "ECDSA-P256-SHA256",
        "signature": base64.b64encode(signature).decode(),
        "publicKey": MALLORY.public_key().pem,
        "artifactDigest": digest,
        "signedBy": f"{number} " + "x" * 1000,
    }


def post(raw: httpx.Client, where: str, bucket: str, body: dict[str, object]) -> None:
    answer = raw.post(f"/supplychain/{where}/{bucket}/app", json=body)
    assert answer.status_code == 201, answer.text


SIZES = pytest.mark.parametrize("size", [0, 20 * KIB, 2 * MIB], ids=["small", "left out of lists", "signed by its digest"])


@SIZES
@pytest.mark.parametrize("when", ["before", "after"])
def test_junk_beside_what_was_published_denies_nothing(
    client: Client, bucket: str, raw: httpx.Client, tmp_path: Path, size: int, when: str
) -> None:
    digest = digest_of(b"artifact")
    sbom = document("app", size)
    stated = make_statement(f"{bucket}/app", digest, "urn:x", {})
    forged = make_envelope(PAYLOAD_TYPE, stated, MALLORY.sign_message(pae(PAYLOAD_TYPE, stated)))

    def publish() -> None:
        client.publish(bucket, "app", b"artifact", sign_with=ONE, sbom=sbom, attest={"build": {"log": "x" * 10_000}})

    def junk() -> None:
        for number in range(30):
            post(raw, "signatures", bucket, junk_signature(number, digest))
            content = document(f"junk-{number}", size if number % 2 else number * 10_000)
            post(raw, "sbom", bucket, {"format": "spdx", "content": content})
            post(
                raw,
                "attestations",
                bucket,
                {"type": "build", "data": {"n": number, "pad": "x" * number * 1000}, "envelope": forged},
            )
        # Odd ones: whoever reads all of them meets each.
        deep = f'{{"spdxVersion": {"[" * 900}1{"]" * 900}}}'
        entities = "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"
        for odd in ("{", "[" * 100_000, '{"spdxVersion": "SPDX-2.3", "a": 1, "a": 2}', deep, entities, "\x01" * 9000):
            post(raw, "sbom", bucket, {"format": "spdx", "content": odd})
        for envelope in (
            {"payloadType": "x", "payload": base64.b64encode(stated).decode(), "signatures": [{"sig": "AA=="}]},
            {"payloadType": PAYLOAD_TYPE, "payload": "?", "signatures": [{"sig": "?"}]},
            {**forged, "signatures": [{"sig": "AAAA"}] * 20_000},
        ):
            post(raw, "attestations", bucket, {"type": "sbom", "data": {"contentDigest": "sha256:x"}, "envelope": envelope})

    if when == "before":
        client.upload(bucket, "app", b"artifact")
        junk()
    publish()
    if when == "after":
        junk()
    policy = Policy([ONE.public_key()], sbom=True, attestations=["build", "sbom"])
    assert client.fetch(bucket, "app", tmp_path / "app", policy=policy).digest == digest
    assert client.verify_signatures(bucket, "app", [ONE.public_key()]).valid
    assert client.verify_attestations(bucket, "app", [ONE.public_key()], type="build").valid
    before = [len(raw.get(f"/supplychain/{kind}/{bucket}/app").json()[kind]) for kind in ("signatures", "sboms", "attestations")]
    publish()
    after = [len(raw.get(f"/supplychain/{kind}/{bucket}/app").json()[kind]) for kind in ("signatures", "sboms", "attestations")]
    assert before == after
    other = Policy([ONE.public_key()], sbom=True, attestation_keys=[generate_key().public_key()])
    with pytest.raises(PolicyViolationError) as caught:
        client.fetch(bucket, "app", tmp_path / "other", policy=other)
    assert [violation.partition(":")[0] for violation in caught.value.violations] == ["match_name", "sbom"]


@pytest.mark.parametrize("size", [20 * KIB, 2 * MIB])
def test_only_the_sbom_that_was_signed_is_received(
    client: Client, bucket: str, raw: httpx.Client, tmp_path: Path, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    client.publish(bucket, "app", b"artifact", sign_with=ONE, sbom=document("app", size))
    for number in range(20):
        post(raw, "sbom", bucket, {"format": "spdx", "content": document(f"ap{number}", size)})
    caplog.set_level(logging.DEBUG, "astore_sdk")
    client.fetch(bucket, "app", tmp_path / "app", policy=Policy([ONE.public_key()], sbom=True))
    said = [record.getMessage() for record in caplog.records if record.name == "astore_sdk"]
    assert len([line for line in said if f"/supplychain/sboms/{bucket}" in line]) == 2  # the list, and one


def test_an_sbom_that_was_signed_without_a_hint_is_found(client: Client, bucket: str, raw: httpx.Client, tmp_path: Path) -> None:
    """As older versions published it: looked for among those of its size first."""
    content = document("app", 100 * KIB)
    client.upload(bucket, "app", b"artifact")
    client.sign_artifact(bucket, "app", ONE)
    client.add_attestation(bucket, "app", "sbom", json.loads(content), sign_with=ONE)
    policy = Policy([ONE.public_key()], sbom=True)
    with pytest.raises(PolicyViolationError, match="none is attached"):
        client.fetch(bucket, "app", tmp_path / "app", policy=policy)
    for number in range(5):
        post(raw, "sbom", bucket, {"format": "spdx", "content": document(f"x{number}", 100 * KIB)})
    with pytest.raises(PolicyViolationError, match="none of those that are attached was signed"):
        client.fetch(bucket, "app", tmp_path / "app", policy=policy)
    client.attach_sbom(bucket, "app", "spdx", json.dumps(json.loads(content), indent=2))
    client.fetch(bucket, "app", tmp_path / "app", policy=policy)


def test_a_large_sbom_is_signed_by_its_digest_and_no_other_is_that(client: Client, bucket: str, tmp_path: Path) -> None:
    content = document("app", 3 * MIB)
    published = client.publish(bucket, "app", b"artifact", sign_with=ONE, sbom=content)
    assert published.sbom is not None
    assert published.sbom.content == content
    result = client.verify_attestations(bucket, "app", [ONE.public_key()], type="sbom")
    (check,) = [check for check in result.signatures if check.counts]
    assert check.predicate == {
        "digest": {"sha256": hashlib.sha256(content.encode()).hexdigest()},
        "mediaType": "application/spdx+json",
    }
    policy = Policy([ONE.public_key()], sbom=True, attestations=["sbom"])
    client.fetch(bucket, "app", tmp_path / "app", policy=policy)
    client.delete_object(bucket, "app")
    client.upload(bucket, "app", b"artifact")
    client.sign_artifact(bucket, "app", ONE)
    client.attach_sbom(bucket, "app", "spdx", content + " ")
    assert check.predicate is not None
    client.add_attestation(bucket, "app", "sbom", check.predicate, sign_with=ONE)
    with pytest.raises(PolicyViolationError, match="sbom: none of those"):
        client.fetch(bucket, "app", tmp_path / "other", policy=policy)


def test_what_is_signed_is_kept_once_however_often_it_is_attached(client: Client, bucket: str, raw: httpx.Client) -> None:
    client.upload(bucket, "app", b"artifact")
    made = client.add_attestation(bucket, "app", "build", {"log": "x" * 100_000}, sign_with=ONE)
    for number in range(20):
        post(raw, "attestations", bucket, {"type": "build", "data": {"n": number}, "envelope": dict(made.envelope or {})})
    result = client.verify_attestations(bucket, "app", [ONE.public_key()])
    assert result.valid
    assert len({id(check.predicate) for check in result.signatures}) == 1 < len(result.signatures)


# Messages


def test_a_thousand_bad_signatures_make_no_long_message(client: Client, bucket: str, raw: httpx.Client, tmp_path: Path) -> None:
    client.upload(bucket, "app", b"artifact")
    for number in range(1000):
        post(raw, "signatures", bucket, junk_signature(number, digest_of(b"artifact")))
    result = client.verify_signatures(bucket, "app", [ONE.public_key()])
    assert (result.valid, len(result.signatures)) == (False, 1000)
    assert "and 995 more" in result.message
    assert len(result.message) < MAX_MESSAGE
    with pytest.raises(PolicyViolationError) as caught:
        client.fetch(bucket, "app", tmp_path / "app", policy=Policy([ONE.public_key()]))
    assert len(str(caught.value)) < MAX_MESSAGE
    answer = raw.post(f"/supplychain/signatures/{bucket}/app", json=junk_signature(1000, digest_of(b"artifact")))
    assert (answer.status_code, answer.json()["code"]) == (409, "TooManyRecords")


class Liar:
    """A store without pages, filters and limits."""

    def __init__(self, data: bytes, **lists: list[dict[str, object]]) -> None:
        self.data = data
        self.lists = lists

    def answer(self, heard: Heard) -> Reply:
        if heard.target.startswith("/s3/"):
            return Reply(200, self.data, {"ETag": '"e"', "Content-Type": "application/octet-stream"})
        kind = heard.target.split("/")[2]
        return Reply(200, json.dumps({kind: self.lists.get(kind, [])}).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def liar(make_client: ClientFactory) -> Iterator[tuple[ScriptedServer, Client]]:
    with ScriptedServer() as server, make_client(Config(server.url, timeout=30, retry=RetryPolicy(max_attempts=1))) as client:
        yield server, client


def statement(subjects: int, name: str, predicate_type: str = "urn:x") -> dict[str, object]:
    digest = {"sha256": digest_of(b"data").removeprefix("sha256:")}
    document = {
        "_type": STATEMENT,
        "subject": [{"name": f"{name}{number}", "digest": digest} for number in range(subjects)],
        "predicateType": predicate_type,
        "predicate": {},
    }
    payload = json.dumps(document).encode()
    return make_envelope(PAYLOAD_TYPE, payload, ONE.sign_message(pae(PAYLOAD_TYPE, payload)))


LONG = "x" * 100_000
LIES: dict[str, dict[str, list[dict[str, object]]]] = {
    "20,000 bad signatures": {
        "signatures": [
            {"id": f"{number:032x}", "algorithm": "ECDSA-P256-SHA256", "signature": "MAYCAQECAQE="} for number in range(20_000)
        ]
    },
    "long names": {
        "signatures": [
            {"id": LONG, "algorithm": LONG, "signature": "AAAA"},
            {"id": LONG, "signature": "AAAA", "artifactDigest": LONG},
        ],
        "attestations": [{"id": LONG, "type": LONG, "envelope": {"payloadType": LONG}}],
    },
    "malformed records": {"signatures": [{"id": LONG, "signature": 7}] * 300, "attestations": [{LONG: 1}, 7, LONG] * 100},
    "100,000 subjects": {"attestations": [{"id": "1", "envelope": statement(100_000, "elsewhere/")}]},
    "long subjects": {"attestations": [{"id": "1", "envelope": statement(20, LONG)}]},
    "a long predicate type": {"attestations": [{"id": f"{n}", "envelope": statement(1, "b", LONG)} for n in range(20)]},
    "100,000 signatures in an envelope": {
        "attestations": [{"id": "1", "envelope": {**statement(1, "b"), "signatures": [{"sig": "MAYCAQECAQE="}] * 100_000}}]
    },
}


@pytest.mark.parametrize("lie", LIES)
def test_no_lie_makes_a_long_message(liar: tuple[ScriptedServer, Client], tmp_path: Path, lie: str) -> None:
    server, client = liar
    server.play(Liar(b"data", **LIES[lie]).answer)
    trusted = [ONE.public_key()]
    types = [f"type-{number}-{'y' * 1000}" for number in range(20)]
    policy = Policy(trusted, sbom=True, attestations=types, digest=digest_of(b"other"))
    with pytest.raises(PolicyViolationError) as caught:
        client.fetch("builds", "app", tmp_path / "app", policy=policy)
    assert len(str(caught.value)) < MAX_MESSAGE
    assert max(map(len, caught.value.violations)) < MAX_MESSAGE
    signed = client.verify_signatures("builds", "app", trusted)
    attested = client.verify_attestations("builds", "app", trusted, type="z" * 5000)
    for result in (signed, attested):
        assert not result.valid
        assert len(result.message) < MAX_MESSAGE
        assert max((len(check.reason or "") for check in result.signatures), default=0) < MAX_MESSAGE


def test_records_without_end_come_to_an_end(liar: tuple[ScriptedServer, Client]) -> None:
    """A store that always has one more page, each with a marker of its own."""
    server, client = liar
    asked = 0

    def answer(heard: Heard) -> Reply:
        nonlocal asked
        if heard.target.startswith("/s3/"):
            return Reply(200, b"data", {"ETag": '"e"'})
        asked += 1
        records = [{"id": f"{asked}-{number}", "signature": "AAAA", "algorithm": "none"} for number in range(20)]
        page = {"signatures": records, "attestations": [], "isTruncated": True, "nextMarker": f"{asked}"}
        return Reply(200, json.dumps(page).encode(), {"Content-Type": "application/json"})

    server.play(answer)
    result = client.verify_signatures("builds", "app", [ONE.public_key()])
    assert (result.valid, len(result.signatures)) == (False, 10_000)
    assert asked < 1100
    assert not client.verify_attestations("builds", "app", [ONE.public_key()]).valid


def test_a_store_that_ignores_what_is_asked_for_is_filtered_here(liar: tuple[ScriptedServer, Client], tmp_path: Path) -> None:
    server, client = liar
    digest = digest_of(b"data")
    good = {
        "id": "good",
        "algorithm": "ECDSA-P256-SHA256",
        "signature": base64.b64encode(ONE.sign_digest(bytes.fromhex(digest[7:]))).decode(),
        "artifactDigest": digest,
    }
    others = [{**good, "id": f"{number}", "artifactDigest": digest_of(bytes(number + 1))} for number in range(15_000)]
    server.play(Liar(b"data", signatures=[*others, good]).answer)
    assert client.verify_signatures("builds", "app", [ONE.public_key()]).valid
    client.fetch("builds", "app", tmp_path / "app", policy=Policy([ONE.public_key()], match_name=False))
    server.play(Liar(b"data", signatures=others).answer)
    result = client.verify_signatures("builds", "app", [ONE.public_key()])
    assert not result.valid
    assert 0 < len(result.signatures) <= 10
    assert all("about other bytes" in (check.reason or "") for check in result.signatures)


FETCH = """
import asyncio, sys
from pathlib import Path
from astore_sdk import AsyncClient, Client, Config, Policy

url, token, target, mode, pem = sys.argv[1:]
policy = Policy([pem], sbom=True)
status = lambda name: next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(name)) // 1024

async def fetch():
    async with AsyncClient(Config(url, token)) as client:
        await client.fetch("junk", "app", Path(target), policy=policy)

def run():
    if mode == "async":
        asyncio.run(fetch())
    else:
        with Client(Config(url, token)) as client:
            client.fetch("junk", "app", Path(target), policy=policy)

run()
print(status("VmHWM"))
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak of a process is read from Linux's /proc")
@pytest.mark.parametrize("mode", ["sync", "async"])
def test_a_fetch_among_large_sboms_takes_little_memory(tmp_path: Path, mode: str) -> None:
    def peak(server: BackgroundServer) -> int:
        ran = subprocess.run(
            [sys.executable, "-c", FETCH, server.url, "junk", str(tmp_path / "app"), mode, ONE.public_key().pem],
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert ran.returncode == 0, ran.stderr
        return int(ran.stdout)

    with BackgroundServer(tmp_path / "data", token="junk") as server, Client(Config(server.url, "junk", timeout=60)) as client:
        client.create_bucket("junk")
        client.publish("junk", "app", b"artifact", sign_with=ONE, sbom=document("app", 20 * KIB))
        before = peak(server)
        for number in range(4):
            client.attach_sbom("junk", "app", "spdx", document(f"junk-{number}", 28 * MIB))
        assert peak(server) - before < 16
