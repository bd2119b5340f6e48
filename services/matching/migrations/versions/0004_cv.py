"""What was read in the CVs of candidates; the files are not kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row a candidate: a new CV takes the place of the one before."""
    op.create_table(
        "cvs",
        sa.Column("candidate_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("id", UUID(as_uuid=False), nullable=False),
        # SHA-256 of the file, in hex.
        sa.Column("file_hash", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("truncated", sa.Boolean, nullable=False),
        # Facts with the words and pages that prove them: personal data.
        sa.Column("facts", JSONB, nullable=False),
        sa.Column("flags", JSONB, nullable=False),
        sa.Column("generated_by", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
