"""Tools that answer in a store's place, or watch, by what they put into httpx: every request of the SDK passes there."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
import vcr
from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from pytest_httpx import HTTPXMock

from astore_sdk import Client, Config
from astore_sdk.testing import TOKEN

from ..conftest import ClientFactory
from ..transfer.scripted import Reply, ScriptedServer

STORE = Config("http://store.example", TOKEN)


def test_pytest_httpx(httpx_mock: HTTPXMock, make_client: ClientFactory) -> None:
    httpx_mock.add_response(url="http://store.example/s3", json={"buckets": [{"name": "mocked"}]})
    httpx_mock.add_response(url="http://store.example/s3/bucket/key", content=b"x" * 1000, headers={"ETag": '"e"'})
    writer = io.BytesIO()
    with make_client(STORE) as client:
        assert [found.name for found in client.list_buckets().buckets] == ["mocked"]
        client.download("bucket", "key", writer)
    assert writer.getvalue() == b"x" * 1000
    assert [request.headers["Authorization"] for request in httpx_mock.get_requests()] == [f"Bearer {TOKEN}"] * 2


def there_and_back(client: Client) -> bytes:
    client.upload("bucket", "key", b"recorded")
    writer = io.BytesIO()
    client.download("bucket", "key", writer)
    return writer.getvalue()


def test_vcrpy(make_client: ClientFactory, tmp_path: Path) -> None:
    cassette = str(tmp_path / "cassette.yaml")
    with ScriptedServer(lambda heard: Reply(200, b"recorded" if heard.method == "GET" else b"")) as server:
        config = Config(server.url, TOKEN)
        with vcr.use_cassette(cassette) as recorded, make_client(config) as client:
            assert there_and_back(client) == b"recorded"
        assert len(recorded) == len(server.heard) == 2
    with vcr.use_cassette(cassette, record_mode="none") as played, make_client(config) as client:
        assert there_and_back(client) == b"recorded"
    assert played.play_count == 2


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    instrumentor = HTTPXClientInstrumentor()
    instrumentor.instrument(tracer_provider=provider)
    yield exporter
    instrumentor.uninstrument()
    provider.shutdown()


def test_opentelemetry(spans: InMemorySpanExporter, make_client: ClientFactory) -> None:
    with ScriptedServer(lambda heard: Reply(200, b'{"buckets": []}')) as server, make_client(Config(server.url, TOKEN)) as client:
        client.list_buckets()
        client.upload("bucket", "key", b"x" * 100_000)
    assert [span.name for span in spans.get_finished_spans()] == ["GET", "PUT"]
    assert all("traceparent" in heard.headers for heard in server.heard)
    assert len(server.heard[1].body) == 100_000
