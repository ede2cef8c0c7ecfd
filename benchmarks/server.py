"""What the measurements run against, all of it on tmpfs: nginx as a store, the embedded store, and a proxy that is far away.

nginx keeps objects by its DAV module, and answers what a multipart upload asks: below `/s3/` in the contract's JSON, below `/xml/`
in S3's XML. Parts stay files of their own; nothing is joined.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import getpass
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from trial import BUCKET, DOWN, MIB, SMALL, UP

DELAY = 0.02
RATE = 20 * MIB
SHM = Path("/dev/shm")
SERVE = (sys.executable, "-c", "from astore_sdk.cli import main; main()", "serve", "--port", "0", "--data")

XMLNS = 'xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
NAMES = f"<Bucket>{BUCKET}</Bucket><Key>{UP}</Key>"
CONF = """\
worker_processes 2;
daemon off;
{user}
pid {root}/nginx.pid;
error_log {root}/error.log warn;
events {{ worker_connections 1024; multi_accept on; }}
http {{
  access_log off;
  sendfile on;
  sendfile_max_chunk 0;
  tcp_nodelay on;
  tcp_nopush on;
  keepalive_requests 100000000;
  keepalive_timeout 600s;
  client_max_body_size 0;
  client_body_buffer_size 1m;
  client_body_temp_path {root}/bodies;
  # A store answers a PUT with an ETag; the DAV module does not.
  map $request_method $etag {{ PUT '"0123456789abcdef0123456789abcdef"'; default $sent_http_etag; }}
  map "$request_method $uri" $digest {{
    "~^(GET|HEAD) /s3/{bucket}/{down}$" "sha-256=:{large}:";
    "~^(GET|HEAD) /s3/{bucket}/{small}/" "sha-256=:{little}:";
    default "";
  }}
  map $arg_partNumber $part {{ "" ""; default "/parts/$arg_partNumber"; }}
  map $args $xml {{
    "~^uploads" '<InitiateMultipartUploadResult {ns}>{names}<UploadId>1</UploadId></InitiateMultipartUploadResult>';
    default '<CompleteMultipartUploadResult {ns}>{names}<ETag>"1"</ETag></CompleteMultipartUploadResult>';
  }}
  map $args $token {{ "~continuation-token=(?<found>[^&]*)" $found; default ""; }}
  add_header ETag $etag;
  add_header Repr-Digest $digest;
  dav_methods PUT DELETE;
  dav_access user:rw group:r all:r;
  create_full_put_path on;
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    listen 127.0.0.1:{tls_port} ssl backlog=1024;
    ssl_certificate {root}/certificate.pem;
    ssl_certificate_key {root}/key.pem;
    ssl_protocols TLSv1.3;
    root {data};
    location /s3/ {{
      default_type application/json;
      if ($request_method = POST) {{ return 200 '{{"bucket":"{bucket}","key":"{up}","uploadId":"1"}}'; }}
      if ($part) {{ rewrite ^ $part last; }}
    }}
    location /xml/ {{
      default_type application/xml;
      if ($request_method = POST) {{ return 200 $xml; }}
      if ($part) {{ rewrite ^ $part last; }}
      rewrite ^/xml(/.*)$ /s3$1 last;
    }}
    location /parts/ {{ internal; }}
    location = /s3/listing {{ rewrite ^ /pages/$arg_marker.json last; }}
    location = /xml/listing {{ rewrite ^ /pages/$token.xml last; }}
    location /pages/ {{ internal; types {{ application/json json; application/xml xml; }} }}
  }}
}}
"""


def missing() -> str | None:
    """Return what this machine lacks, None if nothing."""
    for program in ("nginx", "curl", "openssl"):
        if not shutil.which(program) and not Path("/usr/sbin", program).exists():
            return f"benchmarks need {program}: install it with the system's package manager (Debian: apt install {program})"
    return None if SHM.is_dir() else f"benchmarks need Linux with tmpfs at {SHM}"


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """Make a folder on tmpfs that goes in the end."""
    with tempfile.TemporaryDirectory(prefix="astore-bench-", dir=SHM) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def field(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


class Nginx:
    """A running nginx: `url`, `tls_url` and `cafile`, `data` (the folder of what it serves)."""

    def __init__(self, root: Path, large: bytes, little: bytes) -> None:
        """`large` and `little` are the digests of the objects that are there, which it shall tell."""
        self._root, self.data = root, root / "data"
        for name in ("bodies", f"data/s3/{BUCKET}/{SMALL}", "data/parts", "data/pages"):
            (root / name).mkdir(parents=True)
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as other:
            self._port, tls_port = one.getsockname()[1], other.getsockname()[1]
        self.url, self.tls_url = f"http://127.0.0.1:{self._port}", f"https://127.0.0.1:{tls_port}"
        self.cafile = str(root / "certificate.pem")
        kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
        name = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        out = ["-keyout", str(root / "key.pem"), "-out", self.cafile]
        subprocess.run(["openssl", "req", *kind, *name, *out], check=True, capture_output=True)
        names = {"bucket": BUCKET, "up": UP, "down": DOWN, "small": SMALL, "ns": XMLNS, "names": NAMES}
        places = {"root": root, "data": self.data, "port": self._port, "tls_port": tls_port}
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        digests = {"large": field(large), "little": field(little)}
        (root / "nginx.conf").write_text(CONF.format(user=user, **names, **places, **digests))

    def __enter__(self) -> Nginx:
        nginx = shutil.which("nginx") or "/usr/sbin/nginx"
        log = self._root / "error.log"
        command = [nginx, "-c", str(self._root / "nginx.conf"), "-p", str(self._root), "-e", str(log)]
        self._process = subprocess.Popen(command)
        while self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1):
                return self
            time.sleep(0.02)
        raise RuntimeError(f"nginx did not start: {log.read_text()}")

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()


@contextlib.contextmanager
def process(*command: str) -> Iterator[str]:
    """Run a server, and yield the URL in its first line."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as running:
        line = running.stdout.readline() if running.stdout else ""
        try:
            yield next(word for word in line.split() if word.startswith("http"))
        finally:
            running.terminate()


@contextlib.contextmanager
def embedded(root: Path) -> Iterator[str]:
    """Run the embedded store."""
    with process(*SERVE, str(root)) as url:
        yield url


@contextlib.contextmanager
def far(url: str) -> Iterator[str]:
    """Stand before a server, 20 ms away, with 20 MiB/s for each connection."""
    with process(sys.executable, __file__, url) as address:
        yield address


async def pass_on(url: str) -> None:
    """Pass connections on, each delayed and limited."""
    to = urlsplit(url)

    async def passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(64)
        now = asyncio.get_running_loop().time

        async def deliver() -> None:
            free = 0.0
            while True:
                due, data = await queue.get()
                free = max(free, due) + len(data) / RATE
                await asyncio.sleep(max(0.0, free - now()))
                if not data:
                    break
                writer.write(data)
                await writer.drain()
            writer.close()

        async def take() -> None:
            data = b"-"
            while data:
                data = await reader.read(65536)
                await queue.put((now() + DELAY, data))

        await asyncio.gather(take(), deliver())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            near = await asyncio.open_connection(to.hostname, to.port)
            await asyncio.gather(passing(reader, near[1]), passing(near[0], writer))
        except ConnectionError:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(pass_on(sys.argv[1]))
