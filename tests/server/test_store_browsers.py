"""What a web page in a browser of this machine cannot do to a store, with or without a token."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from astore_sdk.server import BackgroundServer

from .wire import JSON, assert_problem, connect, exchange, sha256

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = b"<!doctype html><script>fetch('/s3')</script>"


@pytest.fixture
def path(http: httpx.Client, bucket: str) -> str:
    http.put(f"/s3/{bucket}/page.html", content=PAGE, headers={"Content-Type": "text/html"})
    return f"/s3/{bucket}/page.html"


@pytest.fixture(scope="module")
def guarded() -> Iterator[httpx.Client]:
    with (
        BackgroundServer(token="token") as server,
        httpx.Client(base_url=server.url, headers={"Authorization": "Bearer token"}) as client,
    ):
        client.put("/s3/some-bucket")
        client.put("/s3/some-bucket/key", content=PAGE, headers={"Content-Type": "text/html"})
        yield client


def _asked(server: BackgroundServer, target: str, fields: str, *, method: str = "GET", version: str = "1.1") -> tuple[int, str]:
    """Send a head as it is; gives the status and the code of a problem."""
    answer, body = exchange(server, f"{method} {target} HTTP/{version}\r\n{fields}\r\n".encode("latin-1"), method=method)
    said = json.loads(body) if body and answer.headers["content-type"] == "application/problem+json" else {}
    return answer.status, said.get("code", "")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost",
        "localhost.",
        "app.localhost",
        "127.0.0.1",
        "127.0.0.1.",
        "127.8.9.10",
        "[::1]",
        "[0:0::1]",
        "[::ffff:127.0.0.1]",
    ],
)
@pytest.mark.parametrize("port", ["", ":", ":1", ":8080"])
def test_names_of_this_machine_are_answered(server: BackgroundServer, path: str, host: str, port: str) -> None:
    assert _asked(server, path, f"Host: {host}{port}\r\n") == (200, "")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8080", "localhost.evil.example", "notlocalhost", "127.0.0.1.evil.example", "evil.example.",
        "", "0.0.0.0", "10.0.0.1", "192.168.1.7:80", "128.0.0.1", "[::2]", "[::]", "[fe80::1%25lo]", "::1", "127.1", "0x7f.0.0.1",
        "2130706433", "localhost@evil.example", "evil@127.0.0.1", "127.0.0.1, evil.example", "127.0.0.1 evil", "127.0.0.1:80:80",
        "127.0.0.1/x", "localhost..", ".localhost.evil", "[::ffff:10.0.0.1]", "loc\xe4lhost",
    ],
)  # fmt: skip
def test_other_names_are_not(server: BackgroundServer, path: str, host: str) -> None:
    for method in ("GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS"):
        status, code = _asked(server, path, f"Host: {host}\r\nContent-Length: 0\r\n", method=method)
        # What cannot be a host at all may be refused for that before.
        assert (status, code) in {(403, "AccessDenied"), (403, ""), (400, "InvalidRequest"), (400, "")}
    assert _asked(server, path, "Host: localhost\r\n")[0] == 200


def test_a_foreign_name_is_told_what_to_do(http: httpx.Client, path: str) -> None:
    problem = assert_problem(http.get(path, headers={"Host": "evil.example"}), 403, "AccessDenied")
    assert "token" in str(problem["detail"])
    assert "127.0.0.1" in str(problem["detail"])
    assert "evil" not in str(problem["detail"])
    assert problem["retryable"] is False


def test_the_authority_of_a_whole_url_counts(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    """RFC 9112 §3.2.2: the Host field beside it is ignored."""
    assert _asked(server, f"http://evil.example{path}", "Host: localhost\r\n") == (403, "AccessDenied")
    assert _asked(server, f"http://localhost@evil.example{path}", "Host: localhost\r\n") == (400, "InvalidRequest")
    assert _asked(server, f"http://evil.example{path}", "", version="1.0") == (403, "AccessDenied")
    assert _asked(server, f"http://127.0.0.1:1{path}", "Host: evil.example\r\n") == (200, "")
    assert _asked(server, f"http://evil.example{path}", "Host: localhost\r\n", method="DELETE") == (403, "AccessDenied")
    assert http.get(path).content == PAGE


def test_an_old_client_names_no_host(server: BackgroundServer, path: str) -> None:
    assert _asked(server, path, "", version="1.0") == (200, "")
    assert _asked(server, path, "", version="1.1")[0] == 400


@pytest.mark.parametrize("target", ["/health", "/health/ready", "/health/live"])
def test_probes_ask_by_any_name(server: BackgroundServer, target: str) -> None:
    assert _asked(server, target, "Host: 10.1.2.3:8080\r\n") == (200, "")
    assert _asked(server, f"http://10.1.2.3:8080{target}", "Host: 10.1.2.3:8080\r\n") == (200, "")
    assert _asked(server, "/healthy/../s3", "Host: 10.1.2.3\r\n")[0] in {400, 404}


FOREIGN = [
    {"Origin": "https://evil.example"},
    {"Origin": "http://evil.example"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Origin": "http://localhost:1"},
    {"Origin": "http://127.0.0.1"},
    {"Origin": "file://"},
    {"Origin": "chrome-extension://abc"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document", "Sec-Fetch-User": "?1"},
    {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
    {"Sec-Fetch-Site": "what-comes-later"},
    {"Sec-Fetch-Site": ""},
]


@pytest.mark.parametrize("said", FOREIGN)
def test_a_page_of_another_site_can_do_nothing(http: httpx.Client, bucket: str, path: str, said: dict[str, str]) -> None:
    upload = http.post(f"{path}?uploads").json()["uploadId"]
    part = http.put(f"{path}?uploadId={upload}&partNumber=1", content=b"x").headers["etag"]
    record = {"type": "t", "data": {}}
    asked: list[tuple[str, str, dict[str, object]]] = [
        ("POST", f"/s3/{bucket}?delete", {"json": {"keys": ["page.html"]}}),
        ("POST", f"{path}?uploads", {}),
        ("POST", f"{path}?uploadId={upload}", {"json": {"parts": [{"partNumber": 1, "etag": part}]}}),
        ("POST", f"/supplychain/attestations{path.removeprefix('/s3')}", {"json": record}),
        ("PUT", path, {"content": b"changed"}),
        ("PUT", f"{path}?uploadId={upload}&partNumber=1", {"content": b"changed"}),
        ("PUT", f"{path}-copy", {"headers": {"x-amz-copy-source": path.removeprefix("/s3")}}),
        ("PUT", f"/s3/{bucket}-new", {}),
        ("DELETE", path, {}),
        ("DELETE", f"{path}?uploadId={upload}", {}),
        ("GET", path, {}),
        ("GET", "/s3", {}),
        ("OPTIONS", path, {"headers": {"Access-Control-Request-Method": "PUT"}}),
        ("POST", "/faults", {"json": {"status": 500}}),
        ("GET", "/nothing", {}),
    ]
    for method, target, rest in asked:
        headers = {**dict(rest.pop("headers", {})), **said}  # type: ignore[call-overload]
        answer = http.request(method, target, headers=headers, **rest)  # type: ignore[arg-type]
        assert_problem(answer, 403, "AccessDenied")
        assert "access-control-allow-origin" not in answer.headers
    assert http.head(path, headers=said).status_code == 403
    assert http.get(path).content == PAGE
    assert http.get(f"{path}?uploadId={upload}").json()["parts"][0]["size"] == 1
    assert http.get("/faults").json() == {"faults": []}


def test_the_store_s_own_pages_and_typed_addresses_are_served(server: BackgroundServer, http: httpx.Client, path: str) -> None:
    port = urlsplit(server.url).port
    for said in (
        {"Origin": server.url},
        {"Origin": f"http://localhost:{port}", "Host": f"LOCALHOST:{port}"},
        {"Origin": "http://localhost", "Host": "localhost:80"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
        {"Origin": server.url, "Sec-Fetch-Site": "same-origin"},
    ):
        assert http.get(path, headers=said).content == PAGE
        assert http.put(path, content=PAGE, headers={**said, "Content-Type": "text/html"}).status_code == 200


def test_with_a_token_names_and_origins_do_not_matter(guarded: httpx.Client) -> None:
    """No browser has the token, and none sends it by itself."""
    for said in ({"Host": "store.example"}, {"Host": "10.0.0.1:80"}, *FOREIGN):
        assert guarded.get("/s3/some-bucket/key", headers=said).content == PAGE
        assert httpx.get(f"{guarded.base_url}/s3", headers=said).status_code == 401
        assert httpx.get(f"{guarded.base_url}/health", headers=said).status_code == 200


@pytest.mark.parametrize("asked", [{}, {"Range": "bytes=0-3"}, {"If-None-Match": "*"}])
def test_what_is_stored_runs_nothing_in_a_browser(
    http: httpx.Client, guarded: httpx.Client, path: str, asked: dict[str, str]
) -> None:
    for client, where in ((http, path), (guarded, "/s3/some-bucket/key")):
        for method in ("GET", "HEAD"):
            answer = client.request(method, where, headers=asked)
            assert answer.status_code == {"": 200, "Range": 206, "If-None-Match": 304}["".join(asked)]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"] == "sandbox"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    for answer in (http.get("/s3"), http.get("/s3/absent-bucket"), http.get("/health"), http.delete(path)):
        assert answer.headers["x-content-type-options"] == "nosniff"


def _json_operations(http: httpx.Client, bucket: str, path: str) -> list[tuple[str, dict[str, object]]]:
    """Every request with a JSON body."""
    owner = path.removeprefix("/s3")
    key = "-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
    signature = {"algorithm": "ECDSA-P256-SHA256", "signature": "AA==", "publicKey": key, "artifactDigest": sha256(PAGE)}
    upload = http.post(f"{path}-parts?uploads").json()["uploadId"]
    part = http.put(f"{path}-parts?uploadId={upload}&partNumber=1", content=b"x").headers["etag"]
    return [
        (f"{path}-parts?uploadId={upload}", {"parts": [{"partNumber": 1, "etag": part}]}),
        (f"/supplychain/signatures{owner}", signature),
        (f"/supplychain/sbom{owner}", {"format": "spdx", "content": "{}"}),
        (f"/supplychain/attestations{owner}", {"type": "t", "data": {}}),
        ("/faults", {"operation": "headBucket", "status": 500}),
        (f"/s3/{bucket}?delete", {"keys": ["page.html"]}),
    ]


@pytest.mark.parametrize(
    "content_type",
    [
        None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/octet-stream",
        "json", "text/plain; application/json", "text/plain, application/json", "application/json, text/plain", "application/jsonx",
        "+json", "application/ json", "text/plain;+json",
    ],
)  # fmt: skip
def test_a_json_body_has_to_say_so(http: httpx.Client, bucket: str, path: str, content_type: str | None) -> None:
    """The types that a form or a script may send to any site without being asked for leave (Fetch, CORS-safelisted)."""
    headers = {} if content_type is None else {"Content-Type": content_type}
    for target, body in _json_operations(http, bucket, path):
        answer = http.post(target, content=json.dumps(body).encode(), headers=headers)
        problem = assert_problem(answer, 415, "UnsupportedMediaType")
        assert "application/json" in str(problem["detail"])
    assert http.get(path).content == PAGE
    assert http.get("/faults").json() == {"faults": []}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "application/json ;x=y",
        "application/problem+json",
        "a/b.c+JSON;d",
    ],
)
def test_every_kind_of_json_is_taken(http: httpx.Client, bucket: str, path: str, content_type: str) -> None:
    for target, body in _json_operations(http, bucket, path):
        answer = http.post(target, content=json.dumps(body).encode(), headers={"Content-Type": content_type})
        assert answer.status_code in {200, 201}, answer.text
    http.delete("/faults")


def test_a_body_of_another_type_is_refused_before_it_is_sent(server: BackgroundServer, bucket: str) -> None:
    head = f"POST /s3/{bucket}?delete HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 9\r\n"
    answer, _ = exchange(server, f"{head}Expect: 100-continue\r\n\r\n".encode(), method="POST")
    assert answer.status == 415


def test_a_form_of_a_foreign_page_deletes_nothing(server: BackgroundServer, http: httpx.Client, bucket: str, path: str) -> None:
    """What a page sends with `fetch(url, {method: "POST", mode: "no-cors", body})`, byte for byte."""
    body = b'{"keys": ["page.html"]}'
    host = urlsplit(server.url).netloc
    fields = (
        f"POST /s3/{bucket}?delete HTTP/1.1\r\nHost: {host}\r\n"
        f"Content-Length: {len(body)}\r\nContent-Type: text/plain;charset=UTF-8\r\n"
        "Origin: https://evil.example\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: empty\r\n\r\n"
    )
    with connect(server) as opened:
        opened.sendall(fields.encode() + body)
        assert opened.recv(12) == b"HTTP/1.1 403"
    assert http.get(path).content == PAGE
    assert http.post(f"/s3/{bucket}?delete", content=body, headers=JSON).json()["deleted"] == ["page.html"]
