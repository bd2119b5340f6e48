"""The tables of the messaging service."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

metadata = MetaData()

# Mails that were asked for. `due_at` is the next try of a PENDING mail and the
# end of the claim of a SENDING one.
mails = Table(
    "mails",
    metadata,
    Column("id", UUID(as_uuid=False), primary_key=True),
    Column("user_id", UUID(as_uuid=False), nullable=False),
    Column("type", Text, nullable=False),
    Column("variables", JSONB, nullable=False),
    Column("status", Text, nullable=False),
    Column("subject", Text, nullable=False, server_default=""),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("attempted_at", DateTime(timezone=True)),
    Column("due_at", DateTime(timezone=True), nullable=False),
    # Why the last try failed: a reason or an SMTP code, never an address.
    Column("failure", Text, nullable=False, server_default=""),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Column("sent_at", DateTime(timezone=True)),
    Index("mails_user", "user_id", text("id desc")),
    Index("mails_due", "due_at", postgresql_where=text("status in ('PENDING', 'SENDING')")),
)

# The wording of each mail type in each language.
mail_templates = Table(
    "mail_templates",
    metadata,
    Column("type", Text, primary_key=True),
    Column("locale", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("text_body", Text, nullable=False),
    Column("html_body", Text, nullable=False),
)

# What happened, told to one person. Within one user `seq` grows in the order of
# commits: writers of one feed take turns (see store/notices.py).
notices = Table(
    "notices",
    metadata,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("user_id", UUID(as_uuid=False), nullable=False),
    Column("topic", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
    Index("notices_user", "user_id", "seq"),
)
