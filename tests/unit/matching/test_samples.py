"""The score on the sample ads and candidates, who say themselves what they fit."""

from __future__ import annotations

import pytest
from weneeds.jobs.v1.candidate_pb2 import Profile
from weneeds.jobs.v1.facts_service_pb2 import ExperienceFacts
from weneeds.jobs.v1.facts_service_pb2 import ProfileFacts as FactsMessage

from services.matching.domain.scoring.brief import read_job as brief_of
from services.matching.domain.scoring.facts import ProfileFacts
from services.matching.domain.scoring.score import score_for
from services.matching.ports.facts import read_job, read_profile
from stack.samples import SampleJob, candidates, jobs
from tests.unit.matching.people import TODAY


def facts_of(profile: Profile) -> ProfileFacts:
    """What matching may know of a profile."""
    held = [
        ExperienceFacts(
            title=one.title,
            start=one.start,
            end=one.end if one.HasField("end") else None,
            contract_type=one.contract_type,
            description=one.description,
        )
        for one in profile.experiences
    ]
    message = FactsMessage(
        title=profile.title,
        experiences=held,
        skills=profile.skills,
        languages=profile.languages,
        contract_types=profile.contract_types,
    )
    return read_profile(message).facts


PROFILES = [(candidate, facts_of(candidate.profile)) for candidate in candidates()]


@pytest.mark.parametrize("job", jobs(), ids=lambda job: job.key)
def test_who_fits_beats_who_nearly_does_and_both_beat_the_rest(job: SampleJob) -> None:
    brief = brief_of(read_job(job.job).facts)
    fitting, near, rest = [], [], []
    for candidate, facts in PROFILES:
        points = score_for(brief, facts, TODAY).final
        if job.key in candidate.fits:
            fitting.append(points)
        elif job.key in candidate.near:
            near.append(points)
        else:
            rest.append(points)
    assert 65 <= min(fitting) <= max(fitting) <= 95
    assert max([*near, *rest]) < min(fitting)
    assert max(rest) < 30
