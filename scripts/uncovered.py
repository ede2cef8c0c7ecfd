"""Name what of the hand code no test reaches, by function, and what of that docs/coverage.md does not explain.

    python scripts/uncovered.py

Reads the data of `make coverage`. Exits with 1 if something is not explained, or something that is explained is reached.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "coverage.md"
PACKAGE = "astore_sdk"


def explained(page: str) -> dict[tuple[str, str], str]:
    """Return the reasons that the page gives, by file and function."""
    rows = re.findall(r"^\| `([^`|]+\.py)` \| `([^`|]+)` \| (.+) \|$", page, re.MULTILINE)
    return {(file, function): reason for file, function, reason in rows}


def uncovered() -> dict[tuple[str, str], str]:
    """Return the lines and branches that are not reached, by file and function."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        subprocess.run([sys.executable, "-m", "coverage", "json", "--quiet", "-o", path], cwd=ROOT, check=True)
        files = json.loads(path.read_text())["files"]
    found: dict[tuple[str, str], str] = {}
    for file, facts in files.items():
        for function, missing in facts["functions"].items():
            lines = [str(line) for line in missing["missing_lines"]]
            branches = [f"{start}->{end if end > 0 else 'exit'}" for start, end in missing["missing_branches"]]
            if lines or branches:
                found[str(Path(file).relative_to(PACKAGE)), function or "(module)"] = ", ".join(lines + branches)
    return found


def main() -> int:
    reasons, missing = explained(PAGE.read_text()), uncovered()
    for (file, function), where in sorted(missing.items()):
        if (file, function) not in reasons:
            print(f"not explained: {file} {function}: {where}")
    for file, function in sorted(reasons.keys() - missing.keys()):
        print(f"reached after all: {file} {function}")
    return 1 if missing.keys() ^ reasons.keys() else 0


if __name__ == "__main__":
    sys.exit(main())
