"""Each set with each system: runs, measures, rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from evaluation import systems
from evaluation.measures import Run, by_concept, difference, interval, per_query
from evaluation.report import Row
from evaluation.sets import Labelled, Pair, Text, read_cvs, read_pairs, read_titles, title_sets
from evaluation.texts import Texts
from services.matching.domain.fusion import BALANCED, RankingProfile
from services.matching.domain.search.collection import Model

Step = Callable[[str, int], None]
"""Told a description and how many queries are to come; then once with "" a query."""
_TARGETS = {
    "titles_fr/fra_q_fr_c_fr": 0.65,
    "titles_fr/bel_q_fr_c_fr": 0.42,
    "titles_fr/fra_q_fr_c_en": 0.55,
    "titles_en/en": 0.52,
    "cv_job_fr_en": 0.94,
    "resume_job_en": 0.95,
}
_RELEVANT = 2
_BESIDE = ("BM25", "encoder")


@dataclass(frozen=True, slots=True)
class Tools:
    """What every task needs. `limit` is the most queries of a set, 0 for all."""

    texts: Texts
    model: Model
    step: Step
    limit: int = 0


def title_task(base: Path, tools: Tools) -> list[Row]:
    """Titles among titles: MAP, or MRR of concepts where the languages differ."""
    labelled = _cut(read_titles(base), tools.limit)
    across = "_q_fr_c_en" in base.name or "_q_en_c_fr" in base.name
    measure = "RR" if across else "AP"
    values: dict[str, np.ndarray] = {}
    for system in systems.SYSTEMS:
        ranked = _run(systems.titles(labelled, system, tools.texts, tools.model), labelled, tools)
        judged = labelled.judged
        if across:
            judged, ranked = by_concept(judged, ranked)
        values[_name(system)] = _values(labelled, per_query(measure, judged, ranked))
    return _rows(labelled, "MRR" if across else "MAP", values)


def cv_task(folder: Path, tools: Tools) -> list[Row]:
    """CVs for a job: nDCG@10, and how far apart the same CV stands in two languages."""
    labelled = _cut(read_cvs(folder), tools.limit)
    values: dict[str, np.ndarray] = {}
    notes: dict[str, str] = {}
    for system in systems.SYSTEMS:
        ranked = _run(systems.cvs(labelled, system, tools.texts, tools.model), labelled, tools)
        name = _name(system)
        values[name] = _values(labelled, per_query("nDCG@10", labelled.judged, ranked))
        notes[name] = _gaps(labelled, ranked)
    return _rows(labelled, "nDCG@10", values, notes)


def pair_task(file: Path, tools: Tools) -> list[Row]:
    """A job ranks the CV that meets it above its weakened copy, among all CVs of the set."""
    pairs = read_pairs(file)[: tools.limit or None]
    labelled = _as_labelled(file.parent.name, pairs)
    values: dict[str, np.ndarray] = {}
    for system in systems.SYSTEMS:
        ranked = _run(systems.cvs(labelled, system, tools.texts, tools.model), labelled, tools)
        values[_name(system)] = np.asarray([_won(ranked[pair.id], pair.id) for pair in pairs])
    return _rows(labelled, "pair accuracy", values)


def tasks(folder: Path) -> dict[str, Callable[[Tools], list[Row]]]:
    """Return what can be measured in a folder, by name."""
    found: dict[str, Callable[[Tools], list[Row]]] = {}
    for base in title_sets(folder):
        found[f"{base.parent.name}/{base.name}"] = partial(title_task, base)
    for one in sorted(folder.glob("cv_job_*/qrels.tsv")):
        found[one.parent.name] = partial(cv_task, one.parent)
    for one in sorted(folder.glob("resume_job_*/*.jsonl")):
        found[one.parent.name] = partial(pair_task, one)
    return found


def _run(prepared: systems.Prepared, labelled: Labelled, tools: Tools) -> Run:
    tools.step(f"{labelled.name} {_name(prepared.profile)}", len(prepared.sought))
    found = {}
    for key, ranks in systems.run(prepared):
        found[key] = ranks
        tools.step("", 0)
    return found


def _name(system: RankingProfile) -> str:
    return system.name if system.version == 0 else f"memory / {system}"


def _values(labelled: Labelled, by_query: Mapping[str, float]) -> np.ndarray:
    return np.asarray([by_query[query.id] for query in labelled.queries])


def _rows(
    labelled: Labelled,
    measure: str,
    values: Mapping[str, np.ndarray],
    notes: Mapping[str, str] | None = None,
) -> list[Row]:
    base = max((values[name] for name in _BESIDE), key=lambda one: float(one.mean()))
    size = f"{len(labelled.queries):,} x {len(labelled.documents):,}"
    return [
        Row(
            labelled=labelled.name,
            size=size,
            system=name,
            measure=measure,
            value=interval(one),
            beside=None if name in _BESIDE else difference(one, base),
            target=_TARGETS.get(labelled.name) if BALANCED.name in name else None,
            note=(notes or {}).get(name, ""),
        )
        for name, one in values.items()
    ]


def _gaps(labelled: Labelled, ranked: Run) -> str:
    """How many places the French and the English text of one fitting CV are apart."""
    apart: list[int] = []
    for query in labelled.queries:
        order = sorted(ranked[query.id], key=lambda one: -ranked[query.id][one])
        places = {document: at for at, document in enumerate(order)}
        for document, grade in labelled.judged[query.id].items():
            twin = document.removesuffix("-fr") + "-en"
            if grade == _RELEVANT and document.endswith("-fr") and twin in places:
                apart.append(places[twin] - places[document])
    if not apart:
        return ""
    mean, size = float(np.mean(apart)), float(np.mean(np.abs(apart)))
    return f"FR/EN rank gap {mean:+.2f} on average, {size:.2f} in absolute terms (1 is the least)"


def _won(ranks: Mapping[str, float], key: str) -> float:
    return float(ranks[f"{key}-matched"] > ranks[f"{key}-weakened"])


def _as_labelled(name: str, pairs: list[Pair]) -> Labelled:
    documents = [
        Text(f"{pair.id}-{kind}", text, "en")
        for pair in pairs
        for kind, text in (("matched", pair.matched), ("weakened", pair.weakened))
    ]
    queries = [Text(pair.id, pair.job, "en") for pair in pairs]
    return Labelled(name, queries, documents, {pair.id: {} for pair in pairs})


def _cut(labelled: Labelled, limit: int) -> Labelled:
    """Every n-th query, so that a part is like the whole."""
    if not limit or len(labelled.queries) <= limit:
        return labelled
    step = len(labelled.queries) / limit
    queries = [labelled.queries[int(at * step)] for at in range(limit)]
    return Labelled(labelled.name, queries, labelled.documents, labelled.judged)
