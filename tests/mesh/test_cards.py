"""Cards through the public gateway, with the stand-in's webhooks on their real way."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from weneeds import AsyncWeNeeds
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_PAYMENT_METHOD_ADDED

from stack.cli.payments import _compare
from stack.standins.stripe.webhooks import signature
from tests.conftest import RunningMesh
from tests.mesh.staffing import Admin
from tests.support.people import RECRUITER, Person, Team, eventually, person, team

pytestmark = pytest.mark.mesh

WEBHOOK = "/api/v1/payments/webhooks/stripe"
ASKS = "pm_card_authenticationRequired"


async def add_card(rest: httpx.AsyncClient, who: Team, card: str = "pm_card_visa") -> Any:
    answer = await rest.post(
        f"/api/v1/companies/{who.company_id}/payment-methods",
        json={"requestId": str(uuid4()), "paymentMethod": card, "termsAccepted": True},
        headers=who.recruiter.bearer,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def fund(rest: httpx.AsyncClient, who: Team, card: str = "") -> Any:
    answer = await rest.post(
        f"/api/v1/jobs/{who.job_id}/budget:fund",
        json={
            "requestId": str(uuid4()),
            "amount": {"currencyCode": "EUR", "units": "25"},
            "paymentMethod": card,
        },
        headers=who.recruiter.bearer,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_every_collaborator_hears_of_a_new_card(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    """PA17: three collaborators, three notifications."""
    house = await team(guest)
    others = [await person(guest, RECRUITER) for _ in range(2)]
    for other in others:
        await house.recruiter.client.companies.add_collaborator(
            company_id=house.company_id, email=other.email, role="COMPANY_ROLE_VIEWER"
        )
    stranger = await person(guest, RECRUITER)
    added = await add_card(rest, house)
    assert added["paymentMethod"]["last4"] == "4242"
    assert added["paymentMethod"]["isDefault"] is True
    assert added["paymentMethod"]["mandate"]["acceptedBy"] == house.recruiter.id
    for member in (house.recruiter, *others):

        async def told(who: Person = member) -> Any:
            return await told_of_card(who) or None

        assert len(await eventually(told)) == 1
    assert await told_of_card(stranger) == []


async def told_of_card(who: Person) -> list[Any]:
    mails = [mail async for mail in who.client.mails.list_my_mails()]
    return [mail for mail in mails if mail.type == MAIL_TYPE_PAYMENT_METHOD_ADDED]


async def test_the_default_card_pays_and_the_charge_is_listed(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    house = await team(guest)
    await add_card(rest, house)
    funded = await fund(rest, house)
    assert funded["charge"]["status"] == "CHARGE_STATUS_SUCCEEDED"
    assert funded["budget"]["currentBalance"]["units"] == "25"
    listed = await rest.get(
        f"/api/v1/companies/{house.company_id}/charges", headers=house.recruiter.bearer
    )
    assert [one["id"] for one in listed.json()["charges"]] == [funded["charge"]["id"]]
    foreign = await team(guest)
    refused = await rest.get(
        f"/api/v1/companies/{foreign.company_id}/charges/{funded['charge']['id']}",
        headers=foreign.recruiter.bearer,
    )
    assert refused.status_code == 404


async def test_the_owner_agrees_and_a_webhook_funds_the_budget(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient
) -> None:
    house = await team(guest)
    funded = await fund(rest, house, ASKS)
    assert funded["charge"]["status"] == "CHARGE_STATUS_REQUIRES_ACTION"
    assert "budget" not in funded or funded["budget"] is None
    async with httpx.AsyncClient() as bank:
        answer = await bank.post(funded["charge"]["link"], data={"outcome": "ok"})
    assert answer.status_code == 303

    async def there() -> Any:
        budget = await rest.get(
            f"/api/v1/jobs/{house.job_id}/budget", headers=house.recruiter.bearer
        )
        return budget.json()["budget"] if budget.status_code == 200 else None

    # The minute job would take up to a minute: it is the webhook that does it.
    budget = await eventually(there, seconds=20)
    assert budget["currentBalance"]["units"] == "25"


async def test_staff_refunds_once_and_it_is_audited(
    guest: AsyncWeNeeds, rest: httpx.AsyncClient, boss: Admin
) -> None:
    house = await team(guest)
    funded = await fund(rest, house, "pm_card_visa")
    path = f"/api/v1/admin/charges/{funded['charge']['id']}:refund"
    wish = {
        "requestId": str(uuid4()),
        "amount": {"currencyCode": "EUR", "units": "5"},
        "reason": "Asked for by the fictitious company",
    }
    headers = {"authorization": f"Bearer {boss.client.tokens.access_token}"}  # type: ignore[union-attr]
    answers = [await rest.post(path, json=wish, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["refund"]["status"] == "REFUND_STATUS_SUCCEEDED"
    too_much = wish | {"requestId": str(uuid4()), "amount": {"currencyCode": "EUR", "units": "21"}}
    refused = await rest.post(path, json=too_much, headers=headers)
    assert refused.status_code == 400
    assert "20.00" in refused.text
    users_token = await rest.post(path, json=wish, headers=house.recruiter.bearer)
    assert users_token.status_code == 401


async def test_the_gateway_passes_the_signed_bytes_as_they_are(
    mesh: RunningMesh, rest: httpx.AsyncClient
) -> None:
    """Blanks, order of keys, doubled keys and what is no JSON at all: the bytes count."""
    secret = mesh.topology.passwords["stripe-webhook"]
    event = {"id": f"evt_{uuid4().hex}", "type": "none.of.ours", "data": {"object": {"id": "x_1"}}}
    for body in (
        json.dumps(event),
        json.dumps(event, indent=4) + "\n\n",
        '{"unknown": 1, "unknown": 2, ' + json.dumps(event)[1:],
    ):
        signed = signature(body, secret, int(time.time()))
        answer = await rest.post(WEBHOOK, content=body, headers=_headers(signed))
        assert answer.status_code == 200, answer.text
    body = json.dumps(event)
    signed = signature(body, secret, int(time.time()))
    for spoiled, sent in ((body + " ", signed), (body, ""), ("", signed)):
        answer = await rest.post(WEBHOOK, content=spoiled, headers=_headers(sent))
        assert answer.status_code == 400, answer.text
    old = signature(body, secret, int(time.time()) - 3600)
    assert (await rest.post(WEBHOOK, content=body, headers=_headers(old))).status_code == 400
    coming = signature(body, secret, int(time.time()) + 3600)
    assert (await rest.post(WEBHOOK, content=body, headers=_headers(coming))).status_code == 400


async def test_a_webhook_has_a_bounded_size(mesh: RunningMesh, rest: httpx.AsyncClient) -> None:
    body = "x" * (257 * 1024)
    signed = signature(body, "whatever", int(time.time()))
    answer = await rest.post(WEBHOOK, content=body, headers=_headers(signed))
    assert answer.status_code == 413
    assert (await rest.get(WEBHOOK)).status_code in (404, 405)


async def test_every_cent_of_the_mesh_is_explained(
    mesh: RunningMesh, guest: AsyncWeNeeds, rest: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.cli.payments.running_topology", lambda: mesh.topology)
    # Other tests charge on the same stand-in and keep books of their own. Objects tell their age
    # in whole seconds: from the next one on they are ours.
    since = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=1)
    await asyncio.sleep((since - datetime.now(UTC)).total_seconds())
    await fund(rest, await team(guest), "pm_card_visa")
    report = await _compare(since)
    assert report.differences == []
    assert report.objects == 1
    assert report.ours == report.theirs > 0


def _headers(signed: str) -> dict[str, str]:
    headers = {"content-type": "application/json; charset=utf-8"}
    return headers | ({"stripe-signature": signed} if signed else {})
