"""Receipts are signed, cite the notice in force and quote the CV."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_COLUMNS = ("notice_id", "evidence", "evidence_hash", "statement", "kid", "signature")


def upgrade() -> None:
    """Add what is signed; evidence goes with the facts when a person is erased."""
    # Receipts from before stay unsigned: a signature made later would state what was not seen.
    for name in _COLUMNS:
        op.add_column("receipts", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.execute(
        """
        create or replace function only_erase() returns trigger language plpgsql as $$
        begin
            if tg_op = 'UPDATE' and new.inputs = '' and new.reasons = '[]' and new.evidence = ''
            then
                old.inputs := '';
                old.reasons := '[]';
                old.evidence := '';
                if old is not distinct from new then
                    return new;
                end if;
            end if;
            raise exception '% is append-only', tg_table_name;
        end $$
        """
    )
