"""The store behind a real nginx.

With the configuration of docs/proxies.md every key survives; with the usual wrong one, none is taken for another.
"""

from __future__ import annotations

import io
import re
import shutil
import socket
import subprocess
from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from astore_sdk import (
    BadRequestError,
    Client,
    Config,
    NotFoundError,
    TransferConfig,
    WrongObjectError,
    generate_key,
)
from astore_sdk.models import CompletedPart
from astore_sdk.server import BackgroundServer, Limits

from ..conftest import QUICK
from ..transfer.peer import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..conftest import ClientFactory

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed (Debian: the package nginx-light)")

PAGE = (Path(__file__).parents[2] / "docs" / "proxies.md").read_text()
SITE, MAP, PASS = re.findall(r"^```nginx\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
IN_FRONT = SITE.replace("location / {", "location /store/ {").replace("proxy_pass http://astore;", PASS.strip())
WRONG = SITE.replace("location / {", "location /store/ {").replace("proxy_pass http://astore;", "proxy_pass http://astore/;")
MERGING = WRONG.replace("merge_slashes off;", "")
KEYS = [
    "a//b", "in/../../tenant-b/report.pdf", "/x", "dir/", "dir//", "//", ".", "..", "a/.", "a/./b", "a/../b", "%2e%2e", "%2e%2e/x",
    "%2F", "a%2Fb", "..%2fx", "%25", "back\\slash", "..\\..\\x", "ü", "u\u0308", "日本/語", "+", "a b", ";p=1", "x;/../y", "?",
    "a?b=c", "#", "a#b", "&", "~", "'\"<>", "é" * 512, "x" * 1024,
]  # fmt: skip
PLAIN = ["a/b", "b", "x", "dir", "in", "y", "report.pdf", "tenant-b/report.pdf", "back/slash", "s3/tenant-b/report.pdf"]
DATA = b"what was sent"
VICTIM = b"what is not meant"
KEY = generate_key()
SMALL = TransferConfig(threshold=0, part_size=5 * 1024 * 1024)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def nginx(folder: Path, site: str, store: str) -> Iterator[str]:
    """An nginx with this site, as a process of ours; gives its URL."""
    port = free_port()
    for old, new in (
        ("server 127.0.0.1:8080;", f"server {store.removeprefix('http://')};"),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
    ):
        assert site.count(old) == 1
        site = site.replace(old, new)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{temporary}\n{site}\n}}\n"
    )
    process = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(configuration)], stderr=subprocess.PIPE)
    try:
        wait_until(lambda: process.poll() is not None or accepts(port))
        assert process.poll() is None, process.stderr.read() if process.stderr else ""
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.communicate(timeout=20)


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def inner() -> Iterator[BackgroundServer]:
    with BackgroundServer(limits=Limits(min_part_size=1), token="behind") as server:
        yield server


@pytest.fixture(scope="module")
def direct(inner: BackgroundServer) -> Iterator[Client]:
    """A client that nothing stands before."""
    with Client(Config(inner.url, "behind", retry=QUICK)) as client:
        client.create_bucket("tenant-a")
        client.create_bucket("tenant-b")
        yield client


@pytest.fixture(scope="module")
def proxies(inner: BackgroundServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    sites = {
        "own host": (SITE, ""),
        "path in front": (MAP + IN_FRONT, "/store"),
        "wrong": (WRONG, "/store"),
        "merging": (MERGING, "/store"),
        "into a bucket": (WRONG.replace("http://astore/;", "http://astore/s3/tenant-b/;"), "/store"),
    }
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(nginx(tmp_path_factory.mktemp("nginx"), site, inner.url)) + path
            for name, (site, path) in sites.items()
        }


@pytest.mark.parametrize("site", ["own host", "path in front"])
def test_every_key_survives(make_client: ClientFactory, proxies: dict[str, str], direct: Client, site: str) -> None:
    with make_client(Config(proxies[site], "behind", retry=QUICK)) as client:
        for key in KEYS:
            stored = client.upload("tenant-a", key, DATA, metadata={"Build_Id": "ü", "odd.name!": "1"})
            assert (stored.key, stored.metadata) == (key, {"build_id": "ü", "odd.name!": "1"})
            assert client.get_object_metadata("tenant-a", key).metadata == stored.metadata
            assert client.read("tenant-a", key) == direct.read("tenant-a", key) == DATA
            assert client.read("tenant-a", key, byte_range="bytes=1-3") == DATA[1:4]
        assert [item.key for item in client.list_objects("tenant-a").objects] == sorted(KEYS, key=str.encode)
        for key in KEYS:
            client.copy_object("tenant-a", key, "tenant-b", key)
            client.sign_artifact("tenant-b", key, KEY)
            assert client.verify_signatures("tenant-b", key, [KEY.public_key()]).valid
            client.attach_sbom("tenant-b", key, "spdx", '{"spdxVersion": "SPDX-2.3"}')
            assert client.get_sbom("tenant-b", key).format == "spdx"
            client.upload("tenant-b", key, DATA + b"!", transfer=SMALL)
            assert direct.read("tenant-b", key) == DATA + b"!"
            begun = client.initiate_multipart_upload("tenant-b", key)
            etag = client.upload_part("tenant-b", key, begun.upload_id, 1, DATA)
            assert [part.etag for part in client.list_parts("tenant-b", key, begun.upload_id)] == [etag]
            client.abort_multipart_upload("tenant-b", key, begun.upload_id)
            client.delete_object("tenant-a", key)
            assert not direct.object_exists("tenant-a", key)
        assert client.delete_objects("tenant-b", KEYS).errors == []
        assert client.list_multipart_uploads("tenant-b") == []
    assert direct.list_objects("tenant-b").objects == direct.list_objects("tenant-a").objects == []


def test_large_bodies_pass(make_client: ClientFactory, proxies: dict[str, str]) -> None:
    data = bytes(range(256)) * 4 * 1024 * 8
    with make_client(Config(proxies["own host"], "behind", retry=QUICK)) as client:
        client.upload("tenant-a", "large", data, transfer=TransferConfig(threshold=len(data)))
        writer = io.BytesIO()
        client.download("tenant-a", "large", writer)
        client.delete_object("tenant-a", "large")
    assert writer.getvalue() == data


Call = Callable[[Client, str], object]
CALLS: dict[str, Call] = {
    "upload": lambda client, key: client.upload("tenant-a", key, DATA),
    "upload in parts": lambda client, key: client.upload("tenant-a", key, DATA, transfer=SMALL),
    "read": lambda client, key: expect(client.read("tenant-a", key), DATA),
    "head": lambda client, key: client.get_object_metadata("tenant-a", key),
    "sign": lambda client, key: client.sign_artifact("tenant-a", key, KEY),
    "signatures": lambda client, key: expect(len(client.get_signatures("tenant-a", key)), 1),
    "sbom": lambda client, key: client.attach_sbom("tenant-a", key, "spdx", '{"spdxVersion": "SPDX-2.3"}'),
    "attest": lambda client, key: client.add_attestation("tenant-a", key, "build", {}),
    "copy": lambda client, key: client.copy_object("tenant-a", key, "tenant-a", key),
    "multipart": lambda client, key: client.abort_multipart_upload(*begun(client, key)),
    "part": lambda client, key: client.upload_part("tenant-a", key, "no-such-upload", 1, DATA),
    "complete": lambda client, key: client.complete_multipart_upload(
        "tenant-a", key, "no-such-upload", [CompletedPart(1, "e")], size=1
    ),
    "delete": lambda client, key: client.delete_object("tenant-a", key),
}


def begun(client: Client, key: str) -> tuple[str, str, str]:
    upload = client.initiate_multipart_upload("tenant-a", key)
    return "tenant-a", key, upload.upload_id


def expect(found: object, wanted: object) -> None:
    assert found == wanted


def listed(direct: Client, but: str) -> list[object]:
    """All objects and uploads in the store, but for one key."""
    found: list[object] = []
    for bucket in ("tenant-a", "tenant-b"):
        found += [bucket, *direct.list_multipart_uploads(bucket)]
        found += [item for item in direct.list_objects(bucket).objects if (bucket, item.key) != ("tenant-a", but)]
    return found


@pytest.mark.parametrize("site", ["wrong", "merging"])
def test_the_usual_mistake_changes_no_other_object(
    make_client: ClientFactory, proxies: dict[str, str], direct: Client, site: str
) -> None:
    victims = [(bucket, key) for bucket in ("tenant-a", "tenant-b") for key in PLAIN]
    for bucket, key in victims:
        direct.upload(bucket, key, VICTIM)
    keys = [*KEYS, "../../tenant-b/report.pdf", "../../s3/tenant-b/x", "../../health", "../" * 8 + "x"]
    if site == "merging":
        keys = [key for key in keys if "/" in (key[0], key[-1]) or "//" in key]
    kept: set[str] = set()
    with make_client(Config(proxies[site], "behind", retry=QUICK)) as client:
        for key in keys:
            direct.upload("tenant-a", key, DATA)
            before = listed(direct, key)
            refused = [name for name, call in CALLS.items() if is_refused(client, call, key)]
            assert listed(direct, key) == before, key
            # What is refused is so in every call, and what is not has reached the key that was meant.
            assert refused in ([], [*CALLS]), key
            assert direct.object_exists("tenant-a", key) == bool(refused)
            if not refused:
                kept.add(key)
            direct.delete_object("tenant-a", key)
    for bucket, key in victims:
        assert direct.read(bucket, key) == VICTIM
        for records in (direct.get_signatures, direct.list_sboms, direct.get_attestations):
            assert records(bucket, key) == []
        direct.delete_object(bucket, key)
    assert [bucket.name for bucket in direct.list_buckets().buckets] == ["tenant-a", "tenant-b"]
    if site == "merging":
        assert kept == {"dir/"}
    else:
        assert {"ü", "+", "a%2Fb", "#", "?", "back\\slash", "a//b", "/x"} <= kept
        assert kept.isdisjoint({".", "..", "a/./b", "a/../b", "in/../../tenant-b/report.pdf", "../../health"})


def test_an_address_inside_of_a_bucket_is_told(make_client: ClientFactory, proxies: dict[str, str], direct: Client) -> None:
    with make_client(Config(proxies["into a bucket"], "behind", retry=QUICK)) as client:
        for write in (
            lambda: client.create_bucket("tenant-c"),
            lambda: client.upload("tenant-a", "plain", DATA),
            lambda: client.upload("tenant-a", "plain", DATA, transfer=SMALL),
            lambda: client.delete_object("tenant-a", "plain"),
            lambda: client.delete_bucket("tenant-c"),
        ):
            with pytest.raises(WrongObjectError, match="may have been changed"):
                write()
        direct.upload("tenant-b", "s3/tenant-a/plain", VICTIM)
        for read in (
            lambda: client.read("tenant-a", "plain"),
            lambda: client.get_object_metadata("tenant-a", "plain"),
            lambda: client.object_exists("tenant-a", "plain"),
        ):
            with pytest.raises(WrongObjectError):
                read()
        with pytest.raises(BadRequestError, match="KeyMismatch"):
            client.upload("tenant-a", "not plain", DATA)
    assert direct.delete_objects("tenant-b", [item.key for item in direct.list_objects("tenant-b").objects]).errors == []
    for upload in direct.list_multipart_uploads("tenant-b"):
        direct.abort_multipart_upload(upload.bucket, upload.key, upload.upload_id)


def is_refused(client: Client, call: Call, key: str) -> bool:
    """Whether a call fails because the key does not survive. An upload that is not there is as it should be."""
    try:
        call(client, key)
    except NotFoundError as error:
        if error.code == "NoSuchUpload":
            return False
        raise
    except (BadRequestError, WrongObjectError) as error:
        if error.code not in ("KeyMismatch", None) or "docs/proxies.md" not in str(error):
            raise
        return True
    return False
