"""The deploy job: takes a build only if it is what the policy asks for, and exactly the one that was published.

    python examples/ci/deploy.py v1.2.0/app.tar.gz /srv/app/app.tar.gz

DIGEST is what the publish job put out. The policy, and the keys that it trusts, come with this repository, not from the store.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import attrs

from astore_sdk import Client, Config, Policy, PolicyViolationError


def main(key: str, target: Path) -> None:
    policy = attrs.evolve(Policy.from_file(Path(__file__).with_name("policy.toml")), digest=os.environ["DIGEST"])
    with Client(Config.from_env()) as client:
        try:
            client.fetch("releases", key, target, policy=policy)
        except PolicyViolationError as error:
            sys.exit("\n".join(["refused:", *error.violations]))
    print(f"deployed {target}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
