"""Print the lowest version of each core dependency that pyproject.toml admits, as constraints for pip."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text())["project"]
for dependency in project["dependencies"]:
    name, lowest = re.match(r"([\w-]+)>=([\d.]+)", dependency).groups()
    print(f"{name}=={lowest}")
