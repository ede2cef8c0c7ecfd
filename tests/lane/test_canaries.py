"""What the lane needs to find in httpx and httpcore. When one of these fails, an upgrade has moved the name that it says."""

from __future__ import annotations

from types import SimpleNamespace

import httpx
import pytest

from astore_sdk import Config
from astore_sdk._http import routing
from astore_sdk._http.routing import _WATCHED, SWITCH, is_httpx_its_own

from ..conftest import ClientFactory
from ..transfer.scripted import Reply, ScriptedServer


@pytest.mark.parametrize(("owner", "name"), _WATCHED, ids=lambda value: value if isinstance(value, str) else value.__name__)
def test_what_is_watched_is_there(owner: type, name: str) -> None:
    assert callable(getattr(owner, name, None))


def test_nothing_is_mocked_here() -> None:
    assert is_httpx_its_own()


def test_httpx_says_which_transport_a_url_has() -> None:
    with httpx.Client() as client:
        assert client._transport_for_url(httpx.URL("http://store.example")) is client._transport


@pytest.mark.parametrize("lost", ["_transport_for_url", "_transport"])
def test_a_name_that_has_moved_costs_the_lane_and_a_warning(
    lost: str, make_client: ClientFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(SWITCH, raising=False)

    class Moved(httpx.Client):
        def __getattribute__(self, name: str) -> object:
            if name == lost:
                raise AttributeError(name=name, obj=self)
            return super().__getattribute__(name)

    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # only where there is one is httpx asked
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(routing, "httpx", SimpleNamespace(Client=Moved, URL=httpx.URL))
    with ScriptedServer(lambda _: Reply(200, b'{"buckets": []}')) as server, make_client(Config(server.url)) as client:
        with pytest.warns(RuntimeWarning, match=f"the fast lane is off: .* no {lost}$"):
            assert client.list_buckets().buckets == []
        assert client.list_buckets().buckets == []  # and no second warning, which would be an error
