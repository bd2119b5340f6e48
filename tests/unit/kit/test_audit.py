import hashlib
from datetime import UTC, datetime
from typing import Any

from services.kit.audit import GENESIS, chained, first_break


def _log(count: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    previous = GENESIS
    for seq in range(1, count + 1):
        row: dict[str, Any] = {
            "seq": seq, "id": f"id{seq}", "at": datetime(2026, 1, seq, tzinfo=UTC), "actor_id": "a",
            "actor_access": "site", "action": "CREATE", "method": "/m", "resource_id": "r",
            "company_id": "c", "success": True, "reason": "", "correlation_id": "x",
            "resource_type": "", "metadata": {},
        }  # fmt: skip
        row["hash"] = previous = chained(previous, row)
        rows.append(row)
    return rows


def test_an_untouched_chain_holds() -> None:
    assert first_break(_log(5)) is None


def test_a_changed_a_removed_and_a_swapped_row_are_found() -> None:
    changed = _log(5)
    changed[2]["success"] = False
    assert first_break(changed) == 3

    removed = _log(5)
    del removed[2]
    assert first_break(removed) == 4

    swapped = _log(5)
    swapped[1], swapped[2] = swapped[2], swapped[1]
    assert first_break(swapped) == 3


def test_what_a_row_changed_is_covered_too() -> None:
    rows = _log(3)
    rows[1]["metadata"] = {"new": {"status": "BANNED"}, "old": {"status": "ACTIVE"}}
    assert first_break(rows) == 2
    _rechained(rows)
    assert first_break(rows) is None
    # The order of keys is Postgres' business.
    rows[1]["metadata"] = dict(reversed(rows[1]["metadata"].items()))
    assert first_break(rows) is None
    rows[1]["metadata"] = {}
    assert first_break(rows) == 2


def _rechained(rows: list[dict[str, Any]]) -> None:
    previous = GENESIS
    for row in rows:
        row["hash"] = previous = chained(previous, row)


def test_a_row_from_before_the_columns_keeps_its_hash() -> None:
    # Computed by the first version of the log.
    row = {**_log(1)[0], "resource_type": "", "metadata": {}}
    old = '[1,"id1","2026-01-01T00:00:00+00:00","a","site","CREATE","/m","r","c",true,"","x"]'
    assert chained(GENESIS, row) == hashlib.sha256(GENESIS + old.encode()).digest()
