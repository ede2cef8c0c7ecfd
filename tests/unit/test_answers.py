"""Answers that are not what the contract says, one by one: what hypothesis finds by chance stands here for certain."""

from __future__ import annotations

import httpx
import pytest

from astore_sdk import ArtifactStoreError, NetworkError, NetworkTimeoutError, PreconditionFailedError, ResponseDecodeError
from astore_sdk._http.failures import from_httpx
from astore_sdk._transfers.download.expected_range import Reception, VersionChanged
from astore_sdk._wire import convert
from astore_sdk._wire.messages import Answer, header_fields
from astore_sdk._wire.metadata import decode_value
from astore_sdk._wire.ranges import ByteRange


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (httpx.ConnectTimeout("t"), NetworkTimeoutError, "no connection to http://store in time"),
        (httpx.PoolTimeout("t"), NetworkTimeoutError, "no connection became free"),
        (httpx.WriteTimeout("t"), NetworkTimeoutError, "took no more bytes"),
        (httpx.ReadTimeout("t"), NetworkTimeoutError, "sent nothing"),
        (httpx.ProxyError("407 no"), NetworkError, "the proxy refused: 407 no"),
        (httpx.UnsupportedProtocol("u"), NetworkError, "failed: u"),
    ],
)
def test_what_httpx_raises_has_a_meaning(error: Exception, kind: type[NetworkError], message: str) -> None:
    mapped = from_httpx(error, str(error), "http://store", "listBuckets", None, None)
    assert type(mapped) is kind
    assert message in mapped.message


@pytest.mark.parametrize(
    "record", [{"partNumber": 0, "etag": "e"}, {"partNumber": 1, "etag": ""}, {"partNumber": -1, "etag": "e"}, {"etag": "e"}]
)
def test_parts_that_are_none(record: object) -> None:
    with pytest.raises(ResponseDecodeError):
        convert.part(record)


def test_why_a_key_was_not_deleted() -> None:
    answer = Answer(200, body=b'{"deleted": ["a"], "errors": [{"key": "b", "code": "InvalidKey", "message": "no"}]}')
    result = convert.delete_result(answer)
    assert (result.deleted, result.errors[0].key, result.errors[0].code, result.errors[0].message) == (
        ["a"],
        "b",
        "InvalidKey",
        "no",
    )


@pytest.mark.parametrize("value", ["=?utf-8?B?A?=", "=?no-such-charset?B?YQ==?=", "=?utf-8?B?/w==?=", "=?ascii?Q?=FF?="])
def test_encoded_words_that_are_broken_stay_as_they_are(value: str) -> None:
    assert decode_value(value) == value


def head(status: int, **headers: str) -> Answer:
    return Answer(status, {name.lower().replace("_", "-"): value for name, value in headers.items()})


def begun(wanted: ByteRange | None = None, if_match: str | None = None) -> Reception:
    reception = Reception(wanted, if_match)
    reception.accept(head(200, Content_Length="100", ETag='"a"'))
    reception.received = 40
    return reception


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (head(206, Content_Range="bytes 40-99/100", ETag='"b"'), VersionChanged),
        (head(206, Content_Range="bytes 40-99/101", ETag='"a"'), VersionChanged),
        (head(206, Content_Range="bytes 41-99/100", ETag='"a"'), ResponseDecodeError),
        (head(206, Content_Range="bytes 40-98/100", ETag='"a"'), ResponseDecodeError),
        (head(206, Content_Range="bytes 40-99/100", ETag='"a"', Content_Length="59"), ResponseDecodeError),
        (head(206, ETag='"a"'), ResponseDecodeError),
        (head(200, Content_Length="100", ETag='"b"'), VersionChanged),
        (head(200, Content_Length="99", ETag='"a"'), VersionChanged),
    ],
)
def test_what_does_not_go_on_where_it_was_cut(answer: Answer, expected: type[Exception]) -> None:
    with pytest.raises(expected):
        begun().accept(answer)


def test_a_length_that_is_none_and_a_condition_that_was_passed_over() -> None:
    with pytest.raises(ResponseDecodeError, match="no length"):
        Reception(None, None).accept(head(200, Content_Length="ten"))
    with pytest.raises(PreconditionFailedError, match="another version"):
        Reception(None, "a").accept(head(200, Content_Length="10", ETag='"b"'))
    with pytest.raises(ResponseDecodeError, match="not asked for"):
        Reception(ByteRange(0, 9), None).accept(head(206, Content_Range="bytes 1-9/100"))


def test_header_fields_are_found_by_their_lower_case_names() -> None:
    raw = [
        (b"ETag", b'"e"'),
        (b"Vary", b"Accept"),
        (b"VARY", b"Origin"),
        (b"X-Text", "Zoë".encode()),
        (b"X-Old", b"Zo\xeb"),
        (b"X-None", b""),
    ]
    assert header_fields(raw) == {"etag": '"e"', "vary": "Accept, Origin", "x-text": "Zoë", "x-old": "Zoë", "x-none": ""}


@pytest.mark.parametrize(
    ("message", "facts", "said"),
    [
        ("no name", {}, "no name. Try another."),
        ("It is no name.", {}, "It is no name. Try another."),
        ("no name", {"status_code": 400}, "no name [400] Try another."),
    ],
)
def test_what_to_do_is_a_sentence_of_its_own(message: str, facts: dict[str, int], said: str) -> None:
    assert str(ArtifactStoreError(message, hint="Try another.", **facts)) == said
