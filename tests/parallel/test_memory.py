"""Memory is bounded, however much moves: peaks of processes that do nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "memory.py"


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peaks are read from /proc")
def test_each_way_keeps_within_its_limit(tmp_path: Path) -> None:
    """The limits are those for a file of any size: 60 MiB and `part_size * concurrency`, or 45 MiB for one stream."""
    works = ["upload", "pipe", "iterator", "download", "writer", "put", "get", "stream"]
    command = [sys.executable, BENCHMARK, *works, "--size-mib", "160", "--folder", tmp_path]
    alone = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}  # who measures takes room
    result = subprocess.run(command, capture_output=True, text=True, env=alone)
    assert result.returncode == 0, result.stdout + result.stderr
