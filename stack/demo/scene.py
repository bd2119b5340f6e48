"""The scene: companies, jobs, candidates. Loaded once, found again later."""

from __future__ import annotations

import time
from dataclasses import dataclass

from google.protobuf.field_mask_pb2 import FieldMask
from weneeds import AlreadyExists, AsyncWeNeeds, FailedPrecondition, NotFound, euros, micros
from weneeds.jobs.v1.job_pb2 import JOB_STATUS_DRAFT, Job
from weneeds.matching.v1.cv_pb2 import Cv
from weneeds.options.v1.role_pb2 import CompanyRole
from weneeds.payment.v1.budget_pb2 import Budget

from stack import samples
from stack.demo.cast import Actor, each, enter, request_id, until
from stack.demo.story import Story
from stack.samples import cvs

# The job whose applications the demo tells.
_JOB = "python-backend"
_FUNDS = "25.00"
_CARD = "pm_card_visa"
# Below this the budget is topped up: the dearest application costs 1.00.
_LOW_MICROS = 5_000_000
_INDEX_SECONDS = 300.0
_PROFILE_PATHS = (
    "title",
    "summary",
    "experiences",
    "skills",
    "languages",
    "address",
    "contract_types",
    "locale",
)


@dataclass(frozen=True, slots=True)
class Employer:
    """A company, who recruits for it, and who helps."""

    sample: samples.SampleCompany
    company_id: str
    recruiter: Actor
    helper: Actor


@dataclass(frozen=True, slots=True)
class Seeker:
    """A candidate and the sample behind."""

    sample: samples.SampleCandidate
    actor: Actor
    # What was read in the CV; None where that was in an earlier run.
    cv: Cv | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is there before the first application of this run."""

    employer: Employer
    job: Job
    # By user id.
    seekers: dict[str, Seeker]
    # Candidates in matching's index.
    indexed: int

    def seeker(self, user_id: str) -> str:
        """Return the candidate's name; the id for somebody who is not of the samples."""
        known = self.seekers.get(user_id)
        return known.actor.name if known else user_id


async def load(weneeds: AsyncWeNeeds, story: Story) -> Scene:
    """Make the scene, or find it."""
    story.chapter("1", "Two companies open their doors")
    employers = await each(samples.companies(), lambda sample: _employer(weneeds, sample))
    story.employers(employers)
    story.chapter("2", "Jobs are funded and published")
    published = [await _jobs(employer) for employer in employers]
    employer, jobs = next((e, j) for e, j in zip(employers, published, strict=True) if _JOB in j)
    job = jobs[_JOB]
    story.jobs(employers, published, await _budget(employer, job.id))
    story.chapter("3", "Candidates send their CVs and confirm what was read")
    began = time.monotonic()
    with story.waiting("CVs are uploaded and read, profiles confirmed, eight at a time"):
        numbered = enumerate(samples.candidates())
        seekers = await each(numbered, lambda each_: _seeker(weneeds, each_[1], each_[0]))
    with story.waiting("matching reads the profiles (this takes the encoder a while)"):
        indexed = await _indexed(employer, job.id, len(seekers))
    story.candidates(len(seekers), indexed, time.monotonic() - began)
    story.cvs(seekers)
    return Scene(employer, job, {seeker.actor.user_id: seeker for seeker in seekers}, indexed)


async def _employer(weneeds: AsyncWeNeeds, sample: samples.SampleCompany) -> Employer:
    recruiter = await enter(weneeds, sample.recruiter, "USER_ROLE_RECRUITER")
    helper = await enter(weneeds, sample.collaborator, "USER_ROLE_RECRUITER")
    me = await recruiter.weneeds.accounts.get_me()
    known = [m.company_id for m in me.memberships if m.company_name == sample.name]
    company_id = known[0] if known else await _company(recruiter, sample)
    try:
        await recruiter.weneeds.companies.add_collaborator(
            request_id=request_id("collaborator", company_id, helper.user_id),
            company_id=company_id,
            email=helper.person.email,
            role=CompanyRole.Value(f"COMPANY_ROLE_{sample.collaborator_role}"),
        )
    except AlreadyExists as error:
        if error.reason != "COLLABORATOR_EXISTS":
            raise
    return Employer(sample, company_id, recruiter, helper)


async def _company(recruiter: Actor, sample: samples.SampleCompany) -> str:
    created = await recruiter.weneeds.companies.create_company(
        request_id=request_id("company", recruiter.user_id),
        name=sample.name,
        siret=sample.siret,
        city=sample.city,
    )
    return created.company.id


async def _jobs(employer: Employer) -> dict[str, Job]:
    """Create, fund and publish what is missing; return the company's jobs by sample key."""
    weneeds = employer.recruiter.weneeds
    company_id = employer.company_id
    pager = weneeds.jobs.list_company_jobs(company_id=company_id, page_size=100)
    known = {job.title: job async for job in pager}
    jobs = {}
    for sample in samples.jobs():
        if sample.company_key != employer.sample.key:
            continue
        job = known.get(sample.job.title) or await _create(employer, sample)
        if sample.key == _JOB:
            await _fund(employer, job.id)
        if job.status == JOB_STATUS_DRAFT:
            job = (await weneeds.jobs.publish_job(job_id=job.id)).job
        jobs[sample.key] = job
    return jobs


async def _create(employer: Employer, sample: samples.SampleJob) -> Job:
    draft = Job()
    draft.CopyFrom(sample.job)
    draft.company_id = employer.company_id
    created = await employer.recruiter.weneeds.jobs.create_job(
        request_id=request_id("job", employer.company_id, sample.key), job=draft
    )
    return created.job


async def _fund(employer: Employer, job_id: str) -> None:
    """Fund the job the first time, and whenever little is left."""
    try:
        budget = await _budget(employer, job_id)
    except NotFound:
        version = 0
    else:
        if micros(budget.current_balance) >= _LOW_MICROS:
            return
        version = budget.version
    await employer.recruiter.weneeds.budgets.fund_budget(
        request_id=request_id("fund", job_id, str(version)),
        job_id=job_id,
        amount=euros(_FUNDS),
        payment_method=_CARD,
    )


async def _budget(employer: Employer, job_id: str) -> Budget:
    return (await employer.recruiter.weneeds.budgets.get_budget(job_id=job_id)).budget


async def _seeker(weneeds: AsyncWeNeeds, sample: samples.SampleCandidate, number: int) -> Seeker:
    """Sign in; the first time, send a CV as PDF and confirm the profile that it proposes."""
    actor = await enter(weneeds, sample.person, "USER_ROLE_CANDIDATE")
    try:
        await actor.weneeds.candidates.get_my_profile()
    except (FailedPrecondition, NotFound) as error:
        if error.reason != "PROFILE_MISSING":
            raise
        read = (await actor.weneeds.cvs.parse_cv(content=cvs.pdf(sample, number))).cv
        profile = read.proposed_profile
        # What no CV says: the kinds of contract that are wished for.
        profile.contract_types[:] = sample.profile.contract_types
        await actor.weneeds.candidates.update_profile(
            profile=profile, update_mask=FieldMask(paths=_PROFILE_PATHS)
        )
        return Seeker(sample, actor, read)
    return Seeker(sample, actor)


async def _indexed(employer: Employer, job_id: str, wanted: int) -> int:
    async def probe() -> int | None:
        pager = employer.recruiter.weneeds.ranking.rank_candidates(job_id=job_id, page_size=1)
        try:
            total = (await pager.page()).total_size
        except FailedPrecondition as error:
            if error.reason != "JOB_NOT_INDEXED":
                raise
            return None
        return total if total >= wanted else None

    return await until(f"{wanted} profiles in the index", probe, _INDEX_SECONDS)
