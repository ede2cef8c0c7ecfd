"""A tap on the wire: a TCP proxy in front of a store that counts, and spoils, what passes."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class Tap:
    """Use `url` in place of the store's. All counts are bytes on the wire, heads included."""

    def __init__(self, store_url: str) -> None:
        self._to = urlsplit(store_url)
        self.up = 0
        self.down = 0
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.flip_up_at: int | None = None
        """Change a bit of the byte that is sent to the store as this one, counted over all connections, once."""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)
        self._ready = threading.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Tap:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._ready.set()
        self._loop.run_forever()
        server.close()
        for task in asyncio.all_tasks(self._loop):
            task.cancel()
        self._loop.run_until_complete(asyncio.sleep(0.05))
        self._loop.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            far_reader, far_writer = await asyncio.open_connection(self._to.hostname, self._to.port)
            await asyncio.gather(self._pass(reader, far_writer, up=True), self._pass(far_reader, writer, up=False))
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self.open -= 1

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
                writer.write(data)
                await writer.drain()
        with suppress(OSError):
            writer.close()
