"""What travels, as pure functions: what goes in comes out, and no text of a server's is too odd to be read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import unquote_to_bytes

import httpx
from hypothesis import given
from hypothesis import strategies as st

from astore_sdk import ArtifactStoreError, InvalidInputError
from astore_sdk._core.retry import retry_after
from astore_sdk._transfers.digest import RunningDigest
from astore_sdk._transfers.plan import MAX_PARTS, MAX_SIZE, plan_parts, stream_part_size
from astore_sdk._wire import failures
from astore_sdk._wire.dates import parse_http_date
from astore_sdk._wire.digests import digest_field, digest_of_field
from astore_sdk._wire.messages import Answer, header_fields
from astore_sdk._wire.metadata import decode_metadata, encode_metadata
from astore_sdk._wire.names import bare_etag, copy_source, quote_etag
from astore_sdk._wire.ranges import ByteRange, ContentRange
from astore_sdk.config import MAX_PUT_SIZE, MIN_PART_SIZE

from .conftest import examples
from .strategies import DIGESTS, ETAGS, HEADER_TEXT, JSON, KEYS, METADATA, SIZES


@examples(300)
@given(METADATA)
def test_metadata_come_back_and_fit_a_header(metadata: dict[str, str]) -> None:
    try:
        headers = encode_metadata(metadata)
    except InvalidInputError:
        assert len("".join(metadata.values()).encode()) > 8192 / 4  # what is encoded grows
        return
    assert decode_metadata(headers) == metadata
    for name, value in headers:
        assert re.fullmatch(r"x-amz-meta-[!-~]+", name)
        assert re.fullmatch(r"(?:[!-~](?:[ -~]*[!-~])?)?", value)


@examples(300)
@given(HEADER_TEXT)
def test_any_metadata_can_be_read(value: str) -> None:
    (found,) = decode_metadata([("X-Amz-Meta-A", value)]).values()
    assert isinstance(found, str)


@examples(300)
@given(KEYS)
def test_a_key_is_its_path(key: str) -> None:
    source = copy_source("builds", key)
    assert unquote_to_bytes(source) == b"/builds/" + key.encode()
    assert httpx.URL("http://a" + source).raw_path == source.encode()
    assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", source)


@examples(200)
@given(ETAGS)
def test_an_etag_keeps_its_text(etag: str) -> None:
    quoted = quote_etag("etag", etag)
    assert (quoted, bare_etag(quoted), quote_etag("etag", quoted)) == (f'"{etag}"', etag, quoted)


@examples(100)
@given(DIGESTS)
def test_a_digest_comes_back(digest: str) -> None:
    assert digest_of_field(digest_field(digest)) == digest
    assert digest_of_field(f"md5=:AAAA:, {digest_field(digest)}") == digest


@examples(300)
@given(st.integers(0, 50), st.integers(0, 60), st.integers(0, 60))
def test_a_range_is_the_slice_it_says(size: int, first: int, length: int) -> None:
    data = bytes(range(size))
    for text, wanted in (
        (f"bytes={first}-{first + length}", data[first : first + length + 1]),
        (f"bytes={first}-", data[first:]),
        (f"bytes=-{length + 1}", data[-length - 1 :]),
    ):
        start, end = ByteRange.parse(text).within(size)
        assert 0 <= start <= end <= size
        assert data[start:end] == wanted


@examples(300)
@given(st.text(st.sampled_from("bytes=-0123456789, ")) | st.text())
def test_what_is_no_range_is_refused(text: str) -> None:
    try:
        found = ByteRange.parse(text)
    except InvalidInputError:
        return
    assert text == f"bytes={'' if found.first is None else text[6:].split('-')[0]}-{text.split('-')[1]}"


@examples(300)
@given(SIZES, SIZES, SIZES)
def test_a_content_range_is_possible_or_none(first: int, last: int, size: int) -> None:
    found = ContentRange.parse(f"bytes {first}-{last}/{size}")
    assert (found is not None) == (first <= last < size)
    if found:
        assert (found.first, found.end, found.size) == (first, last + 1, size)


@examples(300)
@given(HEADER_TEXT)
def test_no_header_of_a_servers_is_too_odd(text: str) -> None:
    ContentRange.parse(text)
    digest_of_field(text)
    bare_etag(text)
    found = parse_http_date(text)
    assert found is None or found.tzinfo is not None
    asked = retry_after(Answer(503, header_fields([(b"Retry-After", text.encode("latin-1"))])))
    assert asked is None or asked >= 0


@examples(200)
@given(st.integers(0, 2**31 - 1).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_a_date_is_read_in_all_its_forms(moment: datetime) -> None:
    assert parse_http_date(format_datetime(moment, usegmt=True)) == moment
    assert parse_http_date(moment.strftime("%a %b %e %H:%M:%S %Y")) == moment
    if moment.year > 1980:  # two digits name a year near the present
        assert parse_http_date(moment.strftime("%A, %d-%b-%y %H:%M:%S GMT")) == moment


@examples(300)
@given(st.integers(300, 599), JSON.map(lambda value: json.dumps(value).encode()) | st.binary(), HEADER_TEXT, KEYS)
def test_every_problem_has_an_error(status: int, body: bytes, text: str, key: str) -> None:
    fields = header_fields([(name, text.encode("latin-1")) for name in (b"Content-Type", b"Location", b"x-request-id")])
    error = failures.from_answer(Answer(status, fields, body), "getObject", "builds", key)
    assert isinstance(error, ArtifactStoreError)
    assert error.status_code == status
    assert "\n" not in error.message
    assert len(error.message) < 8000
    str(error)


@examples(300)
@given(st.integers(0, MAX_SIZE), st.integers(MIN_PART_SIZE, MAX_PUT_SIZE))
def test_every_size_fits_into_the_parts_there_are(size: int, part_size: int) -> None:
    position = number = 0
    for part in plan_parts(size, part_size):
        assert (part.number, part.offset) == (number + 1, position)
        assert 0 < part.length <= max(part_size, MAX_PUT_SIZE)
        assert part.length >= MIN_PART_SIZE or part.offset + part.length == size
        number, position = part.number, part.offset + part.length
    assert position == size
    assert number <= MAX_PARTS


def test_a_stream_of_any_size_fits_into_the_parts_there_are() -> None:
    sizes = [stream_part_size(number, MIN_PART_SIZE) for number in range(1, MAX_PARTS + 1)]
    assert sizes == sorted(sizes)
    assert (sizes[0], sizes[-1] <= MAX_PUT_SIZE) == (MIN_PART_SIZE, True)
    assert sum(sizes) >= MAX_SIZE


@examples(200)
@given(st.binary(max_size=200), st.lists(st.tuples(st.integers(0, 200), st.integers(1, 50))))
def test_bytes_that_come_again_are_hashed_once(data: bytes, again: list[tuple[int, int]]) -> None:
    running, whole = RunningDigest(), RunningDigest()
    whole.feed(0, data)
    for offset, length in again:
        offset = min(offset, running.position)
        running.feed(offset, data[offset : offset + length])
    running.feed(running.position, data[running.position :])
    assert (running.value, running.position) == (whole.value, len(data))
