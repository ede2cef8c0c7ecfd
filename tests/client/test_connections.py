"""TLS, client certificates and proxies, with real servers on loopback."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from astore_sdk import Client, Config, InsecureTransportWarning, InvalidInputError, NetworkError

from ..conftest import QUICK, ClientFactory


class Bucket(BaseHTTPRequestHandler):
    """Answers a list of one bucket, named after the request's target: a proxy sees a whole URL there."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.seen.append(self.headers)
        body = json.dumps({"buckets": [{"name": self.path}]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Be silent."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[ThreadingHTTPServer]:
    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """Refused handshakes are what some tests are about."""

    with Quiet(("127.0.0.1", 0), Bucket) as server:
        server.seen = []
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def authority_file(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ca") / "ca.pem"
    authority.cert_pem.write_to_path(str(path))
    return path


@pytest.fixture
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def names(client: Client) -> list[str]:
    return [found.name for found in client.list_buckets().buckets]


def test_own_authority(make_client: ClientFactory, server_context: ssl.SSLContext, authority_file: Path) -> None:
    with serving(server_context) as server:
        url = f"https://127.0.0.1:{server.server_port}"
        with make_client(Config(url, verify=authority_file)) as client:
            assert names(client) == ["/s3"]
        context = ssl.create_default_context(cafile=str(authority_file))
        with make_client(Config(url, verify=context)) as client:
            assert names(client) == ["/s3"]


def test_unknown_authority_is_refused_at_once(make_client: ClientFactory, server_context: ssl.SSLContext) -> None:
    with serving(server_context) as server, make_client(Config(f"https://127.0.0.1:{server.server_port}")) as client:
        with pytest.raises(NetworkError, match="verify=") as caught:
            client.list_buckets()
        assert (caught.value.code, caught.value.attempts) == ("CertificateRefused", 1)


def test_skipping_verification_warns_and_stays_in_its_client(make_client: ClientFactory, server_context: ssl.SSLContext) -> None:
    with serving(server_context) as server:
        url = f"https://127.0.0.1:{server.server_port}"
        with (
            pytest.warns(InsecureTransportWarning, match="not verified"),
            make_client(Config(url, insecure_skip_verify=True)) as client,
            make_client(Config(url)) as other,
        ):
            assert names(client) == ["/s3"]
            with pytest.raises(NetworkError):
                other.list_buckets()


def test_client_certificate(
    make_client: ClientFactory, authority: trustme.CA, server_context: ssl.SSLContext, authority_file: Path, tmp_path: Path
) -> None:
    authority.configure_trust(server_context)
    server_context.verify_mode = ssl.CERT_REQUIRED
    issued = authority.issue_cert("client@example.com")
    both, key = tmp_path / "both.pem", tmp_path / "key.pem"
    issued.private_key_and_cert_chain_pem.write_to_path(str(both))
    issued.private_key_pem.write_to_path(str(key))
    with serving(server_context) as server:
        url = f"https://127.0.0.1:{server.server_port}"
        for cert in (str(both), (str(both), str(key))):
            with make_client(Config(url, verify=authority_file, cert=cert)) as client:
                assert names(client) == ["/s3"]
        with make_client(Config(url, verify=authority_file, retry=QUICK)) as client, pytest.raises(NetworkError):
            client.list_buckets()


def test_broken_certificates_are_named(make_client: ClientFactory, tmp_path: Path) -> None:
    broken = tmp_path / "broken.pem"
    broken.write_text("nothing")
    for config in (Config("https://127.0.0.1", verify=broken), Config("https://127.0.0.1", cert=str(broken))):
        with make_client(config) as client, pytest.raises(InvalidInputError, match="cannot be loaded"):
            client.list_buckets()


def test_proxy_by_configuration(make_client: ClientFactory) -> None:
    with serving() as proxy:
        config = Config("http://store.example/base", "token", proxy=f"http://me:pass@127.0.0.1:{proxy.server_port}")
        with make_client(config) as client:
            assert names(client) == ["http://store.example/base/s3"]
        assert proxy.seen[-1]["Proxy-Authorization"]


def test_proxy_by_environment(make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving() as proxy, serving() as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.server_port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with make_client(Config("http://store.example")) as client:
            assert names(client) == ["http://store.example/s3"]
        with make_client(Config(f"http://127.0.0.1:{server.server_port}")) as client:
            assert names(client) == ["/s3"]


def test_proxy_that_is_not_there(make_client: ClientFactory) -> None:
    config = Config("http://store.example", proxy="http://127.0.0.1:9", retry=QUICK)
    with make_client(config) as client, pytest.raises(NetworkError):
        client.list_buckets()


def test_connections_are_used_again(make_client: ClientFactory) -> None:
    with serving() as server:
        ports: set[int] = set()
        original = server.get_request

        def counted() -> object:
            request, address = original()
            ports.add(address[1])
            return request, address

        server.get_request = counted
        with make_client(Config(f"http://127.0.0.1:{server.server_port}")) as client:
            for _ in range(5):
                names(client)
        assert len(ports) == 1
