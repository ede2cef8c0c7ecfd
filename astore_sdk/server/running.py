"""Running the store: as a process until it is told to stop, or in a thread of a test."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import signal
import socket
import sys
import tempfile
import threading
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, cast

import attrs
import uvicorn

from astore_sdk.server.app import App
from astore_sdk.server.connections import HttpConnection
from astore_sdk.server.crowd import Crowd, connection_limit, descriptor_limit
from astore_sdk.server.faults import Faults
from astore_sdk.server.listening import Listener
from astore_sdk.server.store import Store, StoreError
from astore_sdk.server.tokens import require_token

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import FrameType

    from uvicorn._types import ASGIApplication

    from astore_sdk.server.access import AccessSink
    from astore_sdk.server.exchange import Application
    from astore_sdk.server.limits import Limits

log: logging.Logger = logging.getLogger("astore_sdk.server")

# Requests under way get this long to end once the server has been told to stop.
_GRACE_SECONDS = 2
# uvicorn wakes up this often, and at most every tenth time connections are looked at.
_TICK_SECONDS = 0.1
_MOST_TICKS = 10
_MAX_PORT = 65535


class _Server(uvicorn.Server):
    """uvicorn's server, with connections of our own.

    It says when it is ready, and ends on a signal without raising the signal again.
    """

    def __init__(
        self, config: uvicorn.Config, app: Application, limits: Limits, max_connections: int, on_ready: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._app = app
        self._limits = limits
        self._max_connections = max_connections
        self._on_ready = on_ready
        shortest = min(attrs.astuple(limits.timeouts))
        self._ticks = min(max(int(shortest / 4 / _TICK_SECONDS), 1), _MOST_TICKS)
        self._signal: signal.Signals | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup([])
        self._crowd = crowd = Crowd(self._max_connections, asyncio.get_running_loop().time)

        def connection() -> HttpConnection:
            return HttpConnection(self._app, self._limits, self.server_state, crowd)

        for listening in sockets or []:
            if sys.platform == "win32":
                # Its event loop cannot wait for a socket to become readable.
                self.servers.append(await asyncio.get_running_loop().create_server(connection, sock=listening))
                continue
            listener = Listener(listening, connection, crowd, self.config.backlog)
            # All that uvicorn asks of a server is here too.
            cast("list[object]", self.servers).append(listener)
        self._on_ready()

    async def on_tick(self, counter: int) -> bool:
        if counter % self._ticks == 0:
            self._crowd.check()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        state, config = self.server_state, self.config
        # Not in the handler of the signal, which may have interrupted the log itself.
        why = "" if self._signal is None else f" after {self._signal.name}"
        log.info("stopping%s; open requests: %d, connections: %d", why, len(state.tasks), len(state.connections))
        await super().shutdown(sockets)
        if state.tasks:
            how = "at a second signal" if self.force_exit else f"after {config.timeout_graceful_shutdown} seconds"
            log.warning("requests cut off %s: %d", how, len(state.tasks))
        # Their requests were cancelled, but what they had sent may still wait for clients that do not read it.
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await asyncio.sleep(0)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return

        def stop(number: int, _frame: FrameType | None) -> None:
            # The second time, whoever waits has lost patience.
            self.force_exit = self.should_exit
            self.should_exit = True
            self._signal = signal.Signals(number)

        before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _server(app: App, limits: Limits, grace: int, on_ready: Callable[[], None], *, own_process: bool) -> _Server:
    config = uvicorn.Config(
        cast("ASGIApplication", app),
        # Made by `_Server`, with more than uvicorn would give it; named so that no other parser is loaded.
        http=HttpConnection,
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        log_level="critical",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=grace,
    )
    # The limits of a process that is somebody else's are not ours to change.
    descriptors = descriptor_limit(raise_it=own_process)
    return _Server(config, app, limits, limits.max_connections or connection_limit(descriptors), on_ready)


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the host's addresses."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise StoreError(f"cannot find the host {host}: {error.strerror or error}") from error
    except UnicodeError as error:
        raise StoreError(f"cannot find the host {host}: it cannot be a name (RFC 1123 §2.1)") from error
    return all(ipaddress.ip_address(str(address[0]).partition("%")[0]).is_loopback for *_, address in found)


def listen(host: str, port: int, *, token: str | None) -> socket.socket:
    """Open the listening socket; port 0 chooses a free one. Without a token only loopback will do."""
    require_token(token)
    if not host:
        raise StoreError("the host is empty; 127.0.0.1 is this machine alone, 0.0.0.0 and :: are all of its addresses")
    # getaddrinfo takes any number, modulo 65536.
    if not 0 <= port <= _MAX_PORT:
        raise StoreError(f"a port is a number from 0 to {_MAX_PORT}, not {port}")
    if token is None and not is_loopback(host):
        raise StoreError(
            f"without a token the store listens on loopback only, not on {host}; "
            "give it one with --token-file, ASTORE_TOKEN or --token"
        )
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        opened = socket.socket(family, kind, protocol)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            opened.bind(address)
        except OSError:
            opened.close()
            raise
    except OSError as error:
        raise StoreError(f"cannot listen on {host} port {port}: {error.strerror or error}") from error
    return opened


def url_of(listening: socket.socket) -> str:
    """Give the base URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(
    *,
    host: str,
    port: int,
    data: Path,
    token: str | None,
    faults: bool = False,
    limits: Limits | None = None,
    access: AccessSink | None = None,
    on_ready: Callable[[str], None],
) -> None:
    """Serve a folder until SIGTERM or SIGINT; `on_ready` gets the URL once requests are taken.

    `access` is told of each request that has ended; without it, the logger `astore_sdk.server.access` is.

    Raises `StoreError` with a line for the user when the folder or the address cannot be used.
    """
    with ExitStack() as stack:
        listening = stack.enter_context(listen(host, port, token=token))
        store = stack.enter_context(Store(data, limits=limits))
        app = App(store, token=token, faults=Faults() if faults else None, access=access)
        url = url_of(listening)
        server = _server(app, store.limits, _GRACE_SECONDS, lambda: on_ready(url), own_process=True)
        _log_start(url, data, token=token, faults=faults)
        asyncio.run(server.serve(sockets=[listening]))
        app.failures.close()
    log.info("stopped", extra={"fields": {"event": "stopped"}})


def _log_start(url: str, data: Path, *, token: str | None, faults: bool) -> None:
    release = version("astore_sdk")
    asks = "asks for a token" if token is not None else "asks for no token"
    shown = data.absolute()
    fields = {"event": "started", "version": release, "url": url, "data": str(shown), "token": token is not None, "faults": faults}
    misbehaves = "; misbehaves on request (--faults)" if faults else ""
    log.info("astore %s starts on %s; data in %s; %s%s", release, url, shown, asks, misbehaves, extra={"fields": fields})


class BackgroundServer:
    """A store on a free loopback port, in a thread of this process; for tests.

        with BackgroundServer() as server:
            httpx.get(f"{server.url}/health")

    Without `data` it keeps its files in a temporary folder that goes with it. `faults` is there to be told what shall
    go wrong; see `astore_sdk.server.faults`.
    """

    def __init__(
        self,
        data: Path | None = None,
        *,
        token: str | None = None,
        limits: Limits | None = None,
        grace: int = 1,
    ) -> None:
        self._data = data
        self.token = token
        self._limits = limits
        self._grace = grace
        self._resources = ExitStack()
        self._thread: threading.Thread | None = None
        self._server: _Server | None = None
        self._store: Store | None = None
        self._url = ""
        self.faults: Faults = Faults()

    def __enter__(self) -> BackgroundServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The base URL, without a slash at its end."""
        return self._url

    @property
    def data(self) -> Path:
        """The data folder."""
        if self._data is None:
            raise RuntimeError("the server has not been started")
        return self._data

    @property
    def store(self) -> Store:
        """The store under the server, while it runs."""
        if self._store is None:
            raise RuntimeError("the server is not running")
        return self._store

    def start(self) -> None:
        """Start, and wait until requests are taken."""
        with ExitStack() as stack:
            if self._data is None:
                self._data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="astore-")))
            listening = stack.enter_context(listen("127.0.0.1", 0, token=self.token))
            store = stack.enter_context(Store(self._data, limits=self._limits))
            self._store = store
            ready = threading.Event()
            app = App(store, token=self.token, faults=self.faults)
            server = _server(app, store.limits, self._grace, ready.set, own_process=False)
            self._url = url_of(listening)
            self._server = server
            self._thread = threading.Thread(
                target=lambda: asyncio.run(server.serve(sockets=[listening])), name="astore-server", daemon=True
            )
            self._thread.start()
            ready.wait()
            self._resources = stack.pop_all()

    def stop(self) -> None:
        """Stop, and wait until everything is closed; requests under way get `grace` seconds to end."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._server = self._thread = self._store = None
            self._resources.close()
