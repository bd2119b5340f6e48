"""Time in a career, in whole calendar months."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from services.matching.domain.scoring.arithmetic import FULL
from services.matching.domain.scoring.facts import Experience

_FRESH_MONTHS = 12
_STALE_MONTHS = 120
_STALE_COEFFICIENT = 400


@dataclass(frozen=True, slots=True)
class Span:
    """The months from `start` up to but not including `end`, as month indexes."""

    start: int
    end: int

    @property
    def months(self) -> int:
        """How long it is."""
        return self.end - self.start


def span_of(held: Experience, now: int) -> Span | None:
    """Returns when a position was held, cut at the month `now`; None where no date is told.

    Both the first and the last month count. An end before the start counts as the start's month.
    """
    if held.start is None or held.start.index > now:
        return None
    last = min(held.end.index, now) if held.end else now
    return Span(held.start.index, max(last, held.start.index) + 1)


def recency_coefficient(span: Span | None, now: int) -> int:
    """Returns 1000 for work of the last year, falling evenly to 400 after ten years and more.

    Work without a date counts as ten years old. It never grows with age.
    """
    if span is None:
        return _STALE_COEFFICIENT
    age = max(0, now + 1 - span.end)
    if age <= _FRESH_MONTHS:
        return FULL
    faded = min(age, _STALE_MONTHS) - _FRESH_MONTHS
    return FULL - faded * (FULL - _STALE_COEFFICIENT) // (_STALE_MONTHS - _FRESH_MONTHS)


def weighted_months(spans: Sequence[tuple[Span, int]]) -> int:
    """Returns the months covered, each by its best weight (in thousandths), in thousandths.

    Months worked in two positions at once count once.
    """
    edges = sorted({edge for span, _ in spans for edge in (span.start, span.end)})
    total = 0
    for start, end in pairwise(edges):
        weights = [weight for span, weight in spans if span.start <= start and span.end >= end]
        total += (end - start) * max(weights, default=0)
    return total


def gaps(spans: Sequence[Span], longer_than: int) -> int:
    """Counts the stretches without work between positions that last more than so many months."""
    count = 0
    reached: int | None = None
    for span in sorted(spans, key=lambda one: (one.start, one.end)):
        if reached is not None and span.start - reached > longer_than:
            count += 1
        reached = span.end if reached is None else max(reached, span.end)
    return count
