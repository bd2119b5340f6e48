"""Cutting a line into the pieces that its separators make, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from services.matching.domain.parsing.document import Item, Quoted

STRONG = re.compile(
    r"\t+|\s+[\u2012-\u2015|·•/>]\s+|\s+-\s+|\s*[|•]\s*|\s+(?:chez|at|@)\s+(?=\S)|\s{3,}"
)
COMMA = re.compile(r"\s*,\s+")
_EDGES = " \t,;:|·•-\u2010\u2011\u2012\u2013\u2014\u2015/()"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an item."""

    item: Item
    start: int
    end: int

    @property
    def text(self) -> str:
        """Its words."""
        return self.item.text[self.start : self.end]

    @property
    def bold(self) -> bool:
        """Whether it begins in bold letters and the item is not bold throughout."""
        if self.item.all_bold:
            return False
        return any(a <= self.start < b for a, b in self.item.bold)

    def quoted(self, value: str = "") -> Quoted:
        """Quote it."""
        return self.item.quoted(self.start, self.end, value)


def trimmed(item: Item, start: int, end: int) -> Piece | None:
    """Return the piece without separators around it; None where nothing is left."""
    text = item.text
    while start < end and text[start] in _EDGES:
        start += 1
    while end > start and text[end - 1] in _EDGES:
        end -= 1
    if text[start:end].count("(") > text[start:end].count(")") and text[end : end + 1] == ")":
        end += 1
    return Piece(item, start, end) if start < end else None


def split(piece: Piece, separator: re.Pattern[str]) -> list[Piece]:
    """Cut a piece at a separator; what stands in brackets stays whole."""
    found: list[Piece] = []
    start = piece.start
    for match in separator.finditer(piece.item.text, piece.start, piece.end):
        if _in_brackets(piece.item.text, piece.start, match.start()):
            continue
        _add(found, trimmed(piece.item, start, match.start()))
        start = match.end()
    _add(found, trimmed(piece.item, start, piece.end))
    return found


def without(piece: Piece, start: int, end: int) -> list[Piece]:
    """Take a range out of a piece."""
    found: list[Piece] = []
    _add(found, trimmed(piece.item, piece.start, min(max(start, piece.start), piece.end)))
    _add(found, trimmed(piece.item, max(min(end, piece.end), piece.start), piece.end))
    return found


def at_bold(piece: Piece) -> list[Piece]:
    """Cut a piece where bold letters begin or end."""
    edges = {piece.start, piece.end}
    for start, end in piece.item.bold:
        edges.update(edge for edge in (start, end) if piece.start < edge < piece.end)
    places = sorted(edges)
    found: list[Piece] = []
    for start, end in pairwise(places):
        _add(found, trimmed(piece.item, start, end))
    return found


def cut(pieces: Iterable[Piece], separator: re.Pattern[str]) -> list[Piece]:
    """Cut each of the pieces."""
    return [part for piece in pieces for part in split(piece, separator)]


def _in_brackets(text: str, start: int, end: int) -> bool:
    return text.count("(", start, end) > text.count(")", start, end)


def _add(found: list[Piece], piece: Piece | None) -> None:
    if piece is not None:
        found.append(piece)
