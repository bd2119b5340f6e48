"""What is measured: the service's own search by profile, beside BM25 and the encoder alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from evaluation.facts import job_facts, profile_facts
from evaluation.sets import Labelled, Text
from evaluation.texts import Texts
from services.matching.domain.fusion import (
    BALANCED,
    CLASSIC,
    MEANING,
    WORDS,
    RankingProfile,
)
from services.matching.domain.query import job_query_text, move_to, profile_text
from services.matching.domain.scoring.facts import JobFacts
from services.matching.domain.search.collection import Collection, Model
from services.matching.domain.search.entry import (
    Entry,
    Sought,
    months_held,
    profile_terms,
    profile_titles,
    sought_by_job,
)
from services.matching.domain.search.facets import Facets
from services.matching.domain.search.search import Request, search
from services.matching.domain.search.texts import plain_title, stems, tokens

BM25 = RankingProfile("BM25", 0, ((WORDS, 1000),))
ENCODER = RankingProfile("encoder", 0, ((MEANING, 1000),))
SYSTEMS = (BM25, ENCODER, CLASSIC, BALANCED)
_DEPTH = 1000
_TODAY = date(2026, 1, 1)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A set as one system searches it."""

    collection: Collection
    sought: list[tuple[str, Sought]]
    profile: RankingProfile
    texts: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]


def titles(labelled: Labelled, system: RankingProfile, texts: Texts, model: Model) -> Prepared:
    """Titles are looked for among titles; the balanced profile compares nothing else of them."""
    alone = system is BALANCED
    names = [plain_title(one.text) for one in (*labelled.queries, *labelled.documents)]
    by_text = texts.by_text(names) if alone else {}
    raw = [one.text for one in (*labelled.queries, *labelled.documents)]
    vectors = texts.vectors(raw)
    count = len(labelled.queries)
    sought = [
        (query.id, _title_sought(query, vectors[at], alone))
        for at, query in enumerate(labelled.queries)
    ]
    entries = [
        Entry(
            id=document.id,
            version=1,
            language="",
            titles=(plain_title(document.text),) if alone else (),
            skills=(),
            tokens={} if alone else stems([document.text]),
            vector=vectors[count + at],
        )
        for at, document in enumerate(labelled.documents)
    ]
    return _prepared(entries, sought, system, by_text, model if alone else Model())


def cvs(labelled: Labelled, system: RankingProfile, texts: Texts, model: Model) -> Prepared:
    """CVs are looked for by jobs."""
    jobs = [(query.id, job_facts(query.text), query.text) for query in labelled.queries]
    return _people(labelled.documents, jobs, system, texts, model)


def run(prepared: Prepared) -> Iterator[tuple[str, dict[str, float]]]:
    """Search for each query in turn; yield its id and the rank of each document."""
    for key, sought in prepared.sought:
        request = Request(sought, prepared.profile, prepared.texts, limit=_DEPTH)
        found = search(prepared.collection, request)
        # Ranks are whole; a document's place tells ties apart as the service does.
        yield key, {hit.entry.id: -float(place) for place, hit in enumerate(found.hits)}


def _title_sought(query: Text, vector: np.ndarray, alone: bool) -> Sought:
    if alone:
        return Sought(plain_title(query.text), (), {}, None)
    return Sought("", (), stems([query.text]), vector)


def _people(
    documents: Sequence[Text],
    jobs: Sequence[tuple[str, JobFacts, str]],
    system: RankingProfile,
    texts: Texts,
    model: Model,
) -> Prepared:
    plain = system.version == 0
    facts = [profile_facts(one.text) for one in documents]
    told = [
        one.text if plain else profile_text(held)
        for one, held in zip(documents, facts, strict=True)
    ]
    now = 12 * _TODAY.year
    entries = [
        Entry(
            id=one.id,
            version=1,
            language=one.language,
            titles=profile_titles(held),
            skills=held.skills,
            tokens=stems([one.text]) if plain else tokens(profile_terms(held)),
            vector=vector,
            facets=Facets(months=months_held(held, now)),
        )
        for one, held, vector in zip(documents, facts, texts.vectors(told), strict=True)
    ]
    asked = texts.vectors([text if plain else job_query_text(job) for _, job, text in jobs])
    skills = texts.by_text(_names(jobs))
    sought: list[tuple[str, Sought]] = []
    for (key, job, text), vector in zip(jobs, asked, strict=True):
        moved = move_to(vector.tolist(), [skills[name].tolist() for name in job.skills])
        one = sought_by_job(job, vector if plain else np.asarray(moved, np.float32))
        sought.append((key, replace(one, tokens=stems([text])) if plain else one))
    names = [*skills, *(name for one in entries for name in (*one.titles, *one.skills))]
    return _prepared(entries, sought, system, texts.by_text(names), model)


def _names(jobs: Iterable[tuple[str, JobFacts, str]]) -> list[str]:
    return [name for _, job, _ in jobs for name in (plain_title(job.title), *job.skills) if name]


def _prepared(
    entries: list[Entry],
    sought: list[tuple[str, Sought]],
    system: RankingProfile,
    by_text: dict[str, np.ndarray],
    model: Model,
) -> Prepared:
    collection = Collection(model)
    collection.put(entries, by_text)
    return Prepared(collection, sought, system, by_text)
