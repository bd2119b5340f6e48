"""The search in memory against what it is meant to be: everything compared, nothing missed."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from services.matching.domain.fusion import BALANCED, CLASSIC, MEANING, WORDS
from services.matching.domain.query import move_to
from services.matching.domain.scoring.facts import Experience, JobFacts, Language, ProfileFacts
from services.matching.domain.search.arrays import Floats, unit
from services.matching.domain.search.collection import Collection
from services.matching.domain.search.entry import Entry, Sought, profile_terms, sought_by_job
from services.matching.domain.search.facets import Facets, Filter
from services.matching.domain.search.postings import Bm25, Cosine, Postings, idf
from services.matching.domain.search.search import Request, Result, search
from services.matching.domain.search.texts import letters, plain_title, tokens
from services.matching.domain.search.vectors import Vectors

SIZE = 512


def rows(count: int, seed: int = 1) -> Floats:
    drawn = np.random.default_rng(seed).standard_normal((count, SIZE))
    return unit(drawn.astype(np.float32))


def entries(count: int, seed: int = 1, prefix: str = "") -> list[Entry]:
    words = [f"mot{number}" for number in range(50)]
    random = np.random.default_rng(seed)
    return [
        Entry(
            id=f"{prefix}{at:05d}",
            version=1,
            language="fr" if at % 2 else "en",
            titles=(),
            skills=(),
            tokens=Counter(random.choice(words, 12).tolist()),
            vector=vector,
            facets=Facets(city="Lyon" if at % 10 == 0 else "Lille"),
        )
        for at, vector in enumerate(rows(count, seed))
    ]


def filled(*parts: list[Entry]) -> Collection:
    collection = Collection()
    for part in parts:
        collection.put(part, {})
    return collection


def asked(vector: Floats) -> Sought:
    return Sought("", (), Counter({"mot1": 1, "mot2": 1, "mot49": 1}), vector)


def by_hand(all_: list[Entry], sought: Sought) -> list[str]:
    """Classic, straight from its definition."""
    assert sought.vector is not None
    meaning = np.asarray([one.vector for one in all_]) @ sought.vector
    lengths = [sum(one.tokens.values()) for one in all_]
    average = filled(all_).average
    assert average == pytest.approx(np.mean(lengths), rel=0.02)
    held = {word: sum(word in one.tokens for one in all_) for word in sought.tokens}
    words = np.asarray(
        [
            sum(
                idf(held[word], len(all_))
                * one.tokens[word]
                * 2.2
                / (one.tokens[word] + 1.2 * (0.25 + 0.75 * length / average))
                for word in sought.tokens
                if word in one.tokens
            )
            for one, length in zip(all_, lengths, strict=True)
        ]
    )
    stretched = [(part - part.min()) / (part.max() - part.min()) for part in (meaning, words)]
    fused = 0.75 * stretched[0] + 0.25 * stretched[1]
    return [all_[at].id for at in np.argsort(-fused)]


def ids(found: Result) -> list[str]:
    return [hit.entry.id for hit in found.hits]


def test_classic_is_what_its_definition_says() -> None:
    all_, query = entries(300), rows(1, seed=9)[0]
    found = search(filled(all_), Request(asked(query), CLASSIC))
    assert found.total == 300
    assert ids(found) == by_hand(all_, asked(query))[:50]


def test_parts_and_replacements_change_nothing() -> None:
    all_, query = entries(300), rows(1, seed=9)[0]
    old = [Entry(one.id, 0, "fr", (), (), {"mot1": 9}, rows(1, 5)[0]) for one in all_[:40]]
    pieces = filled(old, all_[200:], all_[:90], all_[90:200])
    pieces.put(entries(3, seed=8, prefix="gone"), {})
    pieces.remove([f"gone{at:05d}" for at in range(3)])
    assert len(pieces) == 300
    found = search(pieces, Request(asked(query), CLASSIC))
    # Removed entries still count for how rare a word is until their part is merged.
    assert len(set(ids(found)) & set(by_hand(all_, asked(query))[:50])) >= 48


def test_a_scan_over_bytes_finds_what_an_exact_scan_finds() -> None:
    vectors = rows(6000)
    query = unit((vectors[3] + vectors[77] + 0.5 * vectors[5000])[None, :])[0]
    scanned, exact = Vectors(vectors).scan(query), vectors @ query
    assert np.abs(scanned - exact).max() < 0.005
    assert not np.array_equal(scanned, exact)
    collection = filled(
        [Entry(f"{at:05d}", 1, "", (), (), {}, vector) for at, vector in enumerate(vectors)]
    )
    found = search(collection, Request(Sought("", (), {}, query), CLASSIC))
    assert ids(found) == [f"{at:05d}" for at in np.argsort(-exact)[:50]]


def test_pages_join_without_a_gap() -> None:
    collection, query = filled(entries(5000)), rows(1, seed=9)[0]
    whole = search(collection, Request(asked(query), CLASSIC, limit=120))
    found: list[str] = []
    after = None
    for _ in range(6):
        page = search(collection, Request(asked(query), CLASSIC, limit=20, after=after))
        found += ids(page)
        after = (page.hits[-1].fused.rank, page.hits[-1].entry.id)
    assert found == ids(whole)


def test_filters_come_first() -> None:
    all_, query = entries(300), rows(1, seed=9)[0]
    wanted = Filter(city="lyon")
    found = search(filled(all_), Request(asked(query), CLASSIC, wanted=wanted, limit=100))
    assert found.total == 30
    assert set(ids(found)) == {one.id for one in all_ if one.facets.city == "Lyon"}
    # The best of those that are left has all of the stretched meaning.
    assert max(hit.fused.value(MEANING) for hit in found.hits) == 1_000_000


def test_nothing_to_search_for_and_nothing_to_search_in() -> None:
    nothing = Sought("", (), {}, None)
    assert search(filled(entries(3)), Request(nothing, CLASSIC)) == Result([], 3)
    assert search(Collection(), Request(asked(rows(1)[0]), CLASSIC)) == Result([], 0)


def facts_of(*skills: str, title: str = "", languages: tuple[Language, ...] = ()) -> ProfileFacts:
    held = (Experience("Poste", description="Travail"),)
    return ProfileFacts(title, held, skills, languages)


def of_facts(key: str, facts: ProfileFacts, vector: Floats, months: int = 0) -> Entry:
    titles = (facts.title,) if facts.title else ()
    facets = Facets(languages=facts.languages, months=months)
    told = tokens(profile_terms(facts))
    return Entry(key, 1, "fr", titles, facts.skills, told, vector, facets)


def names(*texts: str) -> dict[str, Floats]:
    return dict(zip(texts, rows(len(texts), seed=4), strict=True))


def test_must_haves_raise_who_has_them() -> None:
    same = rows(1)[0]
    known = names("Python", "Docker", "Cuisine", "Développeur")
    collection = Collection()
    collection.put(
        [
            of_facts("none", facts_of("Cuisine"), same),
            of_facts("half", facts_of("Docker"), same, months=12),
            of_facts("both", facts_of("Python", "Docker"), same, months=24),
        ],
        known,
    )
    job = JobFacts("Développeur", "Travail", ("Python", "Docker"), min_experience_years=2)
    found = search(collection, Request(sought_by_job(job, same), BALANCED, known))
    assert ids(found) == ["both", "half", "none"]


def test_the_query_is_moved_towards_the_skills() -> None:
    job, skill, other = rows(3, seed=2)
    moved = np.asarray(move_to(job.tolist(), [skill.tolist()]), np.float32)
    collection = filled(
        [
            Entry("skilled", 1, "", (), (), {}, unit((job + skill)[None, :])[0]),
            Entry("plain", 1, "", (), (), {}, unit((job + 0.4 * other)[None, :])[0]),
        ]
    )
    orders = [
        ids(search(collection, Request(Sought("", (), {}, vector), CLASSIC)))
        for vector in (job, moved)
    ]
    assert orders == [["plain", "skilled"], ["skilled", "plain"]]


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("Acheteur / Acheteuse d'art (H/F)", "Acheteur d'art"),
        ("Boucher (h/f/x)", "Boucher"),
        ("technicien de paie/technicienne de paie", "technicien de paie"),
        ("Développeur Java/Python", "Développeur Java/Python"),
        ("Chef de projet", "Chef de projet"),
    ],
)
def test_titles_for_one_person(written: str, plain: str) -> None:
    assert plain_title(written) == plain


def test_letters_see_through_endings() -> None:
    cosine = Cosine(Postings.of([letters("Boulangère"), letters("Plombier"), letters("Bouchère")]))
    scores = cosine.scores(letters("boulanger"))
    assert scores[0] > scores[2] > scores[1]


def test_merged_postings_are_those_of_all() -> None:
    parts = [[{"a": 1, "b": 2}, {"b": 1}], [{"c": 3}, {"a": 1}]]
    flags = [np.asarray([True, False]), np.asarray([True, True])]
    merged = Postings.merged(
        [(Postings.of(part), kept) for part, kept in zip(parts, flags, strict=True)]
    )
    whole = Postings.of([{"a": 1, "b": 2}, {"c": 3}, {"a": 1}])
    for term in ("a", "b", "c", "d"):
        weights = {term: 1.0}
        assert Bm25(merged, 2.0).scores(weights).tolist() == (
            Bm25(whole, 2.0).scores(weights).tolist()
        )


def test_explained_by_both_parts() -> None:
    found = search(filled(entries(20)), Request(asked(rows(1, seed=9)[0]), CLASSIC))
    for hit in found.hits:
        parts = {part.signal: part for part in hit.fused.parts}
        assert set(parts) == {MEANING, WORDS}
        total = sum(part.value * part.weight for part in hit.fused.parts) // 1000
        assert hit.fused.rank == total
