"""What holds for every job and every profile."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.matching.domain.receipt import hash_of
from services.matching.domain.scoring.completeness import penalty_points
from services.matching.domain.scoring.facts import (
    CONTRACTS,
    LEVELS,
    Experience,
    JobFacts,
    Language,
    Month,
    ProfileFacts,
)
from services.matching.domain.scoring.inputs import read_inputs, write_inputs
from services.matching.domain.scoring.reasons import MAXIMA
from services.matching.domain.scoring.score import final_score, score
from tests.unit.matching.people import PYTHON_DEV, PYTHON_JOB, TODAY

NAMES = st.sampled_from(
    [
        "Développeur Python",
        "Senior Java developer",
        "Infirmière",
        "Lead développeur back-end",
        "Stagiaire comptable",
        "Chef de projet",
        "Apiculteur",
        "",
    ]
)
TITLES = NAMES | st.text(max_size=40)
TEXTS = st.text(max_size=200) | st.sampled_from(
    ["Conception d'API REST avec FastAPI.", "Managed a team of 12 nurses.", "TVA, grand livre"]
)
SKILLS = st.lists(
    st.sampled_from(["Python", "Django", "TVA", "R", "Anglais", "Écoute", "Excel"])
    | st.text(min_size=1, max_size=20),
    max_size=6,
    unique=True,
).map(tuple)
LANGUAGES = st.lists(
    st.builds(Language, st.sampled_from(["fr", "en", "de"]), st.sampled_from(["", *LEVELS])),
    max_size=3,
).map(tuple)
MONTHS = st.builds(Month, st.integers(1980, 2030), st.integers(1, 12))
EXPERIENCES = st.builds(
    Experience,
    TITLES,
    st.none() | MONTHS,
    st.none() | MONTHS,
    st.sampled_from(["", *CONTRACTS]),
    TEXTS,
)
PROFILES = st.builds(
    ProfileFacts,
    TITLES,
    st.lists(EXPERIENCES, max_size=5).map(tuple),
    SKILLS,
    LANGUAGES,
    st.lists(st.sampled_from(CONTRACTS), max_size=3, unique=True).map(tuple),
)
JOBS = st.builds(
    JobFacts,
    TITLES,
    TEXTS,
    SKILLS,
    LANGUAGES,
    st.sampled_from(["", *CONTRACTS]),
    st.integers(0, 50),
)


@given(JOBS, PROFILES)
def test_every_part_stays_in_its_range(job: JobFacts, profile: ProfileFacts) -> None:
    found = score(job, profile, TODAY)
    for name, most in MAXIMA.items():
        low = -5 if name == "path_coherence" else 0
        assert low <= getattr(found.dimensions, name) <= most
    assert 0 <= found.dimensions.sum <= 100
    assert 0 <= found.final <= 100
    assert found.final == final_score(found.dimensions)
    assert 0 <= found.coefficient_pertinence <= 1000


@given(JOBS, PROFILES)
def test_inputs_come_back_from_their_bytes(job: JobFacts, profile: ProfileFacts) -> None:
    inputs = write_inputs(job, profile, TODAY)
    assert read_inputs(inputs) == (job, profile, TODAY)
    assert write_inputs(*read_inputs(inputs)) == inputs


@given(JOBS, PROFILES, st.integers(1, 240))
def test_an_older_career_never_scores_higher(
    job: JobFacts, profile: ProfileFacts, months: int
) -> None:
    past = tuple(
        replace(held, start=_past(held.start), end=_past(held.end) or Month(TODAY.year, 1))
        for held in profile.experiences
    )
    recent = replace(profile, experiences=past)
    older = replace(
        profile,
        experiences=tuple(
            replace(held, start=_earlier(held.start, months), end=_earlier(held.end, months))
            for held in past
        ),
    )
    before, after = score(job, older, TODAY), score(job, recent, TODAY)
    assert before.dimensions.recency <= after.dimensions.recency
    assert before.dimensions.pertinence <= after.dimensions.pertinence
    assert before.dimensions.duration <= after.dimensions.duration
    assert before.final <= after.final


@given(JOBS, PROFILES, EXPERIENCES)
def test_one_more_position_never_lowers_the_bonus(
    job: JobFacts, profile: ProfileFacts, more: Experience
) -> None:
    longer = replace(profile, experiences=(*profile.experiences, more))
    before = score(job, profile, TODAY).dimensions.total_experiences_bonus
    assert before <= score(job, longer, TODAY).dimensions.total_experiences_bonus


@given(JOBS, PROFILES, st.sampled_from(["Python", "Django", "TVA", "Anglais", "Kubernetes"]))
def test_one_more_skill_never_lowers_the_score(
    job: JobFacts, profile: ProfileFacts, skill: str
) -> None:
    more = replace(profile, skills=(*profile.skills, skill))
    assert score(job, profile, TODAY).dimensions.skills <= score(job, more, TODAY).dimensions.skills


@given(PROFILES)
def test_telling_less_never_costs_less(profile: ProfileFacts) -> None:
    told = penalty_points(profile)
    for less in (
        replace(profile, title=""),
        replace(profile, skills=()),
        replace(profile, languages=()),
        replace(profile, experiences=()),
        replace(
            profile,
            experiences=tuple(replace(held, start=None) for held in profile.experiences),
        ),
        replace(
            profile,
            experiences=tuple(replace(held, description="") for held in profile.experiences),
        ),
    ):
        assert told <= penalty_points(less) <= 20


@given(JOBS, PROFILES)
def test_order_of_the_lists_of_a_profile_changes_nothing(
    job: JobFacts, profile: ProfileFacts
) -> None:
    turned = replace(
        profile,
        skills=profile.skills[::-1],
        languages=profile.languages[::-1],
        contracts=profile.contracts[::-1],
    )
    assert score(job, profile, TODAY) == score(job, turned, TODAY)


def test_identity_has_no_field_to_enter_by() -> None:
    known = {
        name
        for kind in (ProfileFacts, Experience, Language, JobFacts)
        for name in (field.name for field in dataclasses.fields(kind))
    }
    assert known == {
        "title",
        "experiences",
        "skills",
        "languages",
        "contracts",
        "contract",
        "start",
        "end",
        "description",
        "code",
        "level",
        "min_experience_years",
    }


def test_another_process_comes_to_the_same_bytes() -> None:
    program = (
        "from services.matching.domain.scoring.inputs import write_inputs\n"
        "from services.matching.domain.scoring.score import score\n"
        "from services.matching.domain.receipt import hash_of\n"
        "from tests.unit.matching.people import *\n"
        "print(hash_of(write_inputs(PYTHON_JOB, PYTHON_DEV, TODAY)))\n"
        "print(score(PYTHON_JOB, PYTHON_DEV, TODAY))\n"
    )
    here = f"{hash_of(write_inputs(PYTHON_JOB, PYTHON_DEV, TODAY))}\n"
    here += f"{score(PYTHON_JOB, PYTHON_DEV, TODAY)}\n"
    for seed in ("1", "4242"):
        there = subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout == here


def _past(at: Month | None) -> Month | None:
    return min(at, Month(TODAY.year, 1)) if at else None


def _earlier(at: Month | None, months: int) -> Month | None:
    if at is None:
        return None
    return Month((at.index - months) // 12, (at.index - months) % 12 + 1)
