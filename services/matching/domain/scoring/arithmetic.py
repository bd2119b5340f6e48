"""Integer arithmetic of the score: no float ever enters, so every machine agrees on the bytes."""

FULL = 1000
"""A coefficient of 1, in thousandths."""


def clamp(value: int, low: int, high: int) -> int:
    """Returns `value` held within `low` and `high`, both included."""
    return max(low, min(high, value))


def share(points: int, part: int, whole: int) -> int:
    """Returns `points * part / whole` rounded half up; 0 when `whole` is 0. Nothing is negative."""
    if whole <= 0:
        return 0
    return (2 * points * part + whole) // (2 * whole)


def percent(part: int, whole: int) -> int:
    """Returns `part` in hundredths of `whole`, rounded half up and held within 0 and 100."""
    return clamp(share(100, part, whole), 0, 100)


def ramp(value: int, low: int, high: int) -> int:
    """Returns 0 at `low` and below, 1000 at `high` and above, and a straight line between."""
    return clamp((value - low) * FULL // (high - low), 0, FULL)
