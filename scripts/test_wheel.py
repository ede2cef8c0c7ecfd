"""Install the built wheel in empty environments, with the core alone and with each extra, and use it from outside the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]

CORE = """
import sys, subprocess, pathlib
import astore_sdk, astore_api
from astore_sdk import Client, Config, NetworkError, RetryPolicy
assert "site-packages" in astore_sdk.__file__ and "site-packages" in astore_api.__file__
for package in (astore_sdk, astore_api):
    assert (pathlib.Path(package.__file__).parent / "py.typed").exists()
with Client(Config("http://127.0.0.1:9", retry=RetryPolicy(max_attempts=1))) as client:
    try:
        client.list_buckets()
    except NetworkError as error:
        print("core:", error)
astore = pathlib.Path(sys.executable).with_name("astore")
assert subprocess.run([astore, "--version"], capture_output=True, text=True).stdout == f"astore {astore_sdk.__version__}\\n"
refused = subprocess.run([astore, "serve"], capture_output=True, text=True)
assert refused.returncode == 2 and "pip install 'astore_sdk[server]'" in refused.stderr, refused
print("core:", refused.stderr.strip())
"""

EXTRAS = {
    "progress": """
from astore_sdk.progress import PlainProgress, RichProgress, TqdmProgress
for kind in (PlainProgress, RichProgress, TqdmProgress):
    with kind(10, "app") as progress:
        progress(10)
print("progress: three bars were drawn")
""",
    "sbom": """
from astore_sdk.supplychain import validate_sbom
validate_sbom('{"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}')
print("sbom: a document was validated")
""",
    "server": """
from astore_sdk import Client, Config
from astore_sdk.server import BackgroundServer
with BackgroundServer() as server, Client(Config(server.url)) as client:
    client.create_bucket("releases")
    client.upload("releases", "app", b"artifact", metadata={"version": "1"})
    assert client.read("releases", "app") == b"artifact"
print("server: an object went up and came down")
""",
}


def try_out(wheel: Path, extra: str, code: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        wanted = f"astore_sdk{f'[{extra}]' if extra else ''} @ {wheel.as_uri()}"
        run = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wanted]
        subprocess.run(run, check=True, cwd=folder)
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        subprocess.run([python, "-W", "error", "-c", code], check=True, cwd=folder, env=clean)


def main() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    if missing := extras.keys() - EXTRAS.keys():
        raise SystemExit(f"no smoke test for the extras {sorted(missing)}")
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, str(ROOT)]
        subprocess.run(build, check=True)
        (wheel,) = Path(folder).glob("*.whl")
        try_out(wheel, "", CORE)
        for extra, code in EXTRAS.items():
            try_out(wheel, extra, code)


if __name__ == "__main__":
    main()
