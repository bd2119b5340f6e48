"""What a search can be narrowed by: filters come first, what they leave is searched whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from services.matching.domain.scoring.facts import CONTRACTS, LEVELS, Language
from services.matching.domain.scoring.text import fold
from services.matching.domain.search.arrays import Flags, Floats, Slots
from services.matching.domain.search.places import Place, kilometres, place_of

ANY_CONTRACT = (1 << len(CONTRACTS)) - 1
_NEVER = 2**31 - 1
CANDIDATE, PROSPECT = "candidate", "prospect"
"""Groups: who registered, and whom a company wrote down."""
_UNKNOWN = 1
"""A language that is spoken at a level that is not told counts as A1."""


@dataclass(frozen=True, slots=True)
class Facets:
    """What an entry says of itself. Money in whole euros a year, days since 1970."""

    city: str = ""
    contracts: tuple[str, ...] = ()
    """Accepted or offered; empty means any."""
    languages: tuple[Language, ...] = ()
    months: int = 0
    """Experience held or asked for."""
    salary: int = 0
    """The least that is wanted, or the most that is offered; 0 when not told."""
    available: int = 0
    """The first day; 0 means now."""
    groups: frozenset[str] = frozenset()
    """What kind of entry it is: "candidate", "prospect", "job", a company's id."""


@dataclass(frozen=True, slots=True)
class Filter:
    """What entries must be like; a field left empty narrows nothing."""

    city: str = ""
    radius: int = 0
    """Kilometres around the city; 0: the city itself."""
    contracts: tuple[str, ...] = ()
    """One of them."""
    languages: tuple[Language, ...] = ()
    """All of them, at these levels or better."""
    salary_at_most: int = 0
    """The entry wants no more than this; who does not tell stays."""
    salary_at_least: int = 0
    """The entry offers this or more; what does not tell goes."""
    available_by: int = 0
    skills: tuple[str, ...] = ()
    """Must-haves: all of them."""
    groups: frozenset[str] = frozenset()
    """All of them."""

    @property
    def is_empty(self) -> bool:
        """Whether it lets everything through."""
        return self == Filter()


@dataclass(frozen=True, slots=True)
class Columns:
    """The facets of many entries, a column each."""

    latitude: Floats
    longitude: Floats
    cities: Sequence[str]
    city: Slots
    contracts: Slots
    salary: Slots
    available: Slots
    months: Slots
    levels: Mapping[str, Slots] = field(default_factory=dict)
    groups: Mapping[str, Flags] = field(default_factory=dict)

    @classmethod
    def of(cls, facets: Sequence[Facets]) -> Columns:
        """Lay the facets out in columns."""
        cities: dict[str, int] = {}
        at = [cities.setdefault(fold(one.city).strip(), len(cities)) for one in facets]
        places = [place_of(name) or Place(float("nan"), float("nan")) for name in cities]
        city = np.asarray(at, np.int32)
        return cls(
            latitude=np.asarray([place.latitude for place in places], np.float32)[city],
            longitude=np.asarray([place.longitude for place in places], np.float32)[city],
            cities=list(cities),
            city=city,
            contracts=_column(_mask(one.contracts) for one in facets),
            salary=_column(one.salary for one in facets),
            available=_column(one.available for one in facets),
            months=_column(one.months for one in facets),
            levels=_levels(facets),
            groups=_groups(facets),
        )

    def passing(self, wanted: Filter) -> Flags:
        """Return which entries a filter lets through; skills are looked at elsewhere."""
        keep = np.ones(len(self.city), np.bool_)
        if wanted.city:
            keep &= self._near(wanted)
        if wanted.contracts:
            keep &= (self.contracts & _mask(wanted.contracts)) != 0
        if wanted.salary_at_most:
            keep &= self.salary <= wanted.salary_at_most
        if wanted.salary_at_least:
            keep &= self.salary >= wanted.salary_at_least
        if wanted.available_by:
            keep &= self.available <= wanted.available_by
        for spoken in wanted.languages:
            level = self.levels.get(spoken.code)
            keep &= False if level is None else level >= level_number(spoken)
        for group in wanted.groups:
            members = self.groups.get(group)
            keep &= False if members is None else members
        return keep

    def _near(self, wanted: Filter) -> Flags:
        name = fold(wanted.city).strip()
        same = np.asarray([one == name for one in self.cities], np.bool_)[self.city]
        place = place_of(name)
        if not wanted.radius or place is None:
            return same
        away = kilometres(place, self.latitude, self.longitude)
        return np.asarray(same | (away <= wanted.radius), np.bool_)


def level_number(spoken: Language) -> int:
    """A1 is 1, C2 is 6; a level that is not told counts as A1."""
    return LEVELS.index(spoken.level) + 1 if spoken.level in LEVELS else _UNKNOWN


def _levels(facets: Sequence[Facets]) -> dict[str, Slots]:
    columns: dict[str, Slots] = {}
    for at, one in enumerate(facets):
        for spoken in one.languages:
            column = columns.setdefault(spoken.code, np.zeros(len(facets), np.int32))
            column[at] = max(int(column[at]), level_number(spoken))
    return columns


def _groups(facets: Sequence[Facets]) -> dict[str, Flags]:
    columns: dict[str, Flags] = {}
    for at, one in enumerate(facets):
        for group in one.groups:
            columns.setdefault(group, np.zeros(len(facets), np.bool_))[at] = True
    return columns


def _mask(contracts: Sequence[str]) -> int:
    known = [CONTRACTS.index(one) for one in contracts if one in CONTRACTS]
    return sum(1 << at for at in set(known)) if known else ANY_CONTRACT


def _column(values: Iterable[int]) -> Slots:
    return np.asarray([min(value, _NEVER) for value in values], np.int32)
