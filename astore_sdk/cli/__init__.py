"""The `astore` command: says which commands there are, and loads the one that is asked for and nothing else."""

from __future__ import annotations

import argparse
import importlib
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

# Command, what it does, and the extra that it needs (None: the core is enough). Each is a module of this package.
_COMMANDS = {
    "serve": ("run the embedded store", "server"),
    "store": ("check and repair the data folder of a store that is not running", "server"),
}


class Command(Protocol):
    """A module of this package that is a command."""

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the command's arguments."""
        ...

    def run(self, arguments: argparse.Namespace) -> int:
        """Do it; gives the exit code. Raises `ModuleNotFoundError` when the command's extra is not installed."""
        ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit code (0 good, 1 failed, 2 used wrongly or not installed)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="astore", description="Zot Artifact Store, the command line.")
    parser.add_argument("--version", action="version", version=f"astore {version('astore_sdk')}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", required=True)
    # Only the module of the command that is asked for is imported, so that the others cost nothing.
    named = next((argument for argument in arguments if not argument.startswith("-")), None)
    loaded: dict[str, Command] = {}
    for name, (summary, _) in _COMMANDS.items():
        subparser = commands.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
        if name == named:
            loaded[name] = cast("Command", importlib.import_module(f"{__name__}.{name}"))
            loaded[name].add_arguments(subparser)
    parsed = parser.parse_args(arguments)
    try:
        return loaded[parsed.command].run(parsed)
    except ModuleNotFoundError as error:
        extra = _COMMANDS[parsed.command][1]
        # Something of our own that is missing is a broken installation, not an extra that was left out.
        if error.name is None or error.name.partition(".")[0] == __name__.partition(".")[0]:
            raise
        print(
            f"astore {parsed.command} needs the package {error.name}: pip install 'astore_sdk[{extra}]'",
            file=sys.stderr,
        )
        return 2
