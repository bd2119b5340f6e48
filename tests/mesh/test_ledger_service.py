"""The books and the prices through the gateway, as staff sees them; the command that explains."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import grpc
import httpx
import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from weneeds import WeNeedsError, euros, micros
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_MEETING_SCHEDULED,
)
from weneeds.payment.v1.action_service_pb2 import RecordActionRequest
from weneeds.payment.v1.action_service_pb2_grpc import ActionServiceStub
from weneeds.payment.v1.budget_pb2 import ACTION_STATUS_PROCESSED

from tests.conftest import RunningMesh
from tests.mesh.staffing import Admin, refusal
from tests.support.people import Team, eventually, team

pytestmark = pytest.mark.mesh

EURO = 1_000_000


@pytest.fixture
async def hiring(guest: Any) -> Team:
    """A team with ten euros."""
    made = await team(guest)
    await made.recruiter.client.budgets.fund_budget(
        job_id=made.job_id, amount=euros("10"), payment_method="pm_card_visa"
    )
    return made


def _recorder(mesh: RunningMesh, service: str) -> Any:
    """Payment's inner door, as one of the services."""
    tls = mesh.topology.tls(service)
    credentials = grpc.ssl_channel_credentials(
        *((tls / name).read_bytes() for name in ("ca.pem", "key.pem", "cert.pem"))
    )
    channel = grpc.aio.secure_channel(
        mesh.topology.address("payment"),
        credentials,
        options=[("grpc.ssl_target_name_override", "payment.weneeds.internal")],
    )
    return ActionServiceStub(channel)


def _wish(hiring: Team, score: int | None, **values: Any) -> RecordActionRequest:
    return RecordActionRequest(
        type=ACTION_TYPE_APPLICATION_RECEIVED,
        job_id=hiring.job_id,
        company_id=hiring.company_id,
        application_id=str(uuid4()),
        matching_score=score,
        receipt_id=str(uuid4()),
        **values,
    )


async def _charged(hiring: Team, count: int = 1) -> list[Any]:
    async def done() -> list[Any] | None:
        listed = hiring.recruiter.client.budgets.list_actions(job_id=hiring.job_id)
        actions = [action async for action in listed]
        fine = [action for action in actions if action.status == ACTION_STATUS_PROCESSED]
        return fine if len(fine) == count else None

    return await eventually(done)


async def test_a_recorded_action_is_charged_once(mesh: RunningMesh, hiring: Team) -> None:
    recorder, wish = _recorder(mesh, "jobs"), _wish(hiring, 82)
    answers = await asyncio.gather(*(recorder.RecordAction(wish) for _ in range(8)))
    assert {micros(answer.amount) for answer in answers} == {820_000}
    await _charged(hiring)
    budget = (await hiring.recruiter.client.budgets.get_budget(job_id=hiring.job_id)).budget
    assert micros(budget.current_balance) == 10 * EURO - 820_000


async def test_an_absent_score_is_not_zero(mesh: RunningMesh, hiring: Team) -> None:
    recorder = _recorder(mesh, "jobs")
    absent = await recorder.RecordAction(_wish(hiring, None))
    zero = await recorder.RecordAction(_wish(hiring, 0))
    assert (micros(absent.amount), micros(zero.amount)) == (670_000, 0)
    await _charged(hiring, 2)


async def test_an_action_under_a_known_key_with_another_score_is_refused(
    mesh: RunningMesh, hiring: Team
) -> None:
    recorder, wish = _recorder(mesh, "jobs"), _wish(hiring, 82)
    await recorder.RecordAction(wish)
    wish.matching_score = 83
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await recorder.RecordAction(wish)
    assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_only_jobs_records_actions(mesh: RunningMesh, hiring: Team) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _recorder(mesh, "messaging").RecordAction(_wish(hiring, 82))
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_staff_reads_why_money_moved(
    mesh: RunningMesh, hiring: Team, boss: Admin, rest: httpx.AsyncClient
) -> None:
    wish = _wish(hiring, 82)
    await _recorder(mesh, "jobs").RecordAction(wish)
    [action] = await _charged(hiring)
    answer = await rest.get(f"/api/v1/admin/payment/ledger/{action.id}", headers=boss.bearer)
    story = answer.json()["story"]
    assert story["calculation"] == "82 points at 0.01 = 0.82"
    assert story["action"]["applicationId"] == wish.application_id
    assert {line["account"] for line in story["lines"]} == {
        f"budget:{hiring.job_id}",
        "revenue:fees",
    }
    missing = await refusal(boss.client.ledgers.get_ledger_story(id=str(uuid4())))
    assert missing.reason == "LEDGER_ITEM_NOT_FOUND"


async def test_staff_takes_a_fee_back(mesh: RunningMesh, hiring: Team, boss: Admin) -> None:
    await _recorder(mesh, "jobs").RecordAction(_wish(hiring, 82))
    [action] = await _charged(hiring)
    story = (await boss.client.ledgers.get_ledger_story(id=action.id)).story
    taken_back = await boss.client.ledgers.reverse_fee(
        transaction_id=story.transaction_id, reason="Candidature fictive", request_id=str(uuid4())
    )
    assert taken_back.story.reverses == story.transaction_id
    assert taken_back.story.note == "Candidature fictive"
    budget = (await hiring.recruiter.client.budgets.get_budget(job_id=hiring.job_id)).budget
    assert micros(budget.current_balance) == 10 * EURO
    twice = await refusal(
        boss.client.ledgers.reverse_fee(
            transaction_id=story.transaction_id, reason="Encore", request_id=str(uuid4())
        )
    )
    assert twice.reason == "NOT_REVERSIBLE"


async def test_staff_announces_a_price(boss: Admin, plain: Admin) -> None:
    # Far away: the mesh is shared, and nobody else is to pay it.
    moment = Timestamp()
    moment.FromDatetime(datetime.now(UTC) + timedelta(days=3650))
    wish = {
        "type": ACTION_TYPE_MEETING_SCHEDULED,
        "valid_from": moment,
        "fixed": euros("0.05"),
        "per_point": Money(currency_code="EUR"),
    }
    with pytest.raises(WeNeedsError):
        await plain.client.ledgers.set_price(**wish, request_id=str(uuid4()))
    await boss.client.ledgers.set_price(**wish, request_id=str(uuid4()))
    table = (await plain.client.ledgers.get_price_table()).prices
    announced = [price for price in table if price.type == ACTION_TYPE_MEETING_SCHEDULED]
    assert [micros(price.fixed) for price in announced] == [50_000]
    failed = [price for price in table if price.type == ACTION_TYPE_INTERVIEW_FAILED]
    assert [micros(price.fixed) for price in failed] == [EURO // 2]
    moment.FromDatetime(datetime.now(UTC))
    early = await refusal(boss.client.ledgers.set_price(**wish, request_id=str(uuid4())))
    assert early.reason == "PRICE_DATE"


async def test_the_command_tells_the_story(mesh: RunningMesh, hiring: Team) -> None:
    await _recorder(mesh, "jobs").RecordAction(_wish(hiring, 82))
    [action] = await _charged(hiring)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from stack.cli import main; main()",
        "ledger",
        "explain",
        action.id,
        env={**os.environ, "WENEEDS_STATE": str(mesh.topology.state)},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    text = output.decode()
    assert process.returncode == 0, text
    assert "82 points at 0.01 = 0.82 EUR" in text
    assert action.receipt_id in text
    assert "revenue:fees" in text
