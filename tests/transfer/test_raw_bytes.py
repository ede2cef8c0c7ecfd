"""Bytes as they are stored: nothing is encoded or decoded on the way, whatever a header says."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest

from .conftest import Connect
from .origin import Origin, digest_of
from .retry_table import CALLS
from .scripted import Reply, ScriptedServer

PACKED = gzip.compress(b"unpacked " * 1000)


class Encoded(Origin):
    """An object that says of itself that it is encoded."""

    encoding = "gzip"

    def version(self) -> dict[str, str]:
        return super().version() | {"Content-Encoding": self.encoding}


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "nonsense"])
def test_an_encoded_object_arrives_encoded(encoding: str, connect: Connect, tmp_path: Path) -> None:
    origin = Encoded(PACKED, cuts=[10, 20])
    origin.encoding = encoding
    with ScriptedServer(origin) as server, connect(server.url) as client:
        assert client.read("builds", "app") == PACKED
        assert client.read("builds", "app", byte_range="bytes=5-20") == PACKED[5:21]
        writer = io.BytesIO()
        client.download("builds", "app", writer)
        assert client.download("builds", "app", tmp_path / "target").digest == digest_of(PACKED)
        assert writer.getvalue() == (tmp_path / "target").read_bytes() == PACKED


@pytest.mark.parametrize("name", CALLS)
def test_no_encoding_is_asked_for(name: str, connect: Connect) -> None:
    with ScriptedServer([CALLS[name].reply]) as server, connect(server.url) as client:
        CALLS[name].make(client)
        (heard,) = server.heard
    assert heard.headers["accept-encoding"] == "identity"
    assert "content-encoding" not in heard.headers
    assert "transfer-encoding" not in heard.headers


def test_an_encoded_object_goes_up_as_it_is(connect: Connect) -> None:
    with ScriptedServer([Reply(200)]) as server, connect(server.url) as client:
        client.upload("builds", "app.gz", io.BytesIO(PACKED))
        assert server.heard[0].body == PACKED
