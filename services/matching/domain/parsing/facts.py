"""What a CV says, each fact with the words and the page that say it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from services.matching.domain.parsing.document import Flag, Quoted, Text

MAX_EXPERIENCES = 60
MAX_EDUCATION = 30
MAX_SKILLS = 100
MAX_LANGUAGES = 20
MAX_DESCRIPTION = 8000


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach somebody. None of it is ever scored."""

    name: Quoted | None = None
    email: Quoted | None = None
    phone: Quoted | None = None
    city: Quoted | None = None
    postal_code: Quoted | None = None
    links: tuple[Quoted, ...] = ()


@dataclass(frozen=True, slots=True)
class Held:
    """One position held. Months are "2021-03", years alone "2021", "" where not told."""

    title: Quoted | None
    company: Quoted | None
    period: Quoted | None
    start: str = ""
    end: str = ""
    current: bool = False
    contract: str = ""
    contract_quote: Quoted | None = None
    description: tuple[Quoted, ...] = ()


@dataclass(frozen=True, slots=True)
class Studied:
    """One degree, course or school."""

    school: Quoted | None
    degree: Quoted | None
    field: Quoted | None
    period: Quoted | None
    start: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A language (ISO 639-1) and its level ("B2", "" where not told)."""

    code: str
    level: str
    words: Quoted


@dataclass(frozen=True, slots=True)
class CvFacts:
    """All that was read."""

    title: Quoted | None = None
    contact: Contact = Contact()
    experiences: tuple[Held, ...] = ()
    education: tuple[Studied, ...] = ()
    skills: tuple[Quoted, ...] = ()
    languages: tuple[Spoken, ...] = ()
    summary: Quoted | None = None
    locale: str = ""

    def quotes(self) -> Iterator[Quoted]:
        """Yield every quotation behind a fact."""
        contact = self.contact
        yield from _present(self.title, self.summary, contact.name, contact.email, contact.phone)
        yield from _present(contact.city, contact.postal_code, *contact.links)
        for held in self.experiences:
            yield from _present(held.title, held.company, held.period, held.contract_quote)
            yield from held.description
        for studied in self.education:
            yield from _present(studied.school, studied.degree, studied.field, studied.period)
        yield from self.skills
        yield from (spoken.words for spoken in self.languages)


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one file."""

    facts: CvFacts
    text: str
    kind: str
    pages: int
    flags: tuple[Flag, ...] = ()
    truncated: bool = False


class Ungrounded(ValueError):
    """A fact quotes words that are not in the document."""


def grounded(facts: CvFacts, text: str) -> CvFacts:
    """Return the facts; raise Ungrounded when one quotes what the text does not hold."""
    whole = Text(text)
    for quoted in facts.quotes():
        if not whole.holds(quoted):
            raise Ungrounded(quoted.value[:40])
    return facts


def _present(*quoted: Quoted | None) -> Iterator[Quoted]:
    yield from (one for one in quoted if one is not None)
