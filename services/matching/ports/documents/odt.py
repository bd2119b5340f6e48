"""ODT: paragraphs, headings, lists, tables and frames of OpenDocument text."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

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
from services.matching.ports.documents.refusals import UNREADABLE, FileRefused
from services.matching.ports.documents.xml_parts import nearly_same, read_xml

_NS = "{urn:oasis:names:tc:opendocument:xmlns:"
_TEXT, _STYLE, _FO = f"{_NS}text:1.0}}", f"{_NS}style:1.0}}", f"{_NS}xsl-fo-compatible:1.0}}"
_TABLE, _DRAW, _OFFICE = f"{_NS}table:1.0}}", f"{_NS}drawing:1.0}}", f"{_NS}office:1.0}}"
_DEEPEST = 40
_SMALLEST = 3.0
_POINTS = re.compile(r"^(\d+(?:\.\d+)?)(pt|cm|mm|in)$")
_UNITS = {"pt": 1.0, "cm": 28.35, "mm": 2.835, "in": 72.0}
_SKIPPED = (f"{_TEXT}tracked-changes", f"{_OFFICE}annotation", f"{_TEXT}note")


@dataclass(frozen=True, slots=True)
class _Look:
    hidden: bool | None = None
    bold: bool | None = None
    size: float | None = None
    color: str | None = None
    ground: str | None = None

    def under(self, above: _Look) -> _Look:
        """Fill what is not said from `above`."""
        return _Look(
            above.hidden if self.hidden is None else self.hidden,
            above.bold if self.bold is None else self.bold,
            above.size if self.size is None else self.size,
            above.color if self.color is None else self.color,
            above.ground if self.ground is None else self.ground,
        )


def read_odt(archive: zipfile.ZipFile) -> Document:
    """Read the text that a word processor would show; raise FileRefused for broken XML."""
    content = read_xml(archive, "content.xml")
    if content is None:
        raise FileRefused(UNREADABLE, "no content")
    looks: dict[str, tuple[_Look, str]] = {}
    for root in (read_xml(archive, "styles.xml"), content):
        if root is not None:
            looks.update(_looks(root))
    reader = _Reader(looks)
    body = content.find(f"{_OFFICE}body")
    reader.walk(body if body is not None else content, depth=0, listed=False)
    reader.close()
    return Document(
        tuple(reader.blocks), flags=tuple(reader.flags), truncated=reader.length > MAX_CHARACTERS
    )


def _looks(root: Element) -> Iterator[tuple[str, tuple[_Look, str]]]:
    for style in root.iter(f"{_STYLE}style"):
        properties = style.find(f"{_STYLE}text-properties")
        parent = style.get(f"{_STYLE}parent-style-name", "")
        yield style.get(f"{_STYLE}name", ""), (_look(properties), parent)


def _look(properties: Element | None) -> _Look:
    if properties is None:
        return _Look()
    weight = properties.get(f"{_FO}font-weight")
    size = _POINTS.match(properties.get(f"{_FO}font-size", ""))
    ground = properties.get(f"{_FO}background-color")
    return _Look(
        hidden=properties.get(f"{_TEXT}display") == "none" or None,
        bold=None if weight is None else weight in ("bold", "600", "700", "800", "900"),
        size=float(size[1]) * _UNITS[size[2]] if size else None,
        color=properties.get(f"{_FO}color"),
        ground=None if ground == "transparent" else ground,
    )


class _Reader:
    def __init__(self, looks: dict[str, tuple[_Look, str]]) -> None:
        self._looks = looks
        self._lines: list[Line] = []
        self._column = False
        self.blocks: list[Block] = []
        self.flags: list[Flag] = []
        self.length = 0

    def close(self, *, column: bool = False) -> None:
        """End the block."""
        if self._lines:
            self.blocks.append(Block(tuple(self._lines), self._column))
        self._lines = []
        self._column = column

    def walk(self, parent: Element, depth: int, *, listed: bool) -> None:
        """Read the paragraphs of a container, in order."""
        if depth > _DEEPEST or self.length > MAX_CHARACTERS:
            return
        for child in parent:
            if child.tag in (f"{_TEXT}p", f"{_TEXT}h"):
                self._paragraph(child, depth, listed=listed)
            elif child.tag == f"{_TABLE}table-row":
                self._row(child, depth)
            elif child.tag not in _SKIPPED:
                inner = listed or child.tag == f"{_TEXT}list-item"
                self.walk(child, depth + 1, listed=inner)

    def _row(self, row: Element, depth: int) -> None:
        cells = [cell for cell in row if cell.tag == f"{_TABLE}table-cell"]
        for cell in cells:
            self.close(column=len(cells) > 1)
            self.walk(cell, depth + 1, listed=False)
        self.close()

    def _paragraph(self, paragraph: Element, depth: int, *, listed: bool) -> None:
        base = self._styled(paragraph.get(f"{_TEXT}style-name", ""))
        text, bold, size = "", list[tuple[int, int]](), 0.0
        for look, piece in self._pieces(paragraph, base, 0):
            plain, zero_width, look_alikes = clean(piece)
            self._flag(Hidden.ZERO_WIDTH, zero_width, plain)
            reason = _unseen(look)
            if reason is not None:
                self._flag(reason, len(plain.strip()), plain)
                continue
            self._flag(Hidden.HOMOGLYPH, look_alikes, plain)
            if look.bold and plain.strip():
                bold.append((len(text), len(text) + len(plain)))
            size = max(size, look.size or 0.0)
            text += plain
        self._add(text, bold, size, listed, paragraph.tag == f"{_TEXT}h")
        for frame in paragraph.iter(f"{_DRAW}text-box"):
            self.close(column=True)
            self.walk(frame, depth + 1, listed=False)
            self.close()

    def _pieces(self, element: Element, look: _Look, depth: int) -> Iterator[tuple[_Look, str]]:
        if depth > _DEEPEST:
            return
        if element.text:
            yield look, re.sub(r"\s+", " ", element.text)
        for child in element:
            if child.tag == f"{_TEXT}tab":
                yield look, "\t"
            elif child.tag == f"{_TEXT}line-break":
                yield look, "\n"
            elif child.tag == f"{_TEXT}s":
                yield look, " "
            elif child.tag in (f"{_TEXT}span", f"{_TEXT}a"):
                name = child.get(f"{_TEXT}style-name", "")
                yield from self._pieces(child, self._styled(name).under(look), depth + 1)
            if child.tail:
                yield look, re.sub(r"\s+", " ", child.tail)

    def _styled(self, name: str) -> _Look:
        look = _Look()
        for _ in range(10):
            if name not in self._looks:
                break
            own, name = self._looks[name]
            look = look.under(own)
        return look

    def _add(
        self, text: str, bold: list[tuple[int, int]], size: float, listed: bool, heading: bool
    ) -> None:
        self.length += len(text)
        offset = 0
        for part in text.split("\n"):
            start = offset + len(part) - len(part.lstrip())
            inner = tuple(
                (max(0, a - start), min(len(part.strip()), b - start))
                for a, b in bold
                if b > start and a < offset + len(part)
            )
            if part.strip():
                line = Line(part.strip(), size=size, bold=inner, bullet=listed, heading=heading)
                self._lines.append(without_bullet(line))
            offset += len(part) + 1

    def _flag(self, hidden: Hidden, characters: int, text: str) -> None:
        if characters and text.strip():
            self.flags.append(Flag(hidden, 1, characters, text.strip()[:60]))


def _unseen(look: _Look) -> Hidden | None:
    if look.hidden:
        return Hidden.INVISIBLE
    if look.size is not None and look.size < _SMALLEST:
        return Hidden.TINY
    if look.color and nearly_same(look.color.lstrip("#"), (look.ground or "ffffff").lstrip("#")):
        return Hidden.SAME_COLOUR
    return None
