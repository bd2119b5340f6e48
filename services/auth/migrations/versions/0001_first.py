"""Accounts, companies and memberships."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

from services.kit.migrate import kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    kit_tables(op)
    _users()
    _companies()
    _memberships()


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("first_name", sa.Text, nullable=False),
        sa.Column("last_name", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("email", name="users_email"),
        sa.CheckConstraint("role in ('CANDIDATE', 'RECRUITER')", name="users_role"),
        sa.CheckConstraint("status in ('ACTIVE', 'BANNED')", name="users_status"),
        sa.CheckConstraint("locale in ('fr', 'en')", name="users_locale"),
    )


def _companies() -> None:
    op.create_table(
        "companies",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("siret", sa.Text, nullable=False),
        sa.Column("city", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )


def _memberships() -> None:
    op.create_table(
        "memberships",
        sa.Column(
            "company_id", UUID(as_uuid=False), sa.ForeignKey("companies.id"), primary_key=True
        ),
        sa.Column("user_id", UUID(as_uuid=False), sa.ForeignKey("users.id"), primary_key=True),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role in ('ADMIN', 'MANAGER', 'RECRUITER', 'VIEWER')", name="memberships_role"
        ),
    )
    op.create_index("memberships_by_company", "memberships", ["company_id", "added_at", "user_id"])
    op.create_index("memberships_by_user", "memberships", ["user_id"])
