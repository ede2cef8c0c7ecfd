"""Types as users see them: complete, and each public call is written down where type checkers look."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from astore_sdk import AsyncClient, Client

FOLDER = Path(__file__).parents[1] / "typing"


def test_every_public_name_has_a_known_type() -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    command = ["pyright", "--verifytypes", "astore_sdk", "--ignoreexternal"]
    finished = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert "Type completeness score: 100%" in finished.stdout, finished.stdout


@pytest.mark.parametrize(("kind", "page"), [(Client, "sync_calls.py"), (AsyncClient, "async_calls.py")])
def test_every_call_is_checked(kind: type, page: str) -> None:
    called = set(re.findall(r"client\.(\w+)\(", (FOLDER / page).read_text()))
    assert {name for name in vars(kind) if not name.startswith("_")} <= called
