"""The write-ahead log over time: prices, what it forgets, and the books made again from it."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

import pytest
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
)
from weneeds.jobs.events.v1.events_pb2 import ActionPerformed, ApplicationReceived

from services.kit.clock import FakeClock
from services.kit.times import to_timestamp
from services.payment.app.retention import KEPT
from services.payment.domain.errors import PriceDate
from services.payment.domain.fees import Price
from services.payment.domain.prices import BEGINNING, NOTICE
from tests.mesh.payment.house import EURO, House, application

pytestmark = pytest.mark.mesh

_Event: TypeAlias = ActionPerformed | ApplicationReceived


async def test_the_table_begins_with_the_prices_of_the_contract(house: House) -> None:
    lines = {line.action_type: line for line in (await house.prices.book()).lines()}
    assert lines["APPLICATION_RECEIVED"].price == Price(0, 10_000, 67)
    assert lines["INTERVIEW_SUCCEEDED"].price == Price(EURO)
    assert lines["INTERVIEW_FAILED"].price == Price(EURO // 2)
    assert "MEETING_SCHEDULED" not in lines
    assert {line.valid_from for line in lines.values()} == {BEGINNING}


async def test_the_price_of_the_moment_counts_and_not_that_of_the_posting(house: House) -> None:
    assert isinstance(house.clock, FakeClock)
    job = await house.job()
    await house.fund(job, 10 * EURO)
    before = house.clock.now()
    await house.prices.set("INTERVIEW_FAILED", Price(2 * EURO), before + NOTICE)
    house.clock.move(NOTICE)
    for moment in (before, before + NOTICE):
        event = ActionPerformed(
            type=ACTION_TYPE_INTERVIEW_FAILED,
            job_id=job.job_id,
            company_id=job.company_id,
            application_id=house.ids.new(),
            performed_at=to_timestamp(moment),
        )
        await house.events.action_performed(event)
    await house.pump.idle()
    amounts = await house.rows("select amount from action_log order by id")
    assert [row["amount"] for row in amounts] == [EURO // 2, 2 * EURO]
    assert (await house.verify()).sound


async def test_a_price_is_announced_ahead_and_stays(house: House) -> None:
    moment = house.clock.now() + NOTICE
    with pytest.raises(PriceDate):
        await house.prices.set("INTERVIEW_FAILED", Price(1), moment - timedelta(microseconds=1))
    await house.prices.set("INTERVIEW_FAILED", Price(1), moment)
    with pytest.raises(PriceDate):
        await house.prices.set("INTERVIEW_FAILED", Price(2), moment)


async def test_the_log_forgets_who_and_keeps_what(house: House) -> None:
    assert isinstance(house.clock, FakeClock)
    job = await house.job()
    await house.fund(job)
    old = await house.apply(job, 82)
    await house.sealer.run()
    house.clock.move(KEPT)
    new = await house.apply(job, 70)
    house.clock.move(timedelta(seconds=1))
    assert await house.rooms.retention.run() == 1
    assert await house.rooms.retention.run() == 0
    forgotten, kept = await house.action(old), await house.action(new)
    assert (forgotten["payload"], forgotten["trace"]) == ({}, {})
    assert (forgotten["amount"], forgotten["points"]) == (820_000, 82)
    assert kept["payload"]
    assert (await house.verify()).sound


async def test_all_events_again_into_empty_books_make_the_same_balances(
    house: House, empty: Callable[[], Awaitable[None]]
) -> None:
    """Twice each, and in another order: fundings apart, no event knows of another."""
    jobs = [await house.job() for _ in range(3)]
    events: list[ActionPerformed | ApplicationReceived] = [
        application(job, score) for job in jobs for score in (0, 35, 82, None)
    ]
    events += [
        ActionPerformed(
            type=kind,
            job_id=event.job_id,
            company_id=event.company_id,
            application_id=event.application_id,
            user_id=house.ids.new(),
        )
        for event in events
        for kind in (ACTION_TYPE_INTERVIEW_SUCCEEDED, ACTION_TYPE_INTERVIEW_FAILED)
    ]
    fundings = [(job, 20 * EURO, house.ids.new()) for job in jobs]

    async def play(
        order: Sequence[_Event],
    ) -> list[dict[str, object]]:
        for job, amount, request in fundings:
            await house.fund(job, amount, request_id=request)
        for event in order:
            if isinstance(event, ActionPerformed):
                await house.events.action_performed(event)
            else:
                await house.events.application_received(event)
        await house.pump.idle()
        assert (await house.verify()).sound
        return await house.rows("select name, balance, version from accounts order by name")

    first = await play(events)
    await empty()
    again = [*events, *events]
    random.Random(4).shuffle(again)
    assert await play(again) == first
