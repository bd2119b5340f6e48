"""How sample CVs write dates, contracts, languages and addresses, in French and English."""

from __future__ import annotations

from google.type.date_pb2 import Date
from weneeds.jobs.v1.candidate_pb2 import Experience
from weneeds.jobs.v1.job_pb2 import ContractType, LanguageLevel

from stack.samples import SampleCandidate

_FRENCH_NAMES = """
janvier février mars avril mai juin juillet août septembre octobre novembre décembre
"""
_FRENCH = _FRENCH_NAMES.split()
_ENGLISH_NAMES = """
January February March April May June July August September October November December
"""
_ENGLISH = _ENGLISH_NAMES.split()
_LANGUAGES = {
    "fr": {"fr": "Français", "en": "Anglais", "de": "Allemand", "es": "Espagnol", "it": "Italien",
           "pt": "Portugais", "ar": "Arabe", "nl": "Néerlandais", "pl": "Polonais", "wo": "Wolof"},
    "en": {"fr": "French", "en": "English", "de": "German", "es": "Spanish", "it": "Italian",
           "pt": "Portuguese", "ar": "Arabic", "nl": "Dutch", "pl": "Polish", "wo": "Wolof"},
}  # fmt: skip


def phone(sample: SampleCandidate) -> str:
    """Return a number of the range that is kept free for fiction."""
    digits = f"{sum(map(ord, sample.person.email)) % 10_000:04d}"
    return f"06 39 98 {digits[:2]} {digits[2:]}"


def town(sample: SampleCandidate) -> str:
    """Return postal code and town."""
    address = sample.profile.address
    return f"{address.postal_code} {address.city}"


def months(held: Experience, locale: str, *, short: bool = False) -> str:
    """Return the period in words, or in figures."""
    now = "aujourd'hui" if locale == "fr" else "present"
    end = _month(held.end, locale, short) if held.HasField("end") else now
    return f"{_month(held.start, locale, short)} \u2013 {end}"


def _month(date: Date, locale: str, short: bool) -> str:
    if short:
        return f"{date.month:02d}/{date.year}"
    return f"{(_FRENCH if locale == 'fr' else _ENGLISH)[date.month - 1]} {date.year}"


def contract_name(held: Experience, locale: str) -> str:
    """Return the kind of contract as a CV writes it."""
    name = ContractType.Name(held.contract_type).removeprefix("CONTRACT_TYPE_")
    french = {"INTERIM": "Intérim", "ALTERNANCE": "Alternance", "STAGE": "Stage"}
    english = {"CDI": "Permanent contract", "CDD": "Fixed-term contract", "INTERIM": "Temp agency",
               "ALTERNANCE": "Apprenticeship", "STAGE": "Internship"}  # fmt: skip
    if name == "UNSPECIFIED":
        return ""
    if name == "FREELANCE":
        return "Freelance"
    return french.get(name, name) if locale == "fr" else english[name]


def level_name(level: LanguageLevel.ValueType) -> str:
    """Return "B2"."""
    return LanguageLevel.Name(level).removeprefix("LANGUAGE_LEVEL_")


def language_name(code: str, locale: str) -> str:
    """Return "Anglais", or "English"."""
    return _LANGUAGES[locale].get(code, code)
