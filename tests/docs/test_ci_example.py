"""The CI example: both jobs run, step by step as the workflow has them, against a store."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from attrs import define, field

from astore_sdk import Client, Config, generate_key
from astore_sdk.server import BackgroundServer

from ..supplychain.test_flows import SBOM
from ..unit.supplychain.test_documents import GITHUB

ROOT = Path(__file__).parents[2]
TOKEN = "ci-token"


@define
class Runner:
    """Runs the steps of a workflow's jobs: those that are commands and ours."""

    folder: Path
    values: dict[str, str]
    """What stands in `${{ … }}`."""
    workflow: dict[str, object] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.workflow = yaml.safe_load((self.folder / "examples/ci/workflow.yml").read_text())

    def _filled(self, texts: dict[str, str]) -> dict[str, str]:
        return {name: re.sub(r"\$\{\{ (.*?) \}\}", lambda found: self.values[found[1]], text) for name, text in texts.items()}

    def run(self, job: str) -> subprocess.CompletedProcess[str]:
        """Run a job's own step, and keep what it puts out."""
        step = next(step for step in self.workflow["jobs"][job]["steps"] if "examples/ci/" in step.get("run", ""))
        put_out = self.folder / "output"
        put_out.write_text("")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {
            **GITHUB,
            "GITHUB_REF_NAME": "v1.2.0",
            "GITHUB_OUTPUT": str(put_out),
            "PATH": path,
            "PYTHONPATH": os.pathsep.join(sys.path),
            **self._filled({**self.workflow["env"], **step["env"]}),
        }
        done = subprocess.run(
            ["bash", "-e", "-c", step["run"]], cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        for line in put_out.read_text().splitlines():
            name, _, value = line.partition("=")
            self.values[f"needs.{job}.outputs.{name}"] = value
        return done


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    key = generate_key()
    shutil.copytree(ROOT / "examples" / "ci", tmp_path / "examples" / "ci")
    (tmp_path / "examples" / "ci" / "release.pub").write_text(key.public_key().pem)
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "app.tar.gz").write_bytes(os.urandom(100_000))
    (tmp_path / "dist" / "app.spdx.json").write_text(SBOM)
    with BackgroundServer(tmp_path / "store", token=TOKEN) as server:
        values = {
            "vars.ASTORE_SERVER": server.url,
            "secrets.ASTORE_WRITE_TOKEN": TOKEN,
            "secrets.ASTORE_READ_TOKEN": TOKEN,
            "secrets.SIGNING_KEY": key.to_pem("a passphrase"),
            "secrets.SIGNING_PASSPHRASE": "a passphrase",
        }
        with Client(Config(server.url, TOKEN)) as client:
            client.create_bucket("releases")
        yield Runner(tmp_path, values)


def test_what_is_published_is_deployed(runner: Runner) -> None:
    for _ in range(2):  # a job that is run again changes nothing
        published = runner.run("publish")
        assert published.returncode == 0, published.stderr
    deployed = runner.run("deploy")
    assert deployed.returncode == 0, deployed.stderr
    assert (runner.folder / "app.tar.gz").read_bytes() == (runner.folder / "dist" / "app.tar.gz").read_bytes()


def test_what_is_not_what_was_published_is_refused(runner: Runner) -> None:
    runner.run("publish")
    with Client(Config(runner.values["vars.ASTORE_SERVER"], TOKEN)) as client:
        client.publish("releases", "v1.2.0/app.tar.gz", b"evil", sign_with=generate_key(), sbom=SBOM, attest={"provenance": {}})
    deployed = runner.run("deploy")
    assert deployed.returncode == 1
    assert [line.partition(":")[0] for line in deployed.stderr.splitlines()] == [
        "refused",
        "digest",
        "public_keys",
        "match_name",
        "attestations",
        "sbom",
    ]
    assert not (runner.folder / "app.tar.gz").exists()


def test_the_workflow_needs_nothing_else(runner: Runner) -> None:
    text = (ROOT / "examples/ci/workflow.yml").read_text()
    runner.run("publish")
    known = {*runner.values, "steps.publish.outputs.digest"}
    assert set(re.findall(r"\$\{\{ (.*?) \}\}", text)) == known
