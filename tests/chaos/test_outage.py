"""Stores that stop under a whole mesh: said in the documented shape, and it passes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from weneeds import Unauthenticated, Unavailable, WeNeedsError
from weneeds.payment.v1.budget_pb2 import ACTION_STATUS_PENDING

from tests.conftest import RunningMesh
from tests.support import errors
from tests.support.people import PASSWORD, RECRUITER, applied, candidate, eventually, person, team

pytestmark = pytest.mark.mesh


async def passes(call: Callable[[], Awaitable[Any]]) -> Any:
    """Repeat a call while the platform says that it is unavailable."""

    async def look() -> Any:
        try:
            return await call()
        except Unavailable:
            return None

    return await eventually(look)


async def test_postgres_away(fragile: RunningMesh) -> None:
    supervisor = fragile.mesh.supervisor
    async with fragile.client() as client, httpx.AsyncClient(base_url=fragile.rest) as http:
        hiring = await team(client)
        recruiter = hiring.recruiter
        jobs = f"/api/v1/companies/{hiring.company_id}/jobs"
        request_id = str(uuid4())
        body = {"requestId": request_id, "name": "Maison Fictive"}
        await supervisor.stop("postgres")
        try:
            for answer in (
                await http.get(jobs, headers=recruiter.bearer, timeout=20),
                await http.post(
                    "/api/v1/companies", json=body, headers=recruiter.bearer, timeout=20
                ),
            ):
                problem = errors.of_rest(answer)
                assert (answer.status_code, problem.reason) == (503, "DEPENDENCY_DOWN")
                assert problem.domain in {"jobs.weneeds.fr", "auth.weneeds.fr"}
        finally:
            await supervisor.start_again("postgres")
        listed = await passes(
            lambda: recruiter.client.jobs.list_company_jobs(company_id=hiring.company_id).page()
        )
        assert [job.id for job in listed.jobs] == [hiring.job_id]
        # What was refused had no effect, so the same request may come again.
        answer = await http.post("/api/v1/companies", json=body, headers=recruiter.bearer)
        assert answer.status_code == 200, answer.text


async def test_valkey_away_signs_nobody_in(fragile: RunningMesh) -> None:
    supervisor = fragile.mesh.supervisor
    async with fragile.client() as client:
        hiring = await team(client)
        ended = await person(client, RECRUITER)
        kept = client.with_token(ended.token)
        await ended.client.sessions.sign_out()
        await supervisor.stop("valkey")
        try:
            # That a session cannot be looked up is no way in.
            with pytest.raises(Unavailable) as refused:
                await kept.jobs.list_jobs().page()
            assert refused.value.reason == "DEPENDENCY_DOWN"
            with pytest.raises(Unavailable) as refused:
                await client.with_token(None).sessions.sign_in(email=ended.email, password=PASSWORD)
            assert refused.value.reason == "DEPENDENCY_DOWN"
            # Limits are counted locally: eleven wrong sign-ins in a row are too many.
            told = [await reason(client, ended.email) for _ in range(14)]
            assert "RATE_LIMITED" in told
        finally:
            await supervisor.start_again("valkey")
        me = await passes(hiring.recruiter.client.accounts.get_me)
        assert me.user.id == hiring.recruiter.id
        with pytest.raises(Unauthenticated):
            await kept.jobs.list_jobs().page()


async def reason(client: Any, email: str) -> str:
    try:
        await client.with_token(None).sessions.sign_in(email=email, password="wrong", timeout=3)
    except WeNeedsError as error:
        return error.reason
    return ""


async def test_nats_away_applications_are_taken_all_the_same(fragile: RunningMesh) -> None:
    supervisor = fragile.mesh.supervisor
    async with fragile.client() as client:
        hiring = await team(client)
        seekers = [await candidate(client) for _ in range(4)]
        first = await applied(seekers[0], hiring.job_id)
        await supervisor.stop("nats")
        try:
            applications = [first] + [await applied(s, hiring.job_id) for s in seekers[1:]]
        finally:
            await supervisor.start_again("nats")

        async def actions() -> list[Any] | None:
            pager = hiring.recruiter.client.budgets.list_actions(job_id=hiring.job_id)
            found = [action async for action in pager]
            return found if len(found) >= len(applications) else None

        found = await eventually(actions, 40)
        assert sorted(a.application_id for a in found) == sorted(a.id for a in applications)
        assert {action.status for action in found} == {ACTION_STATUS_PENDING}
