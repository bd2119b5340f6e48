"""Words, stems and what texts name."""

from __future__ import annotations

import pytest

from services.matching.domain.scoring.brief import language_of
from services.matching.domain.scoring.concepts import skill_of, understand_name
from services.matching.domain.scoring.similarity import skill_similarity, title_similarity
from services.matching.domain.scoring.text import likeness, stems, words


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Développeur", "Développeuse"),
        ("infirmiers", "Infirmière"),
        ("Directeur", "directrices"),
        ("Technicien", "technicienne"),
        ("assistant(e)", "Assistante"),
        ("vendeur·se", "vendeuse"),
        ("commercial", "commerciaux"),
        ("Ingénieur (H/F)", "ingénieure"),
        ("chargé", "chargée"),
        ("chef", "cheffe"),
        ("hôte", "hôtesse"),
        ("maçon", "maçonne"),
        ("ambassadeur", "ambassadrice"),
        ("Conducteur de travaux", "Conducteur ou conductrice de travaux"),
        ("library", "libraries"),
        ("managed", "managing"),
    ],
)
def test_forms_of_a_word_share_a_stem(one: str, other: str) -> None:
    assert stems(one) == stems(other)


def test_symbols_of_the_trade_survive() -> None:
    assert words("C++, C#, .NET, Node.js et CI/CD") == [
        "cplusplus",
        "csharp",
        "dotnet",
        "nodejs",
        "cicd",
    ]


def test_whom_an_ad_addresses_is_dropped() -> None:
    assert words("Comptable (F/H), CDI") == ["comptable", "cdi"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Développeur Python", "Python developer"),
        ("Chef de projet", "Project manager"),
        ("Conducteur de travaux", "Site manager"),
        ("Cuisinier", "Cook"),
        ("Aide-soignante", "Nursing assistant"),
        ("Responsable RH", "HR manager"),
        ("Agent d'entretien", "Cleaner"),
        ("Chauffeur livreur", "Delivery driver"),
        ("Électricien bâtiment", "Electrician"),
    ],
)
def test_titles_meet_across_languages(one: str, other: str) -> None:
    assert title_similarity(understand_name(one), understand_name(other)) >= 80


def test_neighbouring_trades_are_in_between() -> None:
    wanted = understand_name("Ingénieur DevOps")
    near = title_similarity(wanted, understand_name("Administrateur système"))
    far = title_similarity(wanted, understand_name("Pâtissier"))
    assert 30 <= near <= 70
    assert far == 0


def test_unknown_titles_are_compared_by_their_words() -> None:
    wanted = understand_name("Apiculteur de montagne")
    assert title_similarity(wanted, understand_name("Apicultrice")) >= 50
    assert title_similarity(wanted, understand_name("Luthier")) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tests automatisés", "Automated tests"),
        ("Gestion de projet", "Project management"),
        ("TVA", "VAT"),
        ("Soins infirmiers", "Nursing care"),
        ("Réseaux sociaux", "Social media"),
        ("postgres", "PostgreSQL"),
    ],
)
def test_skills_meet_across_languages(one: str, other: str) -> None:
    assert skill_of(one) == skill_of(other)


def test_short_skill_names_count_only_alone() -> None:
    assert skill_of("R") == "r-language"
    assert understand_name("Permis C et R").skills.isdisjoint({"r-language", "c-language"})


def test_related_skills_count_in_part() -> None:
    assert skill_similarity("fastapi", frozenset({"django"})) == 50
    assert skill_similarity("fastapi", frozenset({"fastapi", "django"})) == 100
    assert skill_similarity("fastapi", frozenset({"excel"})) == 0


def test_soft_skills_do_not_stand_in_for_each_other() -> None:
    assert skill_similarity("leadership", frozenset({"listening"})) == 0


def test_languages_are_known_by_name() -> None:
    assert language_of("Anglais courant") == "en"
    assert language_of("Python") == ""


def test_likeness_is_symmetric_and_bounded() -> None:
    assert likeness("comptable", "comptable") == 100
    assert likeness("abc", "xyz") == 0
    assert likeness("compta", "comptable") == likeness("comptable", "compta") > 50


@pytest.mark.parametrize(
    ("one", "other"),
    [("Soudage", "Welding"), ("Plomberie", "Plumbing"), ("Nettoyage", "Cleaning")],
)
def test_a_name_of_a_trade_may_be_a_skill_too(one: str, other: str) -> None:
    assert skill_of(one) == skill_of(other)


def test_a_trade_in_a_title_is_not_counted_as_its_skill_as_well() -> None:
    plumber, plombier = understand_name("Plumber"), understand_name("Plombier")
    assert title_similarity(plumber, plombier) == title_similarity(plombier, plumber) == 100


def test_words_of_ads_count_inside_names_alone() -> None:
    assert understand_name("Ingénieur recherche").occupations == {"researcher"}
    assert understand_name("Ingénieur").occupations == frozenset()
    assert skill_of("Travail en équipe") == skill_of("Team work")
