"""Peak memory of client and store while one large file goes up and comes down.

    python benchmarks/memory.py [--size-mib 1024] [--limit-mib 120]

Each runs in a process of its own: `astore serve`, and a client for each direction. Prints a table; exits with 1 above the limit.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MIB = 1024 * 1024
BUCKET, KEY = "memory", "large"


def move(work: str, url: str, path: Path) -> None:
    """Do one direction, and print seconds, and MiB before and at the peak."""
    from astore_sdk import Client, Config

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    begun = time.monotonic()
    with Client(Config(url)) as client:
        if work == "upload":
            client.create_bucket(BUCKET, exist_ok=True)
            client.upload(BUCKET, KEY, path)
        else:
            client.download(BUCKET, KEY, path)
    seconds = time.monotonic() - begun
    print(seconds, before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


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
        astore = Path(sys.executable).with_name("astore")
        command = [astore, "serve", "--port", "0", "--data", folder / "data"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
            try:
                line = server.stdout.readline() if server.stdout else ""
                url = next(word for word in line.split() if word.startswith("http://"))
                print(f"{options.size_mib} MiB        seconds   MiB/s   client before   client peak   store peak")
                for work, path in (("upload", source), ("download", target)):
                    child = [sys.executable, __file__, work, url, str(path)]
                    output = subprocess.run(child, check=True, capture_output=True, text=True).stdout
                    seconds, before, most = (float(word) for word in output.split())
                    store = peak(server)
                    over = over or max(most, store) > options.limit_mib
                    print(f"{work:<14} {seconds:9.2f} {options.size_mib / seconds:7.0f} {before:15.0f} {most:13.0f} {store:12.0f}")
            finally:
                server.terminate()
        same = digest(source) == digest(target)
        print("identical" if same else "DIFFERENT")
    return 1 if over or not same else 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] in ("upload", "download"):
        move(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
    else:
        sys.exit(main())
