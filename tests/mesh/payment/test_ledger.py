"""The books: the database itself refuses what would falsify them."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from weneeds.common.v1.action_pb2 import ACTION_TYPE_INTERVIEW_SUCCEEDED

from services.kit.db import Query
from services.kit.errors import RequestIdReused
from services.payment.app.books import Receipt
from services.payment.app.stores import Posted
from services.payment.domain.errors import BalanceTooLow
from services.payment.domain.ledger import Line, NotPosted, Transaction
from services.payment.store.sealing import Blocks
from tests.mesh.payment.house import EURO, House

pytestmark = pytest.mark.mesh

Owner = Any
_FIRST = "0190a0a0-0000-7000-8000-000000000001"
_TRANSACTION = """
    insert into ledger_transactions (id, key, request_hash, reference, receipt_id, created_at)
    values (:id, 'by hand', '', '', '', now())
"""
_LINE = """
    insert into ledger_entries (id, transaction_id, seq, place, account, amount, created_at)
    select gen_random_uuid(), id, seq, cast(:place as smallint), 'revenue:fees',
           cast(:amount as bigint), now()
    from ledger_transactions where id = :id
"""


@pytest.fixture
async def owner(admin_url: str) -> AsyncIterator[Owner]:
    """A connection of the administrator, who owns the tables."""
    connection = await asyncpg.connect(admin_url)
    await connection.execute("set search_path = payment")
    yield connection
    await connection.close()


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_transactions", "ledger_blocks"])
@pytest.mark.parametrize("change", ["update {} set hash = hash", "delete from {}", "truncate {}"])
async def test_the_service_may_not_change_what_is_written(
    house: House, table: str, change: str
) -> None:
    if table != "ledger_blocks":
        change = change.replace("hash = hash", "created_at = created_at")
    await house.fund(await house.job())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await house.execute(change.format(table))


@pytest.mark.parametrize("column", ["amount", "points", "receipt_id", "request_hash", "seq"])
async def test_the_service_may_not_change_what_happened(house: House, column: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await house.execute(f"update action_log set {column} = {column}")


@pytest.mark.parametrize("table", ["ledger_entries", "ledger_transactions", "ledger_blocks"])
@pytest.mark.parametrize("change", ["update {} set seq = 1", "delete from {}", "truncate {}"])
async def test_the_owner_cannot_change_the_books_either(
    house: House, owner: Owner, table: str, change: str
) -> None:
    if table == "ledger_blocks":
        change = change.replace("seq", "number")
    await house.fund(await house.job())
    # A table that others refer to cannot be emptied in the first place.
    refused = (asyncpg.RestrictViolationError, asyncpg.FeatureNotSupportedError)
    with pytest.raises(refused):
        await owner.execute(change.format(table))


async def test_lines_that_do_not_add_up_are_refused_at_the_commit(house: House) -> None:
    """Only there: the second line may come in a statement of its own."""
    job = await house.job()
    await house.fund(job)
    reached = False
    with pytest.raises(asyncpg.CheckViolationError, match="does not add up"):
        async with house.work() as work:
            await work.execute(Query.text(_TRANSACTION), id=_FIRST)
            await work.execute(Query.text(_LINE), id=_FIRST, place=1, amount=-5)
            await work.execute(Query.text(_LINE), id=_FIRST, place=2, amount=4)
            reached = True
    assert reached


async def test_a_transaction_without_lines_is_refused_at_the_commit(house: House) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="does not add up"):
        await house.execute(_TRANSACTION, id=_FIRST)


async def test_nothing_is_added_to_a_transaction_that_is_closed(house: House) -> None:
    await house.fund(await house.job())
    with pytest.raises(asyncpg.RestrictViolationError, match="closed"):
        await house.execute(
            """
            insert into ledger_entries (id, transaction_id, seq, place, account, amount, created_at)
            select :id, id, seq, 3, 'revenue:fees', 1, now() from ledger_transactions
            """,
            id=_FIRST,
        )


async def test_a_key_is_posted_once(house: House) -> None:
    async def post(amount: int) -> Receipt:
        async with house.work() as work:
            return await house.books.post(
                work,
                key="once",
                lines=[("stripe:clearing", -amount), ("company:c:wallet", amount)],
            )

    first = await post(5)
    again = await post(5)
    assert first.new
    assert again == Receipt(first.transaction_id, new=False)
    with pytest.raises(RequestIdReused):
        await post(6)
    [wallet] = await house.rows("select balance from accounts where name = 'company:c:wallet'")
    assert wallet["balance"] == 5
    assert (await house.verify()).sound


async def test_one_key_at_the_same_time_is_posted_once(house: House) -> None:
    async def post() -> Receipt:
        async with house.work() as work:
            return await house.books.post(
                work, key="race", lines=[("stripe:clearing", -5), ("company:r:wallet", 5)]
            )

    receipts = await asyncio.gather(*(post() for _ in range(6)))
    assert sum(receipt.new for receipt in receipts) == 1
    assert len({receipt.transaction_id for receipt in receipts}) == 1
    assert (await house.verify()).sound


async def test_an_account_that_does_not_exist_takes_nothing(house: House) -> None:
    transaction = Transaction("lost", (Line("stripe:clearing", -5), Line("budget:nobody", 5)))
    with pytest.raises(NotPosted):
        async with house.work() as work:
            await house.ledger.post(work, [Posted.of(transaction, house.ids)], house.clock.now())


@pytest.mark.parametrize("account", ["budget:j", "held:j", "company:c:wallet"])
async def test_some_accounts_never_go_below_zero(house: House, account: str) -> None:
    with pytest.raises(BalanceTooLow):
        async with house.work() as work:
            await house.books.post(work, key="over", lines=[(account, -1), ("revenue:fees", 1)])


async def test_what_a_company_owes_goes_below_zero(house: House) -> None:
    async with house.work() as work:
        await house.books.post(
            work, key="lent", lines=[("company:c:receivable", -1), ("revenue:fees", 1)]
        )
    assert (await house.verify()).sound


async def test_a_recount_explains_every_cent(house: House) -> None:
    for _ in range(3):
        job = await house.job()
        await house.fund(job)
        await house.apply(job, 82)
        await house.act(job, ACTION_TYPE_INTERVIEW_SUCCEEDED)
    figures = await house.verify()
    assert figures.sound
    assert (figures.transactions, figures.entries, figures.actions) == (9, 18, 6)
    assert (figures.budgets, figures.unsealed) == (3, 0)


async def test_shared_accounts_show_their_sum_once_sealed(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    await house.apply(job, 82)
    await house.sealer.run()
    shown = {
        str(row["name"]): row["balance"]
        for row in await house.rows("select name, balance from accounts where shared")
    }
    assert shown["revenue:fees"] == 820_000
    assert shown["stripe:clearing"] == -10 * EURO


async def test_the_chain_goes_on_where_it_ended(house: House) -> None:
    job = await house.job()
    await house.fund(job)
    assert await house.sealer.run() == 1
    assert await house.sealer.run() == 0
    await house.apply(job, 82)
    assert await house.sealer.run() == 1
    first, second = await house.rows("select * from ledger_blocks order by number")
    assert second["previous"] == first["hash"]
    assert (second["actions"], second["transactions"], second["entries"]) == (1, 1, 2)


async def test_the_sealer_waits_for_a_number_that_is_not_committed(house: House) -> None:
    """Numbers are drawn in one order and committed in another: none is left out."""
    job = await house.job()
    await house.fund(job)
    async with house.work() as slow:
        await house.books.post(
            slow, key="slow", lines=[("stripe:clearing", -5), ("company:s:wallet", 5)]
        )
        # A task of its own has a unit of its own.
        blocks = Blocks(house.database)
        assert await asyncio.create_task(blocks.cut(0.1), context=contextvars.Context()) is None
    figures = await house.verify()
    assert figures.sound
    assert (figures.unsealed, figures.transactions) == (0, 2)


@pytest.mark.parametrize(
    ("tampering", "kinds"),
    [
        ("update budgets set balance = balance + 1, total = total + 1", {"budget"}),
        ("update accounts set balance = 1 where name = 'revenue:fees'", {"account"}),
        ("update accounts set balance = 1 where name like 'budget%'", {"account", "budget"}),
        ("update action_log set amount = amount + 1", {"action", "block"}),
        ("update action_log set points = 3", {"block"}),
        ("update action_log set transaction_id = null", {"transaction"}),
        (
            "update ledger_entries set amount = amount + 1 where account = 'revenue:fees'",
            {"transaction", "account", "block"},
        ),
        (
            "update ledger_entries set balance = balance + 1 where balance is not null",
            {"entry", "block"},
        ),
        ("update ledger_transactions set receipt_id = 'another'", {"block"}),
        ("update ledger_blocks set hash = sha256(hash)", {"block"}),
        (
            "delete from ledger_entries where seq = (select max(seq) from ledger_entries)",
            {"account", "action", "block", "ledger"},
        ),
    ],
)
async def test_a_recount_finds_what_was_changed_behind_the_guards(
    house: House, owner: Owner, tampering: str, kinds: set[str]
) -> None:
    job = await house.job()
    await house.fund(job)
    await house.apply(job, 82)
    await house.sealer.run()
    await owner.execute(f"set session_replication_role = replica; {tampering}")
    figures = await house.verify()
    assert not figures.sound
    assert {problem.kind for problem in figures.problems} == kinds
