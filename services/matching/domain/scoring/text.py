"""Words, stems and likeness of French and English text, by rules and whole numbers alone."""

import re
import unicodedata
from functools import lru_cache

from services.matching.domain.scoring.arithmetic import percent
from services.matching.domain.scoring.stopwords import STOP_WORDS

MAX_CHARACTERS = 20_000
"""Longer text is cut here, so that the time a score takes is bounded."""

_MARKS = re.compile("[\u0300-\u036f]+")
_LIGATURES = (("œ", "oe"), ("æ", "ae"), ("ß", "ss"), ("\u2019", "'"))
# "H/F", "(f/h)", "(m/f/d)": whom an ad addresses says nothing of the work.
_ADDRESSED = re.compile(r"\(?\b[hfmwdx](?:\s*/\s*[hfmwdx]){1,2}\b\)?")
# "assistant(e)", "infirmier·ère", "vendeur.euse": one word, written for everybody. Each
# begins with its sign and looks back from there: that is found far sooner.
_ENDING = "(?:e|ne|se|euse|trice|rice|ere|re|le|ve)"
_INCLUSIVE = re.compile(
    rf"[(·•‧⋅.](?<=[a-z].)(?:(?<=\(){_ENDING}s?\)|(?<!\(){_ENDING}(?:[·•‧⋅.]?s)?\b)"
)
_SYMBOLS = (
    ("++", re.compile(r"c\+\+"), " cplusplus "),
    ("#", re.compile(r"\b([cf])#"), r" \1sharp "),
    (".net", re.compile(r"(?<![a-z0-9])\.net\b"), " dotnet "),
    (".js", re.compile(r"\b(node|vue|next|nuxt|three|express)\.js\b"), r"\1js"),
    ("ci", re.compile(r"\bci\s*/\s*cd\b"), " cicd "),
    ("&", re.compile(r"\br\s*&\s*d\b"), " recherche developpement "),
)
_WORD = re.compile(r"[a-z0-9]+")
_SHORTEST_STEM = 4

_PLURALS = (("eaux", "eau"), ("aux", "al"), ("ies", "i"))
_NEUTRAL = (
    ("trice", "teur"),
    ("drice", "deur"),
    ("effe", "ef"),
    ("esse", "e"),
    ("onne", "on"),
    ("euse", "eur"),
    ("iere", "ier"),
    ("enne", "en"),
    ("elle", "el"),
    ("ive", "if"),
)
_ENDINGS = ("ing", "ed", "ez", "er", "ee", "e")


def fold(text: str) -> str:
    """Returns the text in lower case without accents, ligatures or marks of gender."""
    text = text[:MAX_CHARACTERS]
    if text.isascii():
        text = text.lower()
    else:
        text = _MARKS.sub("", unicodedata.normalize("NFKD", text).lower())
        for sign, plain in _LIGATURES:
            text = text.replace(sign, plain)
    text = _INCLUSIVE.sub("", text)
    if "/" in text:
        text = _ADDRESSED.sub(" ", text)
    for sign, pattern, replacement in _SYMBOLS:
        if sign in text:
            text = pattern.sub(replacement, text)
    return text


def words(text: str) -> list[str]:
    """Returns the folded words in order, less those that carry no meaning."""
    return [word for word in _WORD.findall(fold(text)) if word not in STOP_WORDS]


def stems(text: str) -> list[str]:
    """Returns the stem of each word that carries meaning, in order.

    A stem that follows itself counts once: "chef ou cheffe de partie" is "chef de partie".
    """
    return stems_of(words(text))


def stems_of(told: list[str]) -> list[str]:
    """Like `stems`, for text that was cut into words before."""
    found: list[str] = []
    last = ""
    for root in map(stem, told):
        if root != last:
            found.append(root)
            last = root
    return found


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Cuts a folded word down to what its forms share.

    "développeuses" and "développeur", "infirmière" and "infirmiers" have one stem: grammatical
    gender and number never move a score.
    """
    if len(word) <= _SHORTEST_STEM or not word.isalpha():
        return word
    word = _singular(word)
    for ending, neutral in _NEUTRAL:
        if word.endswith(ending):
            word = word[: -len(ending)] + neutral
            break
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            word = word[: -len(ending)]
            break
    return word[:-1] + "i" if word.endswith("y") else word


def _singular(word: str) -> str:
    for ending, singular in _PLURALS:
        if word.endswith(ending):
            return word[: -len(ending)] + singular
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


@lru_cache(maxsize=65_536)
def likeness(left: str, right: str) -> int:
    """Returns how many three-letter pieces two words share, 0 to 100 (Dice)."""
    if left == right:
        return 100
    ours, theirs = _pieces(left), _pieces(right)
    return percent(2 * len(ours & theirs), len(ours) + len(theirs))


def _pieces(word: str) -> frozenset[str]:
    padded = f" {word} "
    return frozenset(padded[start : start + 3] for start in range(len(padded) - 2))
