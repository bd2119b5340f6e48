"""Staff, the maintenance switch, and what audited actions changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from services.kit import schema
from services.kit.migrate import run_script

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables; the switch is off."""
    run_script(op, schema.SECOND)
    op.create_table(
        "admins",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("totp_secret", sa.LargeBinary, nullable=False),
        sa.Column("totp_last_step", sa.BigInteger, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("email", name="admins_email"),
        sa.CheckConstraint("role in ('ADMIN', 'SUPER_ADMIN')", name="admins_role"),
    )
    maintenance = op.create_table(
        "maintenance",
        sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("switched_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name="maintenance_one_row"),
    )
    op.bulk_insert(maintenance, [{"id": 1, "is_on": False, "switched_at": None}])
    op.create_index("users_newest", "users", ["created_at", "id"])
