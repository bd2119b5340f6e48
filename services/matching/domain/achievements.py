"""Achievements told in the text of a position, each of them once."""

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction

MOST = 20
_LONGEST_TEXT = 8_000
_LONGEST = 300
_DUPLICATE_FROM = Fraction(7, 10)
# One word is no sentence: it would be "in" every text that holds it.
_FEWEST_WORDS = 2

_BULLET = re.compile(r"^\s*(?:[-*•‣▪◦●·\u2013\u2014]|\d{1,2}[.)])\s+")
# Not after a digit: "1.5 M" is one number.
_SENTENCE = re.compile(r"(?<=[^\d\s][.!?])\s+|\s*[;\n\r]+\s*")
_MARKS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W_]+")
_FIGURE = re.compile(r"\d+\s?(?:%|k€|m€|€|\$|keur|meur|x\b|fois\b|times\b)|[+-]\s?\d+|\bx\s?\d+")
_RESULTS = (
    "accru accelere ameliore atteint augmente automatise baisse cree decroche deploye depasse"
    " developpe diminue divise double economise elimine evite gagne lance livre migre modernise"
    " multiplie obtenu optimise ouvert realise recrute reduit remporte resolu reussi"
    " structure supprime triple"
    " achieved accelerated automated awarded boosted built closed created cut decreased delivered"
    " deployed designed doubled eliminated exceeded grew improved increased introduced launched"
    " migrated modernised modernized obtained opened optimised optimized recruited reduced resolved"
    " saved secured shipped solved tripled won"
)
_LED_TO = frozenset(_RESULTS.split())


def extract(text: str) -> list[str]:
    """Return the achievements that a text tells, in its order, at most 20.

    A sentence or bullet counts when it names a result in figures (a share, a sum, a factor) or
    one of the verbs of results, in French or English. At most 8,000 characters are read.
    """
    pieces = _SENTENCE.split(text[:_LONGEST_TEXT])
    told = (_BULLET.sub("", piece).strip().rstrip(".;,")[:_LONGEST] for piece in pieces)
    return deduplicate([], [piece for piece in told if _is_result(piece)])[:MOST]


def deduplicate(known: Iterable[str], new: Iterable[str]) -> list[str]:
    """Return those of the new texts that are no duplicates, in their order.

    Each is compared with what is known and with the new ones kept before it. A text without a
    word says nothing and is left out.
    """
    before = [normalised(text) for text in known]
    kept: list[str] = []
    for text in new:
        plain = normalised(text)
        if not plain or any(_same(plain, other) for other in before):
            continue
        before.append(plain)
        kept.append(text)
    return kept


def normalised(text: str) -> str:
    """Return the words in lower case, without accents and punctuation, with one space between."""
    plain = _MARKS.sub("", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(_WORD.findall(plain))


def overlap(left: str, right: str) -> Fraction:
    """Return the words that two texts share, as a part of the smaller set; 0 without a word."""
    ours, theirs = set(normalised(left).split()), set(normalised(right).split())
    return Fraction(len(ours & theirs), max(1, min(len(ours), len(theirs))))


def is_duplicate(left: str, right: str) -> bool:
    """Tell whether two texts say the same: equal once normalised, or sharing 0.7 of their words.

    A text of one word duplicates another of that word alone, and a text without a word none.
    """
    return _same(normalised(left), normalised(right))


def _same(left: str, right: str) -> bool:
    if not left or not right:
        return False
    if left == right:
        return True
    fewest = min(len(set(left.split())), len(set(right.split())))
    return fewest >= _FEWEST_WORDS and overlap(left, right) >= _DUPLICATE_FROM


def _is_result(piece: str) -> bool:
    if len(piece.split()) < _FEWEST_WORDS:
        return False
    return bool(_FIGURE.search(piece.casefold())) or not _LED_TO.isdisjoint(
        normalised(piece).split()
    )
