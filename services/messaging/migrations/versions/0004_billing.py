"""Mails about billing: thresholds, invoices, money that could not be collected."""

from __future__ import annotations

import tomllib
from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
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
    sa.column("subject", sa.Text),
    sa.column("text_body", sa.Text),
    sa.column("html_body", sa.Text),
)


def upgrade() -> None:
    """Seed the templates."""
    op.bulk_insert(_TEMPLATES, [row for locale in _LOCALES for row in seeds(locale)])


def seeds(locale: str) -> list[dict[str, str]]:
    """Return the seeded templates of a language."""
    source = Path(__file__).with_name(f"0004_templates_{locale}.toml")
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
