"""How Word shows letters: styles, runs, and what of it a reader cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from services.matching.domain.parsing.document import Hidden
from services.matching.ports.documents.xml_parts import nearly_same

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_SMALLEST_HALF_POINTS = 6
_WHITE = "FFFFFF"
_OFF = ("0", "false", "off", "none")
_HEADING = ("heading", "titre", "title", "\u00fcberschrift")


@dataclass(frozen=True, slots=True)
class Look:
    """How letters look; None where nothing is said."""

    hidden: bool | None = None
    bold: bool | None = None
    size: int | None = None
    color: str | None = None
    ground: str | None = None

    def under(self, above: Look) -> Look:
        """Fill what is not said from `above`."""
        return Look(
            above.hidden if self.hidden is None else self.hidden,
            above.bold if self.bold is None else self.bold,
            above.size if self.size is None else self.size,
            above.color if self.color is None else self.color,
            above.ground if self.ground is None else self.ground,
        )


@dataclass(slots=True)
class Style:
    look: Look
    based_on: str
    heading: bool
    listed: bool


def styles_of(root: Element | None) -> dict[str, Style]:
    found: dict[str, Style] = {}
    if root is None:
        return found
    for style in root.iter(f"{_W}style"):
        identifier = style.get(f"{_W}styleId", "")
        name = value_of(style, "name").lower()
        found[identifier] = Style(
            look=look_of(style.find(f"{_W}rPr")),
            based_on=value_of(style, "basedOn"),
            heading=name.startswith(_HEADING),
            listed=name.startswith(("list bullet", "list number")),
        )
    return found


def value_of(element: Element, name: str) -> str:
    child = element.find(f"{_W}{name}")
    return child.get(f"{_W}val", "") if child is not None else ""


def look_of(properties: Element | None) -> Look:
    if properties is None:
        return Look()
    size = value_of(properties, "sz")
    shading = properties.find(f"{_W}shd")
    highlight = value_of(properties, "highlight")
    ground = shading.get(f"{_W}fill", "") if shading is not None else ""
    return Look(
        hidden=_switch(properties, "vanish") or _switch(properties, "webHidden"),
        bold=_switch(properties, "b"),
        size=int(size) if size.isdigit() else None,
        color=value_of(properties, "color").upper() or None,
        ground="HIGHLIGHT" if highlight not in ("", "white", "none") else ground.upper() or None,
    )


def _switch(properties: Element, name: str) -> bool | None:
    found = properties.find(f"{_W}{name}")
    if found is None:
        return None
    return found.get(f"{_W}val", "true").lower() not in _OFF


def unseen(look: Look) -> Hidden | None:
    if look.hidden:
        return Hidden.INVISIBLE
    if look.size is not None and look.size < _SMALLEST_HALF_POINTS:
        return Hidden.TINY
    color = look.color if look.color and look.color != "AUTO" else None
    if color is None or look.ground == "HIGHLIGHT":
        return None
    ground = look.ground if look.ground and look.ground != "AUTO" else _WHITE
    return Hidden.SAME_COLOUR if nearly_same(color, ground) else None
