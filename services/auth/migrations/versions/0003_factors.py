"""Second factors: authenticator apps, recovery codes, passkeys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _authenticators()
    _recovery_codes()
    _passkeys()


def _user_id(*, primary_key: bool = False) -> sa.Column[str]:
    reference = sa.ForeignKey("users.id", ondelete="CASCADE")
    return sa.Column(
        "user_id", UUID(as_uuid=False), reference, primary_key=primary_key, nullable=False
    )


def _authenticators() -> None:
    op.create_table(
        "authenticators",
        _user_id(primary_key=True),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger),
        sa.CheckConstraint(
            "(confirmed_at is null) = (last_step is null)", name="authenticators_confirmed"
        ),
    )


def _recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        _user_id(primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.CheckConstraint("length(digest) = 32", name="recovery_codes_digest"),
    )


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        _user_id(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("credential_id", name="passkeys_credential"),
        sa.CheckConstraint("sign_count >= 0", name="passkeys_sign_count"),
    )
    op.create_index("passkeys_by_user", "passkeys", ["user_id", "created_at", "id"])
