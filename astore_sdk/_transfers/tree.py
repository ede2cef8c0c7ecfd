"""Which files of a folder become which keys, and which keys which files: all of it settled before a byte moves."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

from attrs import frozen

from .._wire.names import check_key
from ..exceptions import InvalidInputError

_PORTS = {f"{name}{digit}" for name in ("com", "lpt") for digit in "123456789¹²³"}
_DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$", *_PORTS}
"""Names that Windows gives to devices, whatever their ending and case."""
_NAMED = 5
"""How many refusals an error tells."""


@frozen
class Wanted:
    """Which relative paths are meant."""

    include: Sequence[str]
    exclude: Sequence[str]

    @classmethod
    def of(cls, include: Iterable[str], exclude: Iterable[str]) -> Wanted:
        """Take patterns of a caller."""
        for name, patterns in (("include", include), ("exclude", exclude)):
            if isinstance(cast("object", patterns), str):
                raise TypeError(f"{name} is a list of patterns, not one pattern")
        return cls(tuple(include), tuple(exclude))

    def has(self, relative: str) -> bool:
        """Tell whether a path is meant: included, if anything is asked for, and not excluded."""
        included = not self.include or any(fnmatchcase(relative, pattern) for pattern in self.include)
        return included and not any(fnmatchcase(relative, pattern) for pattern in self.exclude)


@frozen
class Pair:
    """A file and the key that it belongs to."""

    path: Path
    key: str
    trouble: str | None = None
    """Why this one cannot be moved, while the others can."""


def folder_prefix(prefix: str) -> str:
    """Return a prefix that ends where a name begins."""
    if not isinstance(cast("object", prefix), str):
        raise TypeError(f"prefix is a str, not {type(prefix).__name__}")
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def files_to_send(directory: Path, prefix: str, wanted: Wanted) -> list[Pair]:
    """List the files under a folder, in the order of their keys. Links to files within it count as those files.

    A name that cannot be a key, because it is too long, is not UTF-8 or has control characters, is the trouble of that file alone.

    Raises:
        InvalidInputError: Something there cannot be sent: a link that leads out or to a folder, or no ordinary file.
        OSError: The folder cannot be read.
    """
    root = directory.resolve(strict=True)
    if not root.is_dir():
        raise NotADirectoryError(20, os.strerror(20), str(directory))
    refused: list[str] = []
    pairs: list[Pair] = []
    for path in _walk(root):
        relative = path.relative_to(root).as_posix()
        if not wanted.has(relative):
            continue
        if trouble := _trouble_of_file(path, root):
            refused.append(f"{relative!r} {trouble}")
        pairs.append(Pair(path, prefix + relative, _trouble_of_key(prefix + relative)))
    _refuse(refused)
    return sorted(pairs, key=lambda pair: pair.key)


def _trouble_of_key(key: str) -> str | None:
    """Tell why no object can have this key, None if one can."""
    try:
        check_key(key)
    except InvalidInputError as error:
        return error.message
    return None


def _walk(root: Path) -> Iterator[Path]:
    """List what is under a folder and no folder itself; a link to one is none."""

    def fail(error: OSError) -> None:
        raise error

    for folder, folders, files in os.walk(root, onerror=fail):
        here = Path(folder)
        yield from (here / name for name in files)
        yield from (here / name for name in folders if (here / name).is_symlink())


def _trouble_of_file(path: Path, root: Path) -> str | None:
    try:
        final = path.resolve(strict=True)
        mode = final.stat().st_mode
    except (OSError, RuntimeError):
        return "is a link that leads nowhere"
    if not final.is_relative_to(root):
        return "is a link that leads out of the folder"
    if stat.S_ISDIR(mode):
        return "is a link to a folder"
    return None if stat.S_ISREG(mode) else "is no ordinary file"


def files_to_receive(directory: Path, prefix: str, keys: Iterable[str], wanted: Wanted) -> list[Pair]:
    """List where objects go under a folder, in the order of their keys. A key that ends in a slash stands for a folder: no file.

    A key that no object can have, though the store lists it, is the trouble of that one alone; so is a key below another one,
    which would have to be a file and a folder.

    Raises:
        InvalidInputError: A key would lead out of the folder, or cannot be a file on every system, or two would be one file.
    """
    root = Path(os.path.realpath(directory))
    refused: list[str] = []
    seen: dict[str, str] = {}
    pairs: list[Pair] = []
    files = {key[len(prefix) :]: key for key in keys}
    for relative in sorted(files):
        if not relative or relative.endswith("/") or not wanted.has(relative):
            continue
        key, path = files[relative], root.joinpath(*relative.split("/"))
        trouble = _trouble_of_key(key)
        if refusal := trouble_of_name(relative) or (
            None if trouble else _trouble_of_place(root, path) or _collision(relative, seen)
        ):
            refused.append(f"{key!r} {refusal}")
        pairs.append(Pair(path, key, trouble or _below_a_file(root, relative, files, wanted)))
    _refuse(refused)
    return pairs


def _below_a_file(root: Path, relative: str, files: Mapping[str, str], wanted: Wanted) -> str | None:
    """Tell whether a folder that this needs would have to be a file too. Where there is one already, it is the file that fails."""
    names = relative.split("/")
    for depth in range(1, len(names)):
        above = "/".join(names[:depth])
        if above in files and wanted.has(above) and _trouble_of_key(files[above]) is None and not _is_folder(root / above):
            return f"needs a folder where the object {files[above]!r} is a file"
    return None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def trouble_of_name(relative: str) -> str | None:
    """Tell why a relative name cannot be a file under a folder, on any system; None if it can."""
    for name in relative.split("/"):
        if name in ("", ".", ".."):
            return "would lead out of the folder, or is no path"
        if name.split(".")[0].rstrip(" ").lower() in _DEVICES:
            return "has a name that is a device on Windows"
        if os.name == "nt" and (name.endswith((".", " ")) or any(char in '<>:"|?*\\' for char in name)):
            return "has a name that Windows does not allow"
    return None


def _trouble_of_place(root: Path, path: Path) -> str | None:
    """Tell whether a link that is there would lead out of the folder."""
    final = Path(os.path.realpath(path))
    return None if final.is_relative_to(root) else "would be written through a link that leads out of the folder"


def _collision(relative: str, seen: dict[str, str]) -> str | None:
    """Tell whether another name is the same where case or composition does not count."""
    names = relative.split("/")
    for depth in range(1, len(names) + 1):
        part = "/".join(names[:depth])
        kind = part if depth == len(names) else f"{part}/"
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFC", part).casefold())
        before = seen.setdefault(folded, kind)
        if before.rstrip("/") != part:
            return f"is the same file as {before!r} on some systems"
    return None


def _refuse(refused: list[str]) -> None:
    if refused:
        more = f"; and {len(refused) - _NAMED} more" if len(refused) > _NAMED else ""
        raise InvalidInputError(
            f"nothing was moved: {'; '.join(refused[:_NAMED])}{more}", hint="Leave them out with `exclude`, or rename them."
        )
