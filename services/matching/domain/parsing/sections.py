"""The sections of a CV: by headings, by what lines tell where there are none, across columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.matching.domain.parsing.contact import is_contact, is_town
from services.matching.domain.parsing.document import Item, Text
from services.matching.domain.parsing.education import tells_studies
from services.matching.domain.parsing.entry_lines import dated
from services.matching.domain.parsing.headings import Section, labelled, section_of
from services.matching.domain.parsing.pieces import Piece
from services.matching.domain.parsing.skills import spoken_of
from services.matching.domain.parsing.words import is_sentence, title_weight

_SHORT_LABEL = 4
_ON_ONE_LINE = (Section.SKILLS, Section.LANGUAGES, Section.CERTIFICATIONS)


@dataclass(slots=True)
class Part:
    """Consecutive items of one section; section None before any heading."""

    section: Section | None
    items: list[Item] = field(default_factory=list)
    column: bool = False


def sections_of(text: Text) -> list[Part]:
    """Cut the items into sections."""
    parts: list[Part] = []
    pages = _Pages()
    block = -1
    items = text.items
    for place, item in enumerate(items):
        fresh, block = item.block != block, item.block
        if fresh:
            begun = pages.begin(item, parts[-1] if parts else None)
            parts = [part for part in parts if part is not begun]
            parts.append(begun)
        opened = None if item.bullet else section_of(item.text)
        if opened and _opens(items, place, opened, parts):
            parts.append(Part(opened, column=item.column))
            pages.note(item, parts[-1])
            continue
        inline = _inline(item, parts[-1])
        if inline:
            parts.append(Part(inline, [item], item.column))
        else:
            parts[-1].items.append(item)
        pages.note(item, parts[-1])
    return [whole for part in parts for whole in _untitled(part)]


class _Pages:
    """Knows where the columns of the page before ended: the next page goes on from there."""

    def __init__(self) -> None:
        self._page = 1
        self._before: list[_Ended] = []
        self._here: list[_Ended] = []

    def begin(self, item: Item, last: Part | None) -> Part:
        """Return the part that a new block belongs to, or a new one without a section."""
        if item.page != self._page:
            self._page, self._before, self._here = item.page, self._here, []
        self._here.append(_Ended(item.column))
        columns = [ended for ended in self._before if ended.column]
        if len(self._here) == 1 and columns and not item.column:
            return max(columns, key=lambda ended: ended.length).part or Part(None)
        place = sum(ended.column for ended in self._here) - 1
        if item.column and place < len(columns):
            return columns[place].part or Part(None, column=True)
        if last is None or item.column or last.column:
            return Part(None, column=item.column)
        return last

    def note(self, item: Item, part: Part) -> None:
        """Remember how far a block has come."""
        self._here[-1].part = part
        self._here[-1].length += len(item.text)


@dataclass(slots=True)
class _Ended:
    """Where a block ended, and how much it told."""

    column: bool
    part: Part | None = None
    length: int = 0


def _opens(items: Sequence[Item], place: int, opened: Section, parts: Sequence[Part]) -> bool:
    """A heading word within a list ("Languages" under "Skills") groups, and may open its own."""
    item = items[place]
    if opened is Section.CONTACT or item.heading:
        return True
    within = parts[-1].section if parts else None
    if within is Section.EXPERIENCE and title_weight(item.text) and not item.all_bold:
        return False
    following = items[place + 1] if place + 1 < len(items) else None
    if opened is Section.LANGUAGES and following is not None:
        first = Piece(following, 0, len(following.text))
        listed = first.text.split(",")[0]
        return spoken_of(Piece(following, 0, len(listed))) is not None
    return True


def _inline(item: Item, part: Part) -> Section | None:
    """Return the section that "Compétences : Python, SQL" opens on one line."""
    if item.bullet or part.section is Section.SKILLS:
        return None
    label = labelled(item.text)
    opened = section_of(label[0]) if label else None
    if part.section is Section.EXPERIENCE and opened is not Section.LANGUAGES:
        # "Outils : Python, Docker" is a line about the position.
        return None
    return opened if opened in _ON_ONE_LINE else None


def _untitled(part: Part) -> list[Part]:
    """Divide lines without a heading by what they tell."""
    if part.section in (Section.EXPERIENCE, Section.SKILLS, Section.CERTIFICATIONS):
        return _with_studies(part) if part.section is Section.EXPERIENCE else [part]
    if part.section is not None:
        return [part]
    if any((p := dated(item)) and p.ranged and not tells_studies(item) for item in part.items):
        return _career(part)
    return _lists(part)


def _career(part: Part) -> list[Part]:
    """Positions without a heading: what stands well above the first period is the head."""
    first = next(n for n, item in enumerate(part.items) if (p := dated(item)) and p.ranged)
    begin = first
    above = 1 if first else 0
    while (
        above and begin > 0 and first - begin < above and not is_contact(part.items[begin - 1].text)
    ):
        begin -= 1
    head = Part(None, part.items[:begin], part.column)
    body = Part(Section.EXPERIENCE, part.items[begin:], part.column)
    return [*_lists(head), *_with_studies(body)]


def _with_studies(part: Part) -> list[Part]:
    """Lines of degrees at the end of positions belong to the studies."""
    cut = len(part.items)
    while cut > 1:
        item = part.items[cut - 1]
        if not (tells_studies(item) and not item.bullet):
            break
        cut -= 1
    if cut == len(part.items):
        return [part]
    studies = Part(Section.EDUCATION, part.items[cut:], part.column)
    return [Part(part.section, part.items[:cut], part.column), studies]


def _lists(part: Part) -> list[Part]:
    """Short labels with lists under them, in a sidebar without headings, are skills."""
    found = [Part(None, [], part.column)]
    listing = False
    for place, item in enumerate(part.items):
        if tells_studies(item):
            found.append(Part(Section.EDUCATION, [item], part.column))
            listing = False
            continue
        following = part.items[place + 1] if place + 1 < len(part.items) else None
        if labels_list(item, following):
            listing = True
            found.append(Part(Section.SKILLS, [], part.column))
            continue
        if listing and is_contact(item.text):
            listing = False
            found.append(Part(None, [], part.column))
        found[-1].items.append(item)
    return [each for each in found if each.items]


def labels_list(item: Item, following: Item | None) -> bool:
    if following is None or item.bullet or is_contact(item.text) or is_town(item.text):
        return False
    if len(item.text.split()) > _SHORT_LABEL or "," in item.text or is_contact(following.text):
        return False
    listed = following.text.count(",") >= 1 or following.bullet
    return listed and not is_sentence(following.text) and not is_town(following.text)
