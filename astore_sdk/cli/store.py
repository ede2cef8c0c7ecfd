"""`astore store check` and `astore store repair`: the data folder of a store that is not running.

Exit codes of `check`: 0 all is well, 1 something was found, 2 it could not be checked (in use, not there).
Exit codes of `repair`: 0 done, 1 it could not be done, 2 used wrongly.
"""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astore_sdk.server.checking import Reference, Report

_SHOWN = 100
"""So many lines of a kind are written for people; `--json` has all."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    check = actions.add_parser(
        "check",
        help="compare the catalogue with the blobs; changes nothing",
        description="Compare the catalogue with the blobs; changes nothing. "
        "Exit code 0: all is well; 1: something was found; 2: it could not be checked.",
    )
    _add_data(check)
    check.add_argument("--digests", action="store_true", help="read all bytes and compare them with their SHA-256 as well")
    check.add_argument("--json", action="store_true", help="write what was found as one JSON object")
    repair = actions.add_parser(
        "repair",
        help="mend what check has found; does only what is asked for",
        description="Mend what check has found. Only the steps that are given are taken, in this order; "
        "a copy of catalogue.sqlite3 made before is a good idea.",
    )
    _add_data(repair)
    steps = repair.add_argument_group("steps")
    steps.add_argument(
        "--adopt-catalogue",
        action="store_true",
        help="accept the catalogue.sqlite3 that is in the folder, for example a restored backup; other copies count as older then",
    )
    steps.add_argument("--return-lost", action="store_true", help="move back from lost what the catalogue names and misses")
    steps.add_argument(
        "--move-unreferenced", action="store_true", help="move to lost what the catalogue does not name, as each start does"
    )
    steps.add_argument(
        "--forget-missing",
        action="store_true",
        help="delete the objects and parts whose bytes are gone from the catalogue, and list them",
    )
    steps.add_argument("--delete-lost", action="store_true", help="delete what is in lost, for good")
    repair.add_argument(
        "--older-than", type=_days, metavar="DAYS", help="with --delete-lost: only what was moved there so long ago"
    )
    repair.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> int:
    """Check or repair."""
    return _check(arguments) if arguments.action == "check" else _repair(arguments)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, default=Path("astore-data"), metavar="DIR", help="data folder (default: ./%(default)s)"
    )


def _days(text: str) -> float:
    with suppress(ValueError):
        days = float(text)
        if 0 <= days < 1_000_000:
            return days
    raise argparse.ArgumentTypeError(f"days are a number, 0 or more, not {text!r}")


def _check(arguments: argparse.Namespace) -> int:
    # Here and not above: without the extra, this is what fails.
    from astore_sdk.server.checking import check
    from astore_sdk.server.errors import failures, reason_of
    from astore_sdk.server.locking import FolderLock

    data: Path = arguments.data
    try:
        lock = FolderLock(data, create=False)
        try:
            report = check(data, digests=arguments.digests)
        finally:
            lock.close()
    except failures() as error:
        print(f"astore store check: cannot check {data}: {reason_of(error)}", file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps(_json(report), indent=2))
    else:
        _print(report, data)
    return 0 if report.is_well else 1


def _repair(arguments: argparse.Namespace) -> int:
    from astore_sdk.server.errors import failures, reason_of
    from astore_sdk.server.locking import FolderLock
    from astore_sdk.server.repair import Steps, repair

    data: Path = arguments.data
    steps = Steps(
        adopt_catalogue=arguments.adopt_catalogue,
        return_lost=arguments.return_lost,
        move_unreferenced=arguments.move_unreferenced,
        forget_missing=arguments.forget_missing,
        delete_lost=arguments.delete_lost,
        older_than_days=arguments.older_than or 0,
        dry_run=arguments.dry_run,
    )
    if not steps.any:
        print("astore store repair: nothing was asked for; name a step, see --help", file=sys.stderr)
        return 2
    if arguments.older_than is not None and not steps.delete_lost:
        print("astore store repair: --older-than is for --delete-lost", file=sys.stderr)
        return 2
    try:
        lock = FolderLock(data)
        try:
            repair(data, steps, now=datetime.now(UTC), say=print)
        finally:
            lock.close()
    except failures() as error:
        print(f"astore store repair: cannot repair {data}: {reason_of(error)}", file=sys.stderr)
        return 1
    return 0


def _print(report: Report, data: Path) -> None:
    from astore_sdk.server.errors import command

    folder, catalogue = report.folder, report.catalogue
    print(f"store id: {'none yet' if folder is None else folder.id}")
    generations = [str(marks.generation) if marks is not None else "none" for marks in (catalogue, folder)]
    print(f"generation: {generations[0]} in the catalogue, {generations[1]} in the folder")
    print(f"blobs that the catalogue names: {report.blobs} ({report.size} bytes)")
    if report.refused is not None:
        print(f"the store does not start: {report.refused}")
    for entry in report.damaged[:_SHOWN]:
        at = "; it is in lost" if entry.blob.name in report.lost_and_named else ""
        needed = ", ".join(str(reference) for reference in entry.references)
        print(f"{entry.problem}: blob {entry.blob.name} ({entry.found}{at}), needed by {needed}")
    for file in report.unreferenced[:_SHOWN]:
        print(f"not named: {file.path} ({file.size} bytes)")
    for kind, shown in (("damaged or missing", report.damaged), ("that the catalogue does not name", report.unreferenced)):
        if shown:
            print(f"blobs {kind}: {len(shown)}")
    lost = sum(file.size for file in report.lost)
    print(f"files in lost: {len(report.lost)} ({lost} bytes)")
    if report.lost_and_named:
        print(f"{len(report.lost_and_named)} of them are missed; {command(data, 'repair --return-lost')} brings them back")
    elif report.lost:
        print(f"{command(data, 'repair --delete-lost')} deletes them")
    if report.unreferenced and report.refused is None:
        print("what is not named is moved to lost at the next start")
    print("all is well" if report.is_well else "not all is well")


def _reference_json(reference: Reference) -> dict[str, object]:
    return {
        "bucket": reference.bucket,
        "key": reference.key,
        "uploadId": reference.upload,
        "partNumber": reference.part,
    }


def _json(report: Report) -> dict[str, object]:
    folder, catalogue = report.folder, report.catalogue
    return {
        "ok": report.is_well,
        "refused": report.refused,
        "id": {"folder": None if folder is None else folder.id, "catalogue": None if catalogue is None else catalogue.id},
        "generation": {
            "folder": None if folder is None else folder.generation,
            "catalogue": None if catalogue is None else catalogue.generation,
        },
        "blobs": {"count": report.blobs, "size": report.size},
        "damaged": [
            {
                "blob": entry.blob.name,
                "size": entry.blob.size,
                "digest": entry.blob.digest,
                "problem": entry.problem,
                "found": entry.found,
                "inLost": entry.blob.name in report.lost_and_named,
                "references": [_reference_json(reference) for reference in entry.references],
            }
            for entry in report.damaged
        ],
        "unreferenced": [{"path": file.path, "size": file.size} for file in report.unreferenced],
        "lost": {
            "count": len(report.lost),
            "size": sum(file.size for file in report.lost),
            "named": sorted(report.lost_and_named),
        },
    }
