"""Billing cycles: month ends, leap days, the change of the clocks."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.payment.domain.cycles import PARIS, CycleKind, Schedule, schedule

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2044, 1, 1), timezones=st.just(UTC))
DAYS = st.integers(1, 31)
TICK = timedelta(microseconds=1)


@given(DAYS, INSTANTS)
def test_cycles_follow_each_other_without_a_gap(day: int, instant: datetime) -> None:
    plan = Schedule(day)
    cycle = plan.cycle_of(instant)
    assert cycle.start <= instant < cycle.end
    assert plan.cycle_of(cycle.start) == cycle == plan.cycle_of(cycle.end - TICK)
    assert plan.cycle_of(cycle.end).start == cycle.end
    assert plan.cycle_of(cycle.start - TICK).end == cycle.start


@given(DAYS, INSTANTS)
def test_a_cycle_begins_at_midnight_in_paris_on_its_day(day: int, instant: datetime) -> None:
    start = Schedule(day).cycle_of(instant).start.astimezone(PARIS)
    assert (start.hour, start.minute, start.second, start.microsecond) == (0, 0, 0, 0)
    assert start.day == min(day, monthrange(start.year, start.month)[1])


@given(DAYS, INSTANTS)
def test_there_are_twelve_cycles_a_year(day: int, instant: datetime) -> None:
    plan = Schedule(day)
    cycle = first = plan.cycle_of(instant)
    for _ in range(12):
        cycle = plan.cycle_of(cycle.end)
    begun, ended = first.start.astimezone(PARIS), cycle.start.astimezone(PARIS)
    assert (ended.year, ended.month) == (begun.year + 1, begun.month)


@pytest.mark.parametrize(
    ("day", "instant", "start", "end"),
    [
        # The 31st, where there is none: the month's last day, a leap day too.
        (31, "2026-02-10T12:00+00:00", "2026-01-30T23:00+00:00", "2026-02-27T23:00+00:00"),
        (31, "2028-02-10T12:00+00:00", "2028-01-30T23:00+00:00", "2028-02-28T23:00+00:00"),
        (29, "2028-03-01T12:00+00:00", "2028-02-28T23:00+00:00", "2028-03-28T22:00+00:00"),
        (30, "2026-03-01T12:00+00:00", "2026-02-27T23:00+00:00", "2026-03-29T22:00+00:00"),
        # The clocks go forward on 29 March and back on 25 October 2026.
        (29, "2026-03-29T00:30+00:00", "2026-03-28T23:00+00:00", "2026-04-28T22:00+00:00"),
        (25, "2026-10-24T21:59+00:00", "2026-09-24T22:00+00:00", "2026-10-24T22:00+00:00"),
        (25, "2026-10-25T00:30+00:00", "2026-10-24T22:00+00:00", "2026-11-24T23:00+00:00"),
        (1, "2026-12-31T23:00+00:00", "2026-12-31T23:00+00:00", "2027-01-31T23:00+00:00"),
    ],
)
def test_days_that_are_special(day: int, instant: str, start: str, end: str) -> None:
    cycle = Schedule(day).cycle_of(datetime.fromisoformat(instant))
    assert cycle.start == datetime.fromisoformat(start)
    assert cycle.end == datetime.fromisoformat(end)


def test_calendar_months_ignore_the_anniversary() -> None:
    assert schedule(CycleKind.CALENDAR_MONTH, 17) == Schedule(1)
    assert schedule(CycleKind.ANNIVERSARY, 17) == Schedule(17)
