"""What an audited action was about, and what it changed."""

from __future__ import annotations

from alembic import op

from services.kit import schema
from services.kit.migrate import run_script

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns."""
    run_script(op, schema.SECOND)
