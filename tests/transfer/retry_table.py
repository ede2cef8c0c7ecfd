"""The tables of `docs/retries.md` as data, and what makes their words happen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

from attrs import frozen

from astore_sdk import Client, CompletedPart

from .scripted import BREAK, VANISH, Reply

PAGE = Path(__file__).parents[2] / "docs" / "retries.md"
NOW = 1_800_000_000.0
"""What the client's clock says, in seconds since the epoch."""
KEY = "app.tar.gz"
DATA = b"artifact data"
PROBLEM = {"type": "about:blank", "title": "Trouble", "detail": "the bucket is on holiday", "code": "OnHoliday"}

Row = dict[str, str]


def tables() -> Iterator[list[Row]]:
    """Read the tables of the page, each row by the names of its columns."""
    rows: list[Row] = []
    names: list[str] = []
    for line in [*PAGE.read_text().splitlines(), ""]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            if rows:
                yield rows
            rows, names = [], []
        elif not names:
            names = cells
        elif set(line) - set("|-"):
            assert len(cells) == len(names), line
            rows.append(dict(zip(names, cells, strict=True)))


BACKOFF, OPERATIONS, FAILURES, BODIES, LOST = tables()


@frozen
class Call:
    """A call that sends one operation, and the answer with which it succeeds."""

    make: Callable[[Client], object]
    reply: Reply
    streams: bool = False

    @property
    def has_result(self) -> bool:
        """Whether its result can only come from the answer's body."""
        return b"{" in self.reply.body and self.reply.status == 200


def record(status: int = 200, /, **fields: object) -> Reply:
    return Reply(status, json.dumps(fields).encode(), {"Content-Type": "application/json"})


UPLOAD = "5e1f"
OBJECT = {"key": KEY, "size": len(DATA)}
PEM = "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"
HEALTH = record(status="ok")
SIGNATURE = {"algorithm": "ECDSA-P256-SHA256", "signature": b"s", "public_key": PEM}
SPDX = '{"spdxVersion": "SPDX-2.3"}'
SIZED = {"Content-Length": str(len(DATA))}
PARTS = [CompletedPart(1, "e")]

CALLS: dict[str, Call] = {
    "listBuckets": Call(lambda client: client.list_buckets(), record(buckets=[])),
    "createBucket": Call(lambda client: client.create_bucket("builds"), record(201, name="builds")),
    "headBucket": Call(lambda client: client.bucket_exists("builds"), Reply()),
    "deleteBucket": Call(lambda client: client.delete_bucket("builds"), Reply(204)),
    "listObjects": Call(lambda client: client.list_objects("builds"), record(objects=[])),
    "deleteObjects": Call(lambda client: client.delete_objects("builds", [KEY]), record(deleted=[KEY])),
    "putObject": Call(lambda client: client.upload("builds", KEY, DATA), Reply(200, json.dumps(OBJECT).encode())),
    "getObject": Call(lambda client: client.read("builds", KEY), Reply(200, DATA), streams=True),
    "headObject": Call(lambda client: client.get_object_metadata("builds", KEY), Reply(200, headers=SIZED)),
    "deleteObject": Call(lambda client: client.delete_object("builds", KEY), Reply(204)),
    "copyObject": Call(lambda client: client.copy_object("builds", KEY, "archive", KEY), record(**OBJECT)),
    "initiateMultipartUpload": Call(lambda client: client.initiate_multipart_upload("builds", KEY), record(uploadId=UPLOAD)),
    "uploadPart": Call(lambda client: client.upload_part("builds", KEY, UPLOAD, 1, DATA), Reply(headers={"ETag": '"e"'})),
    "listParts": Call(lambda client: client.list_parts("builds", KEY, UPLOAD), record(parts=[])),
    "completeMultipartUpload": Call(
        lambda client: client.complete_multipart_upload("builds", KEY, UPLOAD, PARTS, size=len(DATA)), record(**OBJECT)
    ),
    "abortMultipartUpload": Call(lambda client: client.abort_multipart_upload("builds", KEY, UPLOAD), Reply(204)),
    "listMultipartUploads": Call(lambda client: client.list_multipart_uploads("builds"), record(uploads=[])),
    "addSignature": Call(
        lambda client: client.add_signature("builds", KEY, artifact_digest=f"sha256:{64 * '0'}", **SIGNATURE), record(201, id="1")
    ),
    "listSignatures": Call(lambda client: client.get_signatures("builds", KEY), record(signatures=[])),
    "getSignature": Call(lambda client: client.get_signature("builds", KEY, "1"), record(id="1")),
    "attachSbom": Call(lambda client: client.attach_sbom("builds", KEY, "spdx", SPDX), record(201, id="1")),
    "getSbom": Call(lambda client: client.get_sbom("builds", KEY), record(id="1")),
    "listSboms": Call(lambda client: client.list_sboms("builds", KEY), record(sboms=[])),
    "getSbomRecord": Call(lambda client: client.get_sbom("builds", KEY, id="1"), record(id="1")),
    "addAttestation": Call(lambda client: client.add_attestation("builds", KEY, "build", {}), record(201, id="1")),
    "listAttestations": Call(lambda client: client.get_attestations("builds", KEY), record(attestations=[])),
    "getAttestation": Call(lambda client: client.get_attestation("builds", KEY, "1"), record(id="1")),
    "getHealth": Call(lambda client: client.get_health(), HEALTH),
    "getReadiness": Call(lambda client: client.get_readiness(), HEALTH),
    "getLiveness": Call(lambda client: client.get_liveness(), HEALTH),
}


def failing(failure: str, good: Reply) -> Reply:
    """Make the reply that a row names; `good` is what a server without the failure would have sent."""
    head = len(good.head())
    match failure:
        case "closed before the answer":
            return VANISH
        case "reset before the answer":
            return BREAK
        case "closed within the head":
            return Reply(good.status, good.body, good.headers, cut=head // 2)
        case "reset after the head":
            return Reply(good.status, good.body, good.headers, cut=head, reset=True)
        case "closed within the body":
            return Reply(good.status, good.body, good.headers, cut=head + 1)
        case "silent before the answer":
            return Reply(cut=0, stall=True)
        case "silent within the body":
            return Reply(good.status, good.body, good.headers, cut=head + 1, stall=True)
        case "not HTTP":
            return Reply(first=b"SSH-2.0-OpenSSH_9.6\r\n", cut=21)
        case "200 with half a JSON document":
            return Reply(body=good.body[:-1])
        case "200 with a JSON list":
            return Reply(body=b"[]")
        case "200 with text":
            return Reply(body=b"OK", headers={"Content-Type": "text/plain"})
        case "200 with HTML":
            return Reply(body=b"<p>Please log in", headers={"Content-Type": "text/html"})
        case "100 before the answer":
            return Reply(good.status, good.body, good.headers, first=b"HTTP/1.1 100 Continue\r\n\r\n")
        case "102 and 103 before the answer":
            early = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
            return Reply(good.status, good.body, good.headers, first=early)
    status, _, asked = failure.partition(", Retry-After: ")
    headers = {"Retry-After": retry_after(asked)} if asked else {}
    return Reply(int(status), headers=headers | ({"Location": "http://127.0.0.1:1/"} if status.startswith("30") else {}))


def retry_after(asked: str) -> str:
    """Write what a `Retry-After` says; a date in one of the forms of RFC 9110, section 5.6.7."""
    match asked:
        case "in 9 seconds":
            return format_datetime(datetime.fromtimestamp(NOW + 9, UTC), usegmt=True)
        case "in 9 seconds, RFC 850":
            return datetime.fromtimestamp(NOW + 9, UTC).strftime("%A, %d-%b-%y %H:%M:%S GMT")
        case "in 9 seconds, asctime":
            return datetime.fromtimestamp(NOW + 9, UTC).strftime("%a %b %e %H:%M:%S %Y")
        case "an hour ago":
            return format_datetime(datetime.fromtimestamp(NOW - 3600, UTC), usegmt=True)
        case "in a year":
            return format_datetime(datetime.fromtimestamp(NOW + 365 * 86400, UTC), usegmt=True)
    return asked


def with_body(body: str, status: int) -> Reply:
    """Make a failure with a body of this kind."""
    problem = json.dumps(PROBLEM).encode()
    problem_type, text, html = ({"Content-Type": kind} for kind in ("application/problem+json", "text/plain", "text/html"))
    short = Reply(status, problem, problem_type)
    return {
        "problem document": short,
        "plain text": Reply(status, b"upstream is down\n", text),
        "HTML": Reply(status, b"<html><h1>Bad</h1>", html),
        "none": Reply(status),
        "half a JSON document": Reply(status, problem[:20], problem_type),
        "JSON of another shape": Reply(status, b'[{"code": 7}]', problem_type),
        "closed before its end": Reply(status, problem, problem_type, cut=len(short.head()) + 20),
        "silent before its end": Reply(status, problem, problem_type, cut=len(short.head()) + 20, stall=True),
    }[body]
