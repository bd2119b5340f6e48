"""The lines around a period: which of them name the position and the employer."""

from __future__ import annotations

from collections.abc import Sequence

from services.matching.domain.parsing import pieces as cutting
from services.matching.domain.parsing.dates import Period, find_period
from services.matching.domain.parsing.document import Item
from services.matching.domain.parsing.pieces import Piece
from services.matching.domain.parsing.words import (
    contract_in,
    employer_weight,
    is_place,
    is_sentence,
    title_weight,
)

_MOST_BEFORE = 3
_MOST_REST = 60
_LONGEST_NAME = 110


def dated(item: Item) -> Period | None:
    """Return the period of a line that begins or ends a position; None for running text."""
    period = find_period(item.text)
    if period is None:
        return None
    rest = item.text[: period.at] + item.text[period.until :]
    if item.bullet and not period.ranged:
        return None
    if period.ranged:
        return period if len(rest) <= 2 * _MOST_REST else None
    names_alone = len(rest.strip()) <= _MOST_REST and not is_sentence(rest)
    at_edge = period.at <= 1 or period.until >= len(item.text.rstrip(" .)"))
    return period if names_alone and at_edge else None


def lines_before(items: Sequence[Item], marks: Sequence[int]) -> int:
    """Return how many lines of names stand above each period, in the manner of this CV."""
    counts = []
    for number, place in enumerate(marks):
        start = marks[number - 1] + 1 if number else 0
        count = 0
        for item in reversed(items[start:place]):
            if not is_name(item) or count == _MOST_BEFORE:
                break
            count += 1
        counts.append(count)
    if counts[0] == 0 and marks[0] == 0:
        return 0
    alone = [place for place in marks if not says_names(items[place])]
    if not alone:
        return _least_titled(items, marks, counts)
    return min(counts) if min(counts) else max(1, counts[0]) if counts[0] else 0


def _least_titled(items: Sequence[Item], marks: Sequence[int], counts: Sequence[int]) -> int:
    """Where dated lines hold names too, lines above count if they look like names everywhere."""
    least = min(counts)
    first = [items[place - least] for place in marks] if least else []
    if least and all(title_weight(item.text) or employer_weight(item.text) for item in first):
        return least
    return 0


def says_names(item: Item) -> bool:
    """Tell whether a dated line says more than a place or a contract beside the date."""
    period = find_period(item.text)
    if period is None:
        return True
    whole = Piece(item, 0, len(item.text))
    rest = cutting.cut(cutting.without(whole, period.at, period.until), cutting.STRONG)
    return any(not is_minor(piece) for piece in rest)


def is_minor(piece: Piece) -> bool:
    text = piece.text.strip()
    contract = contract_in(text)
    if contract and contract[2] - contract[1] >= len(text) - 2:
        return True
    return is_place(text) or is_length(text)


def is_length(text: str) -> bool:
    """Tell "2 ans 3 mois", "(5 years)"."""
    words = text.lower().replace("(", "").replace(")", "").split()
    units = (
        "an",
        "ans",
        "mois",
        "year",
        "years",
        "yr",
        "yrs",
        "month",
        "months",
        "mos",
        "et",
        "and",
    )
    return bool(words) and all(word.isdigit() or word.strip(",.") in units for word in words)


def is_name(item: Item) -> bool:
    if item.bullet or len(item.text) > _LONGEST_NAME or is_sentence(item.text):
        return False
    return not item.text.rstrip().endswith((".", ";", ":")) or item.all_bold
