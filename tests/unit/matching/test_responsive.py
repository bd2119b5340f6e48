"""Searches leave the event loop to others: counted in turns of the loop, not in time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
import pytest

from services.kit.clock import SystemClock
from services.matching.domain.fusion import CLASSIC
from services.matching.domain.search.entry import Sought
from services.matching.domain.search.search import Request, Result
from services.matching.store import board as board_module
from services.matching.store.board import Board
from services.matching.store.index import PostgresIndex

_SEARCHES = 100


class NothingNew:
    """Tables in which nothing changed."""

    async def fetch(self, query: Any, **values: Any) -> Sequence[Mapping[str, Any]]:
        await asyncio.sleep(0)
        return [{"upto": "7", "id": None}]


async def test_the_loop_turns_while_a_hundred_searches_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No search ends before the loop has turned again: one that ran on the loop would wait for
    ever for the turns that it prevents, and give up.
    """
    turns = 0
    turned = threading.Condition()
    on_loop: set[bool] = set()
    loop_thread = threading.get_ident()

    def slow(collection: Any, request: Request) -> Result:
        on_loop.add(threading.get_ident() == loop_thread)
        with turned:
            before = turns
            assert turned.wait_for(lambda: turns > before, timeout=5), "the loop stands still"
        return Result([], 0)

    async def turn() -> None:
        nonlocal turns
        while True:
            with turned:
                turns += 1
                turned.notify_all()
            await asyncio.sleep(0)

    monkeypatch.setattr(board_module, "search", slow)
    engine = Board(cast("PostgresIndex", None), SystemClock())
    vector = np.zeros(512, np.float32)
    request = Request(Sought("", (), {}, vector), CLASSIC)
    other = asyncio.create_task(turn())
    tables = cast("Any", NothingNew())
    found = await asyncio.gather(*(engine.profiles(tables, request) for _ in range(_SEARCHES)))
    other.cancel()
    await engine.close()
    assert len(found) == _SEARCHES
    assert on_loop == {False}
    assert turns >= _SEARCHES
