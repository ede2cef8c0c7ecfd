"""`astore serve`: the embedded store in the foreground."""

from __future__ import annotations

import argparse
import logging
import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

# The log is astore_sdk.server's, and so is its name.
log: logging.Logger = logging.getLogger("astore_sdk.server")


def _port(text: str) -> int:
    """Read a port; `int` alone would take ` 80`, `8_0` and 99999."""
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text!r}")
    return int(text)


def _host(text: str) -> str:
    if not text.strip():
        raise argparse.ArgumentTypeError("a host is an address or a name; 127.0.0.1 is this machine alone")
    return text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--host", type=_host, default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8080, help="port; 0 chooses a free one (default: %(default)s)")
    parser.add_argument(
        "--data", type=Path, default=Path("astore-data"), metavar="DIR", help="data folder (default: ./%(default)s)"
    )
    parser.add_argument(
        "--token", help="token that clients must send; others on this machine can see it, so rather use the next one"
    )
    parser.add_argument("--token-file", type=Path, metavar="FILE", help="file with the token (or set ASTORE_TOKEN); none: no token")
    parser.add_argument("--faults", action="store_true", help="misbehave on request, for tests of clients")
    parser.add_argument(
        "--access-log", choices=("on", "off"), default="on", help="log a line for each request (default: %(default)s)"
    )
    parser.add_argument(
        "--log-level",
        choices=("debug", "info", "warning", "error"),
        default="info",
        help="what is logged at least; requests are info (default: %(default)s)",
    )
    parser.add_argument(
        "--log-format", choices=("text", "json"), default="text", help="form of the log on standard error (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    # Here and not above: without the extra, this is what fails.
    from astore_sdk import server
    from astore_sdk.server.logs import logging_to_stderr

    _occupy_standard_streams()
    try:
        token = _token(arguments)
        level = logging.getLevelNamesMapping()[arguments.log_level.upper()]
        with logging_to_stderr(level=level, form=arguments.log_format, access=arguments.access_log == "on", secret=token) as access:
            _warn_of_readers(arguments)
            server.run(
                host=arguments.host,
                port=arguments.port,
                data=arguments.data,
                token=token,
                faults=arguments.faults,
                access=access,
                on_ready=lambda url: _say_ready(url, arguments.data, with_token=token is not None),
            )
    except (server.StoreError, _TokenError) as error:
        _complain(f"astore serve: {error}")
        return 1
    return 0


def _say_ready(url: str, data: Path, *, with_token: bool) -> None:
    shown = data if data.is_absolute() else f"./{data}"
    try:
        print(f"astore store listening on {url} (data in {shown}, {'token required' if with_token else 'no token'})", flush=True)
    except OSError as error:
        # Whoever started the store does not listen, which is no reason not to serve others.
        log.warning("cannot write to standard output: %s", error.strerror or error)
        # What could not be written would be tried again at the end of the process, and fail it then.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _complain(line: str) -> None:
    # Without a standard error `print` would write to standard output.
    if sys.stderr is not None:  # pyright: ignore[reportUnnecessaryComparison] - None where the process has none.
        with suppress(OSError):
            print(line, file=sys.stderr)


def _occupy_standard_streams() -> None:
    """Open what is missing of the three standard streams, or a file of the store's gets the number that errors go to."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


class _TokenError(Exception):
    """The token cannot be used; the message says why and does not repeat it."""


def _token(arguments: argparse.Namespace) -> str | None:
    """Take the token from the first place that has one: the option, the file, the environment."""
    given: str | None = arguments.token
    place, remedy = "--token", "leave the option out"
    if given is None and arguments.token_file is not None:
        path: Path = arguments.token_file
        place, remedy = f"the token file {path}", "leave --token-file out"
        try:
            given = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise _TokenError(f"cannot read the token from {path}: {reason}") from error
    elif given is None:
        given = os.environ.get("ASTORE_TOKEN")
        place, remedy = "ASTORE_TOKEN", "unset it"
    if given is not None and not given.strip():
        raise _TokenError(f"{place} is empty; put a token there, or {remedy} to run without a token")
    return given


def _warn_of_readers(arguments: argparse.Namespace) -> None:
    """Warn if every user of this machine can read the file that the token was taken from."""
    path: Path | None = arguments.token_file
    if path is None or arguments.token is not None:
        return
    with suppress(OSError):
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode & stat.S_IROTH:
            log.warning("every user of this machine can read the token file %s; chmod 600 it", path)
