"""Billing cycles: calendar months in Paris."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_PARIS = ZoneInfo("Europe/Paris")


def cycle_start(instant: datetime) -> datetime:
    """Return the first instant, in UTC, of the billing cycle that `instant` falls into."""
    local = instant.astimezone(_PARIS)
    first = local.replace(day=1, hour=0, minute=0, second=0, microsecond=0, fold=0)
    return first.astimezone(UTC)
