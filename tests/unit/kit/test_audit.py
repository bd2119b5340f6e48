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
