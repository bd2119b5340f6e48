"""The index as searches in memory follow it: names' vectors, and which rows changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_FOLLOWED = ("indexed_jobs", "indexed_profiles", "erased_profiles", "prospects")


def upgrade() -> None:
    """Create the tables and the columns that tell what changed."""
    _names()
    _prospects()
    for table in ("indexed_jobs", "indexed_profiles"):
        op.execute(f"alter table {table} add column locale text not null default ''")
        # Searches stay in memory; the lists of words serve the text search alone.
        op.execute(f"create index {table}_by_words on {table} using gin (words)")
    op.add_column(
        "indexed_jobs", sa.Column("salary", sa.Integer, nullable=False, server_default="0")
    )
    _changes()


def _names() -> None:
    op.create_table("name_vectors", sa.Column("name", sa.Text, primary_key=True))
    op.execute("alter table name_vectors add column vector public.vector(512) not null")


def _prospects() -> None:
    op.create_table(
        "prospects",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("company_id", UUID(as_uuid=False), nullable=False),
        sa.Column("candidate_id", UUID(as_uuid=False)),
        sa.Column("reference", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("salary", sa.Integer, nullable=False),
        sa.Column("available", sa.Integer, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    # Without a vector until the encoder has had its turn.
    op.execute("alter table prospects add column experiences public.vector(512)")
    op.execute("alter table prospects alter column experiences set storage plain")
    op.create_index("prospects_by_company", "prospects", ["company_id", "id"])
    op.create_index("prospects_by_candidate", "prospects", ["candidate_id"])


def _changes() -> None:
    """Which transaction wrote a row last: a reader that remembers the oldest transaction that was
    open when it looked asks for the rows written from there on, and misses none.
    """
    op.execute(
        "create function note_change() returns trigger language plpgsql as"
        " $$ begin new.changed := pg_current_xact_id(); return new; end $$"
    )
    for table in _FOLLOWED:
        op.execute(
            f"alter table {table} add column changed xid8 not null default pg_current_xact_id()"
        )
        op.create_index(f"{table}_by_change", table, ["changed"])
        op.execute(
            f"create trigger {table}_change before insert or update on {table}"
            " for each row execute function note_change()"
        )
