"""What a ranking told is kept for the company of the job, and goes with the person."""

from __future__ import annotations

from typing import Any

import pytest
from weneeds import errors
from weneeds.errors import WeNeedsError

from tests.mesh.test_matching import PASSWORD, developer, eventually, nurse, place, ranked

pytestmark = pytest.mark.mesh


async def test_a_ranking_is_kept_for_its_company_alone_until_the_person_goes(mesh: Any) -> None:
    here, other = await place(mesh), await place(mesh)
    (client, good), (_, bad) = await developer(mesh), await nurse(mesh)
    told = (await ranked(here, good, bad))[good]

    async def kept() -> Any:
        try:
            found = await here.recruiter.matches.get_match(job_id=here.job_id, candidate_id=good)
        except WeNeedsError as refused:
            assert refused.reason == "MATCH_NOT_FOUND"
            return None
        return found.match

    match = await eventually(kept)
    assert match.score == told.score
    assert match.explanation.startswith("Meaning ")
    assert match.rank_score_micros > 0
    pages = here.recruiter.matches.list_matches(job_id=here.job_id, page_size=1)
    listed = [one async for one in pages]
    scores = [one.score.final_score for one in listed]
    assert {good, bad} <= {one.candidate_id for one in listed}
    assert len({one.candidate_id for one in listed}) == len(listed)
    assert scores == sorted(scores, reverse=True)
    with pytest.raises(errors.WeNeedsError) as refused:
        await other.recruiter.matches.get_match(job_id=here.job_id, candidate_id=good)
    assert refused.value.reason == "SCOPE_DENIED"

    await client.accounts.delete_me(password=PASSWORD)

    async def gone() -> bool | None:
        return True if await kept() is None else None

    await eventually(gone)
