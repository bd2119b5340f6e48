"""Interview help and the way to language models through the gateway, on a mesh without a key."""

from __future__ import annotations

from typing import Any

import pytest
from google.type.date_pb2 import Date
from weneeds import PermissionDenied, WeNeedsError
from weneeds.jobs.v1.candidate_pb2 import Experience
from weneeds.matching.v1.assistant_service_pb2 import PROMPT_PATH_WITH_JOB, AssessedJob
from weneeds.matching.v1.generated_pb2 import (
    DEGRADED_REASON_NOT_CONFIGURED,
    GENERATED_BY_RULES,
    GENERATED_BY_TEMPLATE,
)
from weneeds.matching.v1.interview_service_pb2 import (
    INTERVIEW_QUESTION_KIND_GAP,
    INTERVIEW_QUESTION_KIND_REQUIRED,
)

from tests.mesh.test_matching import candidate, place

pytestmark = pytest.mark.mesh


async def test_a_kit_is_for_the_company_and_names_skills_and_gaps(mesh: Any) -> None:
    here = await place(mesh)
    client, _ = await candidate(mesh, "Développeuse Python", "Scripts.", ["Python"])
    application = (await client.applications.apply(job_id=here.job_id)).application
    answer = await here.recruiter.interviews.generate_interview_kit(
        receipt_id=application.receipt_id, questions=8
    )
    about = {(one.kind, one.about) for one in answer.questions}
    assert (INTERVIEW_QUESTION_KIND_REQUIRED, "Python") in about
    assert (INTERVIEW_QUESTION_KIND_GAP, "Docker") in about
    assert answer.generated.generated_by == GENERATED_BY_TEMPLATE
    assert answer.generated.degraded == DEGRADED_REASON_NOT_CONFIGURED
    assert len(answer.questions) == 8
    with pytest.raises(PermissionDenied):
        await client.interviews.generate_interview_kit(receipt_id=application.receipt_id)


async def test_an_analysis_says_that_rules_made_it(mesh: Any) -> None:
    here = await place(mesh)
    transcript = "Recruiter: Do you know Docker?\nCandidate: I moved 12 services to Docker in 2024."
    answer = await here.recruiter.interviews.analyse_interview(transcript=transcript)
    assert [topic.name for topic in answer.analysis.topics] == ["docker"]
    assert answer.generated.generated_by == GENERATED_BY_RULES


async def test_free_writing_says_how_to_enable_it(mesh: Any) -> None:
    here = await place(mesh)
    with pytest.raises(WeNeedsError) as caught:
        await here.recruiter.assistants.generate_text(instruction="Écris une annonce.")
    assert caught.value.reason == "LLM_NOT_CONFIGURED"
    assert "WENEEDS_MATCHING_LLM_KEYS" in str(caught.value)


async def test_a_position_is_measured_without_a_key(mesh: Any) -> None:
    here = await place(mesh)
    held = Experience(title="Développeuse Python", start=Date(year=2022, month=1))
    answer = await here.recruiter.assistants.assess_experience(
        experience=held, job=AssessedJob(title="Développeur Python", skills=["Python"])
    )
    assert answer.prompt_path == PROMPT_PATH_WITH_JOB
    assert answer.generated.generated_by == GENERATED_BY_RULES
    parts = answer.assessment
    assert parts.sum == (
        parts.pertinence
        + parts.contract
        + parts.duration
        + parts.skills
        + parts.responsibilities
        + parts.complexity
        + parts.recency
    )
    assert parts.pertinence > 15
