"""From the bytes of a file to what was read of it."""

from __future__ import annotations

from services.matching.domain.parsing.document import Document, Flag, Hidden
from services.matching.domain.parsing.extract import extract
from services.matching.domain.parsing.facts import Reading
from services.matching.ports.documents.kinds import decode, kind_of, open_zip
from services.matching.ports.documents.refusals import NO_TEXT, FileRefused

_MAX_FLAGS = 50


def read(data: bytes) -> Reading:
    """Read a CV; raise FileRefused with the reason where it cannot be read."""
    kind = kind_of(data)
    document = _document(kind, data)
    if not any(line.text.strip() for block in document.blocks for line in block.lines):
        raise FileRefused(NO_TEXT, "hidden" if document.flags else "")
    facts, text = extract(document)
    return Reading(
        facts=facts,
        text=text,
        kind=kind,
        pages=document.pages,
        flags=_merged(document.flags),
        truncated=document.truncated,
    )


def _document(kind: str, data: bytes) -> Document:
    if kind == "PDF":
        from services.matching.ports.documents.pdf import read_pdf

        return read_pdf(data)
    if kind == "DOCX":
        from services.matching.ports.documents.docx import read_docx

        return read_docx(open_zip(data))
    if kind == "ODT":
        from services.matching.ports.documents.odt import read_odt

        return read_odt(open_zip(data))
    from services.matching.ports.documents.plain import read_text

    return read_text(decode(data))


def _merged(flags: tuple[Flag, ...]) -> tuple[Flag, ...]:
    """Put flags of one reason and page together."""
    found: dict[tuple[Hidden, int], Flag] = {}
    for flag in flags:
        before = found.get((flag.hidden, flag.page))
        characters = flag.characters + (before.characters if before else 0)
        sample = before.sample if before else flag.sample
        found[flag.hidden, flag.page] = Flag(flag.hidden, flag.page, characters, sample)
    return tuple(found.values())[:_MAX_FLAGS]
