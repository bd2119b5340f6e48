"""A transaction with its lines, its action, its block and what cites it."""

from __future__ import annotations

from services.kit.db import Query, Row
from services.kit.work import UnitOfWork
from services.payment.app.explaining import StoredStory
from services.payment.app.stores import ActionRow, EntryRow
from services.payment.domain.actions import ActionStatus

_TRANSACTION = Query.text(
    """
    select posted.*, takes_back.id as reversed_by,
           (select min(number) from ledger_blocks where last_seq >= posted.seq) as block
    from ledger_transactions posted
    left join ledger_transactions takes_back on takes_back.reverses = posted.id
    where posted.id = cast(:id as uuid)
       or posted.id = (select transaction_id from ledger_entries where id = cast(:id as uuid))
       or posted.id = (select transaction_id from action_log where id = cast(:id as uuid))
    """
)
_LINES = Query.text("select * from ledger_entries where seq = :seq order by place")
_ACTION = Query.text(
    """
    select action.*, invoices.number as invoice_number
    from action_log action
    left join invoice_actions on invoice_actions.action_id = action.id
    left join invoices on invoices.id = invoice_actions.invoice_id
    where action.type = :type and action.application_id = cast(:application_id as uuid)
      and action.transaction_id = cast(:transaction_id as uuid)
    """
)


class StoryTables:
    """Reads from all tables of the ledger."""

    async def find(self, work: UnitOfWork, item_id: str) -> StoredStory | None:
        """Return the transaction with that id, or that the line or action of that id led to."""
        row = await work.fetch_one(_TRANSACTION, id=item_id)
        if row is None:
            return None
        lines = [_line(line, row) for line in await work.fetch(_LINES, seq=row["seq"])]
        action = await self._action(work, row)
        return StoredStory(
            transaction_id=row["id"],
            key=row["key"],
            created_at=row["created_at"],
            receipt_id=row["receipt_id"],
            reference=row["reference"],
            note=row["note"],
            reverses=row["reverses"] or "",
            reversed_by=row["reversed_by"] or "",
            block=row["block"] or 0,
            invoice_number=(action["invoice_number"] or "") if action else "",
            lines=lines,
            action=_action(action) if action else None,
            points=action["points"] if action else None,
            happened_at=action["happened_at"] if action else None,
        )

    async def _action(self, work: UnitOfWork, row: Row) -> Row | None:
        kind, _, rest = str(row["key"]).partition(":")
        if kind != "action":
            return None
        name, _, application = rest.partition(":")
        return await work.fetch_one(
            _ACTION, type=name, application_id=application, transaction_id=row["id"]
        )


def _line(line: Row, posted: Row) -> EntryRow:
    return EntryRow(
        id=line["id"],
        transaction_id=line["transaction_id"],
        transaction_key=posted["key"],
        account=line["account"],
        account_version=line["account_version"] or 0,
        amount=line["amount"],
        balance=line["balance"] or 0,
        created_at=line["created_at"],
        receipt_id=posted["receipt_id"],
    )


def _action(row: Row) -> ActionRow:
    return ActionRow(
        id=row["id"],
        type=row["type"],
        job_id=row["job_id"],
        application_id=row["application_id"],
        status=ActionStatus(row["status"]),
        amount=row["amount"],
        retry_count=row["retry_count"],
        created_at=row["created_at"],
        processed_at=row["processed_at"],
        receipt_id=row["receipt_id"],
        last_error=row["last_error"],
    )
