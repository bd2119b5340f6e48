"""Proved e-mails, the links of mails, invitations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column and the tables."""
    op.add_column("users", sa.Column("email_verified_at", sa.DateTime(timezone=True)))
    _mail_links()
    _invitations()


def _mail_links() -> None:
    op.create_table(
        "mail_links",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("user_id", UUID(as_uuid=False), sa.ForeignKey("users.id", ondelete="CASCADE")),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "purpose in ('EMAIL_VERIFICATION', 'PASSWORD_RESET', 'EMAIL_CHANGED')",
            name="mail_links_purpose",
        ),
    )
    op.create_index("mail_links_by_email", "mail_links", ["email"])
    op.create_index("mail_links_by_user", "mail_links", ["user_id"])
    op.create_index("mail_links_by_expiry", "mail_links", ["expires_at"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("company_id", UUID(as_uuid=False), sa.ForeignKey("companies.id"), nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("locale", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("company_id", "email", name="invitations_once"),
        sa.CheckConstraint(
            "role in ('ADMIN', 'MANAGER', 'RECRUITER', 'VIEWER')", name="invitations_role"
        ),
        sa.CheckConstraint("locale in ('fr', 'en')", name="invitations_locale"),
    )
    op.create_index("invitations_by_company", "invitations", ["company_id", "created_at", "id"])
    op.create_index("invitations_by_email", "invitations", ["email"])
    op.create_index("invitations_by_expiry", "invitations", ["expires_at"])
