from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from .wire import JSON, assert_problem, sha256

if TYPE_CHECKING:
    import httpx

DER = b"0\x59" + bytes(range(89))
PEM = f"-----BEGIN PUBLIC KEY-----\n{base64.b64encode(DER).decode()}\n-----END PUBLIC KEY-----\n"
COMMON = {"id", "artifactDigest", "matchesCurrent", "timestamp", "omitted"}
SIGNATURE_FIELDS = COMMON | {"signature", "algorithm", "signedBy", "publicKey", "keyId", "bundle"}
SBOM_FIELDS = COMMON | {"format", "version", "content", "contentType", "createdBy", "contentSize", "contentDigest"}
ATTESTATION_FIELDS = COMMON | {"type", "predicateType", "data", "envelope", "createdBy"}

# Every form a private key has in PEM, made up so that no scanner takes it for one.
PRIVATE = "-----BEGIN {}PRIVATE KEY-----\nMIIB\n-----END {}PRIVATE KEY-----"


@pytest.fixture
def path(http: httpx.Client, bucket: str) -> str:
    http.put(f"/s3/{bucket}/dir/app", content=b"artifact")
    return f"{bucket}/dir/app"


def _signature(**more: object) -> dict[str, object]:
    return {
        "algorithm": "ECDSA-P256-SHA256",
        "signature": base64.b64encode(b"signed").decode(),
        "publicKey": PEM,
        "artifactDigest": sha256(b"artifact"),
        **more,
    }


def test_a_signature_is_kept_once(http: httpx.Client, path: str) -> None:
    url = f"/supplychain/signatures/{path}"
    sent = _signature(signedBy="me", bundle={"mediaType": "x", "n": [1, 2.5, None]})
    first = http.post(url, json=sent)
    assert first.status_code == 201
    shape = first.json()
    assert set(shape) == SIGNATURE_FIELDS
    assert {name: shape[name] for name in sent} == sent
    assert shape["matchesCurrent"] is True
    assert shape["keyId"] == f"sha256:{hashlib.sha256(DER).hexdigest()}"
    assert datetime.fromisoformat(shape["timestamp"]).utcoffset() is not None
    again = http.post(url, json=dict(reversed(sent.items())))
    assert (again.status_code, again.json()) == (200, shape)
    other = http.post(url, json=_signature())
    assert other.status_code == 201
    assert http.get(url).json()["signatures"] == [shape, other.json()]
    assert (other.json()["signedBy"], other.json()["bundle"]) == (None, None)
    # Null and absent say the same.
    assert http.post(url, json=_signature(signedBy=None, bundle=None)).status_code == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"algorithm": "RSA-PSS"},
        {"algorithm": None},
        {"signature": "not base64!"},
        {"signature": "AAA"},
        {"signature": ""},
        {"publicKey": "ssh-ed25519 AAAA"},
        {"publicKey": PEM.replace("PUBLIC", "CERTIFICATE")},
        {"artifactDigest": None},
        {"artifactDigest": "sha256:" + "A" * 64},
        {"artifactDigest": "md5:00"},
        {"signedBy": 1},
        {"bundle": "text"},
    ],
)
def test_a_signature_of_another_form_is_refused(http: httpx.Client, path: str, wrong: dict[str, object]) -> None:
    assert_problem(http.post(f"/supplychain/signatures/{path}", json=_signature(**wrong)), 400, "InvalidRequest")
    assert http.get(f"/supplychain/signatures/{path}").json()["signatures"] == []


@pytest.mark.parametrize("kind", ["", "EC ", "RSA ", "ENCRYPTED ", "OPENSSH "])
@pytest.mark.parametrize("escaped", [False, True])
def test_a_private_key_is_refused_wherever_it_is(http: httpx.Client, path: str, kind: str, escaped: bool) -> None:
    private = PRIVATE.format(kind, kind)
    requests: list[tuple[str, dict[str, object]]] = [
        ("signatures", _signature(signedBy=private)),
        ("signatures", _signature(publicKey=private)),
        ("signatures", _signature(privateKey=private)),
        ("signatures", _signature(bundle={"deep": [{"in": private}]})),
        ("signatures", _signature(bundle={private: 1})),
        ("sbom", {"format": "spdx", "content": f"text {private}"}),
        ("attestations", {"type": "build", "data": {"log": [private]}}),
    ]
    for where, body in requests:
        text = json.dumps(body)
        if escaped:
            text = text.replace("-----BEGIN", "\\u002d----BEGIN")
        answer = http.post(f"/supplychain/{where}/{path}", content=text, headers=JSON)
        problem = assert_problem(answer, 400, "InvalidRequest")
        assert "private key" in str(problem["detail"])
        assert "MIIB" not in answer.text
    assert http.get(f"/supplychain/signatures/{path}").json()["signatures"] == []
    assert http.get(f"/supplychain/sboms/{path}").json()["sboms"] == []
    assert http.get(f"/supplychain/attestations/{path}").json()["attestations"] == []


@pytest.mark.parametrize(
    ("content", "version"),
    [
        ('{"spdxVersion": "SPDX-2.3"}', "2.3"),
        ('{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld"}', "3.0.1"),
        ('{"bomFormat": "CycloneDX", "specVersion": "1.6"}', "1.6"),
        ('<?xml version="1.0"?><bom xmlns="http://cyclonedx.org/schema/bom/1.5"/>', "1.5"),
        ("SPDXVersion?", None),
        ("[]", None),
        ('{"spdxVersion": 2}', None),
        ("[" * 100_000, None),
    ],
)
def test_an_sbom_is_kept_exactly(http: httpx.Client, path: str, content: str, version: str | None) -> None:
    sent = {"format": "spdx", "content": content + "\r\n ", "contentType": "application/spdx+json", "createdBy": "me"}
    answer = http.post(f"/supplychain/sbom/{path}", json=sent)
    assert answer.status_code == 201
    shape = answer.json()
    assert set(shape) == SBOM_FIELDS
    assert {name: shape[name] for name in sent} == sent
    stored = str(sent["content"]).encode()
    assert (shape["contentSize"], shape["contentDigest"]) == (len(stored), sha256(stored))
    assert shape["version"] == version
    assert http.get(f"/supplychain/sbom/{path}").json() == shape


def test_the_newest_sbom_of_these_bytes(http: httpx.Client, path: str) -> None:
    url = f"/supplychain/sbom/{path}"
    assert_problem(http.get(url), 404, "NoSuchSBOM")
    made = [
        http.post(url, json={"format": form, "content": content}).json()
        for form, content in (("spdx", "1"), ("cyclonedx", "2"), ("spdx", "3"), ("cyclonedx", "4"))
    ]
    assert http.get(url).json() == made[3]
    assert http.get(f"{url}?format=spdx").json() == made[2]
    assert_problem(http.get(f"{url}?format=other"), 400, "InvalidArgument")
    assert http.get(f"/supplychain/sboms/{path}").json()["sboms"] == made[::-1]
    # A repeat is the old record, not a newer one.
    assert http.post(url, json={"format": "spdx", "content": "1"}).json() == made[0]
    assert http.get(url).json() == made[3]
    # Other bytes: the records stay, and speak of what was.
    http.put(f"/s3/{path}", content=b"other")
    assert_problem(http.get(url), 404, "NoSuchSBOM")
    assert [sbom["matchesCurrent"] for sbom in http.get(f"/supplychain/sboms/{path}").json()["sboms"]] == [False] * 4
    http.put(f"/s3/{path}", content=b"artifact")
    assert http.get(url).json() == made[3]


@pytest.mark.parametrize("wrong", [{"format": "other"}, {"format": None}, {"content": ""}, {"content": {}}, {"createdBy": []}])
def test_an_sbom_of_another_form_is_refused(http: httpx.Client, path: str, wrong: dict[str, object]) -> None:
    body = {"format": "spdx", "content": "x", **wrong}
    assert_problem(http.post(f"/supplychain/sbom/{path}", json=body), 400, "InvalidRequest")


def test_attestations(http: httpx.Client, path: str) -> None:
    url = f"/supplychain/attestations/{path}"
    envelope = {"payloadType": "t", "payload": "e30=", "signatures": [{"sig": "AA==", "keyid": None}]}
    data = {"status": "success", "testsPassed": 142, "big": 2**70, "ratio": 0.1, "none": None, "ü": "🎉"}
    build = http.post(url, json={"type": "build", "predicateType": "https://p", "data": data, "envelope": envelope})
    assert build.status_code == 201
    shape = build.json()
    assert set(shape) == ATTESTATION_FIELDS
    assert (shape["data"], shape["envelope"], shape["predicateType"]) == (data, envelope, "https://p")
    test = http.post(url, json={"type": "test", "data": {}}).json()
    assert http.get(url).json()["attestations"] == [shape, test]
    assert http.get(f"{url}?type=test").json()["attestations"] == [test]
    assert http.get(f"{url}?type=none").json()["attestations"] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": ""},
        {"type": 1},
        {"data": None},
        {"data": []},
        {"envelope": {}},
        {"envelope": {"payloadType": "t", "payload": "e30=", "signatures": []}},
        {"envelope": {"payloadType": "t", "payload": "e30=", "signatures": [{"keyid": "x"}]}},
        {"envelope": {"payloadType": "t", "payload": 1, "signatures": [{"sig": "x"}]}},
    ],
)
def test_an_attestation_of_another_form_is_refused(http: httpx.Client, path: str, wrong: dict[str, object]) -> None:
    body = {"type": "build", "data": {}, **wrong}
    assert_problem(http.post(f"/supplychain/attestations/{path}", json=body), 400, "InvalidRequest")


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"type": "x", "data": {"n": NaN}}', '{"type": "x", "data": {"n": 1e999}}', "\ufeff{}"]
)
def test_what_is_not_json_is_refused(http: httpx.Client, path: str, text: str) -> None:
    answer = http.post(f"/supplychain/attestations/{path}", content=text.encode(), headers=JSON)
    assert_problem(answer, 400, "InvalidRequest")


def test_records_name_the_bytes_they_speak_of(http: httpx.Client, path: str) -> None:
    url = f"/supplychain/attestations/{path}"
    body = {"type": "build", "data": {}}
    first = http.post(url, json=body).json()
    assert first["artifactDigest"] == sha256(b"artifact")
    assert http.post(url, json={**body, "artifactDigest": sha256(b"artifact")}).json() == first
    assert_problem(http.post(url, json={**body, "artifactDigest": sha256(b"x")}), 409, "DigestMismatch")
    http.put(f"/s3/{path}", content=b"other")
    # A repeat of what is stored is no mismatch, and without a digest it speaks of the bytes of now.
    again = http.post(url, json={**body, "artifactDigest": sha256(b"artifact")})
    assert (again.status_code, again.json()) == (200, {**first, "matchesCurrent": False})
    now = http.post(url, json=body)
    assert (now.status_code, now.json()["artifactDigest"]) == (201, sha256(b"other"))


def test_records_live_and_die_with_the_object(http: httpx.Client, bucket: str, path: str) -> None:
    http.post(f"/supplychain/signatures/{path}", json=_signature())
    http.put(f"/s3/{bucket}/copy", headers={"x-amz-copy-source": f"/{path}"})
    assert http.get(f"/supplychain/signatures/{bucket}/copy").json()["signatures"] == []
    http.put(f"/s3/{path}", headers={"x-amz-copy-source": f"/{bucket}/copy"})
    assert len(http.get(f"/supplychain/signatures/{path}").json()["signatures"]) == 1
    http.delete(f"/s3/{path}")
    assert_problem(http.get(f"/supplychain/signatures/{path}"), 404, "NoSuchKey")
    http.put(f"/s3/{path}", content=b"artifact")
    assert http.get(f"/supplychain/signatures/{path}").json()["signatures"] == []


def test_records_need_an_object(http: httpx.Client, bucket: str) -> None:
    for where in ("signatures", "sbom", "sboms", "attestations"):
        assert_problem(http.get(f"/supplychain/{where}/{bucket}/absent"), 404, "NoSuchKey")
    assert_problem(http.post(f"/supplychain/signatures/{bucket}/absent", json=_signature()), 404, "NoSuchKey")
