"""The Python blocks of README and docs run, page by page and in their order, against a store."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from astore_sdk.server import BackgroundServer

ROOT = Path(__file__).parents[2]
TOKEN = "documented"
PAGES = [page for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if "```python" in page.read_text()]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_run(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = page.read_text()
    with BackgroundServer(tmp_path / "store", token=TOKEN) as server:
        monkeypatch.setenv("ASTORE_SERVER", server.url)
        monkeypatch.setenv("ASTORE_TOKEN", TOKEN)
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        work = tmp_path / "work"
        work.mkdir()
        monkeypatch.chdir(work)
        names: dict[str, object] = {"__name__": "__main__"}
        for block in re.finditer(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, block.start()) + 1
            code = compile("\n" * line + block[1], str(page), "exec")  # errors name the page's own lines
            exec(code, names)
