"""A store killed when it is about to touch the disk, anywhere in an operation: the old is there, or the new, and no rest."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path

import pytest

from astore_sdk import Client, Config
from astore_sdk.server import BackgroundServer

from .dying import Dying, content

OLD, OTHER, NEW = (content(text) for text in ("old", "other", "new"))
STEP = 1 if os.getenv("ASTORE_EXPLORE") else 6
"""Each phase when there is time, as `make soak` has; otherwise some."""
AFTER: dict[str, bytes | None] = {"put": NEW, "parts": NEW, "copy": OTHER, "delete": None}


def prepare(data: Path) -> None:
    with BackgroundServer(data) as server, Client(Config(server.url)) as client:
        client.create_bucket("builds", exist_ok=True)
        client.upload("builds", "app", OLD)
        client.upload("builds", "other", OTHER)


def look(data: Path) -> bytes | None:
    """Return what the store has after the next start, having seen that it has nothing else."""
    with BackgroundServer(data) as server, Client(Config(server.url)) as client:
        found = client.read("builds", "app") if client.object_exists("builds", "app") else None
        assert client.read("builds", "other") == OTHER
        for upload in client.list_multipart_uploads("builds"):
            client.abort_multipart_upload("builds", upload.key, upload.upload_id)
        listed = {item.key: item.size for item in client.list_objects("builds").objects}
        assert listed == {"other": len(OTHER)} | ({} if found is None else {"app": len(found)})
        client.upload("builds", "app", OLD)
    with BackgroundServer(data):
        blobs = [path for path in (data / "blobs").rglob("*") if path.is_file()]
    assert len(blobs) == 2  # the start moves what nothing refers to away
    return found


@pytest.mark.parametrize("operation", AFTER)
def test_killed_in_every_phase(operation: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    with Dying() as dying:
        for moment in count(step=STEP):
            acknowledged = dying.act(operation, tmp_path, moment)
            found = look(tmp_path)
            assert found == AFTER[operation] or (found == OLD and not acknowledged)
            assert moment or found == OLD
            if acknowledged:
                break
    assert moment > STEP
