"""Ranking, scores and receipts through the public gateway."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import grpc.aio
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from weneeds import AsyncWeNeeds, PermissionDenied, WeNeedsError
from weneeds.jobs.v1.candidate_pb2 import Experience, Profile
from weneeds.jobs.v1.job_pb2 import (
    CONTRACT_TYPE_CDI,
    LANGUAGE_LEVEL_B1,
    LANGUAGE_LEVEL_C1,
    Job,
    LanguageSkill,
)
from weneeds.matching.v1.score_pb2 import Receipt
from weneeds.matching.v1.scoring_service_pb2 import ScoreApplicationRequest
from weneeds.matching.v1.scoring_service_pb2_grpc import ScoringServiceStub

from services.kit.channels import Channels
from services.matching.domain.receipt import hash_of
from services.matching.domain.scoring.inputs import read_inputs
from services.matching.domain.scoring.score import score
from services.matching.ports.engine import engine_hash

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"
T = TypeVar("T")


@dataclass
class Place:
    """A fictitious company with a published job."""

    recruiter: AsyncWeNeeds
    job_id: str
    company_id: str


async def person(mesh: Any, role: Any, locale: str = "en") -> AsyncWeNeeds:
    client: AsyncWeNeeds = mesh.client(locale)
    email = f"matching-{uuid4()}@example.org"
    await client.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Personne", role=role
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return client


async def candidate(mesh: Any, title: str, text: str, skills: list[str]) -> tuple[Any, str]:
    """A fictitious candidate with one position since 2021; the client and the id."""
    client = await person(mesh, "USER_ROLE_CANDIDATE")
    held = Experience(
        title=title,
        company="Société fictive",
        start=Date(year=2021, month=1),
        contract_type=CONTRACT_TYPE_CDI,
        description=text,
    )
    profile = Profile(
        title=title,
        experiences=[held],
        skills=skills,
        languages=[LanguageSkill(code="en", level=LANGUAGE_LEVEL_C1)],
        contract_types=[CONTRACT_TYPE_CDI],
        locale="fr",
    )
    paths = ["title", "experiences", "skills", "languages", "contract_types", "locale"]
    answer = await client.candidates.update_profile(
        profile=profile, update_mask=FieldMask(paths=paths)
    )
    return client, answer.profile.candidate_id


async def place(mesh: Any) -> Place:
    recruiter = await person(mesh, "USER_ROLE_RECRUITER")
    company = (await recruiter.companies.create_company(name="Société fictive")).company
    job = Job(
        company_id=company.id,
        title="Développeur back-end Python (H/F)",
        description="Vous concevez des API de paiement avec FastAPI, PostgreSQL et Docker.",
        skills=["Python", "FastAPI", "PostgreSQL", "Docker"],
        languages=[LanguageSkill(code="en", level=LANGUAGE_LEVEL_B1)],
        contract_type=CONTRACT_TYPE_CDI,
        min_experience_years=3,
        city="Lyon",
        locale="fr",
    )
    created = await recruiter.jobs.create_job(job=job)
    await recruiter.jobs.publish_job(job_id=created.job.id)
    return Place(recruiter, created.job.id, company.id)


async def developer(mesh: Any) -> tuple[Any, str]:
    return await candidate(
        mesh,
        "Développeuse Python",
        "Conception d'API REST avec FastAPI et PostgreSQL, conteneurs Docker, équipe de 12.",
        ["Python", "FastAPI", "PostgreSQL", "Docker"],
    )


async def nurse(mesh: Any) -> tuple[Any, str]:
    return await candidate(
        mesh,
        "Infirmière",
        "Soins intensifs, administration des médicaments, 12 lits.",
        ["Soins infirmiers", "Urgences"],
    )


async def eventually(look: Callable[[], Awaitable[T | None]], seconds: float = 30.0) -> T:
    deadline = time.monotonic() + seconds
    while True:
        found = await look()
        if found is not None:
            return found
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.1)


async def ranked(here: Place, *ids: str) -> dict[str, Any]:
    """Wait until all of these candidates are ranked for the job; return them by id."""

    async def look() -> dict[str, Any] | None:
        try:
            hits = [hit async for hit in here.recruiter.ranking.rank_candidates(job_id=here.job_id)]
        except WeNeedsError as error:
            assert error.reason == "JOB_NOT_INDEXED"
            return None
        found = {hit.candidate_id: hit for hit in hits}
        return found if found.keys() >= set(ids) else None

    return await eventually(look)


async def test_the_fitting_candidate_ranks_first_and_says_why(mesh: Any) -> None:
    here = await place(mesh)
    (_, good), (_, bad) = await developer(mesh), await nurse(mesh)
    found = await ranked(here, good, bad)
    assert found[good].rank_score_micros > found[bad].rank_score_micros
    assert found[good].score.final_score >= 70
    assert found[bad].score.final_score < 30
    assert list(found[good].matched_skills) == ["Python", "FastAPI", "PostgreSQL", "Docker"]
    assert found[good].explanation.startswith("Meaning ")
    assert "words " in found[good].explanation
    assert any("Python" in reason for reason in found[good].score.reasons)


async def test_pages_hold_everybody_once_and_in_order(mesh: Any) -> None:
    here = await place(mesh)
    (_, good), (_, bad) = await developer(mesh), await nurse(mesh)
    await ranked(here, good, bad)
    pages = here.recruiter.ranking.rank_candidates(job_id=here.job_id, page_size=1)
    hits = [hit async for hit in pages]
    assert len({hit.candidate_id for hit in hits}) == len(hits) >= 2
    ranks = [hit.rank_score_micros for hit in hits]
    assert ranks == sorted(ranks, reverse=True)


async def test_jobs_are_ranked_for_a_candidate_until_they_close(mesh: Any) -> None:
    here = await place(mesh)
    client, _ = await developer(mesh)

    async def job_ids() -> set[str] | None:
        try:
            return {hit.job_id async for hit in client.ranking.rank_jobs()}
        except WeNeedsError as error:
            assert error.reason == "PROFILE_NOT_INDEXED"
            return None

    async def listed() -> bool | None:
        return here.job_id in (await job_ids() or set()) or None

    async def gone() -> bool | None:
        return here.job_id not in (await job_ids() or {here.job_id}) or None

    await eventually(listed)
    await here.recruiter.jobs.close_job(job_id=here.job_id)
    await eventually(gone)


async def test_strangers_see_no_ranking(mesh: Any) -> None:
    here = await place(mesh)
    stranger = await person(mesh, "USER_ROLE_RECRUITER")
    client, _ = await developer(mesh)
    for caller in (stranger, client):
        with pytest.raises(PermissionDenied):
            _ = [hit async for hit in caller.ranking.rank_candidates(job_id=here.job_id)]


async def test_a_score_is_fixed_once_and_both_sides_read_its_receipt(mesh: Any) -> None:
    here = await place(mesh)
    client, candidate_id = await developer(mesh)
    application = (await client.applications.apply(job_id=here.job_id)).application
    mine = (await client.scoring.get_receipt(receipt_id=application.receipt_id)).receipt
    theirs = (await here.recruiter.scoring.get_receipt(receipt_id=application.receipt_id)).receipt
    assert mine == theirs
    assert mine.candidate_id == candidate_id
    assert mine.score.final_score == application.matching_score >= 70
    assert recomputes(mine)


def recomputes(receipt: Receipt) -> bool:
    """Whether anybody with the engine comes to the same score."""
    assert receipt.engine_hash == engine_hash()
    assert receipt.inputs_hash == hash_of(receipt.inputs)
    again = score(*read_inputs(receipt.inputs))
    parts = receipt.score.dimensions
    stated = {name: getattr(parts, name) for name in dataclasses.asdict(again.dimensions)}
    assert stated == dataclasses.asdict(again.dimensions)
    return again.final == receipt.score.final_score


async def test_a_receipt_is_nobody_elses_business(mesh: Any) -> None:
    here = await place(mesh)
    client, _ = await developer(mesh)
    application = (await client.applications.apply(job_id=here.job_id)).application
    stranger, _ = await nurse(mesh)
    for receipt_id in (application.receipt_id, str(uuid4())):
        with pytest.raises(PermissionDenied) as caught:
            await stranger.scoring.get_receipt(receipt_id=receipt_id)
        assert caught.value.reason == "SCOPE_DENIED"


async def test_nobody_fixes_scores_from_outside(mesh: Any) -> None:
    here = await place(mesh)
    assert here.recruiter.tokens is not None
    request = ScoreApplicationRequest(
        application_id=str(uuid4()), job_id=here.job_id, candidate_id=str(uuid4())
    )
    async with grpc.aio.insecure_channel(mesh.grpc) as channel:
        for token in ("", here.recruiter.tokens.access_token):
            metadata = [("authorization", f"Bearer {token}")] if token else []
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await ScoringServiceStub(channel).ScoreApplication(request, metadata=metadata)
            # The gateway has no such route.
            assert caught.value.code() is grpc.StatusCode.NOT_FOUND


@pytest.fixture
async def as_jobs(mesh: Any) -> AsyncIterator[ScoringServiceStub]:
    """The scoring service, called as the jobs service calls it."""
    topology = mesh.topology
    channels = Channels(topology.service_addresses, topology.tls("jobs"))
    yield ScoringServiceStub(channels.to("matching"))
    await channels.close()


async def test_an_application_has_one_receipt_whoever_asks(
    mesh: Any, as_jobs: ScoringServiceStub
) -> None:
    here = await place(mesh)
    _, candidate_id = await developer(mesh)
    request = ScoreApplicationRequest(
        application_id=str(uuid4()), job_id=here.job_id, candidate_id=candidate_id
    )
    answers = await asyncio.gather(*(as_jobs.ScoreApplication(request) for _ in range(8)))
    assert len({answer.receipt_id for answer in answers}) == 1
    assert answers[0].score.final_score >= 70
    assert answers[0].score == answers[-1].score


async def test_what_jobs_does_not_know_has_no_score(mesh: Any, as_jobs: ScoringServiceStub) -> None:
    here = await place(mesh)
    _, candidate_id = await developer(mesh)
    for job_id, who, reason in (
        (str(uuid4()), candidate_id, "JOB_NOT_INDEXED"),
        (here.job_id, str(uuid4()), "PROFILE_NOT_INDEXED"),
    ):
        request = ScoreApplicationRequest(
            application_id=str(uuid4()), job_id=job_id, candidate_id=who
        )
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await as_jobs.ScoreApplication(request)
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        assert str(caught.value.details()).startswith(f"{reason}: ")


async def test_receipts_cannot_be_changed(mesh: Any) -> None:
    here = await place(mesh)
    client, _ = await developer(mesh)
    await client.applications.apply(job_id=here.job_id)
    connection = await asyncpg.connect(mesh.topology.database_url("matching"))
    for statement in ("update receipts set final_score = 100", "delete from receipts"):
        with pytest.raises(asyncpg.RaiseError, match="append-only"):
            await connection.execute(statement)
    await connection.close()
