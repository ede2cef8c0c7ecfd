"""Callbacks that show progress."""

from __future__ import annotations

import io
import sys

import pytest

from astore_sdk.progress import PlainProgress, RichProgress, TqdmProgress

MIB = 1024 * 1024


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("total", [100 * MIB, None])
def test_a_terminal_has_one_line_that_is_rewritten(total: int | None) -> None:
    file, clock = Terminal(), Clock()
    with PlainProgress(total, "app", file=file, clock=clock) as progress:
        for step in range(1, 101):
            clock.now = step / 100
            progress(step * MIB)
    lines = file.getvalue().split("\r")
    assert file.getvalue().count("\n") == 1
    assert 5 <= len(lines) <= 13
    assert lines[-1].rstrip() == ("app: 100.0 MiB of 100.0 MiB (100 %), 100.0 MiB/s" if total else "app: 100.0 MiB, 100.0 MiB/s")


def test_a_pipe_has_few_lines_and_no_returns() -> None:
    file, clock = io.StringIO(), Clock()
    with PlainProgress(MIB, file=file, clock=clock) as progress:
        for step in range(1, 1025):
            clock.now = step / 50
            progress(step * 1024)
    lines = file.getvalue().splitlines()
    assert "\r" not in file.getvalue()
    assert len(lines) == 4
    assert lines[-1].startswith("1.0 MiB of 1.0 MiB (100 %)")


def test_a_notebook_rewrites_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ipykernel", sys)
    file = io.StringIO()
    with PlainProgress(file=file) as progress:
        progress(5)
    assert file.getvalue().startswith("\r5 B")


def test_nothing_moved_is_told_once() -> None:
    file = io.StringIO()
    with PlainProgress(0, "empty", file=file, clock=Clock()):
        pass
    assert file.getvalue() == "empty: 0 B\n"


@pytest.mark.parametrize("kind", [RichProgress, TqdmProgress])
@pytest.mark.parametrize("total", [3 * MIB, None])
def test_bars_end_at_the_total(kind: type[RichProgress], total: int | None, capfd: pytest.CaptureFixture[str]) -> None:
    with kind(total, "app.tar.gz") as progress:
        for moved in (MIB, 2 * MIB, 3 * MIB):
            progress(moved)
    shown = "".join(capfd.readouterr())
    assert "app.tar.gz" in shown
    assert "3.0" in shown


@pytest.mark.parametrize(("kind", "module"), [(RichProgress, "rich.progress"), (TqdmProgress, "tqdm.auto")])
def test_a_bar_that_is_not_installed_says_how(kind: type[RichProgress], module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=r"astore_sdk\[progress\]"):
        kind()
