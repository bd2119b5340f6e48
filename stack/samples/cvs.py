"""Sample candidates as PDF files, the same bytes every time: what the demo uploads.

Six layouts in turn, as candidates really send them: one column, a sidebar on the left or on the
right, a table with the dates on the left, employers first, and a page without headings in bold.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import reportlab
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from weneeds.jobs.v1.candidate_pb2 import Experience

from stack.samples import SampleCandidate
from stack.samples.wording import (
    contract_name,
    language_name,
    level_name,
    months,
    phone,
    town,
)

_WIDTH, _HEIGHT = A4
_MARGIN = 48.0
_TEXT, _BOLD = "Vera", "VeraBd"
_HEADINGS = {
    "fr": ("Expérience professionnelle", "Compétences", "Langues", "Profil", "Contact"),
    "en": ("Work experience", "Skills", "Languages", "Profile", "Contact"),
}


@dataclass(slots=True)
class Sheet:
    """A pen on a page: knows its column and how far down it is."""

    canvas: Canvas
    left: float
    right: float
    y: float
    ink: tuple[float, float, float] = (0.1, 0.1, 0.1)

    def words(
        self, text: str, *, font: str = _TEXT, size: float = 9.5, indent: float = 0.0
    ) -> None:
        """Write a paragraph, wrapped at the edge of the column; a new page where it is full."""
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and _length(longer, font, size) > self.right - self.left - indent:
                self._line(line, font, size, indent)
                line = word
            else:
                line = longer
        self._line(line, font, size, indent)

    def between(self, text: str, edge: str, *, font: str = _BOLD, size: float = 9.5) -> None:
        """Write to the left and to the right edge of one line."""
        y = self.y
        self.words(text, font=font, size=size)
        self.canvas.setFont(_TEXT, size)
        self.canvas.drawRightString(self.right, min(y, self.y + size * 1.35) - size, edge)

    def bullet(self, text: str, size: float = 9.5) -> None:
        """Write an item of a list."""
        self.words(f"\u2022 {text}", size=size)

    def gap(self, height: float) -> None:
        """Leave room."""
        self.y -= height

    def _line(self, text: str, font: str, size: float, indent: float) -> None:
        if self.y - size * 1.35 < _MARGIN:
            self.canvas.showPage()
            self.y = _HEIGHT - _MARGIN
        self.canvas.setFillColorRGB(*self.ink)
        self.canvas.setFont(font, size)
        self.canvas.drawString(self.left + indent, self.y - size, text)
        self.y -= size * 1.35


Pen = Callable[[Canvas], None]
Layout = Callable[[Canvas, SampleCandidate], None]


def pdf(
    sample: SampleCandidate, layout: int, *, under: Pen | None = None, over: Pen | None = None
) -> bytes:
    """Return the candidate's CV; layouts are counted in a circle.

    `under` draws on the first page before anything else, `over` on the last after everything.
    """
    _fonts()
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True, pageCompression=1)
    canvas.setTitle("CV")
    if under is not None:
        under(canvas)
    LAYOUTS[layout % len(LAYOUTS)](canvas, sample)
    if over is not None:
        over(canvas)
    canvas.save()
    return buffer.getvalue()


@cache
def _fonts() -> None:
    folder = Path(reportlab.__file__).parent / "fonts"
    for name in (_TEXT, _BOLD):
        pdfmetrics.registerFont(TTFont(name, folder / f"{name}.ttf"))


def _length(text: str, font: str, size: float) -> float:
    return float(pdfmetrics.stringWidth(text, font, size))


def _one_column(canvas: Canvas, sample: SampleCandidate) -> None:
    sheet = _sheet(canvas)
    sheet.words(sample.person.name, font=_BOLD, size=18)
    sheet.words(sample.profile.title, size=12)
    sheet.words(" | ".join((sample.person.email, phone(sample), town(sample))))
    _profile(sheet, sample)
    _heading(sheet, sample, 0)
    for held in sample.profile.experiences:
        sheet.between(f"{held.title}, {held.company}", months(held, sample.person.locale))
        _duties(sheet, held, sample)
    _skills(sheet, sample, comma=True)
    _languages(sheet, sample, comma=True)


def _sidebar_left(canvas: Canvas, sample: SampleCandidate) -> None:
    canvas.setFillColorRGB(0.16, 0.22, 0.33)
    canvas.rect(0, 0, 190, _HEIGHT, stroke=0, fill=1)
    _side(Sheet(canvas, 24, 176, _HEIGHT - _MARGIN, (1, 1, 1)), sample)
    main = Sheet(canvas, 212, _WIDTH - _MARGIN, _HEIGHT - _MARGIN)
    main.words(sample.person.name, font=_BOLD, size=20)
    main.words(sample.profile.title, size=12)
    _career(main, sample)


def _sidebar_right(canvas: Canvas, sample: SampleCandidate) -> None:
    head = _sheet(canvas)
    head.words(sample.person.name, font=_BOLD, size=20)
    head.words(sample.profile.title, size=12)
    head.gap(10)
    _side(Sheet(canvas, 400, _WIDTH - 36, head.y), sample)
    _career(Sheet(canvas, _MARGIN, 378, head.y), sample)


def _dates_left(canvas: Canvas, sample: SampleCandidate) -> None:
    sheet = _sheet(canvas)
    _top(sheet, sample)
    _heading(sheet, sample, 0)
    wide = Sheet(canvas, _MARGIN + 118, _WIDTH - _MARGIN, sheet.y)
    for held in sample.profile.experiences:
        if wide.y < 2 * _MARGIN:
            canvas.showPage()
            wide.y = _HEIGHT - _MARGIN
        canvas.setFont(_TEXT, 9.5)
        canvas.drawString(_MARGIN, wide.y - 9.5, months(held, sample.person.locale, short=True))
        wide.words(held.title, font=_BOLD)
        wide.words(held.company)
        _duties(wide, held, sample)
    sheet.y = wide.y
    _skills(sheet, sample, comma=True)
    _languages(sheet, sample, comma=True)


def _company_first(canvas: Canvas, sample: SampleCandidate) -> None:
    sheet = _sheet(canvas)
    _top(sheet, sample)
    _heading(sheet, sample, 0)
    for held in sample.profile.experiences:
        sheet.between(held.company, months(held, sample.person.locale))
        sheet.words(held.title)
        _duties(sheet, held, sample)
    _skills(sheet, sample, comma=False)
    _languages(sheet, sample, comma=False)


def _dates_below(canvas: Canvas, sample: SampleCandidate) -> None:
    sheet = _sheet(canvas)
    _top(sheet, sample)
    _skills(sheet, sample, comma=True)
    _languages(sheet, sample, comma=True)
    _heading(sheet, sample, 0)
    for held in sample.profile.experiences:
        sheet.words(f"{held.title} \u2014 {held.company}", font=_BOLD)
        sheet.words(months(held, sample.person.locale), size=9)
        _duties(sheet, held, sample)


LAYOUTS: Sequence[Layout] = (
    _one_column,
    _sidebar_left,
    _sidebar_right,
    _dates_left,
    _company_first,
    _dates_below,
)


def _sheet(canvas: Canvas) -> Sheet:
    return Sheet(canvas, _MARGIN, _WIDTH - _MARGIN, _HEIGHT - _MARGIN)


def _top(sheet: Sheet, sample: SampleCandidate) -> None:
    sheet.words(sample.person.name, font=_BOLD, size=18)
    sheet.words(sample.profile.title, size=12)
    for line in (sample.person.email, phone(sample), town(sample)):
        sheet.words(line)
    _profile(sheet, sample)


def _profile(sheet: Sheet, sample: SampleCandidate) -> None:
    if sample.profile.summary:
        _heading(sheet, sample, 3)
        sheet.words(sample.profile.summary)


def _career(sheet: Sheet, sample: SampleCandidate) -> None:
    _profile(sheet, sample)
    _heading(sheet, sample, 0)
    for held in sample.profile.experiences:
        sheet.words(held.title, font=_BOLD)
        sheet.words(f"{held.company} | {months(held, sample.person.locale)}")
        _duties(sheet, held, sample)


def _side(sheet: Sheet, sample: SampleCandidate) -> None:
    _heading(sheet, sample, 4)
    for line in (sample.person.email, phone(sample), town(sample)):
        sheet.words(line, size=8)
    _skills(sheet, sample, comma=False)
    _languages(sheet, sample, comma=False)


def _skills(sheet: Sheet, sample: SampleCandidate, *, comma: bool) -> None:
    _heading(sheet, sample, 1)
    if comma:
        sheet.words(", ".join(sample.profile.skills))
        return
    for skill in sample.profile.skills:
        sheet.bullet(skill, size=9)


def _languages(sheet: Sheet, sample: SampleCandidate, *, comma: bool) -> None:
    _heading(sheet, sample, 2)
    spoken = [
        f"{language_name(each.code, sample.person.locale)} ({level_name(each.level)})"
        for each in sample.profile.languages
    ]
    for line in [", ".join(spoken)] if comma else spoken:
        sheet.words(line, size=9)


def _heading(sheet: Sheet, sample: SampleCandidate, which: int) -> None:
    sheet.gap(9)
    sheet.words(_HEADINGS[sample.person.locale][which], font=_BOLD, size=12)
    sheet.gap(2)


def _duties(sheet: Sheet, held: Experience, sample: SampleCandidate) -> None:
    name = contract_name(held, sample.person.locale)
    if name:
        sheet.words(name, size=9)
    for line in held.description.splitlines():
        sheet.bullet(line)
    sheet.gap(5)
