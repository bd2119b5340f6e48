"""DOCX: paragraphs of body, tables, text boxes, headers and footers, with their looks.

The XML is read here rather than by python-docx, which leaves out text boxes, content controls and
insertions, and would take a second XML library into the child process.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import replace
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
from services.matching.ports.documents.docx_looks import (
    Look,
    Style,
    look_of,
    styles_of,
    unseen,
    value_of,
)
from services.matching.ports.documents.xml_parts import read_xml

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXT_BOX = f"{_W}txbxContent"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_DEEPEST = 40
_SKIPPED = (f"{_W}del", f"{_W}moveFrom", _FALLBACK, f"{_W}instrText", f"{_W}delText")


def read_docx(archive: zipfile.ZipFile) -> Document:
    """Read the text that Word would show; raise FileRefused where the XML is broken."""
    reader = _Reader(styles_of(read_xml(archive, "word/styles.xml")))
    parts = sorted(name for name in archive.namelist() if name.startswith("word/header"))
    parts += ["word/document.xml"]
    parts += sorted(name for name in archive.namelist() if name.startswith("word/footer"))
    for name in parts:
        root = read_xml(archive, name)
        if root is not None and not (name.startswith("word/header") and reader.repeats(root)):
            reader.walk(root, Look(), depth=0)
            reader.close()
    return Document(
        tuple(reader.blocks), flags=tuple(reader.flags), truncated=reader.length > MAX_CHARACTERS
    )


class _Reader:
    """Walks the XML and collects blocks."""

    def __init__(self, styles: dict[str, Style]) -> None:
        self._styles = styles
        self._lines: list[Line] = []
        self._column = False
        self._seen: set[str] = set()
        self.blocks: list[Block] = []
        self.flags: list[Flag] = []
        self.length = 0

    def repeats(self, root: Element) -> bool:
        """Tell whether a header says what another one said."""
        text = "".join(each.text or "" for each in root.iter(f"{_W}t"))
        seen = text in self._seen
        self._seen.add(text)
        return seen

    def close(self, *, column: bool = False) -> None:
        """End the block; what follows stands elsewhere."""
        if self._lines:
            self.blocks.append(Block(tuple(self._lines), self._column))
        self._lines = []
        self._column = column

    def walk(self, parent: Element, ground: Look, depth: int) -> None:
        """Read the paragraphs and tables of a container."""
        if depth > _DEEPEST or self.length > MAX_CHARACTERS:
            return
        for child in parent:
            if child.tag == f"{_W}p":
                self._paragraph(child, ground, depth)
            elif child.tag == f"{_W}tbl":
                self._table(child, ground, depth)
            elif child.tag not in _SKIPPED:
                self.walk(child, ground, depth + 1)

    def _table(self, table: Element, ground: Look, depth: int) -> None:
        """Cells beside each other with several paragraphs are columns; else rows are lines."""
        for row in _near_children(table, f"{_W}tr", f"{_W}tbl"):
            cells = list(_near_children(row, f"{_W}tc", f"{_W}tbl"))
            if len(cells) > 1 and self._is_label_row(cells):
                self._row(cells, ground, depth)
                continue
            for cell in cells:
                self.close(column=len(cells) > 1)
                shade = cell.find(f"{_W}tcPr/{_W}shd")
                fill = shade.get(f"{_W}fill", "").upper() if shade is not None else ""
                self.walk(cell, replace(ground, ground=fill) if fill else ground, depth + 1)
            self.close()

    def _is_label_row(self, cells: list[Element]) -> bool:
        """Tell a row "date | what happened" from columns of a page."""
        counts = [sum(1 for p in cell.iter(f"{_W}p") if _has_text(p)) for cell in cells]
        return counts[0] <= 2 and (sum(counts) <= len(cells) + 1 or counts[0] == 1)  # noqa: PLR2004

    def _row(self, cells: list[Element], ground: Look, depth: int) -> None:
        """Put the first lines of the cells side by side, as they are printed."""
        outer, self._lines = self._lines, []
        columns: list[list[Line]] = []
        for cell in cells:
            self.walk(cell, ground, depth + 1)
            columns.append(self._lines)
            self._lines = []
        self._lines = outer
        firsts = [column[0] for column in columns if column]
        if not firsts:
            return
        text, bold = "", list[tuple[int, int]]()
        for line in firsts:
            text += "\t" if text else ""
            bold.extend((a + len(text), b + len(text)) for a, b in line.bold)
            text += line.text
        heading = firsts[0].heading and len(firsts) == 1
        self._lines.append(replace(firsts[0], text=text, bold=tuple(bold), heading=heading))
        for column in columns:
            self._lines.extend(column[1:])

    def _paragraph(self, paragraph: Element, ground: Look, depth: int) -> None:
        properties = paragraph.find(f"{_W}pPr")
        style = self._styles.get(value_of(properties, "pStyle")) if properties is not None else None
        base = self._styled(style).under(ground)
        listed = bool(style and style.listed)
        if properties is not None:
            shade = properties.find(f"{_W}shd")
            if shade is not None and shade.get(f"{_W}fill"):
                base = replace(base, ground=shade.get(f"{_W}fill", "").upper())
            listed = listed or properties.find(f"{_W}numPr") is not None
        text, bold, size = "", list[tuple[int, int]](), 0
        for run, piece in self._runs(paragraph):
            look = self._run_look(run).under(base)
            reason = unseen(look)
            plain, zero_width, look_alikes = clean(piece)
            self._flag(Hidden.ZERO_WIDTH, zero_width, plain)
            if reason is not None:
                self._flag(reason, len(plain.strip()), plain)
                continue
            self._flag(Hidden.HOMOGLYPH, look_alikes, plain)
            if look.bold and plain.strip():
                bold.append((len(text), len(text) + len(plain)))
            size = max(size, look.size or 0)
            text += plain
        self._add(text, _merged(bold), size / 2, listed, bool(style and style.heading))
        for box in _boxes(paragraph):
            self.close(column=True)
            self.walk(box, ground, depth + 1)
            self.close()

    def _add(
        self, text: str, bold: list[tuple[int, int]], size: float, listed: bool, heading: bool
    ) -> None:
        self.length += len(text)
        offset = 0
        for part in text.split("\n"):
            cut = len(part) - len(part.lstrip())
            start = offset + cut
            inner = tuple(
                (max(0, a - start), min(len(part.strip()), b - start))
                for a, b in bold
                if b > start and a < offset + len(part)
            )
            if part.strip():
                line = Line(
                    part.strip(),
                    size=size,
                    bold=inner,
                    bullet=listed,
                    heading=heading and not listed,
                )
                self._lines.append(without_bullet(line))
            offset += len(part) + 1

    def _styled(self, style: Style | None) -> Look:
        look = Look()
        for _ in range(10):
            if style is None:
                break
            look = look.under(style.look)
            style = self._styles.get(style.based_on)
        return look

    def _run_look(self, run: Element) -> Look:
        properties = run.find(f"{_W}rPr")
        look = look_of(properties)
        name = value_of(properties, "rStyle") if properties is not None else ""
        return look.under(self._styled(self._styles.get(name))) if name else look

    def _runs(self, parent: Element, depth: int = 0) -> Iterator[tuple[Element, str]]:
        if depth > _DEEPEST:
            return
        for child in parent:
            if child.tag == f"{_W}r":
                text = _run_text(child)
                if text:
                    yield child, text
            elif child.tag not in (*_SKIPPED, f"{_W}pPr", _TEXT_BOX):
                yield from self._runs(child, depth + 1)

    def _flag(self, hidden: Hidden, characters: int, text: str) -> None:
        if characters and text.strip():
            self.flags.append(Flag(hidden, 1, characters, text.strip()[:60]))


def _run_text(run: Element) -> str:
    parts: list[str] = []
    for child in run:
        if child.tag == f"{_W}t":
            parts.append((child.text or "").replace("\n", " "))
        elif child.tag in (f"{_W}tab", f"{_W}ptab"):
            parts.append("\t")
        elif child.tag in (f"{_W}br", f"{_W}cr"):
            parts.append("\n")
        elif child.tag == f"{_W}noBreakHyphen":
            parts.append("-")
        elif child.tag == f"{_W}sym":
            parts.append("\u2022 ")
    return "".join(parts)


def _boxes(paragraph: Element) -> Iterator[Element]:
    """Yield the text boxes anchored in a paragraph, once each."""
    stack = list(paragraph)[::-1]
    while stack:
        element = stack.pop()
        if element.tag == _TEXT_BOX:
            yield element
        elif element.tag != _FALLBACK:
            stack.extend(list(element)[::-1])


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in ranges:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def _has_text(paragraph: Element) -> bool:
    return any((each.text or "").strip() for each in paragraph.iter(f"{_W}t"))


def _near_children(parent: Element, tag: str, stop: str) -> Iterator[Element]:
    """Yield descendants with a tag that do not stand in a nested table."""
    for child in parent:
        if child.tag == tag:
            yield child
        elif child.tag != stop:
            yield from _near_children(child, tag, stop)
