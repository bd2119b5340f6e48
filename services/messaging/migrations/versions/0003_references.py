"""Mails whose address and link are asked for when they are sent; wordings of one type."""

from __future__ import annotations

import tomllib
from pathlib import Path

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import UUID

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_LOCALES = ("fr", "en")
_PAGE = (
    '<!doctype html><html lang="{locale}"><head><meta charset="utf-8"></head>'
    '<body style="font-family:sans-serif;line-height:1.5;max-width:36em;margin:2em auto">'
    "{paragraphs}</body></html>"
)
_TEMPLATES = sa.table(
    "mail_templates",
    sa.column("type", sa.Text),
    sa.column("locale", sa.Text),
    sa.column("variant", sa.Text),
    sa.column("subject", sa.Text),
    sa.column("text_body", sa.Text),
    sa.column("html_body", sa.Text),
)


def upgrade() -> None:
    """Add the columns and seed the wordings."""
    # Null for somebody without an account: the reference knows where the mail goes.
    op.alter_column("mails", "user_id", nullable=True)
    op.add_column("mails", sa.Column("reference_id", UUID(as_uuid=False)))
    op.add_column("mails", _variant())
    op.create_check_constraint(
        "mails_recipient", "mails", "user_id is not null or reference_id is not null"
    )
    op.add_column("mail_templates", _variant())
    op.drop_constraint("mail_templates_pkey", "mail_templates")
    op.create_primary_key("mail_templates_pkey", "mail_templates", ["type", "locale", "variant"])
    # Ids of people who are gone: what comes late about them is not written down.
    op.create_table("erased_people", sa.Column("user_id", UUID(as_uuid=False), primary_key=True))
    op.bulk_insert(_TEMPLATES, [row for locale in _LOCALES for row in seeds(locale)])


def seeds(locale: str) -> list[dict[str, str]]:
    """Return the seeded wordings of a language."""
    source = Path(__file__).with_name(f"0003_templates_{locale}.toml")
    with source.open("rb") as file:
        words = tomllib.load(file)
    return [
        {
            "type": kind,
            "locale": locale,
            "variant": variant,
            "subject": entry["subject"],
            "text_body": entry["text"].strip() + "\n",
            "html_body": _html(entry["text"], locale),
        }
        for kind, variants in words.items()
        for variant, entry in variants.items()
    ]


def _variant() -> sa.Column[str]:
    # Empty for the usual wording of a type.
    return sa.Column("variant", sa.Text, nullable=False, server_default="")


def _html(text: str, locale: str) -> str:
    text = text.replace("{{link}}", '<a href="{{link}}">{{link}}</a>')
    paragraphs = (part.strip().replace("\n", "<br>") for part in text.strip().split("\n\n"))
    return _PAGE.format(locale=locale, paragraphs="".join(f"<p>{part}</p>" for part in paragraphs))
