"""Profiles that were erased, and the one change that a receipt admits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Remember who was erased; let facts about a person be taken out of a receipt."""
    op.create_table(
        "erased_profiles", sa.Column("candidate_id", UUID(as_uuid=False), primary_key=True)
    )
    op.create_index("receipts_by_candidate", "receipts", ["candidate_id"])
    op.execute(
        """
        create function only_erase() returns trigger language plpgsql as $$
        begin
            if tg_op = 'UPDATE' and new.inputs = '' and new.reasons = '[]' then
                old.inputs := '';
                old.reasons := '[]';
                if old is not distinct from new then
                    return new;
                end if;
            end if;
            raise exception '% is append-only', tg_table_name;
        end $$
        """
    )
    op.execute("drop trigger receipts_append_only on receipts")
    op.execute(
        "create trigger receipts_append_only before update or delete on receipts"
        " for each row execute function only_erase()"
    )
    op.execute("drop function refuse_change()")
