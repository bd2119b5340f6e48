"""What a search can be narrowed by."""

from __future__ import annotations

import numpy as np
import pytest
from google.type.date_pb2 import Date
from weneeds.jobs.v1.job_pb2 import CONTRACT_TYPE_CDI, CONTRACT_TYPE_STAGE
from weneeds.matching.v1 import filter_pb2 as pb

from services.matching.domain.fusion import CLASSIC, TEXT
from services.matching.domain.scoring.facts import Language
from services.matching.domain.search.collection import Collection
from services.matching.domain.search.entry import Entry, Sought
from services.matching.domain.search.facets import Columns, Facets, Filter
from services.matching.domain.search.places import kilometres, place_of
from services.matching.domain.search.search import Request, search
from services.matching.domain.search.texts import tokens
from services.matching.rpc_filters import job_filter, profile_filter

PEOPLE = [
    Facets(city="Lyon", contracts=("CDI",), languages=(Language("en", "C1"),), salary=40_000),
    Facets(city="VILLEURBANNE", contracts=("CDD", "CDI"), languages=(Language("en", "B1"),)),
    Facets(city="Saint-Trou", contracts=("STAGE",), languages=(Language("en"),), available=20_500),
    Facets(groups=frozenset({"a", "b"}), salary=60_000),
]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        (Filter(), [0, 1, 2, 3]),
        (Filter(city="lyon"), [0]),
        (Filter(city="Lyon", radius=20), [0, 1]),
        (Filter(city="saint trou", radius=50), []),
        (Filter(city="Saint-Trou", radius=50), [2]),
        (Filter(contracts=("CDI",)), [0, 1, 3]),
        (Filter(contracts=("STAGE", "CDD")), [1, 2, 3]),
        (Filter(languages=(Language("en", "B2"),)), [0]),
        (Filter(languages=(Language("en"),)), [0, 1, 2]),
        (Filter(languages=(Language("de"),)), []),
        (Filter(salary_at_most=45_000), [0, 1, 2]),
        (Filter(salary_at_least=45_000), [3]),
        (Filter(available_by=20_499), [0, 1, 3]),
        (Filter(available_by=20_500), [0, 1, 2, 3]),
        (Filter(groups=frozenset({"a"})), [3]),
        (Filter(groups=frozenset({"a", "c"})), []),
        (Filter(city="Lyon", contracts=("STAGE",)), []),
    ],
)
def test_every_field_that_is_set_must_hold(wanted: Filter, left: list[int]) -> None:
    assert np.flatnonzero(Columns.of(PEOPLE).passing(wanted)).tolist() == left


def test_towns_however_they_are_written() -> None:
    assert place_of("SAINT ETIENNE") == place_of("St-Étienne") == place_of("Saint-Étienne")
    assert place_of("Nulle-Part") is None


def test_paris_and_lyon_are_392_kilometres_apart() -> None:
    paris, lyon = place_of("Paris"), place_of("Lyon")
    assert paris
    assert lyon
    away = kilometres(paris, np.float32([lyon.latitude]), np.float32([lyon.longitude]))
    assert away[0] == pytest.approx(392, abs=3)


def entry(key: str, *skills: str, text: str = "") -> Entry:
    vector = np.eye(1, 512, dtype=np.float32)[0]
    return Entry(key, 1, "fr", (), skills, tokens([text, *skills]), vector)


def collection() -> Collection:
    made = Collection()
    none = np.zeros(512, np.float32)
    names = ("Tests automatisés", "Python", "Soudure")
    made.put(
        [
            entry("a", "Tests automatisés", "Python", text="Électricité du bâtiment"),
            entry("b", "Python", text="électricien électricité"),
            entry("c", "Soudure"),
        ],
        dict.fromkeys(names, none),
    )
    return made


def test_must_haves_hold_in_either_language() -> None:
    for skills, left in (
        (("Automated tests",), {"a"}),
        (("python",), {"a", "b"}),
        (("python", "soudure"), set()),
        (("Inconnue",), set()),
    ):
        asked = Sought("", (), {}, np.eye(1, 512, dtype=np.float32)[0])
        found = search(collection(), Request(asked, CLASSIC, wanted=Filter(skills=skills)))
        assert {hit.entry.id for hit in found.hits} == left


def test_text_search_shows_only_what_holds_a_word() -> None:
    for query, expected in (("electricite", ["b", "a"]), ("soudures", ["c"]), ("zzz", [])):
        asked = Sought("", (), tokens([query]), None)
        found = search(collection(), Request(asked, TEXT, matching=True))
        assert [hit.entry.id for hit in found.hits] == expected
        assert found.total == len(expected)


def test_filters_are_read_from_their_messages() -> None:
    message = pb.ProfileFilter(
        city="Lyon",
        radius_km=30,
        contract_types=[CONTRACT_TYPE_CDI, CONTRACT_TYPE_STAGE],
        languages=["en:B2", "de"],
        skills=["Python"],
        salary_at_most=50_000,
        available_by=Date(year=1970, month=2, day=1),
    )
    assert profile_filter(message) == Filter(
        city="Lyon",
        radius=30,
        contracts=("CDI", "STAGE"),
        languages=(Language("en", "B2"), Language("de")),
        skills=("Python",),
        salary_at_most=50_000,
        available_by=31,
    )
    assert profile_filter(pb.ProfileFilter()) == job_filter(pb.JobFilter()) == Filter()
    odd = pb.ProfileFilter(available_by=Date(year=2027, month=2, day=31))
    assert profile_filter(odd).available_by == 20_877
