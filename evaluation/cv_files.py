"""How many fields of the development CVs are read: `python -m evaluation.cv_files`.

Reads `EVAL_DIR/cv_files` (default ../shared/eval beside the project). A field counts when a fact of
its kind has the same words; case, quotation marks and spaces aside. Nothing close counts.
"""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from services.matching.domain.parsing.facts import CvFacts
from services.matching.ports.documents.reading import read

_ROOT = Path(__file__).resolve().parent.parent
TO_REACH = {"PDF": 0.97, "DOCX": 1.0}


@dataclass(slots=True)
class Outcome:
    """Fields found of those there are, by kind of file and of field; what was missed."""

    found: Counter[tuple[str, str]] = field(default_factory=Counter)
    wanted: Counter[tuple[str, str]] = field(default_factory=Counter)
    missed: list[tuple[str, str, str]] = field(default_factory=list)
    false_alarms: int = 0
    files: int = 0

    def share(self, kind: str) -> float:
        """Fields found, 0 to 1."""
        wanted = sum(n for (k, _), n in self.wanted.items() if k == kind)
        return sum(n for (k, _), n in self.found.items() if k == kind) / wanted if wanted else 0.0


def evaluate(folder: Path) -> Outcome:
    """Read every CV of the folder and compare it with truth.json."""
    truth: dict[str, list[list[str]]] = json.loads((folder / "truth.json").read_text("utf-8"))
    outcome = Outcome()
    for path in sorted(folder.iterdir()):
        if path.suffix not in (".pdf", ".docx"):
            continue
        kind = path.suffix[1:].upper()
        reading = read(path.read_bytes())
        outcome.files += 1
        outcome.false_alarms += bool(reading.flags)
        said = Counter((name, norm(value)) for name, value in fields(reading.facts))
        for name, value in truth[path.stem.split("_")[0]]:
            outcome.wanted[kind, name] += 1
            if said[name, norm(value)]:
                outcome.found[kind, name] += 1
            else:
                outcome.missed.append((path.name, name, value))
    return outcome


def fields(facts: CvFacts) -> Iterator[tuple[str, str]]:
    """Yield the facts under the names of truth.json."""
    single = (("name", facts.contact.name), ("email", facts.contact.email), ("title", facts.title))
    yield from ((name, quoted.value) for name, quoted in single if quoted)
    for held in facts.experiences:
        yield from (("position", q.value) for q in (held.title,) if q)
        yield from (("company", q.value) for q in (held.company,) if q)
        yield from (("bullet", line.value) for line in held.description)
    for studied in facts.education:
        yield from (("school", q.value) for q in (studied.school,) if q)
        yield from (("field", q.value) for q in (studied.field,) if q)
    yield from (("skill", skill.value) for skill in facts.skills)
    yield from (("skill", spoken.words.value) for spoken in facts.languages)


def norm(text: str) -> str:
    """Fold what no reader would call a difference."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\u2019", "'")
    return " ".join(folded.split())


def main() -> int:
    """Print the table; 1 below what is to be reached, 2 without the data."""
    base = Path(os.environ.get("EVAL_DIR", _ROOT.parent / "shared" / "eval"))
    folder = base / "cv_files"
    if not (folder / "truth.json").is_file():
        print(f"cv_files: no data at {folder}; set EVAL_DIR")
        return 2
    outcome = evaluate(folder)
    names = sorted({name for _, name in outcome.wanted})
    print("cv_files  " + "".join(f"{name:>10}" for name in names) + "       all  to reach")
    missed = False
    for kind, wanted in TO_REACH.items():
        cells = [
            f"{outcome.found[kind, name]}/{outcome.wanted[kind, name]}".rjust(10) for name in names
        ]
        share = outcome.share(kind)
        missed = missed or share < wanted
        print(f"{kind:<10}" + "".join(cells) + f"     {share:.3f}  {wanted:.2f}")
    print(f"hidden text: {outcome.false_alarms} false alarms in {outcome.files} files")
    for file, name, value in outcome.missed:
        print(f"  missed in {file}: {name} {value!r}")
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
