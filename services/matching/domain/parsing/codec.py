"""A reading as plain JSON values and back: between processes and in the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from services.matching.domain.parsing.document import MAX_CHARACTERS, Flag, Hidden, Quoted, Span
from services.matching.domain.parsing.facts import (
    MAX_EDUCATION,
    MAX_EXPERIENCES,
    MAX_LANGUAGES,
    MAX_SKILLS,
    Contact,
    CvFacts,
    Held,
    Reading,
    Spoken,
    Studied,
    grounded,
)

Json = dict[str, Any]
_MAX_FLAGS = 50
_LONGEST_QUOTE = 4_000
_MOST_LINES = 200


def reading_to_json(reading: Reading) -> Json:
    """A reading as plain values."""
    return asdict(reading)


def reading_from_json(value: Mapping[str, Any]) -> Reading:
    """The reverse; raises ValueError, KeyError or TypeError for what is no reading.

    Facts whose words are not in the text raise Ungrounded, a ValueError.
    """
    text = str(value["text"])[: 2 * MAX_CHARACTERS]
    return Reading(
        facts=grounded(facts_from_json(value["facts"]), text),
        text=text,
        kind=str(value["kind"])[:10],
        pages=int(value["pages"]),
        flags=tuple(flag_from_json(flag) for flag in value["flags"][:_MAX_FLAGS]),
        truncated=bool(value["truncated"]),
    )


def facts_to_json(facts: CvFacts) -> Json:
    """Facts as plain values."""
    return asdict(facts)


def facts_from_json(value: Mapping[str, Any]) -> CvFacts:
    """The reverse."""
    contact = value["contact"]
    return CvFacts(
        title=_quoted(value["title"]),
        contact=Contact(
            name=_quoted(contact["name"]),
            email=_quoted(contact["email"]),
            phone=_quoted(contact["phone"]),
            city=_quoted(contact["city"]),
            postal_code=_quoted(contact["postal_code"]),
            links=_all(contact["links"], 5),
        ),
        experiences=tuple(_held(held) for held in value["experiences"][:MAX_EXPERIENCES]),
        education=tuple(_studied(each) for each in value["education"][:MAX_EDUCATION]),
        skills=_all(value["skills"], MAX_SKILLS),
        languages=tuple(_spoken(each) for each in value["languages"][:MAX_LANGUAGES]),
        summary=_quoted(value["summary"]),
        locale=str(value["locale"])[:2],
    )


def flag_from_json(value: Mapping[str, Any]) -> Flag:
    """The reverse of a flag's plain values."""
    return Flag(
        Hidden(value["hidden"]), int(value["page"]), int(value["characters"]), value["sample"][:60]
    )


def _held(value: Mapping[str, Any]) -> Held:
    return Held(
        title=_quoted(value["title"]),
        company=_quoted(value["company"]),
        period=_quoted(value["period"]),
        start=str(value["start"])[:7],
        end=str(value["end"])[:7],
        current=bool(value["current"]),
        contract=str(value["contract"])[:20],
        contract_quote=_quoted(value["contract_quote"]),
        description=_all(value["description"], _MOST_LINES),
    )


def _studied(value: Mapping[str, Any]) -> Studied:
    return Studied(
        school=_quoted(value["school"]),
        degree=_quoted(value["degree"]),
        field=_quoted(value["field"]),
        period=_quoted(value["period"]),
        start=str(value["start"])[:7],
        end=str(value["end"])[:7],
    )


def _spoken(value: Mapping[str, Any]) -> Spoken:
    words = _quoted(value["words"])
    if words is None:
        raise ValueError("words")
    return Spoken(str(value["code"])[:3], str(value["level"])[:2], words)


def _all(values: Sequence[Mapping[str, Any]], most: int) -> tuple[Quoted, ...]:
    found = (_quoted(value) for value in values[:most])
    return tuple(quoted for quoted in found if quoted is not None)


def _quoted(value: Mapping[str, Any] | None) -> Quoted | None:
    if value is None:
        return None
    span = value["span"]
    start, end = int(span["start"]), int(span["end"])
    if not 0 <= start < end <= start + _LONGEST_QUOTE:
        # Too long to be one statement: its beginning is kept.
        end = start + _LONGEST_QUOTE
    quote = str(value["quote"])[: end - start]
    return Quoted(
        str(value["value"])[:_LONGEST_QUOTE],
        quote,
        Span(int(span["page"]), start, start + len(quote)),
    )
