"""The score on plausible people: what fits scores high, what does not scores low."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.matching.domain.scoring.brief import read_job
from services.matching.domain.scoring.career import chronological, coherence, progression
from services.matching.domain.scoring.completeness import (
    Reliability,
    penalty_points,
    reliability_index,
    reliability_of,
)
from services.matching.domain.scoring.facts import Experience, JobFacts, Language, ProfileFacts
from services.matching.domain.scoring.positions import Position, context_coefficient, measure
from services.matching.domain.scoring.score import Dimensions, final_score, score
from tests.unit.matching.people import (
    FITTING,
    JAVA_DEV,
    NURSE,
    PYTHON_DEV,
    PYTHON_DEV_EN,
    PYTHON_JOB,
    PYTHON_JOB_EN,
    TODAY,
    UNRELATED,
    month,
)

NOW = TODAY.year * 12 + TODAY.month - 1
TOP = Dimensions(25, 10, 15, 20, 10, 10, 10, 10, 5, 5, 0)


def positions(*held: Experience, job: JobFacts = PYTHON_JOB) -> list[Position]:
    return [measure(read_job(job), one, NOW) for one in held]


@pytest.mark.parametrize(("job", "profile"), FITTING)
def test_who_fits_scores_high(job: JobFacts, profile: ProfileFacts) -> None:
    assert 70 <= score(job, profile, TODAY).final <= 95


@pytest.mark.parametrize(("job", "profile"), UNRELATED)
def test_who_does_not_scores_low(job: JobFacts, profile: ProfileFacts) -> None:
    assert score(job, profile, TODAY).final < 30


def test_a_neighbour_stands_in_between() -> None:
    assert 40 <= score(PYTHON_JOB, JAVA_DEV, TODAY).final <= 70


def test_languages_of_job_and_profile_hardly_matter() -> None:
    scores = [
        score(job, profile, TODAY).final
        for job in (PYTHON_JOB, PYTHON_JOB_EN)
        for profile in (PYTHON_DEV, PYTHON_DEV_EN)
    ]
    assert max(scores) - min(scores) <= 5


def test_maximum_is_exactly_a_hundred() -> None:
    assert TOP.sum == 100
    assert final_score(TOP) == 100


def test_final_score_never_leaves_its_range() -> None:
    bottom = Dimensions(0, 0, 0, 0, 0, 0, 0, 0, -5, 0, 20)
    assert final_score(bottom) == 0


def test_final_score_is_recomputed_from_the_parts() -> None:
    found = score(PYTHON_JOB, PYTHON_DEV, TODAY)
    parts = found.dimensions
    career = parts.career_progression + parts.path_coherence + parts.total_experiences_bonus
    assert found.final == (8 * parts.sum + 5) // 10 + career - parts.missing_info_penalty


def test_worked_example_of_the_documentation() -> None:
    found = score(PYTHON_JOB, PYTHON_DEV, TODAY)
    assert found.dimensions == Dimensions(21, 10, 15, 20, 10, 4, 10, 6, 5, 2, 0)
    assert found.final == 85
    assert found.reliability is Reliability.HIGH
    assert found.coefficient_pertinence == 1000


def test_context_of_zero_nulls_and_of_one_is_neutral() -> None:
    assert context_coefficient(0, 0) == 0
    assert context_coefficient(20, 0) == 0
    assert context_coefficient(45, 0) == 500
    assert context_coefficient(70, 0) == context_coefficient(40, 60) == 1000
    nobody = score(PYTHON_JOB, NURSE, TODAY)
    assert nobody.coefficient_pertinence == 0
    assert nobody.dimensions.sum == 0


def test_grammatical_gender_changes_nothing() -> None:
    her = replace(PYTHON_DEV, title="Développeuse Python confirmée")
    his = replace(PYTHON_DEV, title="Développeur Python confirmé")
    assert score(PYTHON_JOB, her, TODAY) == score(PYTHON_JOB, his, TODAY)


def test_rising_titles_beat_flat_ones() -> None:
    def career(*titles: str) -> list[Position]:
        years = range(2016, 2016 + 2 * len(titles), 2)
        return positions(
            *(
                Experience(title, month(f"{year}-01"), month(f"{year + 1}-12"), "CDI", "")
                for title, year in zip(titles, years, strict=True)
            )
        )

    flat = progression(career("Développeur", "Développeur", "Développeur"))
    rising = progression(career("Développeur junior", "Développeur", "Lead développeur"))
    falling = progression(career("Lead développeur", "Développeur", "Développeur junior"))
    assert falling < flat < rising
    assert progression([]) == 0


def test_a_broken_path_goes_below_zero() -> None:
    jumps = positions(
        Experience("Cuisinier", month("2012-01"), month("2012-03"), "CDI"),
        Experience("Juriste", month("2015-01"), month("2015-04"), "CDI"),
        Experience("Soudeur", month("2018-01"), month("2018-03"), "CDI"),
    )
    assert coherence(jumps) == -5
    steady = positions(*PYTHON_DEV.experiences)
    assert coherence(steady) == 5


def test_career_is_read_in_the_order_of_dates() -> None:
    path = chronological(positions(*PYTHON_DEV.experiences))
    assert [one.held.title for one in path] == ["Développeuse web junior", "Développeuse back-end"]


def test_missing_facts_cost_up_to_twenty() -> None:
    assert penalty_points(PYTHON_DEV) == 0
    assert penalty_points(ProfileFacts()) == 20
    assert penalty_points(replace(PYTHON_DEV, skills=())) == 4
    undated = replace(PYTHON_DEV, experiences=(Experience("Développeuse Python"),))
    assert penalty_points(undated) == 8


@pytest.mark.parametrize(
    ("index", "expected"),
    [
        (100, Reliability.HIGH),
        (70, Reliability.HIGH),
        (69, Reliability.MEDIUM),
        (40, Reliability.MEDIUM),
        (39, Reliability.LOW),
        (0, Reliability.LOW),
    ],
)
def test_reliability_at_the_edges(index: int, expected: Reliability) -> None:
    assert reliability_of(index) is expected


def test_little_told_is_little_to_rely_on() -> None:
    assert reliability_index(PYTHON_JOB, PYTHON_DEV) == 85
    assert reliability_of(reliability_index(PYTHON_JOB, ProfileFacts("Dev"))) is Reliability.LOW


def test_contract_points_follow_the_wishes() -> None:
    wished = score(PYTHON_JOB, PYTHON_DEV, TODAY).dimensions.contract
    any_will_do = score(PYTHON_JOB, replace(PYTHON_DEV, contracts=()), TODAY).dimensions.contract
    held_before = replace(PYTHON_DEV, contracts=("FREELANCE",))
    assert (wished, any_will_do) == (10, 8)
    assert score(PYTHON_JOB, held_before, TODAY).dimensions.contract == 3
    nothing_asked = replace(PYTHON_JOB, contract="")
    assert score(nothing_asked, held_before, TODAY).dimensions.contract == 10


def test_a_lower_language_level_counts_in_part() -> None:
    job = replace(PYTHON_JOB, skills=(), description="", languages=(Language("en", "C1"),))
    points = [
        score(job, replace(PYTHON_DEV, languages=(Language("en", level),)), TODAY).dimensions.skills
        for level in ("A1", "B1", "B2", "C1", "C2")
    ]
    assert points == [0, 5, 12, 20, 20]


def test_a_language_may_be_asked_for_as_a_skill() -> None:
    job = replace(PYTHON_JOB, skills=("Anglais",), languages=())
    assert score(job, PYTHON_DEV, TODAY).dimensions.skills == 20


def test_months_worked_twice_at_once_count_once() -> None:
    first = Experience("Développeur Python", month("2026-01"), None, "CDI", "Python")
    job = replace(PYTHON_JOB, min_experience_years=10)
    one = score(job, ProfileFacts("Dev", (first,)), TODAY).dimensions.duration
    both = score(job, ProfileFacts("Dev", (first, first)), TODAY).dimensions.duration
    assert one == both == 1


def test_reasons_name_what_is_held_and_what_is_missing() -> None:
    found = {reason.dimension: reason for reason in score(PYTHON_JOB, JAVA_DEV, TODAY).reasons}
    assert found["skills"].held == ("PostgreSQL", "Docker", "EN B1")
    assert found["skills"].missing == ("Python", "FastAPI", "Tests automatisés")


def test_only_the_latest_positions_and_the_start_of_a_text_are_read() -> None:
    many = tuple(
        Experience("Développeur Python", month(f"{1960 + year}-01"), month(f"{1960 + year}-06"))
        for year in range(60)
    )
    latest = replace(PYTHON_DEV, experiences=many[30:])
    everything = replace(PYTHON_DEV, experiences=many)
    assert score(PYTHON_JOB, everything, TODAY) == score(PYTHON_JOB, latest, TODAY)
    flood = Experience("Poste", month("2025-01"), None, "CDI", "x " * 1500 + "Python FastAPI")
    assert positions(flood)[0].text.skills == frozenset()
