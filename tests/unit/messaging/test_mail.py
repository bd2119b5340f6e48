"""Mails: categories, retries, templates as seeded, strict rendering."""

from __future__ import annotations

import importlib.util
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from weneeds.messaging.v1 import mail_pb2

from services.messaging import migrations
from services.messaging.domain.mail import CATEGORY_OF, MailCategory, MailType, RetryPolicy
from services.messaging.domain.template import (
    Template,
    TemplateVariableMissing,
    in_words,
    render,
    variables_of,
)

WANTED = {
    MailType.WELCOME: set(),
    MailType.EMAIL_VERIFICATION: {"link"},
    MailType.PASSWORD_RESET: {"link"},
    MailType.COLLABORATOR_ADDED: {"company_name", "role"},
    MailType.APPLICATION_CONFIRMED: {"job_title", "company_name"},
    MailType.APPLICATION_MOVED: {"job_title", "status"},
    MailType.APPLICATION_RECEIVED: {"job_title", "score", "fee"},
    MailType.MEETING_SCHEDULED: {"job_title", "starts_at", "place"},
    MailType.BUDGET_EXHAUSTED: {"job_title", "balance"},
    MailType.JOB_SUGGESTIONS: {"job_titles"},
    MailType.BUDGET_THRESHOLD: {"job_title", "percent", "balance"},
    MailType.INVOICE_ISSUED: {"number", "total"},
    MailType.PAYMENT_FAILED: {"amount", "subject"},
    MailType.PAYMENT_CONFIRMATION: {"job_title", "amount", "page"},
    MailType.PAYMENT_METHOD_ADDED: {"brand", "last4"},
}


VARIANTS = {
    (MailType.WELCOME, "verification"): {"link"},
    (MailType.EMAIL_VERIFICATION, "email_changed"): set(),
    (MailType.PASSWORD_RESET, "password_changed"): set(),
    (MailType.COLLABORATOR_ADDED, "invitation"): {"company_name", "role", "link"},
}


def _migration(name: str) -> Any:
    source = Path(next(iter(migrations.__path__))) / f"versions/{name}.py"
    spec = importlib.util.spec_from_file_location(f"messaging_{name}", source)
    assert spec is not None
    assert spec.loader is not None
    module: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _template(row: dict[str, str]) -> Template:
    return Template(row["subject"], row["text_body"], row["html_body"])


def _seeds(locale: str) -> dict[MailType, Template]:
    names = ("0001_first", "0004_billing", "0005_cards")
    rows = [row for name in names for row in _migration(name).seeds(locale)]
    return {MailType(row["type"]): _template(row) for row in rows}


def test_domain_knows_the_types_and_categories_of_the_contract() -> None:
    types = {name.removeprefix("MAIL_TYPE_") for name in mail_pb2.MailType.keys()[1:]}
    categories = {name.removeprefix("MAIL_CATEGORY_") for name in mail_pb2.MailCategory.keys()[1:]}
    assert {kind.value for kind in MailType} == types
    assert {category.value for category in MailCategory} == categories
    assert set(CATEGORY_OF) == set(MailType)
    assert set(CATEGORY_OF.values()) == set(MailCategory)


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_each_type_has_a_template_that_wants_what_the_readme_says(locale: str) -> None:
    seeds = _seeds(locale)
    assert set(seeds) == set(MailType)
    for kind, template in seeds.items():
        assert variables_of(template) - {"first_name"} == WANTED[kind]
        assert f'lang="{locale}"' in template.html_body
        # Subjects are stored with the mail; no name is.
        assert "first_name" not in template.subject


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_each_variant_has_a_template_that_wants_what_the_readme_says(locale: str) -> None:
    rows = _migration("0003_references").seeds(locale)
    seeds = {(MailType(row["type"]), row["variant"]): _template(row) for row in rows}
    assert set(seeds) == set(VARIANTS)
    for name, template in seeds.items():
        assert variables_of(template) - {"first_name"} == VARIANTS[name]
        assert f'lang="{locale}"' in template.html_body
        assert "first_name" not in template.subject
    # Somebody without an account has no name.
    guest = seeds[MailType.COLLABORATOR_ADDED, "invitation"]
    assert "first_name" not in variables_of(guest)


def test_rendering_fills_each_part_and_escapes_html_only() -> None:
    template = Template("{{ a }} ok", "{{a}}", "<p>{{a}}</p>")
    rendered = render(template, {"a": "<b>&\nx", "unused": "y"})
    assert rendered.subject == "<b>& x ok"
    assert rendered.text == "<b>&\nx"
    assert rendered.html == "<p>&lt;b&gt;&amp;\nx</p>"


def test_values_are_not_rendered_again() -> None:
    rendered = render(Template("s", "{{a}}", "h"), {"a": "{{b}}", "b": "secret"})
    assert rendered.text == "{{b}}"


@pytest.mark.parametrize("part", ["subject", "text_body", "html_body"])
def test_a_missing_variable_is_an_error_in_every_part(part: str) -> None:
    parts = {"subject": "s", "text_body": "t", "html_body": "h", part: "{{gone}}"}
    with pytest.raises(TemplateVariableMissing) as refused:
        render(Template(**parts), {})
    assert refused.value.metadata == {"variable": "gone"}


def test_names_of_the_contract_are_told_in_words() -> None:
    assert in_words({"status": "SHORTLISTED", "job_title": "HIRED"}, "fr") == {
        "status": "présélectionnée",
        "job_title": "HIRED",
    }
    assert in_words({"role": "VIEWER"}, "en") == {"role": "viewer"}
    assert in_words({"status": "NEW"}, "en") == {"status": "NEW"}


def test_waits_double_up_to_the_cap_and_end() -> None:
    policy = RetryPolicy(timedelta(seconds=5), timedelta(seconds=60), max_attempts=6)
    waits = [policy.wait(attempt, 1.0) for attempt in range(1, 7)]
    assert waits == [timedelta(seconds=s) for s in (5, 10, 20, 40, 60)] + [None]


def test_jitter_takes_at_most_half_of_a_wait() -> None:
    policy = RetryPolicy()
    assert policy.wait(1, 0.0) == timedelta(seconds=2.5)
    assert policy.wait(1, 0.5) == timedelta(seconds=3.75)
