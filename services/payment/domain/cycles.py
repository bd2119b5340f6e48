"""Billing cycles: months in Paris, from the first of the month or from an anniversary."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_MONTHS = 12


class CycleKind(StrEnum):
    """Where cycles begin."""

    # With the first of each month.
    CALENDAR_MONTH = "CALENDAR_MONTH"
    # On the day of the month on which the budget was opened; where a month is
    # too short for that day, on its last.
    ANNIVERSARY = "ANNIVERSARY"


@dataclass(frozen=True, slots=True)
class Cycle:
    """From `start` on, up to and without `end`. Both in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """Cuts time into cycles without a gap. A cycle begins at midnight in Paris.

    Paris changes its clocks at 2 and 3 o'clock, so that every midnight exists once.
    """

    # 1 to 31.
    anchor_day: int = 1

    def cycle_of(self, instant: datetime) -> Cycle:
        """Return the cycle that `instant` falls into."""
        local = instant.astimezone(PARIS)
        month = local.year * _MONTHS + local.month - 1
        if instant < self._boundary(month):
            month -= 1
        return Cycle(self._boundary(month), self._boundary(month + 1))

    def _boundary(self, month: int) -> datetime:
        year, index = divmod(month, _MONTHS)
        day = min(self.anchor_day, monthrange(year, index + 1)[1])
        return datetime(year, index + 1, day, tzinfo=PARIS).astimezone(UTC)


CALENDAR = Schedule()


def schedule(kind: CycleKind, anchor_day: int) -> Schedule:
    """Return the schedule of a kind; `anchor_day` counts for anniversaries alone."""
    return CALENDAR if kind is CycleKind.CALENDAR_MONTH else Schedule(anchor_day)


def cycle_start(instant: datetime) -> datetime:
    """Return the first instant, in UTC, of the calendar month that `instant` falls into."""
    return CALENDAR.cycle_of(instant).start


def paris_day(instant: datetime) -> int:
    """Return the day of the month that it is in Paris."""
    return instant.astimezone(PARIS).day
