"""Where the sets are and where the evaluation keeps what it computed."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".state" / "eval"


class NoSets(Exception):
    """The evaluation data is not there; the text says how to get on."""


def eval_dir() -> Path:
    """Return the folder of the sets: `EVAL_DIR`, or ../shared/eval beside the project."""
    folder = Path(os.environ.get("EVAL_DIR") or ROOT.parent / "shared" / "eval")
    if not folder.is_dir():
        raise NoSets(
            f"There are no evaluation sets at {folder}.\n"
            "They are not part of the project. Name the folder that has them:\n"
            "    EVAL_DIR=/path/to/eval make eval\n"
            "docs/matching/ranking.md tells which files a set is made of."
        )
    return folder
