"""What the caller's own code raises in the middle of a transfer reaches the caller as it was raised, and is no reason to repeat."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator

import httpcore
import httpx
import pytest

from astore_sdk import Client, IntegrityError, NetworkError, NotFoundError, ResponseDecodeError, TransferConfig

MIB = 1024 * 1024
IN_PARTS = TransferConfig(threshold=MIB, part_size=5 * MIB)
DATA = bytes(6 * MIB)

ERRORS = [
    ValueError("mine"),
    TypeError("mine"),
    OSError(28, "mine"),
    TimeoutError("mine"),
    httpx.ReadError("mine"),
    httpx.WriteTimeout("mine"),
    httpcore.ReadError("mine"),
    httpx.StreamClosed(),
    NetworkError("mine", operation="headObject", bucket="another"),
    IntegrityError("mine"),
    ResponseDecodeError("mine"),
    NotFoundError("mine", status_code=404),
    RuntimeError("mine"),
]


class Saboteur:
    """Raises the same error whatever it is used for, and counts how often."""

    def __init__(self, error: Exception) -> None:
        self.error = error
        self.calls = 0

    def __call__(self, *_: object) -> None:
        self.calls += 1
        raise self.error

    read = write = __call__

    def pieces(self) -> Iterator[bytes]:
        yield bytes(MIB)
        self()


class Unreadable(io.BytesIO):
    """A seekable file that cannot be read."""

    def __init__(self, saboteur: Saboteur) -> None:
        super().__init__(DATA)
        self.saboteur = saboteur

    def read(self, _size: int | None = -1) -> bytes:
        self.saboteur()
        return b""


USES: dict[str, Callable[[Client, str, Saboteur], object]] = {
    "upload-callback": lambda client, bucket, bad: client.upload(bucket, "new", DATA, progress_callback=bad),
    "multipart-callback": lambda client, bucket, bad: client.upload(bucket, "new", DATA, progress_callback=bad, transfer=IN_PARTS),
    "stream": lambda client, bucket, bad: client.upload(bucket, "new", bad),
    "iterable": lambda client, bucket, bad: client.upload(bucket, "new", bad.pieces()),
    "file": lambda client, bucket, bad: client.upload(bucket, "new", Unreadable(bad)),
    "multipart-file": lambda client, bucket, bad: client.upload(bucket, "new", Unreadable(bad), transfer=IN_PARTS),
    "download-callback": lambda client, bucket, bad: client.download(bucket, "old", io.BytesIO(), progress_callback=bad),
    "writer": lambda client, bucket, bad: client.download(bucket, "old", bad),
}


@pytest.mark.parametrize("use", USES)
def test_it_arrives_as_it_was_raised(use: str, client: Client, bucket: str) -> None:
    client.upload(bucket, "old", b"data")
    for error in ERRORS:
        saboteur, before = Saboteur(error), dict(error.__dict__)
        with pytest.raises(type(error)) as caught:
            USES[use](client, bucket, saboteur)
        assert caught.value is error
        assert error.__dict__ == before
        assert saboteur.calls == 1
    assert client.list_multipart_uploads(bucket) == []
    assert [item.key for item in client.list_objects(bucket).objects] == ["old"]
