"""What a file is, by its first bytes; its name and declared type are not believed."""

from __future__ import annotations

import io
import zipfile

from services.matching.ports.documents.refusals import (
    TOO_LARGE,
    UNREADABLE,
    UNSUPPORTED,
    FileRefused,
)

MAX_BYTES = 10 * 1024 * 1024
_MAX_UNPACKED = 60 * 1024 * 1024
_MAX_ENTRIES = 2_000
_MAX_RATIO = 150
_RATIO_FROM = 1024 * 1024
_PDF_WITHIN = 1024
_ODT = b"application/vnd.oasis.opendocument.text"
_IMAGES = {
    b"\x89PNG\r\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"RIFF": "WEBP",
}
_OTHERS = {
    b"\xd0\xcf\x11\xe0": "DOC",
    b"{\\rtf": "RTF",
    b"\x1f\x8b": "GZIP",
    b"7z\xbc\xaf": "7Z",
    b"Rar!": "RAR",
}


def kind_of(data: bytes) -> str:
    """Return PDF, DOCX, ODT or TEXT; raise FileRefused for anything else."""
    if len(data) > MAX_BYTES:
        raise FileRefused(TOO_LARGE)
    if not data.strip(b"\x00 \t\r\n"):
        raise FileRefused(UNREADABLE, "empty")
    if b"%PDF-" in data[:_PDF_WITHIN]:
        return "PDF"
    if data.startswith(b"PK\x03\x04"):
        return _packed(data)
    for magic, name in (_IMAGES | _OTHERS).items():
        if data.startswith(magic):
            raise FileRefused(UNSUPPORTED, name)
    decode(data)
    return "TEXT"


def decode(data: bytes) -> str:
    """Return plain text in UTF-8, UTF-16 with a mark, or Windows-1252; refuse what is binary."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16")
    if b"\x00" in data:
        raise FileRefused(UNSUPPORTED, "binary")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = _decoded(data, "cp1252")
    controls = sum(1 for letter in text[:20_000] if ord(letter) < 32 and letter not in "\t\r\n\f")  # noqa: PLR2004
    if controls * 50 > min(len(text), 20_000):
        raise FileRefused(UNSUPPORTED, "binary")
    return text


def open_zip(data: bytes) -> zipfile.ZipFile:
    """Open an archive whose unpacked size is bounded; raise FileRefused for a bomb."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError) as error:
        raise FileRefused(UNREADABLE, "zip") from error
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
        raise FileRefused(TOO_LARGE, "unpacked")
    for entry in entries:
        packed = max(1, entry.compress_size)
        if entry.file_size > _RATIO_FROM and entry.file_size / packed > _MAX_RATIO:
            raise FileRefused(TOO_LARGE, "ratio")
    return archive


def member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """Return a member; never more bytes than the archive's own list says."""
    try:
        entry = archive.getinfo(name)
    except KeyError:
        return None
    if entry.flag_bits & 1:
        raise FileRefused(LOCKED_ZIP)
    try:
        with archive.open(entry) as stream:
            return stream.read(min(entry.file_size, _MAX_UNPACKED))
    except (zipfile.BadZipFile, ValueError, OSError, RuntimeError, EOFError) as error:
        raise FileRefused(UNREADABLE, "zip") from error
    except Exception as error:  # zlib.error and what other codecs raise
        raise FileRefused(UNREADABLE, "zip") from error


LOCKED_ZIP = "CV_LOCKED"


def _packed(data: bytes) -> str:
    archive = open_zip(data)
    names = set(archive.namelist())
    if "word/document.xml" in names:
        return "DOCX"
    if "mimetype" in names and (member(archive, "mimetype") or b"").strip() == _ODT:
        return "ODT"
    raise FileRefused(UNSUPPORTED, "ZIP")


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileRefused(UNSUPPORTED, "binary") from error
