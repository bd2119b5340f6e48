"""Dates and periods as CVs write them, in French and English."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "janvier janv jan january",
            "fevrier fevr fev feb february",
            "mars mar march",
            "avril avr apr april",
            "mai may",
            "juin jun june",
            "juillet juil jul july",
            "aout aou aug august",
            "septembre sept sep september",
            "octobre oct october",
            "novembre nov november",
            "decembre dec december",
        ),
        start=1,
    )
    for name in names.split()
}
_NOW = (
    r"(?:aujourd'?\s?hui|a ce jour|ce jour|maintenant|present(?:ly)?|actuel(?:lement)?"
    r"|en cours|en poste|now|today|current(?:ly)?|to date|ongoing)"
)
_NAME = "|".join(sorted(_MONTHS, key=len, reverse=True))
_YEAR = r"(?:19[5-9]\d|20[0-6]\d)"
_DATE = (
    rf"(?:(?:(?:\d{{1,2}}(?:er)?\s+)?\b(?:{_NAME})\b\.?\s*,?\s*(?:{_YEAR}|'\d\d))"
    rf"|(?:\b\d{{1,2}}[/.]\d{{1,2}}[/.]{_YEAR}\b)"
    rf"|(?:\b{_YEAR}-\d{{2}}-\d{{2}}\b)"
    rf"|(?:\b\d{{1,2}}\s?[/.-]\s?{_YEAR}\b)"
    rf"|(?:\b{_YEAR}\s?[/.-]\s?(?:0[1-9]|1[0-2])\b(?!\d))"
    rf"|(?:\b{_YEAR}\b))"
)
_JOIN = (
    r"(?:\s*(?:[-\u2010-\u2015>]+|\u2192"
    r"|\b(?:a|au|to|until|till|jusqu'?\s?a|jusqu'?\s?en|et)\b)\s*)"
)
_FROM = r"(?:\b(?:de|du|from|depuis|since|entre|between|des)\b\s+(?:le\s+)?)?"
_MONTH_ALONE = rf"(?:\b(?:{_NAME})\b\.?)"
_RANGE = re.compile(
    rf"{_FROM}(?P<start>{_DATE}|{_MONTH_ALONE}(?={_JOIN}{_MONTH_ALONE}\s*{_YEAR}))"
    rf"{_JOIN}(?P<end>{_DATE}|{_NOW}\b|\d\d\b(?![/.\d-]))"
)
_SINCE = re.compile(rf"\b(?:depuis|since|des)\b\s+(?:le\s+)?(?P<start>{_DATE})")
_SINGLE = re.compile(rf"(?P<start>{_DATE})")
_NUMBERS = re.compile(r"\d+")
_LONGEST = 400
_TWO_DIGITS = 100
_MAX_MONTH = 12


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """A month; month 0 where only the year is told."""

    year: int
    month: int = 0


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time and where in the line it stands."""

    start: Moment
    end: Moment | None
    current: bool
    at: int
    until: int
    ranged: bool
    """Whether the line gives two ends, or says that it lasts."""


@lru_cache(maxsize=8_192)
def plain(text: str) -> str:
    """Return the text in lower case without accents, letter for letter of the same length."""
    letters = []
    for letter in text:
        base = unicodedata.normalize("NFKD", letter)[:1].lower()
        letters.append(base if len(base) == 1 else letter)
    return "".join(letters).replace("\u2019", "'")


def has_date(text: str) -> bool:
    """Tell whether the text names a year or a period."""
    return find_period(text) is not None


@lru_cache(maxsize=4_096)
def find_period(text: str) -> Period | None:
    """Return the first period in the line: two ends, an open one, or a single date."""
    flat = plain(text[:_LONGEST])
    if not any(digit.isdigit() for digit in flat):
        return None
    return _ranged(flat) or _since(flat) or _single(flat)


def _ranged(flat: str) -> Period | None:
    for match in _RANGE.finditer(flat):
        end = _moment(match["end"])
        current = end is None and not match["end"].isdigit()
        start = _moment(match["start"])
        if start is None and end is not None and match["start"].strip(". ") in _MONTHS:
            start = Moment(end.year, _MONTHS[match["start"].strip(". ")])
        if start is None:
            continue
        if match["end"].isdigit() and end is None:
            end = _short_year(start, match["end"])
            if end is None:
                continue
        if end is not None and end.year < start.year:
            continue
        return Period(start, end, current, match.start(), match.end(), ranged=True)
    return None


def _short_year(start: Moment, digits: str) -> Moment | None:
    """Read "2018-20" as 2018 to 2020."""
    year = start.year // _TWO_DIGITS * _TWO_DIGITS + int(digits)
    return Moment(year) if year >= start.year else None


def _since(flat: str) -> Period | None:
    match = _SINCE.search(flat)
    start = _moment(match["start"]) if match else None
    if match is None or start is None:
        return None
    return Period(start, None, current=True, at=match.start(), until=match.end(), ranged=True)


def _single(flat: str) -> Period | None:
    match = _SINGLE.search(flat)
    start = _moment(match["start"]) if match else None
    if match is None or start is None:
        return None
    return Period(start, start, False, match.start(), match.end(), ranged=False)


def _moment(text: str) -> Moment | None:
    text = text.strip()
    numbers = [int(number) for number in _NUMBERS.findall(text)]
    word = re.search(rf"\b({_NAME})\b", text)
    if word and numbers:
        year = numbers[-1]
        return Moment(year + 2000 if year < _TWO_DIGITS else year, _MONTHS[word.group(1)])
    years = [number for number in numbers if number > 1900]  # noqa: PLR2004
    if not years:
        return None
    if len(numbers) == 1:
        return Moment(years[0])
    # 12/03/2021, 2021-03-15, 03/2021, 2021-03
    month = numbers[1] if len(numbers) > 2 else min(numbers)  # noqa: PLR2004
    return Moment(years[0], month if 1 <= month <= _MAX_MONTH else 0)
