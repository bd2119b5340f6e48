"""Budgets, fees and the ledger through the public gateway."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import httpx
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from weneeds import AsyncWeNeeds, NotFound, PermissionDenied, WeNeedsError, euros, micros
from weneeds.jobs.v1 import application_pb2
from weneeds.jobs.v1.candidate_pb2 import Profile
from weneeds.jobs.v1.job_pb2 import CONTRACT_TYPE_CDI, Job
from weneeds.payment.v1 import budget_pb2

pytestmark = pytest.mark.mesh

PASSWORD = "correct horse battery"
EURO = 1_000_000
T = TypeVar("T")


@dataclass
class Team:
    """A fictitious company with a recruiter and a published job."""

    recruiter: AsyncWeNeeds
    company_id: str
    job_id: str
    # Opens clients that are signed out.
    mesh: Any

    async def fund(self, amount: str, card: str = "pm_card_visa") -> budget_pb2.Budget:
        answer = await self.recruiter.budgets.fund_budget(
            job_id=self.job_id, amount=euros(amount), payment_method=card
        )
        return answer.budget

    async def budget(self) -> budget_pb2.Budget:
        return (await self.recruiter.budgets.get_budget(job_id=self.job_id)).budget

    async def balance(self) -> int:
        return micros((await self.budget()).current_balance)

    async def actions(self) -> list[budget_pb2.ActionLog]:
        return [a async for a in self.recruiter.budgets.list_actions(job_id=self.job_id)]

    async def apply(self) -> Any:
        """Let a new fictitious candidate apply; return the application."""
        candidate = await person(self.mesh, "USER_ROLE_CANDIDATE")
        await candidate.candidates.update_profile(
            profile=Profile(title="Développeuse Python", skills=["Python", "SQL"], locale="fr"),
            update_mask=FieldMask(paths=["title", "skills", "locale"]),
        )
        return (await candidate.applications.apply(job_id=self.job_id)).application

    async def settled(self, count: int, status: budget_pb2.ActionStatus.ValueType) -> Any:
        """Wait until `count` actions have `status`; return all actions."""

        async def look() -> list[budget_pb2.ActionLog] | None:
            actions = await self.actions()
            return actions if sum(a.status == status for a in actions) == count else None

        return await eventually(look)


async def person(mesh: Any, role: Any) -> AsyncWeNeeds:
    client: AsyncWeNeeds = mesh.client()
    email = f"payment-{uuid4()}@example.org"
    await client.accounts.register(
        email=email, password=PASSWORD, first_name="Fictive", last_name="Personne", role=role
    )
    await client.sessions.sign_in(email=email, password=PASSWORD)
    return client


async def eventually(look: Callable[[], Awaitable[T | None]]) -> T:
    """Ask until there is an answer, for at most 30 seconds."""
    async with asyncio.timeout(30):
        while (found := await look()) is None:
            await asyncio.sleep(0.05)
    return found


async def hired(mesh: Any, *, premium: bool = False) -> Team:
    recruiter = await person(mesh, "USER_ROLE_RECRUITER")
    company = (await recruiter.companies.create_company(name="Fictive SAS")).company
    draft = Job(
        company_id=company.id,
        title="Développeur Python",
        description="Une équipe fictive cherche une personne qui écrit du Python.",
        skills=["Python", "SQL"],
        contract_type=CONTRACT_TYPE_CDI,
        city="Lyon",
        locale="fr",
        premium=premium,
    )
    job = (await recruiter.jobs.create_job(job=draft)).job
    await recruiter.jobs.publish_job(job_id=job.id)
    return Team(recruiter, company.id, job.id, mesh)


@pytest.fixture
async def team(mesh: Any) -> Team:
    return await hired(mesh)


@pytest.fixture
async def http(mesh: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=mesh.rest, timeout=20) as client:
        yield client


def points(application: Any) -> int:
    """What the score of an application is billed as."""
    return application.matching_score if application.HasField("matching_score") else 67


async def test_an_application_is_billed_by_its_score_and_told_by_mail(team: Team) -> None:
    await team.fund("20.00")
    applications = [await team.apply() for _ in range(3)]
    actions = await team.settled(3, budget_pb2.ACTION_STATUS_PROCESSED)
    fees = {application.id: points(application) * 10_000 for application in applications}
    assert {a.application_id: micros(a.amount) for a in actions} == fees
    assert await team.balance() == 20 * EURO - sum(fees.values())

    entries = [e async for e in team.recruiter.budgets.list_ledger_entries(job_id=team.job_id)]
    assert sum(micros(entry.amount) for entry in entries) == await team.balance()
    assert {e.transaction_key for e in entries if micros(e.amount) < 0} == {
        f"action:APPLICATION_RECEIVED:{key}" for key, fee in fees.items() if fee
    }
    receipts = {application.receipt_id for application in applications}
    assert {e.receipt_id for e in entries if e.receipt_id} <= receipts

    async def mails() -> list[str] | None:
        subjects = [mail.subject async for mail in team.recruiter.mails.list_my_mails()]
        told = [subject for subject in subjects if "Développeur Python" in subject]
        return told if len(told) == len(applications) else None

    assert await eventually(mails)


async def test_interviews_have_a_fixed_price(team: Team) -> None:
    await team.fund("10")
    application = await team.apply()
    other = await team.apply()
    outcomes = (
        application_pb2.INTERVIEW_OUTCOME_SUCCEEDED,
        application_pb2.INTERVIEW_OUTCOME_FAILED,
    )
    for one, outcome in zip((application, other), outcomes, strict=True):
        await team.recruiter.applications.move_application(
            application_id=one.id, status=application_pb2.APPLICATION_STATUS_SHORTLISTED
        )
        await team.recruiter.applications.record_interview(application_id=one.id, outcome=outcome)
    await team.settled(4, budget_pb2.ACTION_STATUS_PROCESSED)
    spent = (points(application) + points(other)) * 10_000 + EURO + EURO // 2
    assert await team.balance() == 10 * EURO - spent


async def test_an_application_without_a_budget_waits_for_it(team: Team) -> None:
    with pytest.raises(NotFound) as refused:
        await team.budget()
    assert refused.value.reason == "BUDGET_NOT_FOUND"
    application = await team.apply()
    [waiting] = await team.settled(1, budget_pb2.ACTION_STATUS_PENDING)
    assert waiting.retry_count == 0
    await team.fund("5")
    await team.settled(1, budget_pb2.ACTION_STATUS_PROCESSED)
    assert await team.balance() == 5 * EURO - points(application) * 10_000


async def test_a_paused_budget_is_charged_once_it_is_resumed(team: Team) -> None:
    await team.fund("5")
    paused = (await team.recruiter.budgets.pause_budget(job_id=team.job_id)).budget
    assert paused.status == budget_pb2.BUDGET_STATUS_PAUSED
    assert paused.HasField("paused_at")
    assert not paused.budget_active
    application = await team.apply()
    await team.settled(1, budget_pb2.ACTION_STATUS_PENDING)
    assert await team.balance() == 5 * EURO
    resumed = (await team.recruiter.budgets.resume_budget(job_id=team.job_id)).budget
    assert not resumed.HasField("paused_at")
    await team.settled(1, budget_pb2.ACTION_STATUS_PROCESSED)
    assert await team.balance() == 5 * EURO - points(application) * 10_000


async def test_a_premium_job_is_unlimited(mesh: Any) -> None:
    team = await hired(mesh, premium=True)
    budget = await team.budget()
    assert budget.unlimited
    assert budget.has_budget
    assert budget.budget_active
    assert micros(budget.current_balance) == 999_999 * EURO
    await team.apply()
    await team.settled(1, budget_pb2.ACTION_STATUS_PROCESSED)
    assert await team.balance() == 999_999 * EURO


async def test_another_company_sees_and_moves_nothing(team: Team, mesh: Any) -> None:
    await team.fund("5")
    stranger = await person(mesh, "USER_ROLE_RECRUITER")
    budgets = stranger.budgets
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: budgets.get_budget(job_id=team.job_id),
        lambda: budgets.pause_budget(job_id=team.job_id),
        lambda: budgets.fund_budget(
            job_id=team.job_id, amount=euros("5"), payment_method="pm_card_visa"
        ),
        lambda: anext(aiter(budgets.list_actions(job_id=team.job_id))),
        lambda: anext(aiter(budgets.list_ledger_entries(job_id=team.job_id))),
    ]
    for call in calls:
        with pytest.raises(PermissionDenied) as refused:
            await call()
        assert refused.value.reason == "SCOPE_DENIED"
    assert await team.balance() == 5 * EURO


async def test_a_repeated_request_charges_once_and_another_body_is_refused(team: Team) -> None:
    request = {
        "request_id": str(uuid4()),
        "job_id": team.job_id,
        "amount": euros("7"),
        "payment_method": "pm_card_visa",
    }
    answers = await asyncio.gather(
        *(team.recruiter.budgets.fund_budget(**request) for _ in range(5))  # type: ignore[arg-type]
    )
    assert {micros(answer.budget.total_budget) for answer in answers} == {7 * EURO}
    with pytest.raises(WeNeedsError) as refused:
        await team.recruiter.budgets.fund_budget(**{**request, "amount": euros("8")})  # type: ignore[arg-type]
    assert refused.value.reason == "REQUEST_ID_REUSED"
    assert await team.balance() == 7 * EURO


@pytest.mark.parametrize(
    ("change", "status", "reason"),
    [
        ({"amount": {"currencyCode": "USD", "units": "5"}}, 400, "AMOUNT_INVALID"),
        ({"amount": {"currencyCode": "EUR", "nanos": 990000000}}, 400, "AMOUNT_INVALID"),
        ({"amount": {"currencyCode": "EUR", "units": "100001"}}, 400, "AMOUNT_INVALID"),
        (
            {"amount": {"currencyCode": "EUR", "units": "5", "nanos": 1000}},
            400,
            "AMOUNT_INVALID",
        ),
        ({"paymentMethod": "4242424242424242"}, 400, "INVALID_FIELDS"),
        ({"requestId": "again"}, 400, "INVALID_FIELDS"),
        ({"paymentMethod": "pm_card_chargeDeclinedInsufficientFunds"}, 400, "CARD_DECLINED"),
    ],
)
async def test_bad_fundings_over_rest(
    team: Team, http: httpx.AsyncClient, change: dict[str, Any], status: int, reason: str
) -> None:
    assert team.recruiter.tokens is not None
    body = {
        "requestId": str(uuid4()),
        "amount": {"currencyCode": "EUR", "units": "5"},
        "paymentMethod": "pm_card_visa",
    }
    answer = await http.post(
        f"/api/v1/jobs/{team.job_id}/budget:fund",
        json={**body, **change},
        headers={"authorization": f"Bearer {team.recruiter.tokens.access_token}"},
    )
    assert (answer.status_code, reason in answer.text) == (status, True), answer.text
    with pytest.raises(NotFound):
        await team.budget()


async def test_a_page_token_of_another_list_is_refused(team: Team, http: httpx.AsyncClient) -> None:
    assert team.recruiter.tokens is not None
    headers = {"authorization": f"Bearer {team.recruiter.tokens.access_token}"}
    for _ in range(2):
        await team.fund("5")
    path = f"/api/v1/jobs/{team.job_id}/ledger-entries"
    first = (await http.get(path, params={"pageSize": 1}, headers=headers)).json()
    token = first["nextPageToken"]
    second = await http.get(path, params={"pageSize": 1, "pageToken": token}, headers=headers)
    assert second.json()["entries"][0]["id"] != first["entries"][0]["id"]
    assert not second.json()["nextPageToken"]
    other = await http.get(
        f"/api/v1/jobs/{team.job_id}/actions", params={"pageToken": token}, headers=headers
    )
    assert (other.status_code, "PAGE_TOKEN_INVALID" in other.text) == (400, True), other.text
