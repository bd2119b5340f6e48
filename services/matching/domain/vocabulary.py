"""Concepts that titles and skills stand for: the service's own, where no other is installed."""

from __future__ import annotations

from dataclasses import dataclass

from services.matching.domain.scoring.concepts import understand_name


@dataclass(frozen=True, slots=True)
class Concept:
    """An entry of a vocabulary, and how well a name fits it (100: one of its names)."""

    uri: str
    label: str
    likeness: int


class Builtin:
    """The occupations and skills that the score knows, in French and English."""

    name = "builtin/1"

    def occupations(self, title: str) -> list[Concept]:
        """Return the occupations that a title names."""
        return [_concept("occupation", name) for name in sorted(understand_name(title).occupations)]

    def skills(self, name: str) -> list[Concept]:
        """Return the skills that a name stands for."""
        return [_concept("skill", found) for found in sorted(understand_name(name).skills)]


def _concept(kind: str, name: str) -> Concept:
    return Concept(f"weneeds:{kind}/{name.replace(' ', '-')}", name.replace("-", " "), 100)
