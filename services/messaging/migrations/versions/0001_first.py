"""Mails, their templates, and notices."""

from __future__ import annotations

import tomllib
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, UUID

from services.kit.migrate import kit_tables

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_LOCALES = ("fr", "en")
_PAGE = (
    '<!doctype html><html lang="{locale}"><head><meta charset="utf-8"></head>'
    '<body style="font-family:sans-serif;line-height:1.5;max-width:36em;margin:2em auto">'
    "{paragraphs}</body></html>"
)


def upgrade() -> None:
    """Create the tables and seed the templates."""
    kit_tables(op)
    _mails()
    _notices()
    op.bulk_insert(_templates(), [row for locale in _LOCALES for row in seeds(locale)])


def downgrade() -> None:
    """Drop the service's own tables."""
    for table in ("notices", "mail_templates", "mails"):
        op.drop_table(table)


def seeds(locale: str) -> list[dict[str, str]]:
    """Return the seeded templates of a language."""
    source = Path(__file__).with_name(f"0001_templates_{locale}.toml")
    with source.open("rb") as file:
        words = tomllib.load(file)
    return [
        {
            "type": kind,
            "locale": locale,
            "subject": entry["subject"],
            "text_body": entry["text"].strip() + "\n",
            "html_body": _html(entry["text"], locale),
        }
        for kind, entry in words.items()
    ]


def _html(text: str, locale: str) -> str:
    paragraphs = (part.strip().replace("\n", "<br>") for part in text.strip().split("\n\n"))
    return _PAGE.format(locale=locale, paragraphs="".join(f"<p>{part}</p>" for part in paragraphs))


def _mails() -> None:
    # `due_at` is the next try of a PENDING mail and the end of the claim of a
    # SENDING one. `failure` tells why the last try failed: a reason or an SMTP
    # code, never an address.
    op.create_table(
        "mails",
        sa.Column("id", UUID(as_uuid=False), primary_key=True),
        sa.Column("user_id", UUID(as_uuid=False), nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("variables", JSONB, nullable=False),
        sa.Column(
            "status",
            sa.Text,
            sa.CheckConstraint("status in ('PENDING', 'SENDING', 'SENT', 'FAILED')"),
            nullable=False,
        ),
        sa.Column("subject", sa.Text, nullable=False, server_default=""),
        sa.Column("attempts", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("attempted_at", sa.DateTime(timezone=True)),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("failure", sa.Text, nullable=False, server_default=""),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True)),
    )
    op.create_index("mails_user", "mails", ["user_id", sa.text("id desc")])
    waiting = sa.text("status in ('PENDING', 'SENDING')")
    op.create_index("mails_due", "mails", ["due_at"], postgresql_where=waiting)


def _templates() -> sa.Table:
    return op.create_table(
        "mail_templates",
        sa.Column("type", sa.Text, primary_key=True),
        sa.Column("locale", sa.Text, primary_key=True),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("text_body", sa.Text, nullable=False),
        sa.Column("html_body", sa.Text, nullable=False),
    )


def _notices() -> None:
    # Within one user `seq` grows in the order of commits: writers of one feed
    # take turns (see store/notices.py).
    op.create_table(
        "notices",
        sa.Column("seq", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("user_id", UUID(as_uuid=False), nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("resource_id", sa.Text, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("notices_user", "notices", ["user_id", "seq"])
