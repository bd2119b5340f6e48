"""Reading order from geometry: words to lines, lines to columns and sidebars."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.matching.domain.parsing.dates import has_date
from services.matching.domain.parsing.document import Block, Line
from services.matching.domain.parsing.headings import section_of

BULLETS = "•●▪◦‣∙·○■□➢➤✓✔►▶→❖♦◆\u2013\u2014-*\uf0b7\uf0a7\uf0d8"
_BULLET = re.compile(rf"^[{re.escape(BULLETS)}]\s+(?=\S)")
_LONE_BULLET = re.compile(rf"^[{re.escape(BULLETS)}]$")
_SAME_LINE_GAP = 0.9
_TAB_GAP = 1.5
_GLUED_GAP = 0.12
HYPHEN = "\ue002"
"""A sign of private use, which the PDF reader writes for a hyphen that may divide a word."""
_GUTTER = 6.0
_FEWEST = 3
_FEWEST_ALIGNED = 8
_DEEPEST = 6
_CONTACT = re.compile(r"@|\+?\d[\d .]{8,}")


@dataclass(frozen=True, slots=True)
class Word:
    """A word as printed; points from the top left."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool = False
    glued: bool = False
    """Whether no space stands before it."""


@dataclass(slots=True)
class _Segment:
    """Words of one line without a wide gap."""

    words: list[Word]
    top: float
    bottom: float

    @classmethod
    def of(cls, word: Word) -> _Segment:
        return cls([word], word.top, word.bottom)

    @property
    def left(self) -> float:
        return self.words[0].left

    @property
    def right(self) -> float:
        return self.words[-1].right

    def add(self, words: Sequence[Word], top: float, bottom: float) -> None:
        """Go on with words to the right."""
        self.words.extend(words)
        self.top, self.bottom = min(self.top, top), max(self.bottom, bottom)

    @property
    def text(self) -> str:
        return " ".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class _Box:
    """A segment with its bounds worked out."""

    left: float
    top: float
    right: float
    bottom: float
    segment: _Segment

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def blocks_of(words: Sequence[Word], page: int) -> list[Block]:
    """Return the blocks of a page in reading order."""
    boxes = [_Box(s.left, s.top, s.right, s.bottom, s) for s in _segments(words)]
    boxes.sort(key=lambda box: (box.middle, box.left))
    found: list[Block] = []
    for part, column in _divide(boxes, depth=0):
        lines = _lines(part, page)
        if lines:
            found.append(Block(tuple(lines), column))
    return found


def _segments(words: Sequence[Word]) -> list[_Segment]:
    """Join neighbours: first in the order of the file, then by place."""
    found: list[_Segment] = []
    for word in words:
        if found and _continues(found[-1].words[-1], word):
            found[-1].add((word,), word.top, word.bottom)
        else:
            found.append(_Segment.of(word))
    return [joined for row in _rows(found) for joined in _joined(row)]


def _continues(before: Word, word: Word) -> bool:
    gap = word.left - before.right
    size = max(before.size, word.size)
    return _level(before, word) and -size / 2 <= gap <= size * _SAME_LINE_GAP


def _level(a: Word | _Segment, b: Word | _Segment) -> bool:
    common = min(a.bottom, b.bottom) - max(a.top, b.top)
    return common * 2 > min(a.bottom - a.top, b.bottom - b.top)


def _rows(segments: Sequence[_Segment]) -> list[list[_Segment]]:
    rows: list[list[_Segment]] = []
    for segment in sorted(segments, key=lambda s: (s.top + s.bottom, s.left)):
        if rows and _level(rows[-1][-1], segment):
            rows[-1].append(segment)
        else:
            rows.append([segment])
    return rows


def _joined(row: list[_Segment]) -> list[_Segment]:
    row = sorted(row, key=lambda s: s.left)
    found = [row[0]]
    for segment in row[1:]:
        if _continues(found[-1].words[-1], segment.words[0]):
            found[-1].add(segment.words, segment.top, segment.bottom)
        else:
            found.append(segment)
    return found


def _divide(boxes: list[_Box], depth: int) -> list[tuple[list[_Box], bool]]:
    """Cut a region at its best gutter: above, left, right, below, each divided again."""
    cut = _best_cut(boxes) if depth < _DEEPEST else None
    if cut is None:
        return [(boxes, False)] if boxes else []
    edge, top, bottom = cut
    above = [box for box in boxes if box.middle < top]
    below = [box for box in boxes if box.middle > bottom]
    inside = [box for box in boxes if top <= box.middle <= bottom]
    left = [box for box in inside if box.left < edge - 1]
    right = [box for box in inside if box.left >= edge - 1]
    sides = [(part, True) for side in (left, right) for part, _ in _divide(side, depth + 1)]
    return [*_divide(above, depth + 1), *sides, *_divide(below, depth + 1)]


def _best_cut(boxes: Sequence[_Box]) -> tuple[float, float, float] | None:
    """Return where a gutter ends on its right, and from where to where it reaches."""
    edges = sorted({round(box.left) for box in boxes})
    best: tuple[int, float, float, float] | None = None
    for edge in edges[1:]:
        for band in _bands(boxes, edge):
            if not _is_gutter(band, edge):
                continue
            top, bottom = band[0].middle, band[-1].middle
            if best is None or len(band) > best[0]:
                best = (len(band), edge, top, bottom)
    return best[1:] if best else None


def _bands(boxes: Sequence[_Box], edge: float) -> list[list[_Box]]:
    """Return the runs of boxes, from top to bottom, in which nothing crosses the gutter."""
    bands: list[list[_Box]] = [[]]
    for box in boxes:
        if box.right > edge - _GUTTER and box.left < edge - 1:
            bands.append([])
        else:
            bands[-1].append(box)
    return [band for band in bands if len(band) >= 2 * _FEWEST]


def _is_gutter(band: Sequence[_Box], edge: float) -> bool:
    left = [box for box in band if box.left < edge - 1]
    right = [box for box in band if box.left >= edge - 1]
    if len(left) < _FEWEST or len(right) < _FEWEST:
        return False
    flush = sum(abs(box.left - edge) <= 2.5 for box in right)  # noqa: PLR2004
    if flush * 2 < len(right):
        return False
    if _share(right, _is_dated) >= 0.4 or _share(left, _is_label) >= 0.5:  # noqa: PLR2004
        return False
    return not _reads_across(left, right)


def _reads_across(left: Sequence[_Box], right: Sequence[_Box]) -> bool:
    """Tell a table of labels and values, or of titles and places, from two columns."""
    if any(_CONTACT.search(box.segment.text) for box in (*left, *right)):
        return False
    if any(_is_heading(box) for box in right):
        return False
    first, last = right[0].top, right[-1].bottom
    named = [box for box in left if first <= box.middle <= last and not _is_heading(box)]
    fewer, more = sorted((named, list(right)), key=len)
    aligned = sum(any(abs(a.bottom - b.bottom) < 1.5 for b in more) for a in fewer)  # noqa: PLR2004
    if aligned * 5 < len(fewer) * 4:
        return False
    return len(fewer) < _FEWEST_ALIGNED or fewer is named


def _share(boxes: Sequence[_Box], test: object) -> float:
    assert callable(test)
    return sum(1 for box in boxes if test(box)) / len(boxes)


def _is_dated(box: _Box) -> bool:
    return has_date(box.segment.text)


def _is_heading(box: _Box) -> bool:
    return section_of(box.segment.text) is not None


def _is_label(box: _Box) -> bool:
    text = box.segment.text
    return has_date(text) and len(text) < 30  # noqa: PLR2004


def _lines(boxes: Sequence[_Box], page: int) -> list[Line]:
    rows = _rows([box.segment for box in boxes])
    return [_line(sorted(row, key=lambda s: s.left), page) for row in rows]


def _line(row: Sequence[_Segment], page: int) -> Line:
    text = ""
    bold: list[tuple[int, int]] = []
    before: Word | None = None
    for word in (word for segment in row for word in segment.words):
        if before is not None:
            wide = word.left - before.right > _TAB_GAP * max(word.size, before.size)
            gap = word.left - before.right
            if text.endswith(HYPHEN):
                text = text[:-1] + "-"
            elif wide or not _is_glued(before, word, gap):
                text += "\t" if wide and not _LONE_BULLET.match(text) else " "
        start = len(text)
        text += word.text
        if word.bold:
            _extend(bold, start, len(text))
        before = word
    first, last = row[0].words[0], row[-1].words[-1]
    line = Line(
        text=text,
        page=page,
        left=first.left,
        right=last.right,
        top=min(segment.top for segment in row),
        bottom=max(segment.bottom for segment in row),
        size=max(word.size for segment in row for word in segment.words),
        bold=tuple(bold),
        first_width=first.right - first.left,
    )
    return without_bullet(line)


def _is_glued(before: Word, word: Word, gap: float) -> bool:
    """Tell a word that the file wrote in pieces; letters of another look begin a new one."""
    alike = word.bold == before.bold and abs(word.size - before.size) < 0.5  # noqa: PLR2004
    return word.glued and alike and gap <= _GLUED_GAP * word.size


def _extend(ranges: list[tuple[int, int]], start: int, end: int) -> None:
    if ranges and ranges[-1][1] == start - 1:
        ranges[-1] = (ranges[-1][0], end)
    else:
        ranges.append((start, end))


def without_bullet(line: Line) -> Line:
    """Take the sign off a list item and mark the line as one."""
    match = _BULLET.match(line.text)
    if not match:
        return line
    cut = match.end()
    bold = tuple((max(0, a - cut), b - cut) for a, b in line.bold if b > cut)
    return replace(line, text=line.text[cut:], bold=bold, bullet=True)
