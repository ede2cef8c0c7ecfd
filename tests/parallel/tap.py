"""A tap on the wire: a TCP proxy in front of a store that counts, and spoils, what passes."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import urlsplit


class Tap:
    """Use `url` in place of the store's. All counts are bytes on the wire, heads included."""

    def __init__(self, store_url: str, tls: ssl.SSLContext | None = None) -> None:
        self._to = urlsplit(store_url)
        self._tls = tls
        self.up = 0
        self.down = 0
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self._ends = threading.Condition()
        self.flip_up_at: int | None = None
        """Change a bit of the byte that is sent to the store as this one, counted over all connections, once."""
        self._alarms: list[tuple[Callable[[], int], int, Callable[[], object]]] = []
        self._thread = threading.Thread(target=self._main, name="tap", daemon=True)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Tap:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def wait_until_open(self, at_most: int) -> None:
        """Wait until no more connections than that are left: what a killed process had on its way has then passed."""
        with self._ends:
            assert self._ends.wait_for(lambda: self.open <= at_most, 20)

    def alarm(self, count: Callable[[Tap], int], at: int, call: Callable[[], object]) -> None:
        """Call something, on the tap's thread, as soon as a count is so high."""
        self._loop.call_soon_threadsafe(self._alarms.append, (lambda: count(self), at, call))
        self._loop.call_soon_threadsafe(self._ring)

    def _ring(self) -> None:
        for alarm in [alarm for alarm in self._alarms if alarm[0]() >= alarm[1]]:
            self._alarms.remove(alarm)
            alarm[2]()

    def _main(self) -> None:
        asyncio.run(self._run())

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.url = f"http{'s' if self._tls else ''}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        await self._ended.wait()
        server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.current_task())
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        writers = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
            writers.append(far_writer)
            await asyncio.gather(self._pass(reader, far_writer, up=True), self._pass(far_reader, writer, up=False))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            for each in writers:
                each.close()
            for each in writers:
                with suppress(OSError):
                    await each.wait_closed()
            self._tasks.discard(asyncio.current_task())
            with self._ends:
                self.open -= 1
                self._ends.notify_all()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, up: bool) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                if up:
                    at = None if self.flip_up_at is None else self.flip_up_at - self.up
                    self.up += len(data)
                    if at is not None and 0 <= at < len(data):
                        self.flip_up_at = None
                        data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                else:
                    self.down += len(data)
                if self._alarms:
                    self._ring()
                writer.write(data)
                await writer.drain()
        writer.close()
