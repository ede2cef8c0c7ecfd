"""Whole folders: small files side by side, large ones in parts, one after another, by as many workers as ever."""

from __future__ import annotations

import errno
import inspect
import os
import stat
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from pathlib import Path
from typing import cast

from attrs import evolve, frozen

from .._core.flow import Steps, Theirs, tell, work
from .._core.workers import Crew, employ, hire
from .._transfers.download.one_object import download
from .._transfers.progress import Progress, Tally, check_callback
from .._transfers.tree import Pair, Wanted, files_to_receive, files_to_send, folder_prefix
from .._transfers.upload.body import SourceBody
from .._transfers.upload.one_object import upload
from .._transfers.upload.source import FileSource, open_data
from .._wire.names import check_bucket
from ..config import Settings
from ..exceptions import ArtifactStoreError, InvalidInputError
from ..models import FileResult, Object
from ..types import ProgressCallback
from .listing import list_page

Move = Callable[[ProgressCallback | None], Steps[Object]]
"""Moves one file, and tells what moved."""


@frozen
class _File:
    """One file on its way."""

    pair: Pair
    size: int
    move: Move
    same: Object | None
    """What is at the other end, if it has the same size and says its digest."""


def upload_dir(
    settings: Settings,
    directory: Path,
    bucket: str,
    prefix: str,
    *,
    include: Iterable[str],
    exclude: Iterable[str],
    progress_callback: ProgressCallback | None,
) -> Steps[list[FileResult]]:
    """Store every file under a folder."""
    check_bucket(bucket)
    base, wanted, root = folder_prefix(prefix), Wanted.of(include, exclude), _folder(directory)
    pairs = yield from work(partial(files_to_send, root, base, wanted))
    sizes = yield from work(lambda: [_size(pair.path) or 0 for pair in pairs])
    names = {pair.key for pair in pairs if pair.trouble is None}
    stored = yield from _stored(settings, bucket, base, names) if names else _none()

    def move(pair: Pair, on_progress: ProgressCallback | None) -> Steps[Object]:
        _check(pair, bucket, "putObject")
        return upload(
            settings,
            bucket,
            pair.key,
            pair.path,
            None,
            awaits=False,
            content_type=None,
            metadata=None,
            progress_callback=on_progress,
            if_match=None,
            if_none_match=None,
        )

    files = [
        _File(pair, size, partial(move, pair), _if_same_size(stored.get(pair.key), size))
        for pair, size in zip(pairs, sizes, strict=True)
    ]
    return (yield from _Folder(settings, files, progress_callback).run())


def download_dir(
    settings: Settings,
    bucket: str,
    prefix: str,
    directory: Path,
    *,
    include: Iterable[str],
    exclude: Iterable[str],
    progress_callback: ProgressCallback | None,
) -> Steps[list[FileResult]]:
    """Receive every object under a prefix."""
    check_bucket(bucket)
    base, wanted, root = folder_prefix(prefix), Wanted.of(include, exclude), _folder(directory)
    yield from work(partial(_check_place, root))
    stored = yield from _stored(settings, bucket, base, None)
    pairs = yield from work(partial(files_to_receive, root, base, stored, wanted))

    def move(pair: Pair, on_progress: ProgressCallback | None) -> Steps[Object]:
        _check(pair, bucket, "getObject")
        yield from work(partial(_make_folder, pair.path.parent))
        return (
            yield from download(
                settings,
                bucket,
                pair.key,
                pair.path,
                awaits=False,
                byte_range=None,
                progress_callback=on_progress,
                if_match=None,
                overwrite=True,
            )
        )

    def here(pair: Pair) -> Object | None:
        size = _size(pair.path) if pair.trouble is None else None
        return None if size is None else _if_same_size(stored[pair.key], size)

    same = yield from work(lambda: [here(pair) for pair in pairs])
    files = [_File(pair, stored[pair.key].size, partial(move, pair), found) for pair, found in zip(pairs, same, strict=True)]
    return (yield from _Folder(settings, files, progress_callback).run())


def _folder(directory: object) -> Path:
    if not isinstance(directory, os.PathLike):
        raise TypeError(f"directory is a pathlib.Path, not {type(directory).__name__}")
    path = Path(cast("os.PathLike[str]", directory))
    if "\0" in str(path):
        raise InvalidInputError("directory has a NUL in it, which no path can have")
    return path


def _check_place(root: Path) -> None:
    """Raise if something that is no folder has the folder's name."""
    if root.exists() and not root.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root))


def _check(pair: Pair, bucket: str, operation: str) -> None:
    """Raise what is known to be the trouble of one file."""
    if pair.trouble is not None:
        raise InvalidInputError(pair.trouble, operation=operation, bucket=bucket, key=pair.key)


def _size(path: Path) -> int | None:
    """Return the bytes of a file, None if it is none, or cannot be looked at: to move it will say why."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_size if stat.S_ISREG(facts.st_mode) else None


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:  # as where the file is further up
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), error.filename) from None


def _none() -> Steps[dict[str, Object]]:
    yield from ()
    return {}


def _stored(settings: Settings, bucket: str, prefix: str, names: set[str] | None) -> Steps[dict[str, Object]]:
    """Return what is under a prefix, or what of it is among the names."""
    found: dict[str, Object] = {}
    marker: str | None = None
    while True:
        page = yield from list_page(settings, bucket, prefix=prefix, delimiter="", marker=marker, max_keys=None)
        # A server that knows no prefixes lists everything.
        under = [item for item in page.objects if item.key.startswith(prefix)]
        found.update((item.key, item) for item in under if names is None or item.key in names)
        marker = page.next_marker
        if not page.is_truncated or (names and marker is not None and marker >= max(names)):
            return found


def _if_same_size(stored: Object | None, size: int) -> Object | None:
    return stored if stored is not None and stored.size == size and stored.digest is not None else None


class _Listener:
    """The caller's callback, and what it raised: that ends everything, whatever its type, and is no failure of one file."""

    def __init__(self, callback: ProgressCallback) -> None:
        self._callback = callback
        self.error: Exception | None = None

    def __call__(self, total: int) -> object:
        try:
            told = self._callback(total)
        except Exception as error:
            self.error = error
            raise
        return self._awaited(cast("Awaitable[object]", told)) if inspect.isawaitable(told) else told

    async def _awaited(self, told: Awaitable[object]) -> None:
        try:
            await told
        except Exception as error:
            self.error = error
            raise


class _Folder:
    """Files that are moved together."""

    def __init__(self, settings: Settings, files: list[_File], callback: ProgressCallback | None) -> None:
        self._settings = settings
        self._files = files
        checked = check_callback(callback)
        self._listener = None if checked is None else _Listener(checked)
        self._tally = Tally(Progress(self._listener))
        self._results: dict[int, FileResult] = {}

    def run(self) -> Steps[list[FileResult]]:
        """Move all of them, and return what became of each, in their order."""
        threshold = self._settings.transfer.threshold
        crew = yield from hire(self._settings.transfer.concurrency)
        small = [number for number, file in enumerate(self._files) if file.size <= threshold]
        yield from employ(crew, self._move_small(small, crew))
        for number, file in enumerate(self._files):
            if number not in self._results:
                result = yield from self._attempt(file, partial(self._tally.reach, number))
                yield from tell(partial(self._take, number, result))
        moved = sum(result.object.size for result in self._results.values() if result.object and result.status == "done")
        yield from tell(partial(self._tally.progress.finish, moved))
        return [self._results[number] for number in range(len(self._files))]

    def _move_small(self, numbers: list[int], crew: Crew) -> Steps[None]:
        waiting = iter(numbers)
        while len(self._results) < len(numbers):
            while crew.free and (number := next(waiting, None)) is not None:
                self._submit(number, crew)
            yield from crew.attend()

    def _submit(self, number: int, crew: Crew) -> None:
        def moved(position: int) -> object:
            return crew.report(partial(self._tally.reach, number, position))

        crew.submit(self._attempt(self._files[number], moved), partial(self._take, number))

    def _take(self, number: int, result: FileResult) -> object:
        self._results[number] = result
        return self._tally.finish(number, result.object.size) if result.object and result.status == "done" else None

    def _attempt(self, file: _File, moved: ProgressCallback) -> Steps[FileResult]:
        """Move a file unless it is there, and say what became of it."""
        result = FileResult(file.pair.path, file.pair.key, "failed")
        try:
            if file.same is not None and (yield from _digest(file.pair.path)) == file.same.digest:
                return evolve(result, status="skipped", object=file.same)
            return evolve(result, status="done", object=(yield from file.move(moved)))
        except (ArtifactStoreError, OSError) as error:
            return evolve(result, error=error)
        except Theirs as carried:
            raised = carried.error
            if not isinstance(raised, ArtifactStoreError | OSError) or (self._listener and raised is self._listener.error):
                raise
            return evolve(result, error=raised)


def _digest(path: Path) -> Steps[str]:
    opened = yield from work(partial(open_data, path, None, awaits=False))
    try:
        if not isinstance(opened, FileSource):
            raise OSError(f"{path} is no ordinary file any more")
        return (yield from SourceBody.whole(opened).sha256())
    finally:
        opened.close()
