"""What tests of cards do again and again."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from typing import Any

from services.kit.clock import FakeClock
from services.payment.app.budgets import FundingOrder
from services.payment.app.collections import Outcome
from services.payment.domain.jobs import JobRef
from stack.standins.stripe.methods import public
from stack.standins.stripe.webhooks import signature
from tests.mesh.payment.house import EURO, House
from tests.support.standin import SECRET, StandIn


async def fund(
    shop: House, job: JobRef, card: str = "pm_card_visa", request_id: str = ""
) -> Outcome:
    """Fund a job with 10 euros."""
    order = FundingOrder(request_id or str(uuid.uuid4()), job.job_id, 10 * EURO, card)
    return (await shop.budgets.fund(order)).charge


async def finish(shop: House) -> None:
    """The minute job, some minutes later."""
    assert isinstance(shop.clock, FakeClock)
    shop.clock.move(timedelta(minutes=40))
    await shop.cards.finish_due()
    await shop.pump.idle()


async def account(shop: House, name: str) -> int:
    """The sum of an account's lines."""
    (row,) = await shop.rows(
        "select cast(coalesce(sum(amount), 0) as bigint) as sum from ledger_entries "
        "where account = :name",
        name=name,
    )
    return int(str(row["sum"]))


async def balance(shop: House, job: JobRef) -> int:
    """What is left of a budget."""
    return (await shop.budgets.get(job.job_id)).balance


def webhook(
    shop: House, stripe: StandIn, kind: str, type_: str, object_id: str
) -> tuple[bytes, str]:
    """An event about an object, signed by the clock of the test."""
    body = {
        "id": f"evt_{uuid.uuid4().hex}",
        "object": "event",
        "type": type_,
        "data": {"object": public(stripe.store.get(kind, object_id))},
    }
    payload = json.dumps(body)
    return payload.encode(), signature(payload, SECRET, int(shop.clock.now().timestamp()))


async def hear(shop: House, stripe: StandIn, kind: str, type_: str, object_id: str) -> None:
    """Deliver a webhook."""
    await shop.cards.webhooks.receive(*webhook(shop, stripe, kind, type_, object_id))


def newest(stripe: StandIn, kind: str) -> dict[str, Any]:
    """The newest object of a kind."""
    return stripe.store.listed(kind)[0]
