"""What is said of a score that would have been is what scoring again gives."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given

from services.matching.domain import plain_words
from services.matching.domain.counterfactuals import MOST, ChangeKind, apply, counterfactuals
from services.matching.domain.scoring.facts import JobFacts, Language, ProfileFacts
from services.matching.domain.scoring.score import score
from tests.unit.matching.people import JAVA_DEV, PYTHON_DEV, PYTHON_JOB, TODAY
from tests.unit.matching.test_properties import JOBS, PROFILES


@given(JOBS, PROFILES)
def test_each_is_true_when_scored_again(job: JobFacts, profile: ProfileFacts) -> None:
    found = counterfactuals(job, profile, TODAY)
    assert len(found) <= MOST
    assert [one.after for one in found] == sorted((one.after for one in found), reverse=True)
    for one in found:
        changed = profile
        for change in one.changes:
            changed = apply(changed, change)
        assert one.before == score(job, profile, TODAY).final
        assert one.after == score(job, changed, TODAY).final > one.before


def test_a_language_that_is_asked_for_is_named_with_its_level() -> None:
    job = replace(PYTHON_JOB, languages=(Language("en", "B2"),))
    profile = replace(PYTHON_DEV, languages=(Language("fr", "C2"), Language("en", "A1")))
    found = counterfactuals(job, profile, TODAY)
    told = [one for one in found if one.changes[0].kind is ChangeKind.LANGUAGE]
    assert len(told) == 1
    before, after = told[0].before, told[0].after
    assert plain_words.counterfactual(told[0], "en") == f"With English at B2: {before} -> {after}"
    french = f"Avec anglais au niveau B2 : {before} -> {after}"
    assert plain_words.counterfactual(told[0], "fr") == french


def test_missing_skills_are_tried_alone_and_together() -> None:
    found = counterfactuals(PYTHON_JOB, JAVA_DEV, TODAY)
    skills = [one for one in found if {c.kind for c in one.changes} == {ChangeKind.SKILL}]
    assert {one.changes[0].value for one in skills} >= {"Python", "FastAPI"}
    assert max(len(one.changes) for one in skills) == 3
    assert found[0].after == max(one.after for one in found)


def test_nothing_is_said_where_nothing_would_help() -> None:
    whole = replace(PYTHON_DEV, skills=(*PYTHON_JOB.skills,))
    kinds = {c.kind for one in counterfactuals(PYTHON_JOB, whole, TODAY) for c in one.changes}
    assert ChangeKind.SKILL not in kinds
    assert ChangeKind.LANGUAGE not in kinds
