"""Schools, degrees and what was studied."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from services.matching.domain.parsing import pieces as cutting
from services.matching.domain.parsing.dates import Period, find_period
from services.matching.domain.parsing.document import Item, Quoted
from services.matching.domain.parsing.experiences import month
from services.matching.domain.parsing.facts import MAX_EDUCATION, Studied
from services.matching.domain.parsing.pieces import Piece
from services.matching.domain.parsing.words import degree_end, is_place, is_school

_JOINERS = re.compile(
    r"^\W*(?:(?:(?:en|in|of|de|du|des|specialite|sp\u00e9cialit\u00e9|mention|option)\b"
    r"|d['\u2019]|:|\u2013|-)\s*)+",
    re.IGNORECASE,
)
_FROM_SCHOOL = re.compile(r",\s+|\s+(?:\u00e0|at|from)\s+(?=[A-Z\u00c0-\u00dd'l])")


@dataclass(slots=True)
class _Studies:
    school: Piece | None = None
    degree: Piece | None = None
    field: Piece | None = None
    period: Period | None = None
    dated: Quoted | None = None
    leading_date: bool = False


def tells_studies(item: Item) -> bool:
    """Tell whether a line outside any section names a degree, or a school with a date."""
    if item.bullet:
        return False
    return bool(degree_end(item.text)) or (is_school(item.text) and bool(find_period(item.text)))


def read_education(items: Sequence[Item]) -> list[Studied]:
    """Return what was studied where, in the order of the section."""
    found: list[_Studies] = []
    for item in items:
        if not (item.bullet and found and _is_detail(item)):
            _read_line(found, item)
    kept = [studies for studies in found if studies.school or studies.degree or studies.field]
    return [_studied(studies) for studies in kept[:MAX_EDUCATION]]


def _is_detail(item: Item) -> bool:
    return not (degree_end(item.text) or is_school(item.text) or find_period(item.text))


def _read_line(found: list[_Studies], item: Item) -> None:
    whole = [Piece(item, 0, len(item.text))]
    period = find_period(item.text)
    if period:
        whole = cutting.without(whole[0], period.at, period.until)
    parts = [part for piece in cutting.cut(whole, cutting.STRONG) for part in _parts(piece)]
    named = [part for part in parts if not _is_noise(part)]
    if period:
        current = _for_date(found)
        if current.period is None:
            current.period = period
            current.dated = item.quoted(period.at, period.until)
            current.leading_date = not (current.school or current.degree)
    for part in named:
        _place(found, part)


def _parts(piece: Piece) -> list[Piece]:
    parts = cutting.split(piece, _FROM_SCHOOL)
    joined: list[Piece] = []
    for part in parts:
        if joined and is_school(joined[-1].text) and not _starts(part):
            continue_school = is_school(part.text)
            if continue_school:
                joined[-1] = Piece(piece.item, joined[-1].start, part.end)
                continue
        joined.append(part)
    return joined


def _starts(part: Piece) -> bool:
    return bool(degree_end(part.text))


def _is_noise(part: Piece) -> bool:
    return len(part.text) < 2 or part.text.isdigit()  # noqa: PLR2004


def _for_date(found: list[_Studies]) -> _Studies:
    """A date completes what has none yet, or begins something new."""
    if not found or found[-1].period is not None:
        found.append(_Studies())
    return found[-1]


def _place(found: list[_Studies], part: Piece) -> None:
    end = degree_end(part.text)
    if end:
        _new_when(found, lambda s: s.degree is not None)
        degree, rest = _degree(part, end)
        found[-1].degree = degree
        if rest is not None:
            _field(found[-1], rest)
        return
    if is_school(part.text):
        _new_when(found, lambda s: s.school is not None)
        found[-1].school = part
        return
    current = found[-1] if found else None
    if current is None:
        found.append(_Studies(field=part))
        return
    if current.school is not None and is_place(part.text) and current.field is not None:
        return
    if current.field is None and current.degree is not None:
        if not (current.school is not None and is_place(part.text) and _follows(current, part)):
            _field(current, part)
    elif current.school is None and current.degree is not None:
        current.school = part
    elif current.school is None and current.degree is None:
        current.field = current.field or part


def _follows(current: _Studies, part: Piece) -> bool:
    """Tell whether a part stands right behind the school, where towns stand."""
    school = current.school
    return school is not None and school.item is part.item and school.end < part.start


def _new_when(found: list[_Studies], full: object) -> None:
    assert callable(full)
    if not found or full(found[-1]):
        found.append(_Studies())


def _degree(part: Piece, end: int) -> tuple[Piece, Piece | None]:
    rest = part.text[end:]
    joiner = _JOINERS.match(rest)
    start = part.start + end + (joiner.end() if joiner else 0)
    field = cutting.trimmed(part.item, start, part.end)
    degree = cutting.trimmed(part.item, part.start, part.start + end) or part
    return degree, field


def _field(studies: _Studies, part: Piece) -> None:
    if studies.field is None:
        studies.field = part


def _studied(studies: _Studies) -> Studied:
    period = studies.period
    return Studied(
        school=studies.school.quoted() if studies.school else None,
        degree=studies.degree.quoted() if studies.degree else None,
        field=studies.field.quoted() if studies.field else None,
        period=studies.dated,
        start=month(period.start) if period and period.ranged else "",
        end=month(period.end) if period and period.end else "",
    )
