from datetime import UTC, datetime, timedelta

from services.kit.clock import FakeClock
from services.kit.ids import Uuid7Ids, is_uuid

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_ids_are_version_7_and_carry_the_time() -> None:
    made = Uuid7Ids(FakeClock(START)).new()
    assert is_uuid(made)
    assert made[14] == "7"
    assert made[19] in "89ab"
    assert int(made.replace("-", "")[:12], 16) == int(START.timestamp() * 1000)


def test_ids_of_one_process_rise_even_when_the_clock_stands_or_falls_back() -> None:
    clock = FakeClock(START)
    ids = Uuid7Ids(clock)
    made = [ids.new() for _ in range(5000)]
    clock.move(timedelta(seconds=-5))
    made += [ids.new() for _ in range(5000)]
    assert made == sorted(made)
    assert len(set(made)) == 10_000


def test_what_is_no_uuid() -> None:
    assert not is_uuid("")
    assert not is_uuid("x" * 36)
    assert not is_uuid("01a2090a-64c0-7000-830c-acb66bbb8420 ")
