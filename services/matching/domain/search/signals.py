"""The raw signals of a search, one number an entry each; a signal that is absent is left out."""

from __future__ import annotations

from functools import reduce

import numpy as np

from services.matching.domain.fusion import COVERAGE, TITLE
from services.matching.domain.search.arrays import Floats
from services.matching.domain.search.collection import Model
from services.matching.domain.search.entry import Sought
from services.matching.domain.search.facets import level_number
from services.matching.domain.search.skills import Vectors
from services.matching.domain.search.view import View

_TOO_LOW = np.float32(0.5)
"""What a language is worth that is spoken, but not at the level asked for."""


def title(sought: Sought, model: Model, texts: Vectors, view: View) -> dict[str, Floats]:
    """How like the nearest title of each entry is to the title that is sought."""
    if not sought.title or not len(view.titles):
        return {}
    meaning = model.adapted(texts[sought.title][None, :])[0]
    return {TITLE: view.best_title(view.titles.likeness(sought.title, meaning))}


def coverage(sought: Sought, texts: Vectors, view: View) -> dict[str, Floats]:
    """Which share of the must-haves each entry covers: skills, months, languages."""
    met = _asked(sought, texts, view) if sought.asks else _offered(sought, texts, view)
    return {} if met is None else {COVERAGE: met}


def _asked(sought: Sought, texts: Vectors, view: View) -> Floats | None:
    """A job asks: the mean over its skills, languages and years of how well each is met."""
    met = [view.best_skill(one) for one in _likenesses(sought, texts, view)]
    if sought.months:
        met.append(np.minimum(view.months() / np.float32(sought.months), 1))
    for spoken in sought.languages:
        level = view.level(spoken.code)
        enough = np.where(level >= level_number(spoken), np.float32(1), _TOO_LOW)
        met.append(np.where(level > 0, enough, np.float32(0)))
    return np.asarray(np.mean(met, axis=0), np.float32) if met else None


def _offered(sought: Sought, texts: Vectors, view: View) -> Floats | None:
    """A profile offers: the mean over each job's skills and years of how well they are met."""
    likenesses = _likenesses(sought, texts, view)
    if not likenesses:
        return None
    met = view.mean_skill(reduce(np.maximum, likenesses))
    asked, count = view.months(), view.count_skills()
    years = np.minimum(np.float32(sought.months) / np.maximum(asked, 1), 1)
    with_years = (met * count + years) / (count + 1)
    return np.asarray(np.where(asked > 0, with_years, met), np.float32)


def _likenesses(sought: Sought, texts: Vectors, view: View) -> list[Floats]:
    if not len(view.skills):
        return []
    return [view.skills.likeness(name, texts[name]) for name in sought.skills]
