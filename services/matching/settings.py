"""Configuration of the matching service, beside the kit's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from services.kit.settings import Settings


class MatchingSettings(Settings):
    """How matching ranks."""

    # Private Ed25519 keys, one `<kid>.pem` (PKCS 8) each; the newest signs receipts.
    receipt_keys_dir: Path
    # How signals are weighed: see docs/matching/ranking.md.
    ranking_profile: Literal["classic", "balanced"] = "classic"
    # A folder with occupations_<language>.jsonl; without it titles are compared with each other
    # alone. Read by the profile "balanced".
    vocabulary_dir: Path | None = None
    # What `weneeds vocabulary build` wrote: names in CVs are linked to ESCO and ROME; without it
    # to the service's own vocabulary.
    vocabulary: Path | None = None
