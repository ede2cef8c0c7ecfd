"""Measure the SDK beside its peers, and compare with the targets.

    python benchmarks/run.py [--only up down small …] [--rounds 5] [--size-mib 1024] [--cases astore curl …] [--lane-off] [--write]

Every measurement is a process of its own: imports and clients come before the clock starts. In transfers the peers connect after
it; the SDK, which makes its client with the first call, has asked for one head by then, and so has one connection open. Rounds
take turns (A B C, B C A, …), tables have medians. Servers and files are on this machine, in memory. Only ratios within one run
mean anything, and on a busy machine not even those.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import server
from setting import Setting, setting
from works import WORKS, Target, Work, chosen

RESULTS = Path(__file__).with_name("RESULTS.md")
LANE_OFF = ", lane off"
PEERS = ("httpx", "boto3", "obstore")
HEAD = """\
# Results

Appended by `python benchmarks/run.py --write`. Ratios count, and only within one run: the figures are of one machine at one time.
"""

Rounds = dict[str, list[dict[str, float]]]


def measure(place: Setting, case: str) -> dict[str, float] | str:
    """Do one case in a process of its own; return its figures, or what went wrong."""
    place.reset()
    work = place.work
    lane = {"ASTORE_FAST_LANE": "0"} if case.endswith(LANE_OFF) else {}
    one = str(Path(__file__).with_name("one.py"))
    command = [sys.executable, one, work.module, work.table, case.removesuffix(LANE_OFF), json.dumps(place.facts)]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | lane)
    if done.returncode:
        said = (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
        if not done.stdout:
            return said
        print(f"{case}: {said} (when all was measured)", file=sys.stderr, flush=True)
    figures: dict[str, float] = json.loads(done.stdout)
    return place.check() or figures


def measure_all(place: Setting, cases: list[str], rounds: int) -> Rounds:
    """Measure cases in turns. One that fails is said so and left out."""
    found: Rounds = {case: [] for case in cases}
    for turn in range(rounds):
        first = turn % len(cases)
        for case in cases[first:] + cases[:first]:
            if case in found:
                figures = measure(place, case)
                if isinstance(figures, str):
                    print(f"{case}: {figures}", file=sys.stderr, flush=True)
                    del found[case]
                else:
                    found[case].append(figures)
    return found


def figure(found: Rounds, case: str, key: str, than: str | None, *, best: bool) -> float | None:
    """Return one figure of a case, or its ratio to that of another."""
    values = [figures[key] for figures in found.get(case, []) if key in figures]
    if not values:
        return None
    value = max(values) if best else statistics.median(values)
    if than is None:
        return value
    other = figure(found, than, key, None, best=best)
    return value / other if other else None


def shown(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]])


def verdicts(target: Target, found: Rounds) -> list[list[str]]:
    """Return a line for each row of a target: what was reached, and whether that meets it."""
    lines: list[list[str]] = []
    for lane in ("", LANE_OFF):
        than = f"{target.than}{lane}" if target.than and target.than.startswith("astore") else target.than
        for case in (row + lane for row in target.rows if not lane or row + lane in found):
            reached = [figure(found, case, key, than, best=target.best) for key in target.keys]
            known = [value for value in reached if value is not None]
            met = all(value <= target.bound if target.most else value >= target.bound for value in known)
            verdict = ("met" if met else "**not met**") if known else "not measured"
            lines.append([target.text, case, " / ".join(map(shown, reached)), verdict])
    return lines


def report(place: Setting, found: Rounds, rounds: int) -> str:
    """Return the tables of one work."""
    work = place.work
    amount = f", {place.size // server.MIB} MiB" if place.size else f", {work.count:,} of them" if work.count else ""
    rows = [[case, *(shown(figure(found, case, c.key, c.than, best=c.best)) for c in work.columns)] for case in found]
    parts = [f"### {work.title}{amount}, median of {rounds}", table(["", *(column.heading for column in work.columns)], rows)]
    if work.targets:
        lines = [line for target in work.targets for line in verdicts(target, found)]
        parts.append(table(["target", "", "reached", "met?"], lines))
    return "\n\n".join(parts)


def cases_of(work: Work, words: list[str], *, lane_off: bool) -> list[str]:
    """Return the names of the cases to measure."""
    names = work.cases or list(getattr(import_module(work.module), work.table))
    names = [name for name in names if not words or any(name.startswith(word) for word in words)]
    return [*names, *(name + LANE_OFF for name in names if lane_off and name.startswith("astore"))]


def versions() -> str:
    found = [f"Python {platform.python_version()}", f"{os.cpu_count()} cores", platform.platform(terse=True)]
    for peer in PEERS:
        try:
            found.append(f"{peer} {version(peer)}")
        except PackageNotFoundError:
            print(f"{peer} is not installed and left out: pip install --group bench", file=sys.stderr)
    return ", ".join(found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[], metavar="WORK", help=f"some of: {', '.join(WORKS)}")
    parser.add_argument("--cases", nargs="+", default=[], metavar="CASE", help="only rows whose names begin so")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size-mib", type=int, default=1024)
    parser.add_argument("--lane-off", action="store_true", help="measure each row of the SDK with ASTORE_FAST_LANE=0 as well")
    parser.add_argument("--write", action="store_true", help=f"append the tables to {RESULTS.name}")
    options = parser.parse_args()
    if lack := server.missing():
        raise SystemExit(lack)
    command = shlex.join(["python", "benchmarks/run.py", *sys.argv[1:]])
    said = [f"## {time.strftime('%Y-%m-%d')}: `{command}`", versions()]
    print("\n\n".join(said), flush=True)
    for name, work in chosen(options.only).items():
        cases = cases_of(work, options.cases, lane_off=options.lane_off)
        if cases:
            with setting(work, options.size_mib) as place:
                print(f"{name}: {len(cases)} cases, {options.rounds} rounds", file=sys.stderr, flush=True)
                said.append(report(place, measure_all(place, cases, options.rounds), options.rounds))
            print(f"\n{said[-1]}", flush=True)
    if options.write:
        old = RESULTS.read_text() if RESULTS.exists() else HEAD
        RESULTS.write_text(old + "\n" + "\n\n".join(said) + "\n")


if __name__ == "__main__":
    main()
