"""What was told last of a candidate for a job."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table; lists are read by job, the highest score first."""
    op.create_table(
        "matches",
        sa.Column("job_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("candidate_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("job_version", sa.BigInteger, nullable=False),
        sa.Column("profile_version", sa.BigInteger, nullable=False),
        sa.Column("final_score", sa.SmallInteger, nullable=False),
        sa.Column("dimensions", JSONB, nullable=False),
        sa.Column("reliability", sa.Text, nullable=False),
        sa.Column("reasons", JSONB, nullable=False),
        sa.Column("ranking", JSONB),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("matches_by_score", "matches", ["job_id", "final_score", "candidate_id"])
    op.create_index("matches_by_candidate", "matches", ["candidate_id"])
