"""What our layer costs: the processor's time of one small operation over a transport that answers at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

from small import DATA
from trial import BUCKET, SMALL, Case, Trial

URL = "http://127.0.0.1"
BATCHES = 10
HEADERS = {
    "Content-Type": "application/octet-stream",
    "ETag": '"0123456789abcdef0123456789abcdef"',
    "Last-Modified": "Mon, 02 Mar 2026 10:15:30 GMT",
    "Repr-Digest": "sha-256=:ouZZ2stGkeiHrAE5+Ik9BHZO4ZfXD7c9MZDVYRPRjj4=:",
}


def clients() -> tuple[Any, Any, Any]:
    """Return a client of httpx, of the generated layer, and ours."""
    import httpx
    from astore_api import Client as Generated

    from astore_sdk import Client, Config

    class AtOnce(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            for _ in request.stream:  # type: ignore[union-attr]
                pass
            if request.method == "PUT":
                return httpx.Response(200, headers=HEADERS, content=b'{"key":"small"}')
            length = {"Content-Length": str(len(DATA))}
            return httpx.Response(200, headers=HEADERS | length, stream=httpx.ByteStream(DATA if request.method == "GET" else b""))

    plain = httpx.Client(base_url=URL, transport=AtOnce())
    generated = Generated(base_url=URL)
    generated.set_httpx_client(plain)
    return plain, generated, Client(Config(URL), transport=AtOnce())


def head() -> list[Callable[[], object]]:
    from astore_api.api.objects import head_object

    plain, generated, ours = clients()
    return [
        partial(plain.head, f"/s3/{BUCKET}/{SMALL}"),
        partial(head_object.sync_detailed, BUCKET, SMALL, client=generated),
        partial(ours.get_object_metadata, BUCKET, SMALL),
    ]


def get() -> list[Callable[[], object]]:
    from astore_api.api.objects import get_object

    plain, generated, ours = clients()
    return [
        partial(plain.get, f"/s3/{BUCKET}/{SMALL}"),
        partial(get_object.sync_detailed, BUCKET, SMALL, client=generated),
        partial(ours.read, BUCKET, SMALL),
    ]


def put() -> list[Callable[[], object]]:
    from astore_api.api.objects import put_object
    from astore_api.types import File

    plain, generated, ours = clients()
    return [
        partial(plain.put, f"/s3/{BUCKET}/{SMALL}", content=DATA),
        lambda: put_object.sync_detailed(BUCKET, SMALL, client=generated, body=File(payload=BytesIO(DATA))),
        partial(ours.upload, BUCKET, SMALL, DATA),
    ]


def microseconds(call: Callable[[], object], times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        call()
    return (time.process_time() - begun) / times * 1e6


def over(make: Callable[[], list[Callable[[], object]]]) -> Case:
    """Measure the three in turns: of each the quickest batch, which nothing disturbed."""

    def case(trial: Trial) -> None:
        calls = make()
        rounds = [[microseconds(call, trial.count // BATCHES) for call in calls] for _ in range(BATCHES + 1)][1:]
        plain, generated, ours = (min(batch) for batch in zip(*rounds, strict=True))
        trial.result.update(httpx=plain, generated=generated, ours=ours, over=ours - generated, over_httpx=ours - plain)

    return case


LAYER: dict[str, Case] = {"astore HEAD": over(head), "astore GET": over(get), "astore PUT": over(put)}
