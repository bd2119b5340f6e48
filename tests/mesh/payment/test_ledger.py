"""The books: the database itself refuses what would falsify them."""

from __future__ import annotations

import uuid

import asyncpg
import pytest
from weneeds.common.v1.action_pb2 import ACTION_TYPE_INTERVIEW_SUCCEEDED

from services.payment.app.stores import Posted
from services.payment.domain.ledger import Line, NotPosted, Transaction
from tests.mesh.payment.house import EURO, House

pytestmark = pytest.mark.mesh


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_transactions"])
@pytest.mark.parametrize("change", ["update {} set created_at = now()", "delete from {}"])
async def test_what_is_written_stays(house: House, table: str, change: str) -> None:
    job = await house.job()
    await house.fund(job)
    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await house.execute(change.format(table))


async def test_the_owner_cannot_empty_the_books_either(house: House, admin_url: str) -> None:
    await house.fund(await house.job())
    admin = await asyncpg.connect(admin_url)
    try:
        with pytest.raises(asyncpg.RestrictViolationError):
            await admin.execute("truncate payment.ledger_entries")
    finally:
        await admin.close()


async def test_a_transaction_that_does_not_add_up_is_not_committed(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    with pytest.raises(asyncpg.CheckViolationError, match="does not add up"):
        await house.execute(
            """
            insert into ledger_entries (id, transaction_id, account, account_version, amount,
                                        balance, created_at)
            select :id, id, 'revenue:fees', 1, 1, 1, now() from ledger_transactions
            """,
            id=str(uuid.uuid4()),
        )


async def test_a_key_is_posted_once(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    transaction = Transaction("once", (Line("stripe:clearing", -5), Line("revenue:fees", 5)))

    async def post() -> None:
        async with house.work() as work:
            await house.ledger.post(work, [Posted.of(transaction, house.ids)], house.clock.now())

    await post()
    with pytest.raises(NotPosted):
        await post()
    [revenue] = await house.rows("select balance from accounts where name = 'revenue:fees'")
    assert revenue["balance"] == 5


async def test_an_account_that_does_not_exist_takes_nothing(house: House) -> None:
    transaction = Transaction("lost", (Line("stripe:clearing", -5), Line("budget:nobody", 5)))
    with pytest.raises(NotPosted):
        async with house.work() as work:
            await house.ledger.post(work, [Posted.of(transaction, house.ids)], house.clock.now())


async def test_a_budget_account_never_goes_below_zero(house: House) -> None:
    job = await house.job()
    await house.fund(job, EURO)
    transaction = Transaction(
        "over", (Line(f"budget:{job.job_id}", -2 * EURO), Line("revenue:fees", 2 * EURO))
    )
    with pytest.raises(asyncpg.CheckViolationError):
        async with house.work() as work:
            await house.ledger.post(work, [Posted.of(transaction, house.ids)], house.clock.now())


async def test_a_recount_explains_every_cent(house: House) -> None:
    for _ in range(3):
        job = await house.job()
        await house.fund(job)
        await house.apply(job, 82)
        await house.act(job, ACTION_TYPE_INTERVIEW_SUCCEEDED)
    report = await house.verify()
    assert report.sound
    figures = report.figures
    assert (figures.transactions, figures.entries, figures.budgets) == (9, 18, 3)
    assert figures.accounts == 5


@pytest.mark.parametrize(
    ("tampering", "kinds"),
    [
        ("update budgets set balance = balance + 1, total = total + 1", {"budget"}),
        ("update accounts set balance = 1 where name = 'revenue:fees'", {"account", "ledger"}),
        ("update action_log set amount = amount + 1", {"action"}),
        ("update action_log set transaction_id = null", {"transaction"}),
    ],
)
async def test_a_recount_finds_tampering(house: House, tampering: str, kinds: set[str]) -> None:
    job = await house.job()
    await house.fund(job)
    await house.apply(job, 82)
    await house.execute(tampering)
    report = await house.verify()
    assert not report.sound
    assert {problem.kind for problem in report.figures.problems} == kinds


async def test_a_recount_finds_entries_changed_behind_the_guards(
    house: House, admin_url: str
) -> None:
    job = await house.job()
    await house.fund(job)
    await house.apply(job, 82)
    admin = await asyncpg.connect(admin_url)
    try:
        await admin.execute(
            """
            set session_replication_role = replica;
            update payment.ledger_entries set amount = amount + 1
            where account = 'revenue:fees'
            """
        )
    finally:
        await admin.close()
    kinds = {problem.kind for problem in (await house.verify()).figures.problems}
    assert {"transaction", "entry", "account", "action"} <= kinds
