"""XML parts of office files, read without entities or external references."""

from __future__ import annotations

import zipfile
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from services.matching.ports.documents.kinds import member
from services.matching.ports.documents.refusals import UNREADABLE, FileRefused

_FAINTEST = 30


def read_xml(archive: zipfile.ZipFile, name: str) -> Element | None:
    """Return the root of a part; None where it is missing. Raises FileRefused for broken XML."""
    data = member(archive, name)
    if data is None:
        return None
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, RecursionError) as error:
        raise FileRefused(UNREADABLE, "xml") from error
    return root


def nearly_same(one: str, other: str) -> bool:
    """Tell two colours ("1F2E3D") that a reader could not tell apart."""
    try:
        pairs = [(int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (0, 2, 4)]
    except ValueError:
        return False
    return max(abs(a - b) for a, b in pairs) < _FAINTEST
