"""Configuration of the matching service, beside the kit's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from services.kit.settings import Settings


class MatchingSettings(Settings):
    """How matching ranks."""

    # How signals are weighed: see docs/matching/ranking.md.
    ranking_profile: Literal["classic", "balanced"] = "classic"
    # A folder with occupations_<language>.jsonl; without it titles are compared with each other
    # alone. Read by the profile "balanced".
    vocabulary_dir: Path | None = None
