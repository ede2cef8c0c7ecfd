"""Lists of records as clients read them: page by page, what was left out by its own GET, and stores that know no pages."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator

import httpx
import pytest
import respx

from astore_sdk import Client, Config, InvalidInputError, NotFoundError, ResponseDecodeError, RetryPolicy
from astore_sdk._flows import records as flow

from ..conftest import ClientFactory

URL = "http://records.test"
LISTS: dict[str, tuple[str, Callable[[Client], list[object]]]] = {
    "signatures": ("signature", lambda client: client.get_signatures("builds", "a/app")),
    "sboms": ("content", lambda client: client.list_sboms("builds", "a/app")),
    "attestations": ("data", lambda client: client.get_attestations("builds", "a/app")),
}
Json = dict[str, object]


@pytest.fixture
def client(make_client: ClientFactory) -> Iterator[Client]:
    with make_client(Config(URL, "token", retry=RetryPolicy(max_attempts=1))) as client:
        yield client


class Store:
    """Answers lists from a table of pages by marker, and records by their ids."""

    def __init__(self, kind: str, pages: dict[str | None, Json], whole: dict[str, Json] | None = None) -> None:
        self.kind = kind
        self.pages = pages
        self.whole = whole or {}
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        assert request.url.path == f"/supplychain/{self.kind}/builds/a/app"
        query = dict(request.url.params)
        self.asked.append(query)
        if "id" in query:
            return httpx.Response(200, json=self.whole[query["id"]])
        return httpx.Response(200, json=self.pages[query.get("marker")])


def page(kind: str, *records: Json, following: str | None = None) -> Json:
    return {kind: list(records), "isTruncated": following is not None, "nextMarker": following}


def value(kind: str, text: str) -> object:
    return {"signatures": base64.b64encode(text.encode()).decode(), "sboms": text, "attestations": {"text": text}}[kind]


@pytest.mark.parametrize("kind", LISTS)
def test_every_page_is_followed(client: Client, kind: str) -> None:
    name, call = LISTS[kind]
    one, two, three = ({"id": number, name: value(kind, number)} for number in "123")
    # Markers are opaque, and in no order.
    store = Store(kind, {None: page(kind, one, following="z"), "z": page(kind, two, following="a b"), "a b": page(kind, three)})
    with respx.mock(base_url=URL) as router:
        router.get().mock(side_effect=store)
        assert [record.id for record in call(client)] == ["1", "2", "3"]
    assert store.asked == [{}, {"marker": "z"}, {"marker": "a b"}]


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize(
    ("pages", "said"),
    [
        ({None: None}, "has none"),
        ({None: "a", "a": "a"}, "does not advance"),
        ({None: "a", "a": "b", "b": "a"}, "does not advance"),
    ],
    ids=["none", "the same", "a circle"],
)
def test_a_list_that_leads_nowhere_is_an_error(client: Client, kind: str, pages: dict[str | None, str | None], said: str) -> None:
    _, call = LISTS[kind]
    store = Store(kind, {at: {kind: [], "isTruncated": True, "nextMarker": to} for at, to in pages.items()})
    with respx.mock(base_url=URL) as router:
        router.get().mock(side_effect=store)
        with pytest.raises(ResponseDecodeError, match=said) as caught:
            call(client)
    assert (caught.value.bucket, caught.value.key) == ("builds", "a/app")
    assert len(store.asked) == len(pages)


@pytest.mark.parametrize("kind", LISTS)
def test_what_was_left_out_is_fetched_by_its_id(client: Client, kind: str) -> None:
    name, call = LISTS[kind]
    small = {"id": "1", name: value(kind, "small"), "omitted": []}
    large = {"id": "2/ü", name: value(kind, "large")}
    store = Store(kind, {None: page(kind, small, {**large, name: None, "omitted": [name]}, small)}, {"2/ü": large})
    with respx.mock(base_url=URL) as router:
        router.get().mock(side_effect=store)
        found = call(client)
    expected = {"signatures": b"large", "sboms": "large", "attestations": {"text": "large"}}
    assert [record.id for record in found] == ["1", "2/ü", "1"]
    assert getattr(found[1], name) == expected[kind]
    assert store.asked == [{}, {"id": "2/ü"}]


@pytest.mark.parametrize("kind", LISTS)
@pytest.mark.parametrize("wrong", [7, "content", {"a": 1}, [1], [None]])
def test_an_odd_list_of_what_was_left_out_is_an_error(client: Client, kind: str, wrong: object) -> None:
    _, call = LISTS[kind]
    with respx.mock(base_url=URL) as router:
        router.get().respond(200, json={kind: [{"id": "1", "omitted": wrong}]})
        with pytest.raises(ResponseDecodeError):
            call(client)


@pytest.mark.parametrize("kind", LISTS)
def test_a_store_without_pages_sends_all(client: Client, kind: str) -> None:
    name, call = LISTS[kind]
    with respx.mock(base_url=URL) as router:
        route = router.get().respond(200, json={kind: [{"id": f"{number}", name: value(kind, "x")} for number in range(3000)]})
        assert len(call(client)) == 3000
        assert route.call_count == 1
        route.respond(200, json={})
        assert call(client) == []


def test_contents_of_many_large_sboms_are_left_out(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flow, "MAX_CONTENTS", 25_000)
    listed = [{"id": f"{number}", "contentSize": 10_000, "contentDigest": None, "omitted": ["content"]} for number in range(4)]
    store = Store(
        "sboms", {None: page("sboms", *listed)}, {f"{number}": {"id": f"{number}", "content": "x"} for number in range(4)}
    )
    with respx.mock(base_url=URL) as router:
        router.get().mock(side_effect=store)
        found = client.list_sboms("builds", "a/app")
        assert [(sbom.content, sbom.content_size) for sbom in found[2:]] == [(None, 10_000)] * 2
        assert [sbom.content for sbom in found[:2]] == ["x", "x"]
        assert store.asked == [{}, {"id": "0"}, {"id": "1"}]
        assert client.get_sbom("builds", "a/app", id="3").content == "x"


def test_records_by_their_ids(client: Client) -> None:
    with respx.mock(base_url=URL) as router:
        router.get("/supplychain/signatures/builds/app", params={"id": "1"}).respond(200, json={"id": "1", "signature": "AAAA"})
        router.get("/supplychain/sboms/builds/app", params={"id": "1"}).respond(200, json={"id": "1", "content": "x"})
        router.get("/supplychain/attestations/builds/app", params={"id": "1"}).respond(200, json={"id": "1", "data": {"n": 1}})
        assert client.get_signature("builds", "app", "1").signature == bytes(3)
        assert client.get_sbom("builds", "app", id="1").content == "x"
        assert client.get_attestation("builds", "app", "1").data == {"n": 1}
        router.get().respond(404, json={"code": "NoSuchRecord", "detail": "no such record"})
        with pytest.raises(NotFoundError) as caught:
            client.get_attestation("builds", "app", "2")
        assert caught.value.code == "NoSuchRecord"
        sent = len(router.calls)
        for call in (
            lambda: client.get_signature("builds", "app", ""),
            lambda: client.get_attestation("builds", "app", "\ud800"),
            lambda: client.get_sbom("builds", "app", id="1", format="spdx"),
            lambda: client.get_sbom("builds", "app", id=""),
            lambda: client.get_attestations("builds", "app", type=""),
        ):
            with pytest.raises(InvalidInputError):
                call()
        assert len(router.calls) == sent


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.attach_sbom("builds", "app", "spdx", json.dumps({"spdxVersion": "SPDX-2.3", "x": "x" * 2**25})),
        lambda client: client.add_attestation("builds", "app", "build", {"x": "x" * 2**20}),
        lambda client: client.add_attestation("builds", "app", "build", {"x": ["x"] * 2**19}),
    ],
)
def test_what_no_store_takes_is_not_sent(client: Client, call: Callable[[Client], object]) -> None:
    with respx.mock(base_url=URL, assert_all_called=False) as router:
        route = router.post().respond(201, json={"id": "1"})
        with pytest.raises(InvalidInputError, match="more than"):
            call(client)
        assert not route.called
