"""What is measured: each work with its cases, the columns of its table, and the targets it has to meet."""

from __future__ import annotations

from typing import Literal, NamedTuple

MIB = 1024 * 1024


class Column(NamedTuple):
    heading: str
    key: str
    than: str | None = None
    """The case that it is divided by."""
    best: bool = False
    """The best of the rounds in place of their median."""


class Target(NamedTuple):
    text: str
    rows: tuple[str, ...]
    """Cases of which each shall meet it."""
    bound: float
    keys: tuple[str, ...] = ("rate",)
    than: str | None = None
    best: bool = False
    most: bool = False
    """The bound is the most that may be, not the least."""


class Work(NamedTuple):
    title: str
    module: str
    table: str
    columns: tuple[Column, ...]
    targets: tuple[Target, ...] = ()
    server: Literal["nginx", "store", None] = "nginx"
    tls: bool = False
    far: bool = False
    cases: tuple[str, ...] = ()
    """Which of the table; all if empty."""
    most_mib: int = 1 << 20
    """A larger file would take too long."""
    count: int = 0


MOVED = (
    Column("MiB/s", "rate"),
    Column("best", "rate", best=True),
    Column("/ curl", "rate", "curl"),
    Column("best / curl", "rate", "curl", best=True),
)
SPENT = (Column("CPU s / GiB", "cpu"), Column("peak RSS MiB", "rss"), Column("before", "before"))
UP_COLUMNS = (
    *MOVED,
    Column("/ httpx", "rate", "httpx"),
    Column("/ dgst, curl", "rate", "openssl dgst, then curl"),
    Column("/ boto3 upload_file", "rate", "boto3 upload_file"),
    *SPENT,
)
DOWN_COLUMNS = (
    *MOVED,
    Column("/ httpx", "rate", "httpx"),
    Column("/ curl -o", "rate", "curl -o"),
    Column("/ curl, dgst", "rate", "curl, then openssl dgst"),
    Column("/ boto3", "rate", "boto3 download_file"),
    *SPENT,
)

UP_PLAIN = ("astore, unhashed", "astore, one PUT, unhashed")
DOWN_ONE = ("astore, one stream, unhashed", "astore, writer, one stream, unhashed")
DOWN_PLAIN = ("astore, unhashed", *DOWN_ONE)
DOWN_HASHED = ("astore", "astore, one stream", "astore, writer, one stream")
UPS_FEW = ("astore", *UP_PLAIN, "curl", "openssl dgst, then curl", "httpx", "boto3 put_object", "boto3 upload_file")
DOWNS_FEW = (*DOWN_HASHED, *DOWN_PLAIN, "curl", "curl -o", "curl, then openssl dgst", "httpx", "boto3 download_file")
WAYS_UP = ("astore", "astore, unhashed", "astore, one PUT", "astore, one PUT, unhashed", "astore async", "curl", "boto3 put_object")
WAYS_DOWN = (
    "astore",
    "astore, unhashed",
    "astore, one stream",
    "astore, one stream, unhashed",
    "astore async",
    "curl",
    "boto3 download_file",
    "obstore get",
)

OPERATIONS = ("put", "get", "head")


def small_columns(*peers: str) -> tuple[Column, ...]:
    columns = [Column(f"{key.upper()}/s", key) for key in OPERATIONS]
    columns += [Column(f"{key.upper()} / {peer}", key, peer) for peer in peers for key in OPERATIONS]
    return (*columns, Column("peak RSS MiB", "rss"))


WORKS: dict[str, Work] = {
    "up": Work(
        "Upload",
        "transfers",
        "UPS",
        UP_COLUMNS,
        (
            Target("no hash: ≥ 1.0 x curl, best of rounds", UP_PLAIN, 1.0, than="curl", best=True),
            Target("no hash: ≥ 2 x httpx", UP_PLAIN, 2.0, than="httpx"),
            Target("no hash: CPU ≤ 0.5 s a GiB", UP_PLAIN, 0.5, ("cpu",), most=True),
            Target("SHA-256, in parts: ≥ 1.3 x (openssl dgst, then curl)", ("astore",), 1.3, than="openssl dgst, then curl"),
            Target("SHA-256, in parts: ≥ 0.9 x boto3 upload_file", ("astore",), 0.9, than="boto3 upload_file"),
            Target(
                "SHA-256, one PUT: ≥ 0.9 x (openssl dgst, then curl)", ("astore, one PUT",), 0.9, than="openssl dgst, then curl"
            ),
            Target("async ≥ 0.85 x sync", ("astore async",), 0.85, than="astore"),
            Target("async ≥ 0.85 x sync", ("astore async, unhashed",), 0.85, than="astore, unhashed"),
            Target("peak RSS, one stream: ≤ 45 MiB", ("astore, one PUT", "astore, one PUT, unhashed"), 45, ("rss",), most=True),
            Target("peak RSS, 4 streams: ≤ 60 MiB", ("astore", "astore, unhashed", "astore async"), 60, ("rss",), most=True),
        ),
    ),
    "down": Work(
        "Download",
        "transfers",
        "DOWNS",
        DOWN_COLUMNS,
        (
            Target("no hash: ≥ 0.9 x curl", DOWN_ONE, 0.9, than="curl"),
            Target("no hash: ≥ 2.2 x httpx", DOWN_PLAIN, 2.2, than="httpx"),
            Target("no hash: ≥ 2.5 x boto3 download_file", DOWN_PLAIN, 2.5, than="boto3 download_file"),
            Target("4 ranges, no hash: ≥ 0.9 x curl's single GET", ("astore, unhashed",), 0.9, than="curl"),
            Target("the same, curl to a new file too", ("astore, unhashed", "astore, one stream, unhashed"), 0.9, than="curl -o"),
            Target("SHA-256: ≥ 0.55 x curl", DOWN_HASHED, 0.55, than="curl"),
            Target("SHA-256: ≥ 1.4 x (curl, then openssl dgst)", DOWN_HASHED, 1.4, than="curl, then openssl dgst"),
            Target("SHA-256: ≥ 1.5 x boto3 download_file", DOWN_HASHED, 1.5, than="boto3 download_file"),
            Target("async ≥ 0.85 x sync", ("astore async",), 0.85, than="astore"),
            Target("async ≥ 0.85 x sync", ("astore async, unhashed",), 0.85, than="astore, unhashed"),
            Target("peak RSS, one stream: ≤ 45 MiB", (*DOWN_HASHED[1:], *DOWN_ONE), 45, ("rss",), most=True),
            Target("peak RSS, 4 streams: ≤ 60 MiB", ("astore", "astore, unhashed", "astore async"), 60, ("rss",), most=True),
            Target("peak RSS, 4 streams to a writer: ≤ 60 MiB + 4 x 8 MiB", ("astore, writer",), 92, ("rss",), most=True),
        ),
    ),
    "tls-up": Work(
        "Upload over TLS",
        "transfers",
        "UPS",
        UP_COLUMNS,
        (
            Target("no hash: ≥ 0.9 x curl", UP_PLAIN, 0.9, than="curl"),
            Target("SHA-256: ≥ 1.2 x (openssl dgst, then curl)", ("astore",), 1.2, than="openssl dgst, then curl"),
        ),
        tls=True,
        cases=UPS_FEW,
    ),
    "tls-down": Work(
        "Download over TLS",
        "transfers",
        "DOWNS",
        DOWN_COLUMNS,
        (
            Target("no hash: ≥ 0.9 x curl", DOWN_PLAIN, 0.9, than="curl"),
            Target("SHA-256: ≥ 1.2 x (curl, then openssl dgst)", DOWN_HASHED, 1.2, than="curl, then openssl dgst"),
        ),
        tls=True,
        cases=DOWNS_FEW,
    ),
    "far-up": Work(
        "Upload, 20 ms away, 20 MiB/s for each connection", "transfers", "UPS", MOVED + SPENT, far=True, cases=WAYS_UP, most_mib=128
    ),
    "far-down": Work(
        "Download, 20 ms away, 20 MiB/s for each connection",
        "transfers",
        "DOWNS",
        MOVED + SPENT,
        (
            Target("4 ranges ≥ 3 x a single GET", ("astore",), 3.0, than="astore, one stream"),
            Target("4 ranges ≥ 3 x a single GET", ("astore, unhashed",), 3.0, than="curl"),
        ),
        far=True,
        cases=WAYS_DOWN,
        most_mib=128,
    ),
    "small-one": Work(
        "4 KiB objects, one connection",
        "small",
        "ONE",
        small_columns("httpx", "boto3"),
        (
            Target("≥ 1.3 x httpx", ("astore",), 1.3, OPERATIONS, "httpx"),
            Target("≥ 3.5 x boto3", ("astore",), 3.5, OPERATIONS, "boto3"),
        ),
        count=2000,
    ),
    "small-threads": Work(
        "4 KiB objects, 16 threads",
        "small",
        "THREADS",
        small_columns("httpx", "boto3"),
        (
            Target("≥ 1.8 x httpx", ("astore",), 1.8, OPERATIONS, "httpx"),
            Target("≥ 3.5 x boto3", ("astore",), 3.5, OPERATIONS, "boto3"),
            Target("not below its own one-thread rate", ("astore",), 1.0, OPERATIONS, "astore, one thread"),
        ),
        count=2400,
    ),
    "small-tasks": Work(
        "4 KiB objects, 16 tasks",
        "small",
        "TASKS",
        small_columns("httpx.AsyncClient"),
        (
            Target("≥ 2.2 x httpx.AsyncClient", ("astore async",), 2.2, OPERATIONS, "httpx.AsyncClient"),
            Target("then ≥ 3.5 x httpx.AsyncClient", ("astore async",), 3.5, OPERATIONS, "httpx.AsyncClient"),
        ),
        count=1600,
    ),
    "listing": Work(
        "Listing objects",
        "listing",
        "LISTS",
        (
            Column("objects/s", "rate"),
            Column("/ boto3", "rate", "boto3 list_objects_v2, a tenth of them"),
            Column("/ obstore", "rate", "obstore list"),
            Column("CPU µs each", "cpu"),
            Column("peak RSS MiB", "rss"),
        ),
        (
            Target("≥ 60,000 objects/s", ("astore", "astore async"), 60_000),
            Target(
                "constant memory: peak ≤ 1.05 x that of a tenth", ("astore",), 1.05, ("rss",), "astore, a tenth of them", most=True
            ),
        ),
        count=1_000_000,
    ),
    "import": Work(
        "Importing",
        "imports",
        "IMPORTS",
        (
            Column("ms", "ms"),
            Column("/ httpx", "ms", "httpx"),
            Column("peak RSS MiB", "rss"),
            Column("/ httpx", "rss", "httpx"),
            Column("packages", "packages"),
            Column("MiB installed", "installed"),
        ),
        (
            Target("≤ 1.3 x import httpx", ("astore_sdk",), 1.3, ("ms",), "httpx", most=True),
            Target("no SSL context, no cryptography", ("astore_sdk",), 0, ("contexts", "cryptography"), most=True),
            Target("without cryptography and .pyc ≤ 5 MiB", ("astore_sdk",), 5, ("installed",), most=True),
        ),
        server=None,
    ),
    "layer": Work(
        "Our layer, µs of the processor for one operation",
        "layer",
        "LAYER",
        (
            Column("httpx", "httpx"),
            Column("generated call", "generated"),
            Column("ours", "ours"),
            Column("ours - generated", "over"),
            Column("ours - httpx", "over_httpx"),
        ),
        (Target("≤ 60 µs over the generated call", ("astore HEAD", "astore GET", "astore PUT"), 60, ("over",), most=True),),
        server=None,
        count=5000,
    ),
    "store-up": Work(
        "Upload to the embedded store", "transfers", "UPS", MOVED + SPENT, server="store", cases=(*WAYS_UP, "obstore put, one PUT")
    ),
    "store-down": Work("Download from the embedded store", "transfers", "DOWNS", MOVED + SPENT, server="store", cases=WAYS_DOWN),
    "store-far-up": Work(
        "Upload to the embedded store, 20 ms away, 20 MiB/s for each connection",
        "transfers",
        "UPS",
        MOVED + SPENT,
        server="store",
        far=True,
        cases=(*WAYS_UP, "obstore put, one PUT"),
        most_mib=128,
    ),
    "store-far-down": Work(
        "Download from the embedded store, 20 ms away, 20 MiB/s for each connection",
        "transfers",
        "DOWNS",
        MOVED + SPENT,
        server="store",
        far=True,
        cases=WAYS_DOWN,
        most_mib=128,
    ),
}


def chosen(only: list[str]) -> dict[str, Work]:
    """Return the works that are named, by their names or by what comes before a `-` in them."""
    unknown = [name for name in only if not any(name == work or work.startswith(f"{name}-") for work in WORKS)]
    if unknown:
        raise SystemExit(f"unknown: {', '.join(unknown)}; there are {', '.join(WORKS)}")
    found = {name: work for name, work in WORKS.items() if any(name == word or name.startswith(f"{word}-") for word in only)}
    return found or WORKS
