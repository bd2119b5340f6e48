"""The index and the receipts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR, UUID

from services.kit.migrate import kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the search configuration and the tables."""
    kit_tables(op)
    _search_configuration()
    _jobs()
    _profiles()
    _receipts()


def _search_configuration() -> None:
    # French stems without accents. English words pass nearly whole; what both languages share is
    # indexed as concepts beside them.
    op.execute("create text search configuration matching_words (copy = pg_catalog.french)")
    op.execute(
        "alter text search configuration matching_words"
        " alter mapping for hword, hword_part, word with public.unaccent, french_stem"
    )


def _jobs() -> None:
    op.create_table(
        "indexed_jobs",
        sa.Column("job_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("company_id", UUID(as_uuid=False), nullable=False),
        sa.Column("open", sa.Boolean, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("words", TSVECTOR, nullable=False),
    )
    _vector("indexed_jobs")


def _profiles() -> None:
    op.create_table(
        "indexed_profiles",
        sa.Column("candidate_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("skills", ARRAY(sa.Text), nullable=False),
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("text_hash", sa.Text, nullable=False),
        sa.Column("words", TSVECTOR, nullable=False),
    )
    _vector("indexed_profiles")


def _vector(table: str) -> None:
    op.execute(f"alter table {table} add column experiences public.vector(512) not null")
    # Both in the row itself: an exact scan must not look each of them up elsewhere.
    op.execute(f"alter table {table} alter column experiences set storage plain")
    op.execute(f"alter table {table} alter column words set storage main")


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("application_id", UUID(as_uuid=False), nullable=False),
        sa.Column("company_id", UUID(as_uuid=False), nullable=False),
        sa.Column("job_id", UUID(as_uuid=False), nullable=False),
        sa.Column("job_version", sa.BigInteger, nullable=False),
        sa.Column("candidate_id", UUID(as_uuid=False), nullable=False),
        sa.Column("profile_version", sa.BigInteger, nullable=False),
        sa.Column("engine_version", sa.Text, nullable=False),
        sa.Column("engine_hash", sa.Text, nullable=False),
        sa.Column("inputs", sa.Text, nullable=False),
        sa.Column("inputs_hash", sa.Text, nullable=False),
        sa.Column("final_score", sa.SmallInteger, nullable=False),
        sa.Column("dimensions", JSONB, nullable=False),
        sa.Column("reliability", sa.Text, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("application_id", name="receipts_application"),
        sa.CheckConstraint("final_score between 0 and 100", name="receipts_final_score"),
    )
    op.execute(
        "create function refuse_change() returns trigger language plpgsql as"
        " $$ begin raise exception '% is append-only', tg_table_name; end $$"
    )
    op.execute(
        "create trigger receipts_append_only before update or delete on receipts"
        " for each row execute function refuse_change()"
    )
