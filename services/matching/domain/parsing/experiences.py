"""Positions held: what stands around each period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.matching.domain.parsing import pieces as cutting
from services.matching.domain.parsing.dates import Moment, Period, plain
from services.matching.domain.parsing.document import Item, Quoted
from services.matching.domain.parsing.entry_lines import (
    dated,
    is_length,
    is_minor,
    is_name,
    lines_before,
    says_names,
)
from services.matching.domain.parsing.facts import MAX_EXPERIENCES, Held
from services.matching.domain.parsing.pieces import Piece
from services.matching.domain.parsing.words import (
    contract_in,
    employer_weight,
    is_place,
    title_weight,
)

_APART = tuple("(),;[]/")
_PERSON = re.compile(
    r"\b(?:stagiaire|alternante?|apprentie?|interimaire|intern|apprentice|freelance|contractor)\b"
)
_MOST_BEFORE = 3
_MOST_AFTER = 2
_MOST_REST = 60
_LONGEST_NAME = 110


@dataclass(slots=True)
class _Entry:
    """The lines of one position."""

    period: Period
    dated: Item
    header: list[Item] = field(default_factory=list)
    body: list[Item] = field(default_factory=list)
    names: list[Piece] = field(default_factory=list)
    contract: tuple[str, Quoted] | None = None


def read_experiences(items: Sequence[Item]) -> list[Held]:
    """Return the positions that the lines of a section tell, as they are written down."""
    marks = [place for place, item in enumerate(items) if dated(item)]
    if not marks:
        return []
    before = lines_before(items, marks)
    entries: list[_Entry] = []
    taken = 0
    for number, place in enumerate(marks):
        period = dated(items[place])
        assert period is not None
        entry = _Entry(period, items[place])
        entry.header.extend(items[max(taken, place - before) : place])
        following = marks[number + 1] - before if number + 1 < len(marks) else len(items)
        rest = items[place + 1 : max(following, place + 1)]
        after = 0 if before and entry.header else _lines_after(entry, rest)
        entry.header.append(items[place])
        entry.header.extend(rest[:after])
        entry.body.extend(rest[after:])
        taken = place + 1 + len(rest)
        entries.append(entry)
    for entry in entries:
        _take_contract(entry)
        _name(entry)
    swapped = _company_first(entries)
    return [_held(entry, swapped) for entry in entries[:MAX_EXPERIENCES]]


def _lines_after(entry: _Entry, rest: Sequence[Item]) -> int:
    """Return how many lines below the period still belong to its names."""
    said = says_names(entry.dated)
    count = 0
    for item in rest[: _MOST_AFTER if not said else 1]:
        if not is_name(item):
            break
        minor = is_minor(Piece(item, 0, len(item.text)))
        has_body = len(rest) > count + 1
        if said and not minor and not _second_name(entry, item, has_body=has_body):
            break
        count += 1
    return count


def _second_name(entry: _Entry, item: Item, *, has_body: bool) -> bool:
    """Tell whether a line below a dated line with one name gives the other name."""
    whole = Piece(entry.dated, 0, len(entry.dated.text))
    rest = cutting.without(whole, entry.period.at, entry.period.until)
    named = [p for p in cutting.cut(rest, cutting.STRONG) if not is_minor(p)]
    if len(named) > 1 or any(_comma_named(piece) for piece in named):
        return False
    looks = title_weight(item.text) or employer_weight(item.text) or item.all_bold
    return bool(looks) or has_body


def _comma_named(piece: Piece) -> bool:
    parts = cutting.split(piece, cutting.COMMA)
    return len(parts) > 1 and not all(is_place(part.text) for part in parts[1:])


def _name(entry: _Entry) -> None:
    """Find the pieces that name the position and the employer, and the kind of contract."""
    found: list[Piece] = []
    for item in entry.header:
        whole = [Piece(item, 0, len(item.text))]
        if item is entry.dated:
            whole = cutting.without(whole[0], entry.period.at, entry.period.until)
        for piece in cutting.cut(whole, cutting.STRONG):
            found.extend(_uncontracted(entry, piece))
    split_up = [part for piece in found for part in cutting.at_bold(piece)]
    if len({p.item.start for p in found}) == len(found) or len(split_up) > len(found):
        found = split_up
    names = [piece for piece in found if not is_length(piece.text)]
    places = [piece for piece in names if is_place(piece.text)]
    if len(names) - len(places) >= 2:  # noqa: PLR2004
        names = [piece for piece in names if piece not in places]
    elif len(names) > 2:  # noqa: PLR2004
        names = names[:2]
    if len(names) == 1:
        names = _at_comma(names[0])
    entry.names = names


def _uncontracted(entry: _Entry, piece: Piece) -> list[Piece]:
    """Take the kind of contract out of the names, where it stands apart from them."""
    contract = contract_in(piece.text)
    if contract is None:
        return [piece]
    kind, start, end = contract
    quoted = piece.item.quoted(piece.start + start, piece.start + end)
    before, after = piece.text[:start].rstrip()[-1:], piece.text[end:].lstrip()[:1]
    apart = before in ("", *_APART) and after in ("", *_APART)
    if not (apart or piece.text[start:end].isupper()):
        if _PERSON.search(plain(piece.text)):
            entry.contract = entry.contract or (kind, quoted)
        return [piece]
    entry.contract = entry.contract or (kind, quoted)
    return cutting.without(piece, piece.start + start, piece.start + end)


def _take_contract(entry: _Entry) -> None:
    """Take a line that names nothing but the kind of contract out of the description."""
    for item in entry.body[:2]:
        contract = contract_in(item.text)
        if item.bullet or contract is None:
            return
        kind, start, end = contract
        if end - start >= len(item.text) - 2:
            entry.contract = (kind, item.quoted(start, end))
            entry.body.remove(item)
            return


def _at_comma(piece: Piece) -> list[Piece]:
    """Cut "Title, Employer, Town" at the comma that parts the title from the employer."""
    parts = cutting.split(piece, cutting.COMMA)
    while len(parts) > 2 and is_place(parts[-1].text) and not employer_weight(parts[-1].text):  # noqa: PLR2004
        parts.pop()
    if len(parts) <= 1:
        return parts or [piece]
    weights = [employer_weight(part.text) for part in parts]
    named = (n for n, part in enumerate(parts) if n and not part.text[:1].islower())
    at = next((n for n, weight in enumerate(weights) if weight and n), next(named, 1))
    if weights[0] and title_weight(parts[-1].text):
        at = 1
    first = Piece(piece.item, parts[0].start, parts[at - 1].end)
    last = Piece(piece.item, parts[at].start, parts[-1].end)
    return [first, last]


def _company_first(entries: Sequence[_Entry]) -> bool:
    """Let all positions vote on which of the two names comes first: a CV keeps one order."""
    balance = 0
    for entry in entries:
        if len(entry.names) < 2:  # noqa: PLR2004
            continue
        one, two = entry.names[0].text, entry.names[1].text
        balance += title_weight(one) - title_weight(two)
        balance += employer_weight(two) - employer_weight(one)
    return balance < 0


def _held(entry: _Entry, swapped: bool) -> Held:
    names = entry.names
    title: Piece | None = None
    company: Piece | None = None
    if len(names) >= 2:  # noqa: PLR2004
        title, company = (names[1], names[0]) if swapped else (names[0], names[1])
    elif names:
        only = names[0]
        is_company = employer_weight(only.text) > title_weight(only.text)
        title, company = (None, only) if is_company else (only, None)
    company = _without_place(company)
    period = entry.period
    return Held(
        title=title.quoted() if title else None,
        company=company.quoted() if company else None,
        period=entry.dated.quoted(period.at, period.until),
        start=month(period.start),
        end="" if period.end is None else month(period.end),
        current=period.current,
        contract=entry.contract[0] if entry.contract else "",
        contract_quote=entry.contract[1] if entry.contract else None,
        description=tuple(
            item.quoted(0, len(item.text))
            for item in entry.body
            if not (is_place(item.text) and not item.bullet and len(item.text) < _MOST_REST)
        ),
    )


def _without_place(company: Piece | None) -> Piece | None:
    """Cut the town off "Crédit Océan, Nantes" and "Crédit Océan (Nantes)"."""
    if company is None:
        return None
    parts = cutting.split(company, cutting.COMMA)
    if len(parts) > 1 and all(is_place(part.text) for part in parts[1:]):
        company = parts[0]
    opened = company.text.rfind(" (")
    if opened > 0 and company.text.endswith(")") and is_place(company.text[opened + 2 : -1]):
        return cutting.trimmed(company.item, company.start, company.start + opened)
    return company


def month(moment: Moment) -> str:
    """Write a moment as "2021-03", or "2021" without a month."""
    return f"{moment.year:04d}-{moment.month:02d}" if moment.month else f"{moment.year:04d}"
