"""Moves one file, resumable, until it is done or killed: `python -m tests.parallel.mover up|down URL TOKEN BUCKET KEY PATH`."""

from __future__ import annotations

import sys
from pathlib import Path

from astore_sdk import Client, Config, TransferConfig

from .conftest import PART


def main(way: str, url: str, token: str, bucket: str, key: str, path: str) -> None:
    transfer = TransferConfig(threshold=PART, part_size=PART)
    with Client(Config(url, token, transfer=transfer)) as client:
        if way == "up":
            client.upload(bucket, key, Path(path), resume=True)
        else:
            client.download(bucket, key, Path(path), resume=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
