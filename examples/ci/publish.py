"""The publish job: stores a build with its signature, SBOM and signed provenance. Running it again changes nothing.

    python examples/ci/publish.py dist/app.tar.gz dist/app.spdx.json

The store is in ASTORE_SERVER and ASTORE_TOKEN, the key in SIGNING_KEY (PEM) and SIGNING_PASSPHRASE; the key never leaves this job.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from astore_sdk import Client, Config
from astore_sdk.supplychain import Provenance


def main(artifact: Path, sbom: Path) -> None:
    with Client(Config.from_env()) as client:
        published = client.publish(
            "releases",
            f"{os.environ['GITHUB_REF_NAME']}/{artifact.name}",
            artifact,
            sign_with=os.environ["SIGNING_KEY"],
            passphrase=os.environ.get("SIGNING_PASSPHRASE") or None,
            sbom=sbom,
            attest={"provenance": Provenance.from_github_actions().to_dict()},
            metadata={"commit": os.environ["GITHUB_SHA"]},
        )
    print(f"published {published.object.key}, {published.object.size} bytes, {published.object.digest}")
    with Path(os.environ["GITHUB_OUTPUT"]).open("a") as output:
        output.write(f"digest={published.object.digest}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
