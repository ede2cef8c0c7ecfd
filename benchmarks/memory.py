"""Peak memory of client and store while one large file goes up and comes down, is signed, verified, published and fetched.

    python benchmarks/memory.py [--size-mib 1024] [--limit-mib 120]

Each runs in a process of its own: `astore serve`, and a client for each work. Prints a table, with how often the object was asked
for; exits with 1 above the limit.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from astore_sdk import generate_key

MIB = 1024 * 1024
BUCKET, KEY = "memory", "large"
KEY_FILE = "key.pem"


class Asked(logging.Handler):
    """Counts how often an object's bytes were asked for."""

    times = 0

    def emit(self, record: logging.LogRecord) -> None:
        self.times += record.getMessage().startswith("GET /s3/")


def do(work: str, url: str, path: Path) -> None:
    """Do one work, and print seconds, MiB before and at the peak, and how often the object was asked for."""
    from astore_sdk import Client, Config, Policy
    from astore_sdk.supplychain import load_private_key

    asked = Asked()
    logger = logging.getLogger("astore_sdk")
    logger.addHandler(asked)
    logger.setLevel(logging.DEBUG)
    key = load_private_key(path.with_name(KEY_FILE))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.monotonic()
    with Client(Config(url)) as client:
        client.create_bucket(BUCKET, exist_ok=True)
        match work:
            case "upload":
                client.upload(BUCKET, KEY, path)
            case "download":
                client.download(BUCKET, KEY, path)
            case "sign":
                client.sign_artifact(BUCKET, KEY, key)
            case "verify":
                if not client.verify_signatures(BUCKET, KEY, [key.public_key()]).valid:
                    raise SystemExit("not valid")
            case "publish":
                client.publish(BUCKET, KEY, path, sign_with=key, attest={"build": {"n": 1}})
            case "fetch":
                client.fetch(BUCKET, KEY, path, policy=Policy([key.public_key()], attestations=["build"]))
    seconds = time.monotonic() - begun
    print(seconds, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, asked.times)


WORKS = ("upload", "download", "sign", "verify", "publish", "fetch")


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def peak(process: subprocess.Popen[str]) -> float:
    """Peak resident MiB of a process so far (Linux)."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--size-mib", type=int, default=1024)
    parser.add_argument("--limit-mib", type=int, default=120)
    options = parser.parse_args()
    over = False
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        source, target = folder / "source", folder / "target"
        with source.open("wb") as file:
            for _ in range(options.size_mib):
                file.write(os.urandom(MIB))
        (folder / KEY_FILE).write_text(generate_key().to_pem())
        astore = Path(sys.executable).with_name("astore")
        command = [astore, "serve", "--port", "0", "--data", folder / "data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                line = server.stdout.readline() if server.stdout else ""
                url = next(word for word in line.split() if word.startswith("http://"))
                print(f"{options.size_mib} MiB        seconds   MiB/s   client before   client peak   store peak   GETs")
                for work in WORKS:
                    path = target if work in ("download", "fetch") else source
                    child = [sys.executable, __file__, work, url, str(path)]
                    output = subprocess.run(child, check=True, capture_output=True, text=True).stdout
                    seconds, before, most, asked = (float(word) for word in output.split())
                    store = peak(server)
                    over = over or max(most, store) > options.limit_mib
                    rate = options.size_mib / seconds
                    print(f"{work:<14} {seconds:9.2f} {rate:7.0f} {before:15.0f} {most:13.0f} {store:12.0f} {asked:6.0f}")
            finally:
                server.terminate()
        same = digest(source) == digest(target)
        print("identical" if same else "DIFFERENT")
    return 1 if over or not same else 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in WORKS:
        do(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main())
