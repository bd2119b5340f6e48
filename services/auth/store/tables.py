"""The tables. The role's search_path decides the schema."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import UUID

metadata = MetaData()

users = Table(
    "users",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    # Normalised, and unique in that form.
    Column("email", Text, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("last_name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("locale", Text, nullable=False),
    # argon2id, encoded with its parameters and salt. Null: no sign-in by password.
    Column("password_hash", Text),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # When the e-mail was proved; null before.
    Column("email_verified_at", DateTime(timezone=True)),
    UniqueConstraint("email", name="users_email"),
    CheckConstraint("role in ('CANDIDATE', 'RECRUITER')", name="users_role"),
    CheckConstraint("status in ('ACTIVE', 'BANNED')", name="users_status"),
    CheckConstraint("locale in ('fr', 'en')", name="users_locale"),
    # The order of the staff's list of users.
    Index("users_newest", "created_at", "id"),
)

# The accounts of identity providers that sign in to ours.
identities = Table(
    "identities",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column(
        "user_id", UUID(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE"), nullable=False
    ),
    Column("provider", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("email", Text, nullable=False),
    Column("linked_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("provider", "subject", name="identities_subject"),
    Index("identities_by_user", "user_id", "linked_at", "id"),
)

companies = Table(
    "companies",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("name", Text, nullable=False),
    Column("siret", Text, nullable=False),
    Column("city", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

memberships = Table(
    "memberships",
    metadata,
    Column("company_id", UUID(as_uuid=False), ForeignKey("companies.id"), primary_key=True),
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id"), primary_key=True),
    Column("role", Text, nullable=False),
    Column("added_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("role in ('ADMIN', 'MANAGER', 'RECRUITER', 'VIEWER')", name="memberships_role"),
    # The order of a company's list of collaborators.
    Index("memberships_by_company", "company_id", "added_at", "user_id"),
    # What a user may do, asked on every call of the mesh.
    Index("memberships_by_user", "user_id"),
)

# What mails carry. The codes are made from the ids and stored nowhere.
mail_links = Table(
    "mail_links",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("email", Text, nullable=False),
    # Null for a reset: it is asked for without looking whether there is an account.
    Column("user_id", UUID(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE")),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint(
        "purpose in ('EMAIL_VERIFICATION', 'PASSWORD_RESET', 'EMAIL_CHANGED')",
        name="mail_links_purpose",
    ),
    Index("mail_links_by_email", "email"),
    Index("mail_links_by_user", "user_id"),
    Index("mail_links_by_expiry", "expires_at"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("company_id", UUID(as_uuid=False), ForeignKey("companies.id"), nullable=False),
    Column("email", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("locale", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("company_id", "email", name="invitations_once"),
    CheckConstraint("role in ('ADMIN', 'MANAGER', 'RECRUITER', 'VIEWER')", name="invitations_role"),
    CheckConstraint("locale in ('fr', 'en')", name="invitations_locale"),
    Index("invitations_by_company", "company_id", "created_at", "id"),
    Index("invitations_by_email", "email"),
    Index("invitations_by_expiry", "expires_at"),
)

admins = Table(
    "admins",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    # Normalised, and unique in that form.
    Column("email", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    # argon2id, encoded with its parameters and salt.
    Column("password_hash", Text, nullable=False),
    # Sealed for this admin.
    Column("totp_secret", LargeBinary, nullable=False),
    # The time step of the last code that was accepted; earlier ones are spent.
    Column("totp_last_step", BigInteger),
    Column("created_at", DateTime(timezone=True), nullable=False),
    UniqueConstraint("email", name="admins_email"),
    CheckConstraint("role in ('ADMIN', 'SUPER_ADMIN')", name="admins_role"),
)

# The switch: one row.
maintenance = Table(
    "maintenance",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("is_on", Boolean, nullable=False),
    # Null if never.
    Column("switched_at", DateTime(timezone=True)),
    CheckConstraint("id = 1", name="maintenance_one_row"),
)

# What the store of sessions may forget; kept for as long as a session can live.
ended_sessions = Table(
    "ended_sessions",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("ended_at", DateTime(timezone=True), nullable=False),
    Index("ended_sessions_by_time", "ended_at"),
)

# When all sessions of an account, a user's or an admin's, were ended last.
session_epochs = Table(
    "session_epochs",
    metadata,
    Column("account_id", UUID(as_uuid=False), primary_key=True),
    # Sessions opened before are over.
    Column("began_at", DateTime(timezone=True), nullable=False),
    # But this one.
    Column("kept_id", UUID(as_uuid=False)),
    Index("session_epochs_by_time", "began_at"),
)

authenticators = Table(
    "authenticators",
    metadata,
    Column(
        "user_id", UUID(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    ),
    # Sealed.
    Column("secret", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    # Null until the first code was given.
    Column("confirmed_at", DateTime(timezone=True)),
    # The time step of the last code accepted: it and earlier ones are spent.
    Column("last_step", BigInteger),
    CheckConstraint(
        "(confirmed_at is null) = (last_step is null)", name="authenticators_confirmed"
    ),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column(
        "user_id", UUID(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE"), primary_key=True
    ),
    # SHA-256.
    Column("digest", LargeBinary, primary_key=True),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("used_at", DateTime(timezone=True)),
    CheckConstraint("length(digest) = 32", name="recovery_codes_digest"),
)

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column(
        "user_id", UUID(as_uuid=False), ForeignKey("users.id", ondelete="CASCADE"), nullable=False
    ),
    Column("name", Text, nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("last_used_at", DateTime(timezone=True)),
    UniqueConstraint("credential_id", name="passkeys_credential"),
    CheckConstraint("sign_count >= 0", name="passkeys_sign_count"),
    Index("passkeys_by_user", "user_id", "created_at", "id"),
)
