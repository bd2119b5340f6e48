"""Profiles of people whose account was deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column: an erased profile is a blank row that applications still refer to."""
    op.add_column("candidates", sa.Column("erased_at", sa.DateTime(timezone=True)))
