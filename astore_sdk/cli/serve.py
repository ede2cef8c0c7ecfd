"""`astore serve`: the embedded store in the foreground."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Generator


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port; 0 chooses a free one (default: %(default)s)")
    parser.add_argument(
        "--data", type=Path, default=Path("astore-data"), metavar="DIR", help="data folder (default: ./%(default)s)"
    )
    parser.add_argument(
        "--token", help="token that clients must send; others on this machine can see it, so rather use the next one"
    )
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="file with the token (or set ASTORE_TOKEN); none: no token")
    parser.add_argument("--faults", action="store_true", help="misbehave on request, for tests of clients")


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    # Here and not above: without the extra, this is what fails.
    from astore_sdk import server

    data: Path = arguments.data
    shown = data if data.is_absolute() else f"./{data}"

    def say_ready(url: str) -> None:
        print(f"astore store listening on {url} (data in {shown})", flush=True)

    try:
        with _warnings_shown():
            server.run(
                host=arguments.host,
                port=arguments.port,
                data=data,
                token=_token(arguments),
                faults=arguments.faults,
                on_ready=say_ready,
            )
    except (server.StoreError, _TokenError) as error:
        print(f"astore serve: {error}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def _warnings_shown() -> Generator[None]:
    """Write what the store has to say to standard error, unless its log goes somewhere already."""
    log = logging.getLogger("astore_sdk.server")
    handler = logging.NullHandler() if log.handlers else logging.StreamHandler()
    handler.setFormatter(logging.Formatter("astore serve: %(message)s"))
    handler.setLevel(logging.WARNING)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


class _TokenError(Exception):
    """The token cannot be used; the message says why and does not repeat it."""


def _token(arguments: argparse.Namespace) -> str | None:
    """Take the token from the first place that has one: the option, the file, the environment."""
    given: str | None = arguments.token
    if given is None and arguments.token_file is not None:
        path: Path = arguments.token_file
        try:
            given = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise _TokenError(f"cannot read the token from {path}: {reason}") from error
    elif given is None:
        given = os.environ.get("ASTORE_TOKEN") or None
    # RFC 6750 §2.1: what can travel in the header.
    if given is not None and (not given or not given.isascii() or not given.isprintable() or " " in given):
        raise _TokenError("a token is one or more printable ASCII characters without spaces")
    return given
