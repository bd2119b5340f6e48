"""A CV as text: lines with a little of their looks, in reading order, and what was hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MAX_PAGES = 30
MAX_CHARACTERS = 120_000
"""Of visible text in one CV; the rest is left out and said so."""


class Hidden(StrEnum):
    """Why a reader does not see a piece of text, or does not see it as it is."""

    INVISIBLE = "INVISIBLE"
    """Drawn in no colour at all: render mode 3, full transparency, a hidden style."""
    SAME_COLOUR = "SAME_COLOUR"
    """In the colour of what is behind, or nearly."""
    TINY = "TINY"
    """Smaller than 3 points."""
    OFF_PAGE = "OFF_PAGE"
    COVERED = "COVERED"
    """Under a shape or an image, clipped away, or in a layer that is switched off."""
    ZERO_WIDTH = "ZERO_WIDTH"
    """Characters without a width inside words."""
    HOMOGLYPH = "HOMOGLYPH"
    """Letters of another alphabet that look like Latin ones, within a word."""


@dataclass(frozen=True, slots=True)
class Flag:
    """Hidden text that was found. It has no part in any fact."""

    hidden: Hidden
    page: int
    characters: int
    sample: str
    """Its beginning, for the person whose CV it is; never for a log."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line as printed. Lengths are in points, from the top left; 0 where unknown."""

    text: str
    page: int = 1
    left: float = 0.0
    right: float = 0.0
    top: float = 0.0
    bottom: float = 0.0
    size: float = 0.0
    bold: tuple[tuple[int, int], ...] = ()
    """Ranges of `text` in bold letters."""
    bullet: bool = False
    heading: bool = False
    """Whether the document itself calls it a heading."""
    first_width: float = 0.0
    """Width of the first word: a line that it would still have fitted on was ended on purpose."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that are read one after the other: a column, a table cell, the body."""

    lines: tuple[Line, ...]
    column: bool = False
    """Whether it stands beside another block."""


@dataclass(frozen=True, slots=True)
class Document:
    """What a reader of the CV sees, and flags for what one does not see."""

    blocks: tuple[Block, ...]
    pages: int = 1
    flags: tuple[Flag, ...] = ()
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of the text: page from 1, offsets into `Text.text`."""

    page: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Quoted:
    """A value and the words of the document that say it."""

    value: str
    quote: str
    span: Span


@dataclass(frozen=True, slots=True)
class Item:
    """One line of meaning: a paragraph, a bullet, a title; wrapped lines are put together."""

    text: str
    start: int
    page: int
    size: float = 0.0
    bold: tuple[tuple[int, int], ...] = ()
    bullet: bool = False
    heading: bool = False
    block: int = 0
    column: bool = False

    @property
    def all_bold(self) -> bool:
        """Whether most of it is bold."""
        return sum(end - start for start, end in self.bold) * 10 >= len(self.text) * 9

    def quoted(self, start: int, end: int, value: str = "") -> Quoted:
        """Quote a piece of the item."""
        quote = self.text[start:end]
        span = Span(self.page, self.start + start, self.start + end)
        return Quoted(value or quote, quote, span)


@dataclass(frozen=True, slots=True)
class Text:
    """The visible text as one string, and its items."""

    text: str
    items: tuple[Item, ...] = field(default_factory=tuple)

    def holds(self, quoted: Quoted) -> bool:
        """Tell whether the quoted words really stand where they are said to stand."""
        span = quoted.span
        return bool(quoted.quote) and self.text[span.start : span.end] == quoted.quote


def text_of(items: Sequence[Item]) -> Text:
    """Put items into one string, a line each, and tell each where it begins."""
    placed: list[Item] = []
    offset = 0
    for item in items:
        placed.append(
            Item(item.text, offset, item.page, item.size, item.bold, item.bullet, item.heading,
                 item.block, item.column)
        )  # fmt: skip
        offset += len(item.text) + 1
    return Text("\n".join(item.text for item in placed), tuple(placed))
