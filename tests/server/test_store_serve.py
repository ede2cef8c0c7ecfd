"""`astore serve` as a user starts and stops it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from astore_sdk.cli import main
from astore_sdk.server import App, BackgroundServer, Store, StoreError, run

from .processes import ServeProcess, command

if TYPE_CHECKING:
    from pathlib import Path


def _fails(*arguments: str, **environment: str) -> tuple[int, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ASTORE_")}
    done = subprocess.run(
        command(*arguments), capture_output=True, text=True, timeout=30, env={**clean, **environment}, check=False
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def _levels(log: str) -> list[str]:
    """Give the level of each line; what is no line of the log fails."""
    found = [re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\w+) ", line) for line in log.splitlines()]
    assert all(found), log
    return [match[1] for match in found if match]


def test_it_starts_says_where_and_keeps_what_it_was_given(tmp_path: Path) -> None:
    data = tmp_path / "new" / "folder"
    with ServeProcess(data) as first:
        assert (first.shown_data, first.shown_token) == (str(data), "no token")
        assert urlsplit(first.url).hostname == "127.0.0.1"
        httpx.put(f"{first.url}/s3/kept-bucket")
        httpx.put(f"{first.url}/s3/kept-bucket/key", content=b"kept", headers={"x-amz-meta-k": "v"})
        assert first.terminate() == 0
    with ServeProcess(data) as second:
        got = httpx.get(f"{second.url}/s3/kept-bucket/key")
        assert (got.content, got.headers["x-amz-meta-k"]) == (b"kept", "v")
        assert httpx.post(f"{second.url}/faults", json={}).status_code == 404
    assert oct(data.stat().st_mode & 0o777) == "0o700"


def test_a_signal_ends_it_in_time_whatever_is_stalled(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data") as running:
        httpx.put(f"{running.url}/s3/stalled-bucket")
        httpx.put(f"{running.url}/s3/stalled-bucket/key", content=bytes(30_000_000))
        address = urlsplit(running.url)
        assert address.hostname is not None
        assert address.port is not None
        place = (address.hostname, address.port)
        with socket.create_connection(place) as download, socket.create_connection(place) as upload:
            download.sendall(b"GET /s3/stalled-bucket/key HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert download.recv(100)
            upload.sendall(b"PUT /s3/stalled-bucket/k2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999\r\n\r\n")
            upload.sendall(bytes(5_000_000))
            began = time.monotonic()
            assert running.terminate() == 0
            assert time.monotonic() - began < 5
        assert [level for level in _levels(running.errors) if level != "INFO"] == ["WARNING"]
        assert "requests cut off after 2 seconds: 2" in running.errors
    with Store(tmp_path / "data"):
        assert len(list((tmp_path / "data").glob("blobs/*/*"))) == 1


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data") as running:
        running.process.send_signal(signal.SIGINT)
        assert running.wait() == 0
        assert set(_levels(running.errors)) == {"INFO"}
        assert "stopping after SIGINT" in running.errors


def test_a_second_store_on_one_folder_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with ServeProcess(data) as first:
        code, said = _fails("serve", "--port", "0", "--data", str(data))
        assert code == 1
        assert said.startswith("astore serve: the data folder")
        assert "in use" in said
        assert said.count("\n") == 1
        assert httpx.get(f"{first.url}/health/ready").status_code == 200
        with pytest.raises(StoreError, match="in use"), BackgroundServer(data):
            pass
        first.kill()
    with BackgroundServer(data):
        pass


def test_what_cannot_be_used_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.write_text("not a folder")
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / "catalogue.sqlite3").write_text("not a database " * 100)
    newer = tmp_path / "newer"
    with Store(newer) as store, store.catalogue._writing.begin() as connection:
        connection.exec_driver_sql("PRAGMA user_version=99")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        for arguments, words in (
            (("--data", str(file)), "it is not a folder"),
            (("--data", str(damaged)), "not a database"),
            (("--data", str(newer)), "newer astore"),
            (("--data", str(tmp_path / "d"), "--port", port), "cannot listen"),
            (("--data", str(tmp_path / "d"), "--host", "0.0.0.0"), "without a token"),
            (("--data", str(tmp_path / "d"), "--host", "no.such.host.invalid"), "cannot find the host"),
            (("--data", str(tmp_path / "d"), "--host", "a" * 70), "cannot find the host"),
            (("--data", str(tmp_path / "d"), "--token-file", str(tmp_path / "absent")), "cannot read the token"),
            (("--data", str(tmp_path / "d"), "--token", "two words"), "a token is"),
        ):
            assert main(["serve", "--port", "0", *arguments]) == 1
            said = capsys.readouterr().err
            assert words in said
            assert said.startswith("astore serve: ")
            assert said.count("\n") == 1


def test_the_token_comes_from_three_places(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    for arguments, environment, token in (
        (("--token", "from-option", "--token-file", str(file)), "from-environment", "from-option"),
        (("--token-file", str(file)), "from-environment", "from-file"),
        ((), "from-environment", "from-environment"),
    ):
        with ServeProcess(tmp_path / "data", *arguments, token=environment) as running:
            assert httpx.get(f"{running.url}/s3").status_code == 401
            headers = {"Authorization": f"Bearer {token}"}
            assert httpx.get(f"{running.url}/s3", headers=headers).status_code == 200
            assert token not in running.line
            assert running.shown_token == "token required"


def test_a_token_that_is_empty_is_refused_wherever_it_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "token"
    for text in ("", "\n", " \t\n"):
        file.write_text(text)
        for arguments, environment, words in (
            ((), {"ASTORE_TOKEN": text}, "ASTORE_TOKEN is empty; put a token there, or unset it"),
            (("--token-file", str(file)), {}, "leave --token-file out"),
            (("--token", text), {"ASTORE_TOKEN": "good"}, "--token is empty"),
        ):
            monkeypatch.delenv("ASTORE_TOKEN", raising=False)
            for name, value in environment.items():
                monkeypatch.setenv(name, value)
            assert main(["serve", "--port", "0", "--data", str(tmp_path / "d"), *arguments]) == 1
            said = capsys.readouterr().err
            assert words in said
            assert said.startswith("astore serve: ")
            assert said.count("\n") == 1
        assert not (tmp_path / "d").exists()
    for token in ("", "two words", "b\u00e4r"):
        with pytest.raises(StoreError, match="token"), BackgroundServer(tmp_path / "d", token=token):
            pass
        with Store(tmp_path / "store") as store, pytest.raises(StoreError, match="token"):
            App(store, token=token)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644])
def test_a_token_file_that_everyone_can_read_is_warned_of(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "token"
    file.write_text("from-file\n")
    file.chmod(mode)
    with ServeProcess(tmp_path / "data", "--token-file", str(file)) as running:
        assert running.terminate() == 0
        assert ("WARNING every user of this machine can read the token file" in running.errors) == (mode == 0o644)


@pytest.mark.parametrize("port", ["99999", "65536", "-1", "70000000000000000000", "", " 80", "8_0", "+80", "\u0668\u0660"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--port={port}", "--data", str(tmp_path / "d")])
    assert ended.value.code == 2
    assert "a port is a number from 0 to 65535" in capsys.readouterr().err
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("port", [-1, 65536, 99999])
def test_a_port_that_is_none_is_refused_in_code(tmp_path: Path, port: int) -> None:
    with pytest.raises(StoreError, match="a port is a number from 0 to 65535"):
        run(host="127.0.0.1", port=port, data=tmp_path / "d", token=None, on_ready=print)
    assert not (tmp_path / "d").exists()


@pytest.mark.parametrize("host", ["", " "])
def test_an_empty_host_is_refused(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", "--host", host])
    assert ended.value.code == 2
    assert "a host is an address or a name" in capsys.readouterr().err


def test_faults_only_when_asked_for(tmp_path: Path) -> None:
    with ServeProcess(tmp_path / "data", "--faults") as running:
        assert httpx.get(f"{running.url}/faults").json() == {"faults": []}
        assert httpx.get(f"{running.url}/s3", headers={"x-astore-fault": "status=500"}).status_code == 500
    with ServeProcess(tmp_path / "data") as running:
        assert httpx.get(f"{running.url}/faults").status_code == 404
        assert httpx.get(f"{running.url}/s3", headers={"x-astore-fault": "status=500"}).status_code == 200


def test_the_command_line_loads_nothing_it_does_not_need() -> None:
    code = (
        "import sys; from astore_sdk.cli import main\n"
        "try: main(['--version'])\n"
        "except SystemExit as end: print(end.code)\n"
        "heavy = {'uvicorn', 'sqlalchemy', 'asyncio', 'astore_sdk.server', 'astore_sdk.cli.serve'} & set(sys.modules)\n"
        "print(heavy)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    lines = done.stdout.splitlines()
    assert lines[0] == f"astore {version('astore_sdk')}"
    assert lines[1] == "0"
    assert "sqlalchemy" not in lines[2]
    assert "astore_sdk.server" not in lines[2]


@pytest.mark.parametrize("missing", ["uvicorn", "sqlalchemy"])
def test_without_the_extra_it_says_what_to_install(missing: str) -> None:
    code = f"import sys; from astore_sdk.cli import main\nsys.modules[{missing!r}] = None\nsys.exit(main(['serve']))\n"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "pip install 'astore_sdk[server]'" in done.stderr
    assert done.stderr.count("\n") == 1


def test_used_wrongly(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ([], ["unknown"], ["serve", "--port", "x"]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
        assert "usage: astore" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "serve" in capsys.readouterr().out
