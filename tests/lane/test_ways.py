"""How a store is reached: proxies, names and addresses, TLS. The same way over both."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import trustme

from astore_sdk import InsecureTransportWarning, InvalidInputError, NetworkError

from ..client.test_connections import authority, authority_file, server_context
from ..transfer.scripted import Reply, ScriptedServer
from .answer_table import sized
from .conftest import Over
from .outcomes import BROKEN, LANES, Failure, buckets, content, get, outcome_of
from .proxy import Proxy

__all__ = ["authority", "authority_file", "server_context"]

DIRECT = Reply(200, b'{"buckets": [{"name": "direct"}]}')
PROXY_NAMES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"]


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not _has_ipv6(), reason="there is no IPv6 on loopback")


def test_a_proxy_that_is_configured(over: Over, lane: str) -> None:
    with Proxy() as proxy, over(lane, "http://store.example/base", proxy=proxy.url.replace("://", "://me:pass@")) as client:
        for _ in range(2):
            assert buckets(client) == ("by proxy",)
    assert proxy.asked == ["GET http://store.example/base/s3 HTTP/1.1"] * 2
    assert proxy.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
    assert proxy.headers["host"] == "store.example"


def test_a_tunnel(over: Over, lane: str, server_context: ssl.SSLContext, authority_file: Path) -> None:
    with Proxy() as proxy, ScriptedServer(lambda heard: DIRECT, tls=server_context) as server:
        for options in ({"proxy": proxy.url}, {"proxy": proxy.url.replace("://", "://me:pass@")}):
            proxy.asked.clear()
            with over(lane, server.url, verify=authority_file, **options) as client:
                for _ in range(3):
                    assert buckets(client) == ("direct",)
                assert client.upload("bucket", "key", b"x" * 300_000).size == 300_000
            assert proxy.asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
        assert proxy.headers["proxy-authorization"] == "Basic bWU6cGFzcw=="
        assert "proxy-authorization" not in server.heard[-1].headers
        assert len(server.heard[-1].body) == 300_000


def test_through_a_tunnel_certificates_are_verified(over: Over, lane: str, server_context: ssl.SSLContext) -> None:
    with Proxy() as proxy, ScriptedServer(tls=server_context) as server, over(lane, server.url, proxy=proxy.url) as client:
        assert buckets(client) == Failure(NetworkError, code="CertificateRefused")
        assert proxy.asked
        assert server.heard == []


@pytest.mark.parametrize(
    "refusal",
    [
        b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
        b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
        b"rubbish\r\n\r\n",
        b"\r\n",
    ],
    ids=["407", "403", "502", "rubbish", "nothing"],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_refuses(scheme: str, refusal: bytes, over: Over) -> None:
    outcomes: list[object] = []
    for lane in LANES:
        with Proxy(refusal) as proxy, over(lane, f"{scheme}://store.example", proxy=proxy.url) as client:
            outcomes.append((buckets(client), proxy.asked))
    stock, fast = outcomes
    assert fast == stock
    assert isinstance(stock[0], Failure)


@pytest.mark.parametrize("name", [case(name) for name in ("HTTP_PROXY", "ALL_PROXY") for case in (str.upper, str.lower)])
def test_a_proxy_of_the_environment(name: str, over: Over, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy() as proxy, ScriptedServer([DIRECT]) as server:
        monkeypatch.setenv(name, proxy.url)
        with over(lane, server.url) as client:
            assert buckets(client) == ("by proxy",)
        monkeypatch.setenv(name, proxy.url.removeprefix("http://"))
        with over(lane, server.url) as client:
            assert buckets(client) == ("by proxy",)
        monkeypatch.setenv(name, "")
        with over(lane, server.url) as client:
            assert buckets(client) == ("direct",)


@pytest.mark.parametrize("name", [case(name) for name in ("HTTPS_PROXY", "ALL_PROXY") for case in (str.upper, str.lower)])
def test_a_tunnel_of_the_environment(
    name: str, over: Over, lane: str, monkeypatch: pytest.MonkeyPatch, server_context: ssl.SSLContext, authority_file: Path
) -> None:
    with Proxy() as proxy, ScriptedServer([DIRECT], tls=server_context) as server:
        monkeypatch.setenv(name, proxy.url)
        with over(lane, server.url, verify=authority_file) as client:
            assert buckets(client) == ("direct",)
        assert proxy.asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]


def test_a_proxy_for_another_scheme_is_none(over: Over, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with Proxy() as proxy, ScriptedServer([DIRECT]) as server:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        with over(lane, server.url) as client:
            assert buckets(client) == ("direct",)
    assert proxy.asked == []


EXCEPTIONS = [
    "", "*", "localhost", "LOCALHOST", "127.0.0.1", "127.0.0.0/8", "::1", "[::1]", "other.example", ".localhost", "host", "local",
    "other.example, localhost", " 127.0.0.1 ,x", "http://localhost", "https://localhost", "http://127.0.0.1", "all://127.0.0.1",
    "127.0.0.1:{port}", "localhost:{port}", "http://localhost:{port}", "127.0.0.1:1", "x,*,y",
]  # fmt: skip


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", pytest.param("[::1]", marks=needs_ipv6)])
@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_exceptions_from_a_proxy(name: str, host: str, over: Over, monkeypatch: pytest.MonkeyPatch) -> None:
    ways: dict[str, list[object]] = {}
    with Proxy() as proxy, ScriptedServer(lambda heard: DIRECT, host=host.strip("[]") if "[" in host else "127.0.0.1") as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        for exception in EXCEPTIONS:
            monkeypatch.setenv(name, exception.format(port=server.port))
            for lane in LANES:
                with over(lane, f"http://{host}:{server.port}") as client:
                    ways.setdefault(exception, []).append(buckets(client))
    assert {exception: fast for exception, (_, fast) in ways.items()} == {
        exception: stock for exception, (stock, _) in ways.items()
    }
    assert ways[""] == [("by proxy",)] * 2
    assert ways["*"] == ways["x,*,y"] == [("direct",)] * 2
    assert ways[host.strip("[]")] == [("direct",)] * 2


@needs_ipv6
def test_ipv6(over: Over) -> None:
    heads: list[object] = []
    with ScriptedServer(lambda heard: DIRECT, host="::1") as server:
        for lane in LANES:
            with over(lane, server.url) as client:
                assert buckets(client) == ("direct",)
            heads.append(server.heard[-1].headers)
    assert heads[0] == heads[1]
    assert heads[0]["host"] == f"[::1]:{server.port}"


def test_a_name_with_several_addresses(over: Over, lane: str) -> None:
    """Where a name stands for IPv6 as well, and nobody listens there, the other one is tried."""
    with ScriptedServer(lambda heard: DIRECT) as server, over(lane, f"http://localhost:{server.port}") as client:
        assert buckets(client) == ("direct",)


def test_an_address_of_a_kind_that_there_is_not(over: Over, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a name stands for IPv6 as well, and the system has none, the other one is tried."""
    looked_up = socket.getaddrinfo
    strange = (socket.AF_UNSPEC, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: [strange, *looked_up(*args, **options)])
    with ScriptedServer(lambda heard: DIRECT) as server, over(lane, f"http://localhost:{server.port}") as client:
        assert buckets(client) == ("direct",)


def test_no_address_of_a_kind_that_there_is(over: Over, lane: str, monkeypatch: pytest.MonkeyPatch) -> None:
    strange = (socket.AF_UNSPEC, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 9))
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: [strange])
    with over(lane, "http://localhost:9") as client:
        assert buckets(client) == BROKEN


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 64, "a..b", "-", "127.0.0.1.", "0", "[::1%25nope]"])
def test_a_host_that_is_not_there(host: str, over: Over) -> None:
    outcomes: list[object] = []
    for lane in LANES:
        try:
            with over(lane, f"http://{host}:9") as client:
                outcomes.append(buckets(client))
        except ValueError as error:
            outcomes.append(type(error))
    stock, fast = outcomes
    assert fast == stock
    assert fast in (BROKEN, InvalidInputError)


def test_a_port_where_nobody_listens(over: Over, lane: str) -> None:
    with ScriptedServer(listening=False) as server, over(lane, server.url) as client:
        assert buckets(client) == BROKEN
        server.listen()
        server.play([DIRECT])
        assert buckets(client) == ("direct",)


# TLS.


def test_tls_keeps_its_connection(over: Over, lane: str, server_context: ssl.SSLContext, authority_file: Path) -> None:
    server_context.set_alpn_protocols(["h2", "http/1.1"])
    data = bytes(range(256)) * 8000
    pieces = (sized(body=data)[:20], sized(body=data)[20:100_000], sized(body=data)[100_000:])
    script = [Reply(200, data), Reply(200), Reply(raw=pieces), Reply(200, data, framing="chunks"), DIRECT]
    with ScriptedServer(script, tls=server_context) as server, over(lane, server.url, verify=authority_file) as client:
        assert client.read("bucket", "key") == data
        client.upload("bucket", "key", data)
        assert client.read("bucket", "key") == data
        assert client.read("bucket", "key") == data
        assert buckets(client) == ("direct",)
        assert server.connections == 1
        assert server.heard[1].body == data


@pytest.mark.parametrize("kind", ["file", "folder", "context"])
def test_an_own_authority(
    kind: str, over: Over, lane: str, server_context: ssl.SSLContext, authority_file: Path, tmp_path: Path
) -> None:
    verify: object = authority_file
    if kind == "folder":
        if not shutil.which("openssl"):
            pytest.skip("there is no openssl to name the file by its hash")
        shown = subprocess.run(
            ["openssl", "x509", "-hash", "-noout", "-in", authority_file], capture_output=True, check=True, text=True
        )
        shutil.copy(authority_file, tmp_path / f"{shown.stdout.strip()}.0")
        verify = tmp_path
    elif kind == "context":
        verify = ssl.create_default_context(cafile=str(authority_file))
    with ScriptedServer([DIRECT], tls=server_context) as server, over(lane, server.url, verify=verify) as client:
        assert buckets(client) == ("direct",)


def test_a_certificate_for_another_host(over: Over, lane: str, authority: trustme.CA, authority_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("other.example").configure_cert(context)
    with ScriptedServer(tls=context) as server, over(lane, server.url, verify=authority_file) as client:
        assert buckets(client) == Failure(NetworkError, code="CertificateRefused")
        assert server.heard == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_what_a_certificate_names_decides(host: str, over: Over, lane: str, authority: trustme.CA, authority_file: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with (
        ScriptedServer([DIRECT], tls=context) as server,
        over(lane, f"https://{host}:{server.port}", verify=authority_file) as client,
    ):
        assert buckets(client) == (("direct",) if host == "localhost" else Failure(NetworkError, code="CertificateRefused"))


def test_without_verification(over: Over, lane: str, server_context: ssl.SSLContext) -> None:
    with ScriptedServer([DIRECT], tls=server_context) as server:
        with pytest.warns(InsecureTransportWarning), over(lane, server.url, insecure_skip_verify=True) as client:
            assert buckets(client) == ("direct",)
        with over(lane, server.url) as client:
            assert buckets(client) == Failure(NetworkError, code="CertificateRefused")


def test_a_certificate_of_the_clients(
    over: Over, lane: str, authority: trustme.CA, server_context: ssl.SSLContext, authority_file: Path, tmp_path: Path
) -> None:
    authority.configure_trust(server_context)
    server_context.verify_mode = ssl.CERT_REQUIRED
    pem = tmp_path / "client.pem"
    authority.issue_cert("client@example.com").private_key_and_cert_chain_pem.write_to_path(str(pem))
    with ScriptedServer([DIRECT], tls=server_context) as server:
        with over(lane, server.url, verify=authority_file) as client:
            # With TLS 1.3 the client hears of it when it reads, or loses the connection while it writes.
            assert outcome_of(client.list_buckets) == BROKEN
        with over(lane, server.url, verify=authority_file, cert=pem) as client:
            assert buckets(client) == ("direct",)


def test_a_server_that_speaks_no_tls(over: Over, lane: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:

        def refuse() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")

        done = threads.submit(refuse)
        with over(lane, f"https://127.0.0.1:{listener.getsockname()[1]}") as client:
            assert outcome_of(client.list_buckets) == BROKEN
        done.result()


def test_a_server_that_speaks_only_tls(over: Over, lane: str, server_context: ssl.SSLContext) -> None:
    with ScriptedServer(tls=server_context) as server, over(lane, server.url.replace("https:", "http:")) as client:
        assert outcome_of(client.list_buckets) == BROKEN


@pytest.mark.parametrize("cut", [0, 10, 70, 20_000])
def test_tls_that_is_cut(cut: int, over: Over, lane: str, server_context: ssl.SSLContext, authority_file: Path) -> None:
    """The end of a connection is no end of an answer, be it said properly or not."""
    script = [Reply(200, bytes(100_000), cut=cut), Reply(200, b"whole")]
    with ScriptedServer(script, tls=server_context) as server, over(lane, server.url, verify=authority_file) as client:
        assert get(client) == BROKEN
        assert content(get(client)) == b"whole"
        assert server.connections == 2


class Agreed:
    """TLS that keeps what was agreed on."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.protocols: list[str | None] = []
        self._context = context

    def wrap_socket(self, *args: object, **options: object) -> ssl.SSLSocket:
        connection = self._context.wrap_socket(*args, **options)
        self.protocols.append(connection.selected_alpn_protocol())
        return connection


def test_a_context_for_another_version_of_http(
    over: Over, lane: str, authority: trustme.CA, server_context: ssl.SSLContext
) -> None:
    """HTTP/1.1 is what is asked for, whatever else the context is used for."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    for side in (context, server_context):
        side.set_alpn_protocols(["h2", "http/1.1"])
    tls = Agreed(server_context)
    with ScriptedServer([DIRECT], tls=tls) as server, over(lane, server.url, verify=context) as client:
        assert buckets(client) == ("direct",)
    assert tls.protocols == ["http/1.1"]


class HeldBack:
    """TLS whose handshake waits until it is told to go on."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.reached = threading.Event()
        self.go_on = threading.Event()
        self._context = context

    def wrap_socket(self, *args: object, **options: object) -> ssl.SSLSocket:
        self.reached.set()
        self.go_on.wait(10)
        return self._context.wrap_socket(*args, **options)


def test_a_client_that_is_closed_while_it_connects(over: Over, server_context: ssl.SSLContext, authority_file: Path) -> None:
    tls = HeldBack(server_context)
    with ScriptedServer([DIRECT], tls=tls) as server, ThreadPoolExecutor(1) as thread:
        with over("1", server.url, verify=authority_file) as client:
            asked = thread.submit(buckets, client)
            tls.reached.wait()
            client.close()
            tls.go_on.set()
            assert asked.result() == BROKEN
        assert server.let_go(1)
        assert server.heard == []
