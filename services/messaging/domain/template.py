"""Templates and their strict rendering."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.kit.errors import Refused

_PLACEHOLDER = re.compile(r"\{\{\s*([a-z][a-z0-9_]*)\s*\}\}")
_BLANKS = re.compile(r"\s+")
_MAX_SUBJECT = 200

# Words of the contract that a reader should not see as they are.
_LABELS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "status": {
        "fr": {
            "RECEIVED": "reçue",
            "SHORTLISTED": "présélectionnée",
            "INTERVIEWED": "entretien passé",
            "HIRED": "retenue",
            "REJECTED": "non retenue",
            "WITHDRAWN": "retirée",
        },
        "en": {
            "RECEIVED": "received",
            "SHORTLISTED": "shortlisted",
            "INTERVIEWED": "interviewed",
            "HIRED": "successful",
            "REJECTED": "not selected",
            "WITHDRAWN": "withdrawn",
        },
    },
    "role": {
        "fr": {
            "ADMIN": "administrateur",
            "MANAGER": "responsable",
            "RECRUITER": "recruteur",
            "VIEWER": "lecteur",
        },
        "en": {
            "ADMIN": "administrator",
            "MANAGER": "manager",
            "RECRUITER": "recruiter",
            "VIEWER": "viewer",
        },
    },
}


class TemplateVariableMissing(Refused):
    """The template uses a variable that the mail does not carry."""

    reason = "TEMPLATE_VARIABLE_MISSING"


@dataclass(frozen=True, slots=True)
class Template:
    """The wording of one mail type in one language, with `{{variable}}` in it."""

    subject: str
    text_body: str
    html_body: str


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a template and its variables give."""

    subject: str
    text: str
    html: str


def render(template: Template, variables: Mapping[str, str]) -> Rendered:
    """Fill the template in. Values are escaped in the html part.

    A variable that is missing raises TemplateVariableMissing; one that the
    template does not use is left alone. The subject is one line.
    """
    subject = _BLANKS.sub(" ", _fill(template.subject, variables, str)).strip()
    return Rendered(
        subject=subject[:_MAX_SUBJECT],
        text=_fill(template.text_body, variables, str),
        html=_fill(template.html_body, variables, html.escape),
    )


def variables_of(template: Template) -> set[str]:
    """Return the names of the variables that the template uses."""
    parts = (template.subject, template.text_body, template.html_body)
    return {name for part in parts for name in _PLACEHOLDER.findall(part)}


def in_words(variables: Mapping[str, str], locale: str) -> dict[str, str]:
    """Return the variables with the contract's names told in the language."""
    return {
        name: _LABELS.get(name, {}).get(locale, {}).get(value, value)
        for name, value in variables.items()
    }


def _fill(part: str, variables: Mapping[str, str], escape: Callable[[str], str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in variables:
            raise TemplateVariableMissing(variable=name)
        return escape(variables[name])

    return _PLACEHOLDER.sub(value, part)
