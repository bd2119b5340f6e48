"""The page docs/security/asvs.md: `python -m stack.gen.asvs`.

Made from docs/security/asvs.yaml, which says of each requirement of OWASP's Application Security
Verification Standard, level 1 and 2, which test holds it, or why none does.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

from stack.gen.permissions import table
from stack.paths import ROOT

COMMAND = "python -m stack.gen.asvs"
SOURCE = Path("docs/security/asvs.yaml")
TARGET = Path("docs/security/asvs.md")
# The levels that the table covers.
LEVELS = (1, 2)

_HEADING = """\
# Verification by OWASP ASVS {version}

Generated from [asvs.yaml](asvs.yaml) by `{command}`; not to be edited. A contract test
compares this page with its source, the ids with the standard's list, and looks for each test.

Every requirement of level 1 and 2 stands here by its number, in our words; its text is the
[standard's]({url}). What a test cannot show is explained in [controls.md](controls.md).

- **tested**: the tests named hold it; they fail when it is broken.
- **by construction**: it follows from how the house is built or is a matter of documentation; the
  file named shows it.
- **not applicable**: the house has nothing that the requirement speaks of.
- **accepted**: met in another way than the letter, by a decision that the note and controls.md give;
  the tests named hold what is done instead.
- **open**: not met, or met without proof. The note says what is missing and what would close it;
  the tests named hold the part that is there.
"""
_COLUMNS = ("Id", "Level", "Requirement", "Status", "Evidence", "Note")


class Status(StrEnum):
    """How a requirement stands."""

    TESTED = "tested"
    BY_CONSTRUCTION = "by construction"
    NOT_APPLICABLE = "not applicable"
    ACCEPTED = "accepted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement and what is known of it."""

    id: str
    level: int
    # In our words.
    summary: str
    status: Status
    # Tests (`file::function`) and files, from the root.
    evidence: tuple[str, ...]
    note: str

    @property
    def chapter(self) -> str:
        """The chapter's number, like V1."""
        return self.id.partition(".")[0]


@dataclass(frozen=True, slots=True)
class Standard:
    """The list that the table must cover, and where it was read."""

    version: str
    source: str
    # Chapter number to title.
    chapters: dict[str, str]
    # Level by id, of every requirement.
    levels: dict[str, int]


def load(text: str) -> tuple[Standard, list[Requirement]]:
    """Read the data file.

    Raises KeyError, TypeError and ValueError (yaml.YAMLError aside) when it has another form.
    """
    data = yaml.safe_load(text)
    return _standard(data["standard"]), [_requirement(entry) for entry in data["requirements"]]


def _standard(data: dict[str, Any]) -> Standard:
    levels = {
        f"{section}.{number}": int(level)
        for section, all_levels in data["levels"].items()
        for number, level in enumerate(all_levels, start=1)
    }
    return Standard(str(data["version"]), str(data["source"]), dict(data["chapters"]), levels)


def _requirement(data: dict[str, Any]) -> Requirement:
    unknown = data.keys() - {"id", "level", "summary", "status", "evidence", "note"}
    if unknown:
        raise ValueError(f"{data['id']}: unknown {sorted(unknown)}")
    return Requirement(
        id=str(data["id"]),
        level=int(data["level"]),
        summary=str(data["summary"]),
        status=Status(data["status"]),
        evidence=tuple(data.get("evidence", ())),
        note=str(data.get("note", "")),
    )


def render(text: str) -> str:
    """The page as Markdown, from the text of the data file."""
    standard, requirements = load(text)
    parts = [
        _HEADING.format(version=standard.version, command=COMMAND, url=standard.source),
        _counts(requirements),
    ]
    for chapter, group in groupby(requirements, key=lambda one: one.chapter):
        rows = [_row(requirement) for requirement in group]
        parts.append(f"## {chapter} {standard.chapters[chapter]}\n\n{table(_COLUMNS, rows)}")
    return "\n".join(parts)


def _counts(requirements: list[Requirement]) -> str:
    found = Counter((one.status, one.level) for one in requirements)
    rows = [
        [status.value, *(str(found[status, level]) for level in LEVELS), _sum(found, status)]
        for status in Status
    ]
    totals = [sum(found[status, level] for status in Status) for level in LEVELS]
    rows.append(["all", *map(str, totals), str(sum(totals))])
    return table(["Status", *(f"Level {level}" for level in LEVELS), "Both"], rows)


def _sum(found: Counter[tuple[Status, int]], status: Status) -> str:
    return str(sum(found[status, level] for level in LEVELS))


def _row(requirement: Requirement) -> list[str]:
    status = requirement.status.value
    return [
        requirement.id,
        str(requirement.level),
        _cell(requirement.summary),
        f"**{status}**" if requirement.status is Status.OPEN else status,
        "<br>".join(_link(each) for each in requirement.evidence),
        _cell(requirement.note),
    ]


def _link(evidence: str) -> str:
    path, _, function = evidence.partition("::")
    return f"[{function or Path(path).name}]({os.path.relpath(path, TARGET.parent)})"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main() -> None:
    """Write the page."""
    (ROOT / TARGET).write_text(render((ROOT / SOURCE).read_text()))


if __name__ == "__main__":
    main()
