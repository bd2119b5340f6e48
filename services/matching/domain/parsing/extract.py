"""From a document to facts: sections first, then the rules of each."""

from __future__ import annotations

from collections.abc import Sequence

from services.matching.domain.parsing.contact import is_contact, is_town, read_contact
from services.matching.domain.parsing.document import Document, Item, Quoted
from services.matching.domain.parsing.education import read_education
from services.matching.domain.parsing.experiences import read_experiences
from services.matching.domain.parsing.facts import CvFacts, Held, Spoken, Studied, grounded
from services.matching.domain.parsing.headings import Section
from services.matching.domain.parsing.items import read_items
from services.matching.domain.parsing.pieces import Piece, trimmed
from services.matching.domain.parsing.sections import Part, labels_list, sections_of
from services.matching.domain.parsing.skills import read_languages, read_skills
from services.matching.domain.parsing.words import is_sentence, title_weight

_FRENCH_NAMES = """
le la les des du et en pour avec sur dans une au aux par chez depuis
"""
_FRENCH = frozenset(_FRENCH_NAMES.split())
_ENGLISH_NAMES = """
the and of for with in to on from an by at as since using
"""
_ENGLISH = frozenset(_ENGLISH_NAMES.split())
_LONGEST_TITLE = 120
_SHORT_LABEL = 4


def extract(document: Document) -> tuple[CvFacts, str]:
    """Return the facts of a CV and its visible text. Every fact quotes that text."""
    text = read_items(document)
    parts = sections_of(text)
    contact, name = read_contact(text.items)
    skills, languages = _listed(parts)
    experiences: list[Held] = []
    education: list[Studied] = []
    for part in parts:
        if part.section is Section.EXPERIENCE:
            experiences.extend(read_experiences(part.items))
        elif part.section is Section.EDUCATION:
            education.extend(read_education(part.items))
    summary = _summary(parts)
    facts = CvFacts(
        title=_title(parts, name, experiences),
        contact=contact,
        experiences=tuple(experiences),
        education=tuple(education),
        skills=tuple(skills),
        languages=tuple(languages),
        summary=summary,
        locale=_locale(text.text),
    )
    return grounded(facts, text.text), text.text


def _listed(parts: Sequence[Part]) -> tuple[list[Quoted], list[Spoken]]:
    skills: dict[str, Quoted] = {}
    spoken: dict[str, Spoken] = {}
    for part in parts:
        languages: list[Spoken] = []
        named: list[Quoted] = []
        if part.section in (Section.SKILLS, Section.CERTIFICATIONS):
            named, languages = read_skills(_unlabelled(part))
        elif part.section is Section.LANGUAGES:
            languages = read_languages(part.items)
        for skill in named:
            skills.setdefault(skill.value.lower(), skill)
        for language in languages:
            known = spoken.get(language.code)
            if known is None or (language.level and not known.level):
                spoken[language.code] = language
    return list(skills.values())[:100], list(spoken.values())


def _unlabelled(part: Part) -> list[Item]:
    """Leave out lines that only name a group: in bold, with a list under them."""
    kept = []
    for place, item in enumerate(part.items):
        following = part.items[place + 1] if place + 1 < len(part.items) else None
        larger = following is not None and item.size > following.size + 0.5
        styled = (item.all_bold and following is not None and not following.all_bold) or larger
        if styled and following is not None and labels_list(item, following):
            continue
        if item.text.rstrip().endswith(":") or (
            labels_list(item, following) and following is not None and following.bullet
        ):
            continue
        kept.append(item)
    return kept


def _title(parts: Sequence[Part], name: Piece | None, experiences: Sequence[Held]) -> Quoted | None:
    """Return the headline: the first name of a trade outside the sections, or the latest held."""
    candidates: list[tuple[float, Piece]] = []
    order = 0
    for part in parts:
        if part.section not in (None, Section.CONTACT, Section.SUMMARY):
            continue
        for item in part.items:
            order += 1
            for piece in _title_pieces(item, name):
                weight = title_weight(piece.text) * 2 + item.size / 10 - order * 0.2
                candidates.append((weight + (part.section is None), piece))
    if candidates:
        weight, piece = max(candidates, key=lambda found: found[0])
        if title_weight(piece.text) or weight > 0:
            return piece.quoted()
    return next((held.title for held in experiences if held.title), None)


def _title_pieces(item: Item, name: Piece | None) -> list[Piece]:
    if item.bullet or is_contact(item.text) or is_town(item.text) or is_sentence(item.text):
        return []
    whole = trimmed(item, 0, len(item.text))
    if whole is None or len(whole.text) > _LONGEST_TITLE:
        return []
    if name is not None and name.item.start == item.start:
        rest = trimmed(item, name.end, len(item.text))
        return [rest] if rest and title_weight(rest.text) else []
    if plain_heading(whole.text):
        return []
    return [whole] if title_weight(whole.text) or len(whole.text.split()) > 1 else []


def plain_heading(text: str) -> bool:
    """Tell "Curriculum vitae" and the like, which name no trade."""
    return text.strip().lower() in ("curriculum vitae", "cv", "resume", "résumé", "curriculum")


def _summary(parts: Sequence[Part]) -> Quoted | None:
    for part in parts:
        if part.section is Section.SUMMARY and part.items:
            item = max(part.items, key=lambda each: len(each.text))
            return item.quoted(0, len(item.text)) if is_sentence(item.text) else None
    return None


def _locale(text: str) -> str:
    words = text.lower().split()
    french = sum(word in _FRENCH for word in words)
    english = sum(word in _ENGLISH for word in words)
    return "en" if english > french else "fr"
