"""What is tried: keys, metadata, JSON and headers, the ordinary beside the odd."""

from __future__ import annotations

from hypothesis import strategies as st

ODD_KEYS = [
    ".",
    "..",
    "a/../b",
    "./a",
    "//",
    "/a",
    "a/",
    "a//b",
    "%",
    "%2F",
    "%2f/..",
    "a+b",
    "a b",
    " ",
    "#",
    "?x=1",
    "&",
    ";",
    "~",
    "'\"\\",
]
KEYS = st.sampled_from(ODD_KEYS) | (
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=200)
    | st.text(st.sampled_from("ab/.%+ ?#é\u0301日😀"), min_size=1, max_size=40)
).filter(lambda key: len(key.encode()) <= 1024)

TOKENS = st.text(st.sampled_from("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"), min_size=1, max_size=20)
ODD_VALUES = [
    "", " ", " a", "a ", "=?utf-8?B?YQ==?=", "=?utf-8?Q?a?=", "=?", "?=", "a =?utf-8?B?YQ==?= b", "\t", "\x7f", "é" * 50,
    "=?utf-8?B?YQ==?= " * 3,
]  # fmt: skip
VALUES = st.sampled_from(ODD_VALUES) | st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=60)
METADATA = st.dictionaries(TOKENS, VALUES, max_size=6)

DIGESTS = st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}")
ETAGS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"'), min_size=1, max_size=40)
SIZES = st.integers(0, 50) | st.integers(0, 10**18 - 1)

ODD_TEXTS = [
    "bytes 0-3/4", "bytes */4", "sha-256=:AAAA:", '"v1"', 'W/"v1"', "Mon, 01 Jan 0001 00:00:00 GMT",
    "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 99 Zzz 99999 99:99:99 GMT", "Tue, 01 Jan 2030 00:00:00 +9999",
    "Tue 01:01:01 x", "9" * 400, "-1", "4", "0", "gzip",
    "chunked", "application/json", "text/html; charset=x", "=?x?B?!!?=", "=?utf-8?Q?=zz?=",
]  # fmt: skip
HEADER_TEXT = st.sampled_from(ODD_TEXTS) | (
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=60)
    | st.text(st.sampled_from('bytes 0123456789-/*=:,;"W=?utf-8?BQ'), max_size=40)
).map(str.strip)

FIELDS = [
    "buckets", "objects", "commonPrefixes", "isTruncated", "nextMarker", "name", "key", "size", "etag", "lastModified",
    "contentType", "digest", "metadata", "creationDate", "objectCount", "uploadId", "uploads", "parts", "partNumber",
    "nextPartNumberMarker", "nextKeyMarker", "nextUploadIdMarker", "minPartSize", "initiated", "deleted", "errors", "code",
    "message", "detail", "title", "requestId", "id", "signature", "signatures", "sboms", "attestations", "timestamp", "bundle",
    "data", "envelope", "format", "content", "matchesCurrent", "status", "features",
]  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=True)
    | st.text(max_size=20)
    | st.sampled_from(["2026-01-02T03:04:05Z", "2026-13-02", "0001-01-01T00:00:00+23:59", "sha256:" + "0" * 64, "QUJD", "app", ""])
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=8), inner, max_size=8),
    max_leaves=25,
)
