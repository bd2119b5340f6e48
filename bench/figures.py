"""What a run finds out: figures, their targets, and the arithmetic behind them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any


@dataclass(frozen=True)
class Target:
    """A bound on a figure, in the figure's unit."""

    bound: float
    at_most: bool = True

    def is_met(self, value: float) -> bool:
        """Whether `value` keeps the bound."""
        return value <= self.bound if self.at_most else value >= self.bound

    def text(self, unit: str) -> str:
        """The bound as the table shows it."""
        return f"{'≤' if self.at_most else '≥'} {show(self.bound, unit)}"


# Figures in these units depend on how fast the machine is; ratios and memory do not.
_TIMES = frozenset({"s", "ms", "µs"})
_RATES = frozenset({"/s"})


@dataclass(frozen=True)
class Figure:
    """One line of the table. `beside` says what it is compared with, or what it is made of."""

    group: str
    what: str
    value: float
    unit: str
    target: Target | None = None
    beside: str = ""

    @property
    def missed(self) -> bool:
        """Whether there is a target and the figure does not reach it."""
        return self.target is not None and not self.target.is_met(self.value)

    def missed_at(self, slowness: float) -> bool:
        """Whether the target would be missed on a machine that is `slowness` times faster."""
        if self.target is None:
            return False
        return not self.target.is_met(self.at(slowness))

    def at(self, slowness: float) -> float:
        """The figure as a machine that is `slowness` times faster would show it."""
        if self.unit in _TIMES:
            return self.value / slowness
        return self.value * slowness if self.unit in _RATES else self.value

    def record(self) -> dict[str, Any]:
        """The figure for a JSON file."""
        return {**asdict(self), "missed": self.missed}


def show(value: float, unit: str) -> str:
    """A number with as many digits as matter, and its unit."""
    if math.isnan(value):
        return "none"
    if unit == "x":
        return f"{value:.2f}x"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2
    return f"{value:,.{digits}f} {unit}".strip()


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed (nearest rank)."""
    if not values:
        raise ValueError("no values")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True)
class Round:
    """One contestant's share of one round: CPU and latencies in microseconds."""

    cpu: float
    p50: float
    p99: float
    per_second: float


@dataclass(frozen=True)
class Summary:
    """The medians over the rounds of one contestant."""

    cpu: float
    p50: float
    p99: float
    per_second: float

    @classmethod
    def of(cls, rounds: Sequence[Round]) -> Summary:
        """Take the median of each column."""
        return cls(
            median(r.cpu for r in rounds),
            median(r.p50 for r in rounds),
            median(r.p99 for r in rounds),
            median(r.per_second for r in rounds),
        )

    def beside(self) -> str:
        """Latency and throughput in few words."""
        return (
            f"p50 {self.p50 / 1000:.1f} ms, p99 {self.p99 / 1000:.1f} ms, {self.per_second:,.0f}/s"
        )


def median_ratio(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    """The median over the rounds of theirs/ours in CPU; each round saw the same weather."""
    return median(b.cpu / a.cpu for a, b in zip(ours, theirs, strict=True))


def median_difference(ours: Sequence[Round], theirs: Sequence[Round]) -> float:
    """The median over the rounds of ours-theirs in CPU, microseconds."""
    return median(a.cpu - b.cpu for a, b in zip(ours, theirs, strict=True))
