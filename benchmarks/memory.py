"""Peak memory of client and store while one large file goes up and comes down, is signed, verified, published and fetched.

    python benchmarks/memory.py [WORK …] [--size-mib 1024] [--store-limit-mib 120] [--folder /var/tmp]

Each runs in a process of its own: `astore serve`, and a client for each work. `pipe` and `iterator` upload what can be read once
and has no known length, `writer` downloads into an object that only has `write`; `put`, `get` and `stream` move one stream, in
which nothing is buffered. Prints a table, with how often the object was asked for; exits with 1 where a client is above the limit
of its work, or the store above its own. Linux only: peaks are read from /proc.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

MIB = 1024 * 1024
BUCKET, KEY = "memory", "large"
KEY_FILE = "key.pem"

ONE_STREAM = 45
"""MiB that a client may take where nothing is buffered."""
IN_PARTS = 60 + 8 * 4
"""MiB where parts are: 60, and part_size * concurrency, by default 8 MiB times 4."""
LIMITS = {
    "upload": IN_PARTS,
    "pipe": IN_PARTS,
    "iterator": IN_PARTS,
    "download": IN_PARTS,
    "writer": IN_PARTS,
    "put": ONE_STREAM,
    "get": ONE_STREAM,
    "stream": ONE_STREAM,
    "sign": IN_PARTS,
    "verify": IN_PARTS,
    "publish": IN_PARTS,
    "fetch": IN_PARTS,
}
"""Each work, in the order in which they are done, with the MiB that its client may take."""
MAX_PUT = 5 * 1024
"""MiB that one PUT can have at most."""


class Asked(logging.Handler):
    """Counts how often an object's bytes were asked for."""

    times = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.times += record.getMessage().startswith("GET /s3/")


class Counter:
    """A writer that keeps nothing."""

    size = 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        return len(data)


def peak(process: int | str) -> float:
    """Peak resident MiB of a process so far."""
    # Not ru_maxrss: a new process inherits that of the one that started it.
    status = Path(f"/proc/{process}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def chunks(path: Path) -> Iterator[bytes]:
    """Give a file's bytes in pieces, without their number."""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(200_000):
            yield chunk


def expect(condition: bool) -> None:
    if not condition:
        raise SystemExit("what came is not what went")


def do(work: str, url: str, path: Path) -> None:
    """Do one work, and print seconds, MiB before and at the peak, and how often the object was asked for."""
    for unused in ("trio", "click"):  # httpcore imports the one, httpx the other with rich, wherever they are installed: 13 MiB
        sys.modules[unused] = None
    from astore_sdk import Client, Config, Policy, TransferConfig

    asked = Asked()
    logger = logging.getLogger("astore_sdk")
    logger.addHandler(asked)
    logger.setLevel(logging.DEBUG)
    size = path.stat().st_size if path.exists() else 0
    if work in ("sign", "verify", "publish", "fetch"):
        from astore_sdk.supplychain import load_private_key

        key = load_private_key(path.with_name(KEY_FILE))
    before = peak("self")
    begun = time.monotonic()
    with Client(Config(url)) as client:
        client.create_bucket(BUCKET, exist_ok=True)
        match work:
            case "upload":
                client.upload(BUCKET, KEY, path)
            case "pipe":
                with subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat:
                    assert cat.stdout is not None
                    expect(client.upload(BUCKET, KEY, cat.stdout).size == size)
            case "iterator":
                expect(client.upload(BUCKET, KEY, chunks(path)).size == size)
            case "download":
                client.download(BUCKET, KEY, path)
            case "writer":
                counter = Counter()
                client.download(BUCKET, KEY, counter)
                expect(counter.size == size)
            case "put":
                # One PUT is hashed before it is sent; without integrity it is one stream and nothing else.
                one = TransferConfig(threshold=MAX_PUT * MIB, integrity=False)
                client.upload(BUCKET, KEY, path, transfer=one)
            case "get":
                client.download(BUCKET, KEY, path, transfer=TransferConfig(concurrency=1))
            case "stream":
                with client.stream(BUCKET, KEY) as stream:
                    expect(sum(len(chunk) for chunk in stream) == size)
            case "sign":
                client.sign_artifact(BUCKET, KEY, key)
            case "verify":
                if not client.verify_signatures(BUCKET, KEY, [key.public_key()]).valid:
                    raise SystemExit("not valid")
            case "publish":
                client.publish(BUCKET, KEY, path, sign_with=key, attest={"build": {"n": 1}})
            case "fetch":
                client.fetch(BUCKET, KEY, path, policy=Policy([key.public_key()], attestations=["build"]))
            case _:
                raise SystemExit(f"there is no work {work}")
    seconds = time.monotonic() - begun
    print(seconds, before, peak("self"), asked.times)


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("works", nargs="*", metavar="WORK", help=f"of {', '.join(LIMITS)}; all if none is named")
    parser.add_argument("--size-mib", type=int, default=1024)
    parser.add_argument("--store-limit-mib", type=int, default=120)
    parser.add_argument("--folder", help="where the files go: three times their size; the system's temporary folder by default")
    options = parser.parse_args()
    works = options.works or [work for work in LIMITS if work != "put" or options.size_mib <= MAX_PUT]
    same = True
    over: list[str] = []
    with tempfile.TemporaryDirectory(dir=options.folder) as temporary:
        folder = Path(temporary)
        source, target = folder / "source", folder / "target"
        with source.open("wb") as file:
            for _ in range(options.size_mib):
                file.write(os.urandom(MIB))
        expected = digest(source)
        from astore_sdk import Client, Config, generate_key

        (folder / KEY_FILE).write_text(generate_key().to_pem())
        astore = Path(sys.executable).with_name("astore")
        command = [astore, "serve", "--port", "0", "--data", folder / "data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
            try:
                line = server.stdout.readline() if server.stdout else ""
                url = next(word for word in line.split() if word.startswith("http://"))
                with Client(Config(url)) as client:
                    client.create_bucket(BUCKET)
                    client.upload(BUCKET, KEY, source)
                print(f"{options.size_mib} MiB        seconds   MiB/s   client before   client peak   limit   store peak   GETs")
                for work in works:
                    into_file = work in ("download", "get", "fetch")
                    child = [sys.executable, __file__, "--do", work, url, str(target if into_file else source)]
                    output = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout
                    seconds, before, most, asked = (float(word) for word in output.split())
                    store = peak(server.pid)
                    if most > LIMITS[work]:
                        over.append(work)
                    if store > options.store_limit_mib:
                        over.append(f"the store at {work}")
                    row = f"{work:<14} {seconds:9.2f} {options.size_mib / seconds:7.0f} {before:15.0f} {most:13.1f}"
                    print(f"{row} {LIMITS[work]:7} {store:12.0f} {asked:6.0f}", flush=True)
                    if into_file:
                        same = same and digest(target) == expected
                        target.unlink()
                with Client(Config(url)) as client:
                    same = same and client.get_object_metadata(BUCKET, KEY).digest == f"sha256:{expected}"
            finally:
                server.terminate()
        print("identical" if same else "DIFFERENT", *(f"OVER: {what}" for what in over))
    return 1 if over or not same else 0


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "--do":
        do(sys.argv[2], sys.argv[3], Path(sys.argv[4]))
    else:
        sys.exit(main())
