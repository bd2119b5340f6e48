"""Texts as the search compares them: titles for one person, words, and runs of letters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

from services.matching.domain.query import concept_words
from services.matching.domain.scoring.stopwords import FILLERS
from services.matching.domain.scoring.text import fold, words

SHORTEST_RUN, LONGEST_RUN = 2, 4

_ADDRESSED = re.compile(r"\s*\(?\b[hfmwdx](?:\s*/\s*[hfmwdx]){1,2}\b\)?", re.IGNORECASE)
_SLASH = re.compile(r"\s*/\s*")
_STEM = 3
_TAIL = 4
_RUN = re.compile(r"[a-z0-9+#]+")


def plain_title(text: str) -> str:
    """A title for one person: "Acheteur / Acheteuse d'art (H/F)" is "Acheteur d'art".

    Whom an ad addresses goes, and so does the second gender of a trade; "Java/Python" stays.
    """
    text = " ".join(_ADDRESSED.sub(" ", text).split())
    half, *others = _SLASH.split(text)
    if len(others) != 1:
        return text
    first, second = half.split(), others[0].split()
    same = _likeness(first, second)
    if not same:
        return text
    if len(first) > same and fold(first[-1])[:_TAIL] == fold(second[-1])[:_TAIL]:
        return half
    return " ".join([*first, *second[same:]])


def _likeness(first: list[str], second: list[str]) -> int:
    """How many words both begin with, if only their endings differ."""
    same = 0
    for one, other in zip(first, second, strict=False):
        if fold(one)[:_STEM] != fold(other)[:_STEM]:
            break
        same += 1
    return same


def letters(text: str) -> Counter[str]:
    """The runs of two to four letters of each word, its ends marked by spaces."""
    return Counter(run for word in _RUN.findall(fold(text)) for run in _runs(word))


@lru_cache(maxsize=50_000)
def _runs(word: str) -> tuple[str, ...]:
    padded = f" {word} "
    return tuple(
        padded[at : at + length]
        for length in range(SHORTEST_RUN, LONGEST_RUN + 1)
        for at in range(len(padded) - length + 1)
    )


def tokens(texts: Iterable[str]) -> Counter[str]:
    """The stems that tell something, and the trades and skills that both languages share."""
    said = list(texts)
    return stems(said) + Counter(concept_words(*said).split())


def stems(texts: Iterable[str]) -> Counter[str]:
    """The stems that tell something."""
    return Counter(
        word for text in texts for word in words(text) if len(word) > 1 and word not in FILLERS
    )
