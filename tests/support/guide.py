"""Reads a guide: its shell blocks, and what each is said to answer."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_PART = re.compile(
    r"^```(?P<kind>sh|json|text)\n(?P<body>.*?)^```$|^<!-- test: (?P<cue>[^>]+) -->$",
    re.MULTILINE | re.DOTALL,
)
_ANYTHING = "…"


@dataclass
class Step:
    """A shell block with what it must answer, or a cue for the test."""

    line: int
    script: str = ""
    cue: str = ""
    text: str | None = None
    json: Any = None


def steps(page: str) -> list[Step]:
    """Return the steps of a guide, in order."""
    found: list[Step] = []
    for match in _PART.finditer(page):
        line = page.count("\n", 0, match.start()) + 1
        body = match["body"] or ""
        if match["cue"]:
            found.append(Step(line, cue=match["cue"]))
        elif match["kind"] == "sh":
            found.append(Step(line, script=body))
        elif match["kind"] == "json":
            found[-1].json = json.loads(body)
        else:
            found[-1].text = body
    return found


def differences(expected: Any, found: Any, path: str = "$") -> list[str]:
    """Return where `found` lacks what `expected` shows; what it has beside is left alone."""
    if expected == _ANYTHING:
        return [] if found not in (None, "") else [f"{path} is empty"]
    if isinstance(expected, dict) and isinstance(found, dict):
        return [
            text
            for name, value in expected.items()
            for text in differences(value, found.get(name), f"{path}.{name}")
        ]
    if isinstance(expected, list) and isinstance(found, list):
        if len(found) < len(expected):
            return [f"{path} has {len(found)} items, not {len(expected)}"]
        pairs = zip(expected, found, strict=False)
        return [
            text
            for at, (one, other) in enumerate(pairs)
            for text in differences(one, other, f"{path}[{at}]")
        ]
    return [] if expected == found else [f"{path} is {found!r}, not {expected!r}"]
