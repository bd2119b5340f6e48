"""Characters that deceive: those without a width, and look-alikes from other alphabets."""

from __future__ import annotations

import re
import unicodedata

# Without a width, or turning the order of letters around. Soft hyphens are honest.
_ZERO_WIDTH = re.compile(
    "[\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff\u180e\u034f\U000e0000-\U000e007f]"
)
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\ufffc-\ufffe]")
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_LOOK_ALIKES = str.maketrans(
    "АВЕКМНОРСТУХЅІЈԚԜаеорсухѕіјԛԝһѵӏᴏɡɑΑΒΕΖΗΙΚΜΝΟΡΤΥΧαονιρτυκ",
    "ABEKMHOPCTYXSIJQWaeopcyxsijqwhvlogaABEZHIKMNOPTYXaoviptuk",
)


def clean(text: str) -> tuple[str, int, int]:
    """Return the text as a reader sees it, and how many deceiving characters there were.

    The first count is of characters without a width, the second of look-alikes in words that hold
    Latin letters as well. Words wholly in another alphabet stay as they are.
    """
    plain = _SPACES.sub(" ", _CONTROLS.sub("", text))
    if plain.isascii():
        return plain, 0, 0
    plain, zero_width = _ZERO_WIDTH.subn("", plain)
    look_alikes = 0

    def fold(match: re.Match[str]) -> str:
        nonlocal look_alikes
        word = match.group()
        if word.isascii():
            return word
        folded = word.translate(_LOOK_ALIKES)
        changed = sum(a != b for a, b in zip(word, folded, strict=True))
        if not changed or not _deceives(word, folded, changed):
            return word
        look_alikes += changed
        return folded

    plain = _WORD.sub(fold, plain)
    return unicodedata.normalize("NFC", plain), zero_width, look_alikes


def _deceives(word: str, folded: str, changed: int) -> bool:
    """A word of two alphabets, or one of look-alikes alone that is longer than a symbol."""
    if _LATIN.search(word):
        return True
    return len(word) > 2 and changed == len(word) and folded.isascii()  # noqa: PLR2004
