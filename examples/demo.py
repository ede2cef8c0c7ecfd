"""The main job, on real files, against a store of its own: `make demo`."""

from __future__ import annotations

import base64
import filecmp
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from astore_sdk import Client, Config, NotFoundError, Object, Policy, PolicyViolationError, generate_key

MIB = 1024 * 1024
FILES = {"notes.txt": 2_000, "app-1.2.0.tar.gz": 5 * MIB + 11, "disk.img": 120 * MIB + 7}
ARTIFACT = "app/app-1.2.0.tar.gz"
SBOM = '{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "app-1.2.0", "packages": []}'
PROVENANCE = {
    "buildDefinition": {"buildType": "https://example.com/demo", "externalParameters": {"commit": "9f2c1ab"}},
    "runDetails": {"builder": {"id": "https://example.com/this-machine"}},
}


def say(text: str) -> None:
    print(f"\n\033[1m{text}\033[0m" if sys.stdout.isatty() else f"\n{text}", flush=True)


def show(label: str, value: object) -> None:
    print(f"  {label:<22} {value}", flush=True)


@contextmanager
def store(folder: Path, token: str) -> Iterator[str]:
    """Start `astore serve` on a free port, and end it as an operator would."""
    astore = Path(sys.executable).with_name("astore")
    command = [astore, "serve", "--port", "0", "--data", folder, "--log-level", "warning"]
    process = subprocess.Popen(command, env={**os.environ, "ASTORE_TOKEN": token}, stdout=subprocess.PIPE, text=True)
    try:
        line = process.stdout.readline().strip() if process.stdout else ""
        if "http://" not in line:
            raise SystemExit(f"the store did not start: {line}")
        print(line)
        yield next(word for word in line.split() if word.startswith("http://"))
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        if process.stdout:
            process.stdout.close()


@contextmanager
def bar(name: str, total: int) -> Iterator[Callable[[int], None]]:
    """Draw a progress bar: many times on one line of a terminal, once elsewhere."""
    begun = time.monotonic()

    def draw(done: int) -> None:
        share = done / total
        seconds = max(time.monotonic() - begun, 1e-6)
        blocks = "#" * round(share * 30)
        text = f"  {name:<22} [{blocks:<30}] {share:4.0%}  {done / MIB:7.1f} MiB  {done / MIB / seconds:6.0f} MiB/s"
        if sys.stdout.isatty():
            print(f"\r{text}", end="" if done < total else "\n", flush=True)
        elif done == total:
            print(text, flush=True)

    yield draw


def make_files(folder: Path) -> list[Path]:
    paths = [folder / name for name in FILES]
    for path in paths:
        with path.open("wb") as file:
            for start in range(0, FILES[path.name], MIB):
                file.write(os.urandom(min(MIB, FILES[path.name] - start)))
    return paths


def supply_chain(client: Client, folder: Path) -> None:
    """Publish with everything that proves an artifact, fetch it under a policy, and try to be fooled."""
    say("Publish: hash, upload, sign, attach an SBOM and signed provenance, in one call")
    path = folder / "app-1.2.0.tar.gz"
    release, security, never_used = generate_key(), generate_key(), generate_key()
    with bar(path.name, path.stat().st_size) as draw:
        published = client.publish(
            "releases",
            ARTIFACT,
            path,
            sign_with=release,
            sbom=SBOM,
            attest={"provenance": PROVENANCE},
            metadata={"version": "1.2.0"},
            progress_callback=draw,
        )
    client.sign_artifact("releases", ARTIFACT, security, digest=published.object.digest)
    show("signed by", published.signature.signed_by)
    show("SBOM", f"{published.sbom.format} {published.sbom.version}" if published.sbom else None)
    show("attestations", ", ".join(str(attestation.type) for attestation in published.attestations))

    say("Fetch: only if two of three keys signed it, with a signed SBOM and signed provenance for exactly this name")
    keys = [key.public_key() for key in (release, security, never_used)]
    policy = Policy(keys, threshold=2, sbom=True, attestations=["provenance"])
    client.fetch("releases", ARTIFACT, folder / "deployed.tar.gz", policy=policy)
    show("fetched", f"{(folder / 'deployed.tar.gz').stat().st_size:,} bytes that the policy accepts")

    say("Somebody puts another object in its place")
    client.upload("releases", ARTIFACT, b"tampered")
    try:
        client.fetch("releases", ARTIFACT, folder / "deployed.tar.gz", policy=policy)
    except PolicyViolationError as error:
        for violation in error.violations:
            print(f"  refused: {violation.partition(' (')[0]}")
    show("deployed.tar.gz", "still the one that was accepted")

    say("The same by hand, with openssl")
    published.signature.to_files(folder, name="app")
    verify = ["openssl", "dgst", "-sha256", "-verify", "app.pub", "-signature", "app.der", path.name]
    print(f"  $ base64 -d app.sig > app.der && {' '.join(verify)}")
    (folder / "app.der").write_bytes(base64.b64decode((folder / "app.sig").read_bytes()))
    if shutil.which("openssl"):
        verified = subprocess.run(verify, cwd=folder, capture_output=True, text=True)
        print(f"  {verified.stdout.strip() or verified.stderr.strip()}")


def upload(client: Client, bucket: str, path: Path) -> Object:
    with bar(path.name, path.stat().st_size) as draw:
        return client.upload(bucket, f"app/{path.name}", path, metadata={"commit": "9f2c1ab"}, progress_callback=draw)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="astore-demo-") as temporary:
        folder = Path(temporary)
        token = secrets.token_urlsafe(16)
        say("A store on this machine, with a fresh folder")
        with store(folder / "data", token) as url, Client(Config(url, token)) as client:
            health = client.get_health()
            show("status", f"{health.status}, API {health.api_version}")
            client.create_bucket("releases")
            show("created bucket", "releases")

            say("Upload: small files at once, large ones in parts, every byte's SHA-256 checked before anything is stored")
            paths = make_files(folder)
            for path in paths:
                upload(client, "releases", path)

            say("Download, and compare with what was sent")
            for path in paths:
                copy = folder / f"copy-of-{path.name}"
                with bar(path.name, path.stat().st_size) as draw:
                    client.download("releases", f"app/{path.name}", copy, progress_callback=draw)
                if not filecmp.cmp(path, copy, shallow=False):
                    raise SystemExit(f"{path.name} came back different")
            show("all files", "identical")

            say("List, copy, look")
            client.copy_object("releases", ARTIFACT, "releases", "app/latest.tar.gz")
            for item in client.list_objects("releases", prefix="app/").objects:
                show(item.key.removeprefix("app/"), f"{item.size:>11,} bytes  {item.digest}")
            found = client.get_object_metadata("releases", "app/latest.tar.gz")
            show("metadata", dict(found.metadata))
            show("last KiB of disk.img", f"{len(client.read('releases', 'app/disk.img', byte_range='bytes=-1024'))} bytes")

            supply_chain(client, folder)

            say("An error, as you would see it")
            try:
                client.download("releases", "app/app-1.3.0.tar.gz", folder / "never")
            except NotFoundError as error:
                print(f"  {type(error).__name__}: {error}")

            say("Clean up")
            result = client.delete_objects("releases", [item.key for item in client.iter_objects("releases")])
            client.delete_bucket("releases")
            show("deleted", f"{len(result.deleted)} objects and the bucket")
        show("store", "stopped")
    show("files", "removed")


if __name__ == "__main__":
    main()
