"""How a record of the log becomes a line, for people and for programs.

Whatever is in a record, it cannot end its line or begin another: text has control characters escaped, and the lines of a
traceback begin with `    | `; JSON is one object a line, in ASCII.
"""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import Literal, cast

from astore_sdk.server.access import REDACTED, AccessEntry

LogFormat = Literal["text", "json"]

# `json.dumps` with arguments would make an encoder for each line.
_to_json = json.JSONEncoder(separators=(",", ":"), default=str).encode
_CONTINUED = "\n    | "


class LineFormatter(logging.Formatter):
    """Formats records as text or JSON; `secret` is shown as `***` wherever it turns up."""

    def __init__(self, form: LogFormat, *, secret: str | None = None) -> None:
        super().__init__()
        self._form = form
        self._secret = secret

    def format(self, record: logging.LogRecord) -> str:
        """Give the line, without its end."""
        entry = cast("object", record.msg)
        if isinstance(entry, AccessEntry):
            return self.entry(entry)
        moment = _moment(record.created)
        message = self._redacted(record.getMessage())
        trace = self._redacted(self.formatException(record.exc_info)) if record.exc_info else None
        if self._form == "text":
            lines = "" if trace is None else "".join(_CONTINUED + printable(line) for line in trace.splitlines())
            return f"{moment} {record.levelname} {printable(message)}{lines}"
        fields = {"event": "log", "logger": record.name, **cast("dict[str, object]", getattr(record, "fields", {}))}
        shown = {name: self._redacted(value) if isinstance(value, str) else value for name, value in fields.items()}
        whole = {"time": moment, "level": record.levelname.lower(), "message": whole_text(message), **shown}
        if trace is not None:
            whole["traceback"] = whole_text(trace)
        return _to_json(whole)

    def entry(self, entry: AccessEntry) -> str:
        """Give the line of a request, which has been made fit for one."""
        moment = _moment(entry.time)
        if self._form == "text":
            return f"{moment} INFO {entry}"
        return _to_json({**entry._asdict(), "time": moment, "level": "info", "event": "request"})

    def _redacted(self, text: str) -> str:
        return text if self._secret is None else text.replace(self._secret, REDACTED)


def _moment(seconds: float) -> str:
    """Give a time as RFC 3339 has it, in UTC and with milliseconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def printable(text: str) -> str:
    r"""Give a text as part of one line: what a terminal would not print as it is becomes `\n`, `\x1b`, `\u2028` and so on."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text)


def whole_text(text: str) -> str:
    """Give a text without lone surrogates, which a JSON text cannot carry: file names that are not UTF-8 have some."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
