"""From printed lines to items: wrapped lines are put together again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from services.matching.domain.parsing.dates import find_period
from services.matching.domain.parsing.document import Block, Document, Item, Line, Text, text_of
from services.matching.domain.parsing.headings import labelled, section_of
from services.matching.domain.parsing.layout import HYPHEN

# Words that keep their hyphen, wherever the line ends.
_COMPOUNDS_NAMES = """
back front full self long non co e multi sous chef grand apres mi semi ex avant half high low
pre post anti inter infra demi porte rendez savoir peut c est nord sud
"""
_COMPOUNDS = frozenset(_COMPOUNDS_NAMES.split())
_UNENDED = re.compile(r"[-\u2010-\u2015]\s*$")
_NEXT_LINE = 1.75
_LONG_LINE = 45


@dataclass(slots=True)
class _Open:
    """An item that may go on."""

    text: str
    first: Line
    last: Line
    bold: list[tuple[int, int]]


def read_items(document: Document) -> Text:
    """Return the visible text and its items, in reading order."""
    items: list[Item] = []
    for number, block in enumerate(document.blocks):
        items.extend(_items(block, number))
    return text_of(items)


def _items(block: Block, number: int) -> list[Item]:
    edges: dict[int, float] = {}
    for line in block.lines:
        edges[line.page] = max(edges.get(line.page, 0.0), line.right)
    found: list[_Open] = []
    for line in block.lines:
        if found and _goes_on(found[-1], line, edges[line.page]):
            _append(found[-1], line)
        else:
            found.append(_Open(line.text, line, line, list(line.bold)))
    return [
        Item(
            text=open_.text.replace(HYPHEN, "-"),
            start=0,
            page=open_.first.page,
            size=open_.first.size,
            bold=tuple(open_.bold),
            bullet=open_.first.bullet,
            heading=open_.first.heading,
            block=number,
            column=block.column,
        )
        for open_ in found
    ]


def _goes_on(open_: _Open, line: Line, edge: float) -> bool:
    """Tell whether the line before was full, so that this one continues it."""
    before = open_.last
    if before.text.endswith(HYPHEN):
        return True
    if line.bullet or line.heading or line.first_width == 0 or before.page != line.page:
        return False
    if _UNENDED.search(before.text) and find_period(before.text):
        return _begins_with_date(line)
    if not _looks_alike(open_, line):
        return False
    if before.right + before.size * 0.35 + line.first_width <= edge - 1:
        return False
    return not _starts_anew(open_, line)


def _begins_with_date(line: Line) -> bool:
    period = find_period(line.text)
    return period is not None and period.at == 0


def _looks_alike(open_: _Open, line: Line) -> bool:
    """Tell whether a line has the letters and the place of one that goes on."""
    before = open_.last
    if abs(line.size - before.size) > 0.6 or _bold(line) != _bold(before):  # noqa: PLR2004
        return False
    if line.bottom - before.bottom > _NEXT_LINE * max(1.0, before.bottom - before.top):
        return False
    if open_.first.bullet:
        return line.left >= open_.first.left - 3
    return abs(line.left - before.left) <= 4  # noqa: PLR2004


def _starts_anew(open_: _Open, line: Line) -> bool:
    """A heading, a label or a period begins something; so does what follows a date at the edge."""
    ended = find_period(open_.last.text)
    if ended and ended.ranged and ended.until >= len(open_.last.text.rstrip(" .)")):
        return True
    if ended and "\t" in open_.last.text:
        return True
    if section_of(line.text) or section_of(open_.text):
        return True
    if labelled(line.text) and line.bold:
        return True
    period = find_period(line.text[:_LONG_LINE])
    return period is not None and period.ranged and len(line.text) < _LONG_LINE


def _bold(line: Line) -> bool:
    return sum(end - start for start, end in line.bold) * 10 >= len(line.text) * 9


def _append(open_: _Open, line: Line) -> None:
    text = open_.text
    if text.endswith(HYPHEN):
        stem = text[:-1]
        word = stem.rsplit(None, 1)[-1].lower() if stem.strip() else ""
        kept = word in _COMPOUNDS or word[-1:].isdigit() or line.text[:1].isupper()
        text = stem + "-" if kept else stem
    elif text.endswith("-") and len(text) > 1 and text[-2].isalpha():
        pass
    else:
        text += " "
    open_.bold.extend((a + len(text), b + len(text)) for a, b in line.bold)
    open_.text = text + line.text
    open_.last = line
