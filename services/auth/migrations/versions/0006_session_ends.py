"""The ends of sessions: they outlast what the store of sessions forgets."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "ended_sessions",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ended_sessions_by_time", "ended_sessions", ["ended_at"])
    op.create_table(
        "session_epochs",
        sa.Column("account_id", UUID(as_uuid=False), primary_key=True),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_id", UUID(as_uuid=False), nullable=True),
    )
    op.create_index("session_epochs_by_time", "session_epochs", ["began_at"])
