"""Measures by ir-measures, and how sure they are: the paired bootstrap over queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ir_measures
import numpy as np
from numpy.typing import NDArray

from evaluation.sets import Judged

Run = Mapping[str, Mapping[str, float]]
"""The score of each document by query."""
Values = NDArray[np.float64]
RESAMPLES = 2000
_SEED = 20260101
_LEVEL = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Interval:
    """A value and where it lies in 95 of 100 resamples."""

    value: float
    low: float
    high: float


def per_query(measure: str, judged: Judged, run: Run) -> dict[str, float]:
    """Return a measure ("AP", "RR", "nDCG@10") for each query that was judged."""
    grades = {query: dict(run_of) for query, run_of in judged.items() if query in run}
    ranked = {query: dict(scores) for query, scores in run.items()}
    parsed = ir_measures.parse_measure(measure)
    found = {
        one.query_id: float(one.value) for one in ir_measures.iter_calc([parsed], grades, ranked)
    }
    return {query: found.get(query, 0.0) for query in grades}


def interval(values: Values) -> Interval:
    """The mean over queries, resampled."""
    low, high = np.percentile(_resampled(values), _LEVEL)
    return Interval(float(values.mean()), float(low), float(high))


def difference(ours: Values, theirs: Values) -> Interval:
    """How much better the first is, on the same queries: the pairs are resampled together."""
    return interval(ours - theirs)


def by_concept(judged: Judged, run: Run) -> tuple[Judged, Run]:
    """Keep the best label of each concept; a label's id is its concept, "_", the rest."""
    grades: dict[str, dict[str, int]] = {}
    for query, graded in judged.items():
        best: dict[str, int] = {}
        for label, grade in graded.items():
            best[_concept(label)] = max(grade, best.get(_concept(label), 0))
        grades[query] = best
    scores: dict[str, dict[str, float]] = {}
    for query, ranked in run.items():
        top: dict[str, float] = {}
        for label, score in ranked.items():
            top[_concept(label)] = max(score, top.get(_concept(label), -np.inf))
        scores[query] = top
    return grades, scores


def _concept(label: str) -> str:
    return label.split("_", 1)[0]


def _resampled(values: Values) -> Values:
    drawn = np.random.default_rng(_SEED).integers(0, len(values), (RESAMPLES, len(values)))
    return np.asarray(values[drawn].mean(axis=1))
