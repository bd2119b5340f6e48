"""Prospects, filters and text search through the gateway."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from weneeds import errors
from weneeds.matching.v1.filter_pb2 import ProfileFilter
from weneeds.matching.v1.prospect_service_pb2 import Prospect

from tests.mesh.test_matching import Place, candidate, developer, eventually, place, ranked

pytestmark = pytest.mark.mesh


async def sourced(here: Place, title: str, *skills: str, city: str = "") -> Prospect:
    made = await here.recruiter.prospects.create_prospect(
        prospect=Prospect(
            company_id=here.company_id, reference="Fiche 12", title=title, skills=skills, city=city
        )
    )
    return made.prospect


async def ranked_prospects(here: Place, *ids: str) -> list[str]:
    async def look() -> list[str] | None:
        try:
            hits = [hit async for hit in here.recruiter.ranking.rank_prospects(job_id=here.job_id)]
        except errors.WeNeedsError as refused:
            assert refused.reason == "JOB_NOT_INDEXED"
            return None
        found = [hit.candidate_id for hit in hits]
        return found if set(ids) <= set(found) else None

    return await eventually(look)


async def test_a_prospect_is_ranked_for_its_company_and_becomes_a_candidate(mesh: Any) -> None:
    here, other = await place(mesh), await place(mesh)
    good = await sourced(here, "Développeuse Python", "Python", "PostgreSQL")
    bad = await sourced(here, "Fleuriste", "Bouquets")
    foreign = await sourced(other, "Développeuse Python", "Python")
    found = await ranked_prospects(here, good.id, bad.id)
    assert found == [good.id, bad.id]
    assert await ranked_prospects(other, foreign.id) == [foreign.id]
    # A prospect is nobody's candidate.
    _, person = await developer(mesh)
    assert not {good.id, bad.id} & set(await ranked(here, person))

    turned = await here.recruiter.prospects.convert_prospect(
        company_id=here.company_id, prospect_id=good.id, candidate_id=person
    )
    assert (turned.prospect.id, turned.prospect.candidate_id) == (good.id, person)
    assert await ranked_prospects(here, bad.id) == [bad.id]
    listed = [
        (one.id, one.candidate_id)
        async for one in here.recruiter.prospects.list_prospects(company_id=here.company_id)
    ]
    assert listed == [(bad.id, ""), (good.id, person)]
    await here.recruiter.prospects.delete_prospect(company_id=here.company_id, prospect_id=bad.id)
    assert await ranked_prospects(here) == []


async def test_a_prospect_of_others_does_not_exist(mesh: Any) -> None:
    here, other = await place(mesh), await place(mesh)
    made = await sourced(here, "Soudeur")
    with pytest.raises(errors.WeNeedsError) as refused:
        await other.recruiter.prospects.delete_prospect(
            company_id=other.company_id, prospect_id=made.id
        )
    assert refused.value.reason == "PROSPECT_NOT_FOUND"
    with pytest.raises(errors.WeNeedsError) as denied:
        await other.recruiter.prospects.delete_prospect(
            company_id=here.company_id, prospect_id=made.id
        )
    assert denied.value.reason == "SCOPE_DENIED"


async def test_filters_leave_only_what_holds(mesh: Any) -> None:
    here = await place(mesh)
    near = await sourced(here, "Soudeur", "TIG", city="Villeurbanne")
    far = await sourced(here, "Soudeur", "TIG", city="Brest")
    await ranked_prospects(here, near.id, far.id)
    for wanted, left in (
        (ProfileFilter(city="Lyon", radius_km=20), [near.id]),
        (ProfileFilter(skills=["tig"]), [near.id, far.id]),
        (ProfileFilter(languages=["en:B2"]), []),
    ):
        page = here.recruiter.ranking.rank_prospects(job_id=here.job_id, filter=wanted)
        assert sorted([hit.candidate_id async for hit in page]) == sorted(left)


async def test_words_find_candidates_and_jobs(mesh: Any) -> None:
    here = await place(mesh)
    word = f"Zythologie{uuid4().hex[:8]}"
    _, person = await candidate(mesh, "Sommelière", "Elle goûte.", [word, "Écoute"])

    async def look() -> list[str] | None:
        page = here.recruiter.text_searches.rank_candidates_by_text(
            company_id=here.company_id, query=word.upper()
        )
        return [hit.candidate_id async for hit in page] or None

    assert await eventually(look) == [person]
    page = here.recruiter.text_searches.rank_jobs_by_text(query="developpeur PYTHON")
    assert here.job_id in {hit.job_id async for hit in page}
