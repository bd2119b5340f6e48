"""Who it is and how to reach them. Nothing of this is ever scored."""

from __future__ import annotations

import re
from collections.abc import Sequence

from services.matching.domain.parsing import pieces as cutting
from services.matching.domain.parsing.dates import find_period, plain
from services.matching.domain.parsing.document import Item, Quoted
from services.matching.domain.parsing.facts import Contact
from services.matching.domain.parsing.headings import section_of
from services.matching.domain.parsing.pieces import Piece
from services.matching.domain.parsing.words import employer_weight, is_sentence, title_weight

_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_PHONE = re.compile(r"(?<![\w/])(?:\+|00)?\(?\d{1,4}\)?(?:[ .\u2011-]?\(?\d{1,4}\)?){2,7}(?![\w/])")
_LINK = re.compile(
    r"(?:https?://|www\.)[^\s|,;]{4,120}|(?:linkedin\.com|github\.com)/[^\s|,;]{2,80}"
)
_POSTAL = re.compile(
    r"\b(\d{5})\b[ ,]+"
    r"([A-Z\u00c0-\u00dd][\w'\u2019-]+(?:[ -][A-Z\u00c0-\u00dd\w][\w'\u2019-]*){0,4})"
)
_TOWN = re.compile(
    r"^(?P<city>[A-Z\u00c0-\u00dd][\w'\u2019.-]+(?:[ -][\w'\u2019.-]+){0,3})"
    r"(?:,\s*(?P<country>[A-Z\u00c0-\u00dd][\w'\u2019 .-]+)|\s*\((?P<postal>\d{2,5})\))$"
)
_NAME_WORD = re.compile(r"^[^\W\d_](?:[^\W\d_]|['\u2019.-])*$")
_CIVIL = re.compile(r"^(?:m|mr|mme|mlle|mrs|ms|dr|m\.|mr\.|mme\.|dr\.)$", re.IGNORECASE)
_FEWEST_DIGITS = 8
_MOST_DIGITS = 15
_TOP_ITEMS = 25
_LONGEST_TOWN = 100
_NOT_NAMES_NAMES = """
curriculum vitae cv resume adresse address telephone email mail
"""
_NOT_NAMES = frozenset(_NOT_NAMES_NAMES.split())
_SEPARATOR = re.compile(r"\t+|\s*[|•·]\s*|\s+[\u2012-\u2015-]\s+|\s{3,}|,\s+")


def read_contact(items: Sequence[Item]) -> tuple[Contact, Piece | None]:
    """Return the contact, and the piece that holds the name."""
    email = _first(items, _EMAIL)
    name = _name(items, email.value if email else "")
    postal, city = _town(items)
    contact = Contact(
        name=name.quoted(_proper(name.text)) if name else None,
        email=email,
        phone=_phone(items),
        city=city,
        postal_code=postal,
        links=tuple(_all(items, _LINK))[:5],
    )
    return contact, name


def is_contact(text: str) -> bool:
    """Tell a line that says how to reach somebody."""
    if _EMAIL.search(text) or _LINK.search(text) or _POSTAL.search(text):
        return True
    match = _PHONE.search(text)
    return bool(match and _is_phone(match.group()) and not find_period(match.group()))


def is_town(text: str) -> bool:
    """Tell "Nantes, France" and "Nantes (44)"."""
    return len(text) <= _LONGEST_TOWN and bool(_TOWN.match(text.strip()))


def _first(items: Sequence[Item], pattern: re.Pattern[str]) -> Quoted | None:
    return next(iter(_all(items, pattern)), None)


def _all(items: Sequence[Item], pattern: re.Pattern[str]) -> list[Quoted]:
    return [
        item.quoted(match.start(), match.end())
        for item in items
        for match in pattern.finditer(item.text)
    ]


def _phone(items: Sequence[Item]) -> Quoted | None:
    for item in items:
        for match in _PHONE.finditer(item.text):
            if _is_phone(match.group()):
                return item.quoted(match.start(), match.end())
    return None


def _is_phone(text: str) -> bool:
    digits = sum(letter.isdigit() for letter in text)
    if not _FEWEST_DIGITS <= digits <= _MOST_DIGITS:
        return False
    return text.startswith(("+", "0", "(")) or digits >= 10  # noqa: PLR2004


def _town(items: Sequence[Item]) -> tuple[Quoted | None, Quoted | None]:
    top = items[:_TOP_ITEMS]
    for item in top:
        match = _POSTAL.search(item.text)
        if match:
            postal = item.quoted(match.start(1), match.end(1))
            return postal, item.quoted(match.start(2), match.end(2))
    for item in top:
        if find_period(item.text):
            continue
        pieces = cutting.split(Piece(item, 0, len(item.text)), re.compile(r"\t+|\s*[|•·]\s*"))
        for piece in pieces:
            match = _TOWN.match(piece.text) if len(piece.text) <= _LONGEST_TOWN else None
            if match and not (title_weight(piece.text) or employer_weight(piece.text)):
                return None, item.quoted(
                    piece.start + match.start("city"), piece.start + match.end("city")
                )
    return None, None


def _name(items: Sequence[Item], email: str) -> Piece | None:
    """Return the likeliest name: large, early, made of names, known from the address."""
    best: tuple[float, Piece] | None = None
    largest = max((item.size for item in items[:_TOP_ITEMS]), default=0.0)
    known = {
        part
        for part in re.split(r"[^a-z]+", email.split("@", maxsplit=1)[0].lower())
        if len(part) > 2  # noqa: PLR2004
    }
    columns: dict[int, int] = {}
    for number, item in enumerate(items):
        place = columns.get(item.block, 0)
        columns[item.block] = place + 1
        if item.page != 1 or place >= _TOP_ITEMS:
            continue
        for piece in cutting.split(Piece(item, 0, len(item.text)), _SEPARATOR):
            weight = _name_weight(piece, known)
            if weight <= 0:
                continue
            weight += 3.0 * (largest > 0 and item.size >= largest - 0.1)
            weight += max(0.0, 2.0 - 0.5 * place) + max(0.0, 1.0 - 0.1 * number)
            if best is None or weight > best[0]:
                best = (weight, piece)
    return best[1] if best else None


def _name_weight(piece: Piece, known: set[str]) -> float:
    words = [word for word in piece.text.split() if not _CIVIL.match(word)]
    flat = [plain(word).strip(".") for word in words]
    if not 2 <= len(words) <= 5 or is_sentence(piece.text) or piece.item.bullet:  # noqa: PLR2004
        return 0.0
    if not all(_NAME_WORD.match(word) for word in words) or set(flat) & _NOT_NAMES:
        return 0.0
    if section_of(piece.text) or not words[0][:1].isupper():
        return 0.0
    letters = [re.sub(r"[^a-z]", "", word) for word in flat]
    alike = sum(
        1 for word in letters if any(word and (word in k or k in word) for k in known if word)
    )
    # People are called Baker and Charpentier, so a trade is only a hint.
    trade = 0.0 if alike > 1 else min(4.0, 2.0 * title_weight(piece.text))
    return 1.0 + 2.0 * alike + all(word[:1].isupper() for word in words) - trade


def _proper(text: str) -> str:
    return " ".join(word for word in text.split() if not _CIVIL.match(word))
