"""Hybrid search over a collection: filter first, then every entry that is left, exactly."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from services.matching.domain import fusion
from services.matching.domain.fusion import MEANING, WORDS, Fused, Part, RankingProfile
from services.matching.domain.search import signals
from services.matching.domain.search.arrays import Floats, Slots, Wholes
from services.matching.domain.search.collection import Collection
from services.matching.domain.search.entry import MAX_TERMS, Entry, Sought
from services.matching.domain.search.facets import Filter
from services.matching.domain.search.skills import Vectors
from services.matching.domain.search.view import View

_AGAIN = 256
"""Entries near the top whose meaning is computed exactly after the scan over bytes."""
_ENDS = 16
"""Entries at each end of the scan that are computed exactly, for the bounds."""
_OUT = -1
"""The rank of what is not to be shown."""
_MARGIN = 20_000
"""Millionths of rank that the scan may be off by; ten times what was seen."""


@dataclass(frozen=True, slots=True)
class Request:
    """A search and the page of it that is wanted. `texts` has the vectors of its names."""

    sought: Sought
    profile: RankingProfile
    texts: Vectors = field(default_factory=dict)
    wanted: Filter = field(default_factory=Filter)
    limit: int = 50
    after: tuple[int, str] | None = None
    matching: bool = False
    """Whether only entries count that hold one of the words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry and its place."""

    entry: Entry
    fused: Fused


@dataclass(frozen=True, slots=True)
class Result:
    """One page, best first, and how many hits there are in all."""

    hits: list[Hit]
    total: int


def search(collection: Collection, request: Request) -> Result:
    """Rank the entries that the filter leaves and return a page of them."""
    view = View(collection, request.wanted)
    if not view.total:
        return Result([], 0)
    raw = raw_signals(collection, request, view)
    shares = fusion.shares(request.profile, raw)
    if not shares:
        return Result([], view.total)
    held = raw[WORDS] > 0 if request.matching and WORDS in raw else None
    total = view.total if held is None else int(held.sum())
    stretched = _Stretched(raw, request, view)
    rough = fusion.fuse(stretched.values, shares)
    if held is not None:
        rough[~held] = _OUT
    top = _top(rough, request)
    if MEANING in raw:
        stretched.correct(top, view)
    chosen = {name: values[top] for name, values in stretched.values.items()}
    ranks = fusion.fuse(chosen, shares)
    return Result(_page(view, request, top, ranks, chosen, shares), total)


def raw_signals(collection: Collection, request: Request, view: View) -> dict[str, Floats]:
    """Return the signals that the profile weighs and that are there."""
    sought, wanted = request.sought, dict(request.profile.weights)
    raw: dict[str, Floats] = {}
    if MEANING in wanted and sought.vector is not None:
        raw[MEANING] = view.scan(sought.vector)
    if WORDS in wanted and sought.tokens:
        raw[WORDS] = view.words(sought.tokens, MAX_TERMS)
    if fusion.TITLE in wanted:
        raw.update(signals.title(sought, collection.model, request.texts, view))
    if fusion.COVERAGE in wanted:
        raw.update(signals.coverage(sought, request.texts, view))
    return raw


class _Stretched:
    """The signals in millionths, and how a corrected meaning becomes one."""

    def __init__(self, raw: dict[str, Floats], request: Request, view: View) -> None:
        self._sought = request.sought.vector
        self._placed: fusion.Placing | None = None
        languages = view.languages() if request.profile.by_language else None
        self.values: dict[str, Wholes] = {}
        for name, values in raw.items():
            if name == MEANING:
                _exact_ends(values, self._sought, view)
            placing = fusion.Placing.of(values, languages)
            self.values[name] = placing.stretched(values, languages)
            if name == MEANING:
                self._placed, self._languages = placing, languages

    def correct(self, places: Slots, view: View) -> None:
        """Compute the meaning of some entries exactly."""
        if self._sought is None or self._placed is None:
            return
        exact = view.products(self._sought, places)
        languages = None if self._languages is None else self._languages[places]
        self.values[MEANING][places] = self._placed.stretched(exact, languages)


def _exact_ends(values: Floats, query: Floats | None, view: View) -> None:
    """Make the lowest and the highest value exact: they are the bounds."""
    if query is None:
        return
    count = min(_ENDS, len(values))
    low = np.argpartition(values, count - 1)[:count]
    high = np.argpartition(values, -count)[-count:]
    ends = np.unique(np.concatenate([low, high])).astype(np.int32)
    values[ends] = view.products(query, ends)


def _top(ranks: Wholes, request: Request) -> Slots:
    """The entries that the page can be made of, and more, so that the scan's error is harmless."""
    most = None if request.after is None else request.after[0] + _MARGIN
    within = ranks > _OUT if most is None else (ranks > _OUT) & (ranks <= most)
    places = np.flatnonzero(within).astype(np.int32)
    count = 4 * request.limit + _AGAIN
    if len(places) <= count:
        return places
    some = ranks[places]
    least = int(np.partition(some, -count)[-count])
    return np.asarray(places[some >= least], np.int32)


def _page(
    view: View,
    request: Request,
    places: Slots,
    ranks: Wholes,
    values: dict[str, Wholes],
    shares: dict[str, int],
) -> list[Hit]:
    order = np.argsort(-ranks, kind="stable")
    if len(order) > request.limit and request.after is None:
        # Ties at the end of the page are put in order by id, so all of them are read.
        order = order[ranks[order] >= ranks[order[request.limit - 1]]]
    found = [(-int(ranks[at]), view.entry(int(places[at])), int(at)) for at in order]
    found.sort(key=lambda one: (one[0], one[1].id))
    if request.after is not None:
        reached = (-request.after[0], request.after[1])
        found = [one for one in found if (one[0], one[1].id) > reached]
    return [
        Hit(entry, Fused(_parts(values, shares, at), -rank))
        for rank, entry, at in found[: request.limit]
    ]


def _parts(values: dict[str, Wholes], shares: dict[str, int], at: int) -> tuple[Part, ...]:
    return tuple(Part(name, int(values[name][at]), weight) for name, weight in shares.items())
