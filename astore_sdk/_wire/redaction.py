"""Secrets in what a server says: found however they are written, and left out. Pure."""

from __future__ import annotations

import base64
import re
from collections import deque
from collections.abc import Iterable, Iterator

from attrs import frozen

MASK = "***"
"""Stands where a secret was."""
SHORT = 4
"""Characters under which a secret is a syllable of ordinary words: it is masked only where it stands as a token."""

_MUST_SHOW = 12
"""Characters from a secret's beginning that are masked wherever they stand, should the server have shortened it."""
_AT_END = 8
"""The same where the text ends: it may have been cut on its way."""
_WHERE_CUT = 4
"""The same where the text was cut."""
_MOST_HEX = 4
"""Characters of an escape that a secret may begin with: those of `\\u0041` behind the `u`."""
_LEVELS = 3
"""How often one escape may be escaped again."""

_ESCAPE = re.compile(
    r"""\\u00([0-9a-f]{2}) | \\x([0-9a-f]{2}) | \\(["'/\\]) | %([0-9a-f]{2})
    | &\#0{0,5}([0-9]{2,3}); | &\#x0{0,5}([0-9a-f]{2}); | &(amp|lt|gt|quot|apos);""",
    re.VERBOSE | re.IGNORECASE,
)
_NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_HALF_AN_ESCAPE = re.compile(r"(?:\\(?:u[0-9a-f]{0,3}|x[0-9a-f]?)?|%[0-9a-f]?|&(?:\#x?[0-9a-f]{0,8}|[a-z]{0,4}))\Z", re.IGNORECASE)
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-")
_TOKEN_CHARACTER = r"[0-9A-Za-z\-._~+/=]"  # noqa: S105 - RFC 6750, section 2.1


@frozen
class _Reading:
    """A text with its escapes undone so many times, and where in the text as it came each character stands."""

    text: str
    starts: list[int]
    ends: list[int]
    undone: list[tuple[int, str]]
    """Where characters stand that were escapes, and what these looked like: the end of one may be the beginning of a secret."""

    @classmethod
    def of(cls, text: str) -> _Reading:
        """Return the text as it came."""
        return cls(text, list(range(len(text))), list(range(1, len(text) + 1)), [])

    def unescaped(self) -> _Reading:
        """Return the text with its escapes undone once more."""
        chars: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        undone: list[tuple[int, str]] = []
        earlier = deque(self.undone)
        at = 0

        def copy_until(first: int) -> None:
            while earlier and earlier[0][0] < first:
                place, looked = earlier.popleft()
                if place >= at:
                    undone.append((len(starts) + place - at, looked))
            chars.append(self.text[at:first])
            starts.extend(self.starts[at:first])
            ends.extend(self.ends[at:first])

        for match in _ESCAPE.finditer(self.text):
            first, end = match.span()
            copy_until(first)
            undone.append((len(starts), match[0]))
            chars.append(_unescape(match))
            starts.append(self.starts[first])
            ends.append(self.ends[end - 1])
            at = end
        copy_until(len(self.text))
        return _Reading("".join(chars), starts, ends, undone)


def _unescape(match: re.Match[str]) -> str:
    json, python, plain, percent, decimal, hexadecimal, name = match.groups()
    if plain:
        return plain
    if name:
        return _NAMED[name.lower()]
    if decimal:
        return chr(int(decimal))
    return chr(int(json or python or percent or hexadecimal, 16))


def redact(text: str, secrets: Iterable[str], *, cut: bool = False) -> str:
    r"""Return the text without the secrets.

    They are found as they are, with any of their characters escaped as in JSON (`\/`, `\u002B`), URLs (`%2B`) or HTML, once or more
    than once, and in base64; so is the beginning of one that was shortened. A secret under `SHORT` characters is masked
    where it is the whole text or stands behind "Bearer".

    Args:
        text: What a server said.
        secrets: What must not be shown.
        cut: Whether there is more that was cut off.
    """
    long: list[str] = []
    for secret in secrets:
        if len(secret) >= SHORT:
            long.append(secret)
        elif secret:
            text = _without_short(text, secret)
    if not text or not long:
        return text
    spans: list[tuple[int, int]] = []
    reading = _Reading.of(text)
    wanted = {(needle, encoded) for secret in long for needle, encoded in _needles(secret)}
    for level in range(_LEVELS + 1):
        if level:
            if not _ESCAPE.search(reading.text):
                break
            reading = reading.unescaped()
            # A secret that looks escaped itself is undone together with the text.
            wanted |= {(_Reading.of(needle).unescaped().text, False) for needle, encoded in wanted if not encoded}
        least = _WHERE_CUT if cut else _AT_END
        for needle, encoded in wanted:
            spans += _found(reading, needle, encoded=encoded, least=least)
        spans += _begun(reading, wanted, least=least)
    return _masked(text, spans)


def _without_short(text: str, secret: str) -> str:
    if text.strip() == secret:
        return MASK
    behind_bearer = rf"(\bbearer(?:\s|%20|[\"'=:+])*){re.escape(secret)}(?!{_TOKEN_CHARACTER})"
    return re.sub(behind_bearer, rf"\1{MASK}", text, flags=re.IGNORECASE)


def _needles(secret: str) -> Iterator[tuple[str, bool]]:
    """List what to look for: the secret, and what every base64 text that has it inside has in common."""
    yield secret, False
    raw = secret.encode()
    for before in range(3):
        skipped, whole = (0, 2, 3)[before], (before + len(raw)) * 8 // 6
        shared = base64.b64encode(bytes(before) + raw)[skipped:whole].decode()
        yield shared, True
        yield shared.replace("+", "-").replace("/", "_"), True


def _found(reading: _Reading, needle: str, *, encoded: bool, least: int) -> Iterator[tuple[int, int]]:
    """List where in the text as it came a needle stands, or enough of its beginning."""
    text, begin = reading.text, needle[:_MUST_SHOW]
    at = text.find(begin)
    while at >= 0:
        end = at + len(begin)
        while end < len(text) and end - at < len(needle) and text[end] == needle[end - at]:
            end += 1
        yield _span(reading, at, end, encoded=encoded)
        at = text.find(begin, end if end - at == len(needle) else at + 1)
    last = _last(text)
    at = text.find(needle[:least], max(0, last - len(needle)), last)
    while at >= 0:
        if needle.startswith(text[at:last]):
            yield _span(reading, at, len(text), encoded=encoded)
            return
        at = text.find(needle[:least], at + 1, last)


def _begun(reading: _Reading, wanted: Iterable[tuple[str, bool]], *, least: int) -> Iterator[tuple[int, int]]:
    """List where the end of an escape was the beginning of a secret.

    Of `%00…` behind a server's `%`, two characters are the secret's own: they seem to be an escape, and only the rest is seen.
    """
    heads: dict[str, list[tuple[str, bool]]] = {}
    for needle, encoded in wanted:
        for count in range(1, min(_MOST_HEX, len(needle) - 1) + 1):
            heads.setdefault(needle[:count], []).append((needle[count:], encoded))
    last = _last(reading.text)
    for place, looked in reading.undone:
        for count in range(1, _MOST_HEX + 1):
            for rest, encoded in heads.get(looked[-count:], ()):
                end = min(place + 1 + len(rest), last)
                shown = reading.text[place + 1 : end]
                is_cut = end == last and len(shown) >= least - count and rest.startswith(shown)
                if is_cut or shown.startswith(rest[: _MUST_SHOW - count]):
                    yield _span(reading, place, max(end, place + 1), encoded=encoded)


def _last(text: str) -> int:
    """Return where the text ends, without half an escape."""
    half = _HALF_AN_ESCAPE.search(text, max(0, len(text) - 12))
    return half.start() if half else len(text)


def _span(reading: _Reading, first: int, end: int, *, encoded: bool) -> tuple[int, int]:
    if encoded:
        while first and reading.text[first - 1] in _BASE64:
            first -= 1
        while end < len(reading.text) and reading.text[end] in _BASE64:
            end += 1
    return reading.starts[first], reading.ends[end - 1]


def _masked(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for first, end in sorted(spans):
        if end <= at:
            continue
        if first > at or not pieces:
            pieces += (text[at:first], MASK)
        at = end
    return "".join((*pieces, text[at:]))
