"""Heads of answers, good and bad: the fast lane makes of them what h11 makes of them, or refuses what is doubtful."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import frozen

from astore_sdk import Client, Object

from ..transfer.scripted import Reply, ScriptedServer
from .answer_table import TABLES, Row
from .conftest import Over
from .outcomes import BROKEN, LANES, buckets, content, delete, get, head

ASKED: dict[str, Callable[[Client], object]] = {"get": get, "head": head, "delete": delete, "buckets": buckets}
NEXT = Reply(200, b"the next answer")
ROWS = {f"{table}: {name}": row for table, rows in TABLES.items() for name, row in rows.items()}


@frozen
class Played:
    """What came of an answer, and of the connection that it came on."""

    first: object
    second: object
    connections: tuple[int, ...]
    """On which each request came."""
    let_go: bool
    """Whether the first of them was closed, if it is not used any more."""


def play(client: Client, server: ScriptedServer, row: Row) -> Played:
    """Let a client meet an answer, and ask again."""
    first = ASKED[row.asked](client)
    assert not row.closes or server.let_go(1)
    second = get(client)
    connections = tuple(heard.connection for heard in server.heard)
    return Played(first, second, connections, connections[-1] == 1 or server.let_go(1))


@pytest.mark.parametrize("name", ROWS)
def test_an_answer_means_the_same_over_both(name: str, over: Over) -> None:
    row = ROWS[name]
    played: list[Played] = []
    for lane in LANES:
        with ScriptedServer([row.reply(), NEXT]) as server, over(lane, server.url) as client:
            played.append(play(client, server, row))
    stock, fast = played
    came_to = content(stock.first)
    assert row.comes_to == b"hello" if isinstance(came_to, Object) else came_to == row.comes_to, came_to
    assert (content(stock.second), stock.connections) == (NEXT.body, (1, 1) if row.kept else (1, 2))
    assert stock.let_go
    if row.doubtful and fast.first == BROKEN:
        assert fast == Played(BROKEN, stock.second, (1, 2), let_go=True)
    else:
        assert fast == stock
