"""Plain text: columns of characters stand in for points."""

from __future__ import annotations

import re

from services.matching.domain.parsing.document import (
    MAX_CHARACTERS,
    Block,
    Document,
    Flag,
    Hidden,
    Line,
)
from services.matching.domain.parsing.layout import without_bullet
from services.matching.domain.parsing.scripts import clean

_RULE = re.compile(r"^[\W_]+$")
_LONGEST_LINE = 20_000
_MOST_LINES = 5_000
_MARKDOWN = re.compile(r"^#{1,6}\s+|\*\*|__")
_FEW_COLUMNS = 60
_FEW_LINES = 3
_NEAR_EDGE = 0.88


def read_text(text: str) -> Document:
    """Read lines; form feeds end pages, rules of dashes and the marks of Markdown go."""
    truncated = len(text) > MAX_CHARACTERS
    lines: list[Line] = []
    flags: list[Flag] = []
    page = 1
    for number, raw in enumerate(text[:MAX_CHARACTERS].splitlines()[:_MOST_LINES]):
        page += raw.count("\f")
        plain, zero_width, look_alikes = clean(raw[:_LONGEST_LINE])
        if zero_width:
            flags.append(Flag(Hidden.ZERO_WIDTH, page, zero_width, plain.strip()[:60]))
        if look_alikes:
            flags.append(Flag(Hidden.HOMOGLYPH, page, look_alikes, plain.strip()[:60]))
        line = _line(plain, number, page)
        if line:
            lines.append(line)
    if not _is_wrapped(lines):
        lines = [_unwrapped(line) for line in lines]
    return Document((Block(tuple(lines)),), pages=page, flags=tuple(flags), truncated=truncated)


def _line(raw: str, number: int, page: int) -> Line | None:
    heading = raw.lstrip().startswith("#")
    text = _MARKDOWN.sub("", raw.replace("\f", "")).rstrip()
    indent = len(text) - len(text.lstrip())
    text = text.strip()
    if not text or _RULE.match(text):
        return None
    first = re.split(r"\s", text, maxsplit=1)[0]
    line = Line(
        text=re.sub(r"\t| {3,}", "\t", text),
        page=page,
        left=float(indent),
        right=float(indent + len(text)),
        top=float(number),
        bottom=float(number + 1),
        size=1.0,
        heading=heading,
        first_width=float(len(first)),
    )
    return without_bullet(line)


def _is_wrapped(lines: list[Line]) -> bool:
    """Tell text with an edge that several lines come near to from lines that end on purpose."""
    widest = max((line.right for line in lines), default=0.0)
    full = sum(line.right >= widest * _NEAR_EDGE for line in lines)
    return widest >= _FEW_COLUMNS and full >= max(_FEW_LINES, len(lines) // 10)


def _unwrapped(line: Line) -> Line:
    return Line(
        text=line.text, page=line.page, size=line.size, bullet=line.bullet, heading=line.heading
    )
