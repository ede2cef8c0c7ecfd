"""What happens at the edges of small functions of the transfers: odd names, damaged journals, races, flows that are given up."""

from __future__ import annotations

import asyncio
import io
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import anyio.to_thread
import pytest

from astore_sdk import Config, InvalidInputError, MultipartUpload, SourceChangedError
from astore_sdk._core.flow import Close, Exchange, Hire, Open, Steps, Tell, Wait, Work, work
from astore_sdk._core.workers import Crew, InlineCrew
from astore_sdk._flows.publishing import publish
from astore_sdk._flows.signers import KeyHolder
from astore_sdk._http.channel import Channel
from astore_sdk._http.connections import MOST_IDLE_LINES, Connections, Line, Stopped
from astore_sdk._http.routing import Ways
from astore_sdk._operations.buckets import list_buckets
from astore_sdk._runners.aio import _on_thread
from astore_sdk._runners.sync import Runner
from astore_sdk._runners.threads import ThreadedCrew
from astore_sdk._transfers import tree
from astore_sdk._transfers.digest import RunningDigest
from astore_sdk._transfers.download.in_ranges import FilePiece
from astore_sdk._transfers.download.one_object import download
from astore_sdk._transfers.download.read_ahead import Window
from astore_sdk._transfers.download.target import open_target
from astore_sdk._transfers.resume.journal import DamagedJournal, Journal, parse
from astore_sdk._transfers.resume.resumable import ResumableDownload
from astore_sdk._transfers.resume.state import DownloadState, SentPart, SourceIdentity, UploadPlan, UploadState
from astore_sdk._transfers.tree import Wanted, files_to_send, folder_prefix, trouble_of_name
from astore_sdk._transfers.upload import part_sources as parts_module
from astore_sdk._transfers.upload.one_object import upload
from astore_sdk._transfers.upload.part_sources import FeedParts
from astore_sdk._transfers.upload.source import Feed
from astore_sdk._wire.messages import Answer
from astore_sdk.auth import BearerAuth
from astore_sdk.config import MIN_PART_SIZE, RetryPolicy, Settings, TransferConfig
from astore_sdk.supplychain import generate_key

SETTINGS = Settings(RetryPolicy(), TransferConfig(threshold=MIN_PART_SIZE, part_size=MIN_PART_SIZE))
DOWNLOAD = DownloadState("v1", 100, 0, 100, 10)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "astore_sdk" / "transfers"


def work_until(steps: Steps[object], kind: type[object], crew: Crew | None = None, outcome: object = None) -> object:
    """Carry out a flow up to its next step of a kind, from the outcome of the last one on."""
    step: object = steps.send(outcome)
    while not isinstance(step, kind):
        match step:
            case Hire():
                step = steps.send(crew)
            case Close():
                step = steps.send(None)
            case _:
                step = steps.send(cast("Work[object] | Tell[object]", step).call())
    return step


def carried_out(steps: Steps[object]) -> object:
    with pytest.raises(StopIteration) as ended:
        work_until(steps, Exchange)
    return ended.value.value


def test_bytes_are_hashed_in_their_order() -> None:
    digest = RunningDigest()
    digest.feed(0, b"ab")
    with pytest.raises(ValueError, match="2 to 3"):
        digest.feed(3, b"d")


@pytest.mark.parametrize("content", [b"[]\n", b'{"version":1}\n[]\n', b"\n", b""])
def test_what_is_no_journal(content: bytes) -> None:
    with pytest.raises(DamagedJournal):
        parse(content)


def test_a_piece_of_no_length_or_a_record_of_no_kind_is_damage() -> None:
    with pytest.raises(DamagedJournal):
        DownloadState.of([DownloadState("v1", 100, 0, 100, 0).head({})])
    source = {"size": 1, "mtime": 1, "inode": 1, "device": 1}
    with pytest.raises(DamagedJournal):
        UploadState.of([{**source, "described": "", "partSize": 1, "uploadId": "u"}, {"odd": 1}])


def test_what_has_ended_is_not_asked_again() -> None:
    """A terminal would wait for another line."""
    answers = iter([b"all", None, b"more"])
    feed = Feed(lambda _size: next(answers))
    assert [carried_out(feed.read(10)) for _ in range(3)] == [b"all", b"", b""]
    assert next(answers) == b"more"


def test_a_store_that_tells_no_digest_of_a_part_is_believed_its_tag() -> None:
    plan = UploadPlan(SourceIdentity(1, 1, 1, 1), "", MIN_PART_SIZE)
    state = UploadState(plan, "u", {1: SentPart("tag", "sha256:here")})
    assert state.has(1, "tag", None, "sha256:here")
    assert not state.has(1, "tag", None, "sha256:changed")
    assert not state.has(1, "another tag", None, "sha256:here")
    assert not state.has(2, "tag", None, "sha256:here")


def test_nothing_is_written_down_before_it_is_begun_and_after_it_is_over(state: Path) -> None:
    """A worker that did not end in time may still try."""
    journal = Journal("download", "k")
    journal.add({"piece": 1})
    journal.begin({"a": 1})
    journal.end()
    journal.add({"piece": 1})
    journal.close()
    assert list(state.iterdir()) == []


def test_what_a_killed_process_began_to_write_is_in_nobodys_way(state: Path) -> None:
    journal = Journal("download", "k")
    (state / f"{journal.name}.new").write_bytes(b'{"version":')
    journal.begin(DOWNLOAD.head({}))
    assert journal.read() is not None
    journal.end()
    journal.close()
    assert list(state.iterdir()) == []


def test_the_journal_of_a_download_that_is_damaged_is_put_aside(state: Path) -> None:
    journal = Journal("download", "k")
    journal.begin({"etag": 5})
    assert ResumableDownload(journal, {}).begin(DOWNLOAD, fresh=False) == DOWNLOAD
    journal.end()
    journal.close()
    assert [path.suffix for path in state.iterdir()] == [".damaged"]


def test_a_lock_that_another_has_just_removed_is_taken_anew(monkeypatch: pytest.MonkeyPatch, state: Path) -> None:
    answers: list[Callable[[], bool]] = [lambda: cast("bool", Path("/nowhere").stat()), lambda: False]
    same = os.path.samestat

    def racing(one: os.stat_result, other: os.stat_result) -> bool:
        return answers.pop()() if answers else same(one, other)

    monkeypatch.setattr(os.path, "samestat", racing)
    Journal("upload", "k").close()
    assert answers == []
    assert list(state.iterdir()) == []


def test_a_stream_that_goes_on_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts_module, "MAX_PARTS", 2)
    parts = FeedParts(Feed(lambda size: bytes(size)), 3 * MIN_PART_SIZE, MIN_PART_SIZE)
    for _ in range(2):
        parts.release(carried_out(parts.following()))
    with pytest.raises(SourceChangedError, match="2 parts"):
        carried_out(parts.following())


class Employed:
    """A crew in which somebody is always free, and nobody gets anything done but what is graceful."""

    size = 2
    free = 2
    parallel = True

    def __init__(self) -> None:
        self.jobs = 0

    def submit(self, job: Steps[object], then: Callable[[object], object], *, local: bool = False, graceful: bool = False) -> None:
        del job
        self.jobs += not (local or graceful)
        if graceful:
            then(MultipartUpload("bucket", "key", "u"))

    def attend(self) -> Steps[None]:
        yield Wait(lambda: None)

    def abandon(self) -> None:
        """Do nothing: nothing was begun."""


MUCH = 100 * MIN_PART_SIZE


def test_of_a_feed_no_more_parts_are_taken_than_travel() -> None:
    """Each is in memory until it was sent and hashed."""
    crew = Employed()
    options = dict.fromkeys(("content_type", "metadata", "progress_callback", "if_match", "if_none_match"))
    feed = iter(lambda: bytes(MIN_PART_SIZE), b"")
    steps = upload(SETTINGS, "bucket", "key", feed, MUCH, awaits=False, **options)
    work_until(steps, Wait, crew)
    assert crew.jobs == crew.size
    steps.close()


def test_for_a_writer_no_more_pieces_are_asked_for_than_travel_and_one() -> None:
    """Each is in memory until it was written."""
    crew = Employed()
    options = dict.fromkeys(("byte_range", "progress_callback", "if_match"))
    steps = download(SETTINGS, "bucket", "key", io.BytesIO(), awaits=False, overwrite=True, **options)
    work_until(steps, Open)
    fields = {"content-length": str(MUCH), "etag": '"e"', "accept-ranges": "bytes"}
    work_until(steps, Wait, crew, Answer(200, fields))
    assert crew.jobs == crew.size + 1
    steps.close()


def test_a_temporary_file_that_someone_truncates(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"short")
    with pytest.raises(OSError, match="shorter"):
        carried_out(FilePiece(tmp_path / "file", 0, 0, 10).hash(RunningDigest()))


class AsyncWriter:
    async def write(self, data: bytes) -> int:
        return len(data)


@pytest.mark.parametrize("writer", ["path", io.StringIO(), object(), AsyncWriter()])
def test_what_takes_no_bytes(writer: object) -> None:
    with pytest.raises(TypeError, match="writer is"):
        open_target(writer, overwrite=True, awaits=False)


def test_a_prefix_is_text() -> None:
    assert folder_prefix("a") == folder_prefix("a/") == "a/"
    with pytest.raises(TypeError, match="not bytes"):
        folder_prefix(b"a")


def test_a_name_that_cannot_be_a_key_is_the_trouble_of_one_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (pair,) = files_to_send(tmp_path, "x" * 1100 + "/", Wanted((), ()))
    assert pair.trouble == "key has 1105 bytes, more than 1024"
    (pair,) = files_to_send(tmp_path, "x/", Wanted((), ()))
    assert pair.trouble is None


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_path: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched, pytest.raises(PermissionError):
        patched.setattr(os, "scandir", closed)
        files_to_send(tmp_path, "", Wanted((), ()))


@pytest.mark.parametrize("name", ["a.", "a ", "a:b", "a\\b", "a?"])
def test_names_that_windows_does_not_allow(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trouble_of_name(name) is None
    with monkeypatch.context() as patched:
        patched.setattr(tree.os, "name", "nt")
        trouble = trouble_of_name(name)
    assert "Windows" in (trouble or "")


def test_seeking_to_nowhere() -> None:
    window = Window(10)
    with pytest.raises(ValueError, match="whence"):
        window.seek(0, 3)
    with pytest.raises(ValueError, match="before"):
        window.seek(-1, io.SEEK_CUR)
    assert window.seek(-1, io.SEEK_END) == 9


@pytest.mark.parametrize("ended", ["stop", "abandon"])
def test_one_who_works_alone_forgets_what_was_not_begun(ended: str) -> None:
    crew = InlineCrew()
    crew.submit(work(lambda: None), lambda _: None)
    assert crew.free == 0
    if ended == "stop":
        carried_out(crew.stop())
    else:
        crew.abandon()
    assert crew.free == 1


SENDING = partial(
    upload,
    SETTINGS,
    "bucket",
    "key",
    size=None,
    awaits=False,
    content_type=None,
    metadata=None,
    progress_callback=None,
    if_match=None,
    if_none_match=None,
)


def test_an_upload_that_is_given_up_asks_for_nothing_more() -> None:
    """A generator that is closed must not go on: not even to clean up."""
    steps = SENDING(bytes(2 * MIN_PART_SIZE))
    work_until(steps, Exchange, InlineCrew())
    steps.close()


def test_a_download_that_is_given_up_asks_for_nothing_more(tmp_path: Path, state: Path) -> None:
    steps = download(
        SETTINGS,
        "bucket",
        "key",
        tmp_path / "target",
        awaits=False,
        byte_range=None,
        progress_callback=None,
        if_match=None,
        overwrite=True,
        resume_at="http://store",
    )
    work_until(steps, Open)
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == ["state"]
    assert list(state.iterdir()) == []


def test_a_publication_that_is_given_up_asks_for_nothing_more() -> None:
    holder = KeyHolder(generate_key(), None, "sign_with")
    options = dict.fromkeys(("sbom", "attest", "content_type", "metadata", "progress_callback"))
    steps = publish(SETTINGS, "bucket", "key", b"data", holder, awaits=False, **options)
    work_until(steps, Exchange)
    steps.close()


def test_not_every_connection_of_a_large_crew_is_kept() -> None:
    connections = Connections(Ways(Config("http://127.0.0.1:9"), own=True), None)
    lines = [connections.line() for _ in range(MOST_IDLE_LINES + 4)]
    for line in lines:
        connections.give_back(line)
    kept = [connections.line() for _ in lines]
    assert len([line for line in kept if line in lines]) == MOST_IDLE_LINES


def test_a_worker_that_takes_a_connection_when_all_is_stopped_does_not_use_it() -> None:
    """The connection is taken on the worker's thread: the crew may be stopped just then."""
    lines: list[Line] = []

    class Connections:
        def line(self) -> Line:
            lines.append(Line(Ways(Config("http://127.0.0.1:9"), own=True), None, worker=True))
            crew.abandon()
            return lines[0]

        def give_back(self, line: Line) -> None:
            pytest.fail("it was given back")

    class Runner:
        def for_worker(self, line: Line, **_: object) -> Runner:
            return self

        def run(self, _steps: object) -> object:
            outgoing = Channel(Config("http://127.0.0.1:9"), BearerAuth(None)).outgoing(list_buckets())
            return lines[0].send(outgoing, lambda _: pytest.fail("it was used"))

    crew = ThreadedCrew(Runner(), Connections(), 1)
    crew.submit(work(lambda: None), lambda _: None)
    with pytest.raises(Stopped):
        carried_out(attended(crew))
    carried_out(crew.stop())


def attended(crew: ThreadedCrew) -> Steps[None]:
    yield from work(crew._ready.wait)
    yield from crew.attend()


def test_a_crew_that_is_woken_for_nothing_waits_on() -> None:
    crew = ThreadedCrew(cast("Runner", None), cast("Connections", None), 1)
    steps = crew.attend()
    for _ in range(2):
        crew._ready.set()
        assert isinstance(next(steps), Wait)
        assert not crew._ready.is_set(), "it does not wait at all"
    heard: list[str] = []
    crew.report(lambda: heard.append("news"))
    carried_out(steps)
    assert heard == ["news"]


def test_who_is_stopped_has_nothing_to_report() -> None:
    crew = ThreadedCrew(cast("Runner", None), cast("Connections", None), 1)
    crew.abandon()
    with pytest.raises(Stopped):
        crew.report(lambda: pytest.fail("it was called"))


def test_work_on_a_thread_is_waited_for_when_its_caller_is_cancelled() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        go_on.wait()
        ended.set()

    async def main() -> None:
        task = asyncio.create_task(_on_thread(work))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.wait([task], timeout=0)
        assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert ended.is_set()

    asyncio.run(main())


def test_work_that_begins_too_late_is_not_done(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs: list[Callable[[], object]] = []

    async def cancelled(job: Callable[[], object]) -> None:
        jobs.append(job)
        raise asyncio.CancelledError

    monkeypatch.setattr(anyio.to_thread, "run_sync", cancelled)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(_on_thread(lambda: pytest.fail("it was done")))
    with pytest.raises(InvalidInputError, match="cancelled"):
        jobs[0]()


def test_a_resumable_upload_needs_an_ordinary_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    descriptor = os.open(tmp_path / "fifo", os.O_RDWR)  # so that opening it waits for nobody
    try:
        with pytest.raises(InvalidInputError, match="ordinary file"):
            carried_out(SENDING(tmp_path / "fifo", resume_at="http://store"))
    finally:
        os.close(descriptor)
