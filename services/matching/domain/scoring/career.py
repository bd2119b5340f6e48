"""The three dimensions of the whole career."""

from collections.abc import Sequence
from itertools import pairwise

from services.matching.domain.scoring.arithmetic import clamp
from services.matching.domain.scoring.concepts import MIDDLE_RANK, are_neighbours, family_of
from services.matching.domain.scoring.positions import Position
from services.matching.domain.scoring.similarity import title_similarity
from services.matching.domain.scoring.timeline import gaps

_FLAT = 4
_STEP = 2
_LEARNING = ("STAGE", "ALTERNANCE")
_SHORT_BY_NATURE = (*_LEARNING, "CDD", "INTERIM", "FREELANCE")
_LONG_GAP = 12
_SHORT_STAY = 6
_SAME_TRADE = 50


def chronological(positions: Sequence[Position]) -> list[Position]:
    """Returns the dated positions, oldest first."""
    dated = [position for position in positions if position.span]
    return sorted(dated, key=_when)


def progression(positions: Sequence[Position]) -> int:
    """0 to 10: 4 for a level career, 2 more for each rank risen, 2 less for each rank lost."""
    path = chronological(positions)
    if not path:
        return 0
    risen = _rank(path[-1]) - _rank(path[0])
    return clamp(_FLAT + _STEP * risen, 0, 10)


def coherence(positions: Sequence[Position]) -> int:
    """-5 to 5: up for positions of one trade in a row, down for jumps, gaps and short stays."""
    path = chronological(positions)
    if not path:
        return 0
    pairs = list(pairwise(path))
    kept = sum(_continuity(earlier, later) for earlier, later in pairs)
    value = 5 * kept // (2 * len(pairs)) if pairs else 2
    value -= min(2, gaps([position.span for position in path if position.span], _LONG_GAP))
    value -= min(2, sum(map(_is_short_stay, path[:-1])))
    return clamp(value, -5, 5)


def experiences_bonus(positions: Sequence[Position]) -> int:
    """0 to 5: one point a position held."""
    return min(5, len(positions))


def _when(position: Position) -> tuple[int, int, str]:
    span = position.span
    return (span.start, span.end, position.held.title) if span else (0, 0, position.held.title)


def _rank(position: Position) -> int:
    if position.held.contract in _LEARNING:
        return 0
    return MIDDLE_RANK if position.title.rank is None else position.title.rank


def _continuity(earlier: Position, later: Position) -> int:
    """2 for the same trade, 1 for a neighbouring one, -2 for a jump, 0 where a trade is unknown."""
    if title_similarity(earlier.title, later.title) >= _SAME_TRADE:
        return 2
    before = {family_of(name) for name in earlier.title.occupations}
    after = {family_of(name) for name in later.title.occupations}
    if not before or not after:
        return 0
    if before & after:
        return 2
    near = any(are_neighbours(left, right) for left in before for right in after)
    return 1 if near else -2


def _is_short_stay(position: Position) -> bool:
    span = position.span
    if span is None or position.held.contract in _SHORT_BY_NATURE:
        return False
    return span.months < _SHORT_STAY
