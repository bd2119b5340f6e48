"""PDF: words with their boxes by pdfium, less those that the page does not show."""

from __future__ import annotations

import ctypes
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pypdfium2 as pdfium
from pypdfium2 import raw

from services.matching.domain.parsing.document import (
    MAX_CHARACTERS,
    MAX_PAGES,
    Block,
    Document,
    Flag,
    Hidden,
)
from services.matching.domain.parsing.layout import HYPHEN, Word, blocks_of
from services.matching.domain.parsing.scripts import clean
from services.matching.ports.documents.refusals import (
    LOCKED,
    TOO_LARGE,
    UNREADABLE,
    FileRefused,
)
from services.matching.ports.documents.visible import Printed, Sight

_MAX_PAGES_OPENED = 2_000
_MAX_PAGE_CHARACTERS = 40_000
_MAX_OBJECTS = 20_000
_BOLD_WEIGHT = 600
_LARGEST_PAGE = 3_000.0
_SAMPLE = 60


def read_pdf(data: bytes) -> Document:
    """Read at most 30 pages; raise FileRefused for what is broken, locked or huge."""
    document = _open(data)
    count = len(document)
    if count == 0:
        raise FileRefused(UNREADABLE, "no pages")
    if count > _MAX_PAGES_OPENED:
        raise FileRefused(TOO_LARGE, "pages")
    blocks: list[Block] = []
    flags: list[Flag] = []
    characters = 0
    read = 0
    for number in range(min(count, MAX_PAGES)):
        if characters > MAX_CHARACTERS:
            break
        words, found, length = _page(document, number)
        blocks.extend(blocks_of(words, number + 1))
        flags.extend(found)
        characters += length
        read += 1
    truncated = read < count
    return Document(tuple(blocks), pages=count, flags=tuple(flags), truncated=truncated)


def _open(data: bytes) -> pdfium.PdfDocument:
    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower() or "security" in str(error).lower()
        raise FileRefused(LOCKED if locked else UNREADABLE, "pdf") from error


def _page(document: pdfium.PdfDocument, number: int) -> tuple[list[Word], list[Flag], int]:
    try:
        page = document[number]
        width, height = page.get_size()
        if not (0 < width <= _LARGEST_PAGE and 0 < height <= _LARGEST_PAGE):
            raise FileRefused(TOO_LARGE, "page size")
        printed = _printed(page, height)
    except pdfium.PdfiumError as error:
        raise FileRefused(UNREADABLE, f"page {number + 1}") from error
    reasons = Sight(page, width, height, _MAX_OBJECTS).reasons(printed)
    words: list[Word] = []
    hidden: dict[Hidden, list[str]] = defaultdict(list)
    for one, reason in zip(printed, reasons, strict=True):
        text, zero_width, look_alikes = clean(one.text)
        if zero_width:
            hidden[Hidden.ZERO_WIDTH].append(one.text)
        if reason is not None:
            hidden[reason].append(text)
            continue
        if look_alikes:
            hidden[Hidden.HOMOGLYPH].append(one.text)
        if text.strip():
            words.append(
                Word(text, one.left, one.top, one.right, one.bottom, one.size, one.bold, one.glued)
            )
    flags = [
        Flag(reason, number + 1, sum(map(len, texts)), " ".join(texts)[:_SAMPLE])
        for reason, texts in hidden.items()
        if any(text.strip() for text in texts)
    ]
    return words, flags, sum(len(one.text) for one in printed)


@dataclass(slots=True)
class _Style:
    """What words of one text object share."""

    size: float
    bold: bool


def _printed(page: pdfium.PdfPage, height: float) -> list[Printed]:
    """Return the words of a page in the order of the file."""
    textpage = page.get_textpage()
    count = min(textpage.count_chars(), _MAX_PAGE_CHARACTERS)
    if count <= 0:
        return []
    reader = _Reader(textpage, page, height)
    found: list[Printed] = []
    start: int | None = None
    for index, code in enumerate((*_codes(textpage, count), 32)):
        if code in _BREAKS:
            if start is not None:
                found.extend(reader.words(start, index))
            start = None
        elif start is None:
            start = index
        if start is not None:
            reader.letters[index] = code
            if code == _SOFT:
                found.extend(reader.words(start, index + 1))
                start = None
    return found


_BREAKS = frozenset((0, 9, 10, 13, 32, 0xA0, 0x2003, 0x2002, 0x2009, 0x202F))


def _codes(textpage: pdfium.PdfTextPage, count: int) -> Sequence[int]:
    """Return the code of each character: at once where the library counts them alike."""
    buffer = (ctypes.c_ushort * (count + 1))()
    if raw.FPDFText_GetText(textpage.raw, 0, count, buffer) == count + 1:
        codes = buffer[:count]
        if not any(0xD800 <= code <= 0xDFFF for code in codes):  # noqa: PLR2004
            # The same hyphen has another code here.
            return [_SOFT if code == _SOFT_IN_TEXT else code for code in codes]
    return [raw.FPDFText_GetUnicode(textpage.raw, index) for index in range(count)]


class _Reader:
    """Reads words with their boxes and styles; styles are kept by text object."""

    def __init__(self, textpage: pdfium.PdfTextPage, page: pdfium.PdfPage, height: float) -> None:
        # The bare pointer: the wrapper is unwrapped at every call.
        self._page = textpage.raw
        self._kept = textpage
        left, _, _, top = page.get_cropbox()
        self._left, self._top = left, top if top else height
        self._rect = raw.FS_RECTF()
        self._styles: dict[int, _Style] = {}
        self.letters: dict[int, int] = {}

    def words(self, start: int, end: int) -> list[Printed]:
        """Return the letters from start to end as a word, cut where the text object changes."""
        owners = [self._owner(start), self._owner(end - 1)]
        if owners[0] == owners[1]:
            return [self._word(start, end, owners[0])]
        found: list[Printed] = []
        begin, owner = start, owners[0]
        for index in range(start + 1, end):
            own = self._owner(index) or owner
            if own != owner:
                found.append(self._word(begin, index, owner, glued=begin > start))
                begin, owner = index, own
        found.append(self._word(begin, end, owner, glued=begin > start))
        return found

    def _owner(self, index: int) -> int:
        pointer = raw.FPDFText_GetTextObject(self._page, index)
        return ctypes.cast(pointer, ctypes.c_void_p).value or 0

    def _word(self, start: int, end: int, owner: int, *, glued: bool = False) -> Printed:
        first, last = self._box(start), self._box(end - 1)
        if self.letters.get(end - 1) == _SOFT and end - 1 > start:
            last = self._box(end - 2)
        style = self._styles.get(owner)
        if style is None:
            style = self._styles[owner] = self._style(start)
        letters = "".join(_letter(self.letters[index]) for index in range(start, end))
        return Printed(
            text=letters,
            left=min(first[0], last[0]),
            top=min(first[1], last[1]),
            right=max(first[2], last[2]),
            bottom=max(first[3], last[3]),
            size=style.size or max(1.0, first[3] - first[1]),
            bold=style.bold,
            owner=owner,
            glued=glued,
        )

    def _box(self, index: int) -> tuple[float, float, float, float]:
        rect = self._rect
        raw.FPDFText_GetLooseCharBox(self._page, index, rect)
        return (
            rect.left - self._left,
            self._top - rect.top,
            rect.right - self._left,
            self._top - rect.bottom,
        )

    def _style(self, index: int) -> _Style:
        matrix = raw.FS_MATRIX()
        raw.FPDFText_GetMatrix(self._page, index, matrix)
        scale = (matrix.c**2 + matrix.d**2) ** 0.5 or 1.0
        size = raw.FPDFText_GetFontSize(self._page, index) * scale
        weight = raw.FPDFText_GetFontWeight(self._page, index)
        return _Style(size, weight >= _BOLD_WEIGHT or "bold" in self._font(index).lower())

    def _font(self, index: int) -> str:
        buffer: Any = ctypes.create_string_buffer(128)
        flags = ctypes.c_int()
        length = raw.FPDFText_GetFontInfo(self._page, index, buffer, 128, flags)
        return bytes(buffer.raw[: max(0, min(length, 128) - 1)]).decode("utf-8", "replace")


_SOFT = 2
_SOFT_IN_TEXT = 0xFFFE


def _letter(code: int) -> str:
    if code == _SOFT:
        return HYPHEN
    if 0xD800 <= code <= 0xDFFF or code > 0x10FFFF:  # noqa: PLR2004
        return "\ufffd"
    return chr(code)


def warm() -> None:
    """Load pdfium and its fonts by reading an empty page."""
    document = pdfium.PdfDocument.new()
    page = document.new_page(100, 100)
    Sight(page, 100, 100, 10)
    page.render(scale=1, grayscale=True).to_numpy()
    document.close()
