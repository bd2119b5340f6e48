"""What a page shows: text is compared with the pixels it leaves.

A page is rendered as it is and once more without its text. Words that make no difference between
the two are not seen, for whatever reason; the reason is looked up afterwards. Words that share
their place with other words are rendered alone, so that nobody hides behind somebody else.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pypdfium2 as pdfium
from pypdfium2 import raw

from services.matching.domain.parsing.document import Hidden

_SCALE = 1.25
_FAINTEST = 30
"""Of 255 levels: text that differs less from what is behind cannot be read."""
_SMALLEST = 3.0
_MOST_ALONE = 60
_TOUCH = 0.03
_OVERLAP = 0.4
_CELL = 24
_INVISIBLE = (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
_FILLED = (raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP)
_DEEPEST = 6
_MOST_PIXELS = 4_000_000


@dataclass(frozen=True, slots=True)
class Printed:
    """A word of the file; points from the top left of the page."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool
    owner: int
    """The address of its text object; 0 where there is none."""
    glued: bool = False
    """Whether no space stands before it."""


class Sight:
    """Tells which words of a page are seen."""

    def __init__(self, page: pdfium.PdfPage, width: float, height: float, most: int) -> None:
        self._page = page
        self._width, self._height = width, height
        self._scale = min(_SCALE, (_MOST_PIXELS / (width * height)) ** 0.5)
        self._objects = _text_objects(page, most)
        self._modes = {
            address: raw.FPDFTextObj_GetTextRenderMode(found)
            for address, found in self._objects.items()
        }

    def reasons(self, words: Sequence[Printed]) -> list[Hidden | None]:
        """Return for each word why it is not seen; None for a word that is."""
        if not words:
            return []
        marks = _Marks(self)
        touching, crowded = _neighbours(words)
        found: list[Hidden | None] = []
        for number, word in enumerate(words):
            reason = self._plainly(word)
            if reason is None and number in touching and self._blends_in(marks, word):
                reason = Hidden.SAME_COLOUR
            if reason is None and not self._is_seen(marks, word, crowded=number in crowded):
                reason = self._unseen(word, marks.behind(self._area(word)))
            found.append(reason)
        return found

    def _is_seen(self, marks: _Marks, word: Printed, *, crowded: bool) -> bool:
        area, least = self._area(word), _faintest(word)
        if not marks.holds(area, least):
            return False
        return not crowded or marks.holds_alone(word.owner, area, least)

    def _blends_in(self, marks: _Marks, word: Printed) -> bool:
        """Tell whether a filled word has the colour of the page without text.

        For words that touch others, whose marks may not be their own.
        """
        if self._modes.get(word.owner) not in _FILLED:
            return False
        color, behind = self._color(word.owner), marks.behind(self._area(word))
        if color is None or behind is None:
            return False
        return max(abs(float(a) - b) for a, b in zip(behind, color[:3], strict=True)) < _FAINTEST

    def _plainly(self, word: Printed) -> Hidden | None:
        """What is told by the file itself."""
        if self._modes.get(word.owner) in _INVISIBLE:
            return Hidden.INVISIBLE
        middle_x, middle_y = (word.left + word.right) / 2, (word.top + word.bottom) / 2
        if not (0 <= middle_x <= self._width and 0 <= middle_y <= self._height):
            return Hidden.OFF_PAGE
        if word.size < _SMALLEST:
            return Hidden.TINY
        return None

    def _unseen(self, word: Printed, behind: Any) -> Hidden:
        color = self._color(word.owner)
        if color is None:
            return Hidden.COVERED
        if color[3] == 0:
            return Hidden.INVISIBLE
        if behind is None:
            return Hidden.OFF_PAGE
        near = max(abs(float(a) - b) for a, b in zip(behind, color[:3], strict=True))
        return Hidden.SAME_COLOUR if near < 2 * _FAINTEST else Hidden.COVERED

    def _color(self, owner: int) -> tuple[int, int, int, int] | None:
        found = self._objects.get(owner)
        if found is None:
            return None
        parts = [ctypes.c_uint() for _ in range(4)]
        if not raw.FPDFPageObj_GetFillColor(found, *parts):
            return None
        red, green, blue, alpha = (part.value for part in parts)
        return red, green, blue, alpha

    def without(self, owners: Sequence[int] | None, *, gray: bool) -> Any:
        """Return the pixels of the page without some of its text; None: without any."""
        gone = list(self._objects) if owners is None else [o for o in owners if o in self._objects]
        for address in gone:
            raw.FPDFTextObj_SetTextRenderMode(
                self._objects[address], raw.FPDF_TEXTRENDERMODE_INVISIBLE
            )
        pixels = self._render(gray=gray)
        for address in gone:
            raw.FPDFTextObj_SetTextRenderMode(self._objects[address], self._modes[address])
        return pixels

    def _render(self, *, gray: bool) -> Any:
        bitmap = self._page.render(scale=self._scale, draw_annots=False, grayscale=gray)
        pixels = bitmap.to_numpy()
        pixels = (pixels.reshape(pixels.shape[:2]) if gray else pixels[:, :, :3]).copy()
        bitmap.close()
        return pixels

    def _area(self, word: Printed) -> tuple[slice, slice]:
        """Return the pixels of a word: of letters only the middle, clear of the lines around."""
        high = word.bottom - word.top
        above, below = (0.22, 0.14) if any(map(str.isalnum, word.text)) else (0.0, 0.0)
        rows = _span(word.top + above * high, word.bottom - below * high, self._scale)
        return rows, _span(word.left, word.right, self._scale)


def _span(start: float, end: float, scale: float) -> slice:
    first = max(0, round(start * scale))
    return slice(first, max(first + 1, round(end * scale)) if end > 0 else first)


class _Marks:
    """What text changes on a page: in levels of grey first, in colours where that is not enough."""

    def __init__(self, sight: Sight) -> None:
        self._sight = sight
        self._shown = sight.without([], gray=True)
        self._gray = _difference(self._shown, sight.without(None, gray=True))
        self._colors: Any = None
        self._bare: Any = None
        self._alone: dict[int, Any] = {}

    def holds(self, area: tuple[slice, slice], least: int) -> bool:
        """Tell whether an area differs by that many levels."""
        if _peak(self._gray[area]) >= least:
            return True
        self._look_closer()
        return _peak(self._colors[area]) >= least

    def holds_alone(self, owner: int, area: tuple[slice, slice], least: int) -> bool:
        """Tell the same of one text object; beyond a number of them, nothing is seen."""
        if owner not in self._alone:
            if len(self._alone) >= _MOST_ALONE:
                return False
            own = _difference(self._shown, self._sight.without([owner], gray=True))
            self._alone[owner] = own
        return _peak(self._alone[owner][area]) >= least // 2

    def behind(self, area: tuple[slice, slice]) -> Any:
        """Return the colour behind an area, as red, green and blue; None off the page."""
        self._look_closer()
        pixels = self._bare[area]
        # Blue comes first in memory.
        return np.median(pixels.reshape(-1, 3), axis=0)[::-1] if pixels.size else None

    def _look_closer(self) -> None:
        if self._bare is None:
            self._bare = self._sight.without(None, gray=False)
            colors = _difference(self._sight.without([], gray=False), self._bare)
            self._colors = np.maximum(np.maximum(colors[..., 0], colors[..., 1]), colors[..., 2])


def _difference(one: Any, other: Any) -> Any:
    return np.maximum(one, other) - np.minimum(one, other)


def _peak(pixels: Any) -> int:
    return int(pixels.max()) if pixels.size else 0


def _faintest(word: Printed) -> int:
    """Signs such as a full stop are thin: they leave a paler mark than letters do."""
    return _FAINTEST if any(letter.isalnum() for letter in word.text) else _FAINTEST // 3


def _text_objects(page: pdfium.PdfPage, most: int) -> dict[int, Any]:
    """Return the page's text objects by address, those within forms too."""
    found: dict[int, Any] = {}
    for each in islice(page.get_objects(max_depth=_DEEPEST), most):
        if each.type == raw.FPDF_PAGEOBJ_TEXT:
            address = ctypes.cast(each.raw, ctypes.c_void_p).value
            if address:
                found[address] = each.raw
    return found


def _neighbours(words: Sequence[Printed]) -> tuple[set[int], set[int]]:
    """Return the words that touch a word of another object, and those that lie on one."""
    grid: dict[tuple[int, int], list[int]] = {}
    for number, word in enumerate(words):
        for cell in _cells(word):
            grid.setdefault(cell, []).append(number)
    touching: set[int] = set()
    crowded: set[int] = set()
    for numbers in grid.values():
        for place, one in enumerate(numbers[:50]):
            for other in numbers[place + 1 : 50]:
                if words[one].owner == words[other].owner:
                    continue
                share = _overlap(words[one], words[other])
                if share >= _TOUCH:
                    touching.update((one, other))
                if share >= _OVERLAP:
                    crowded.update((one, other))
    return touching, crowded


def _cells(word: Printed) -> list[tuple[int, int]]:
    columns = range(int(word.left) // _CELL, min(int(word.right) // _CELL, 200) + 1)
    rows = range(int(word.top) // _CELL, min(int(word.bottom) // _CELL, 200) + 1)
    return [(x, y) for x in columns for y in rows][:64]


def _overlap(a: Printed, b: Printed) -> float:
    """Return the part of the smaller word that both share."""
    wide = min(a.right, b.right) - max(a.left, b.left)
    high = min(a.bottom, b.bottom) - max(a.top, b.top)
    if wide <= 0 or high <= 0:
        return 0.0
    smaller = min((w.right - w.left) * (w.bottom - w.top) for w in (a, b))
    return wide * high / max(smaller, 1.0)
