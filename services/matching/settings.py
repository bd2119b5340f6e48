"""Configuration of the matching service, beside the kit's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import model_validator

from services.kit.settings import Settings


class MatchingSettings(Settings):
    """How matching ranks."""

    # Private Ed25519 keys, one `<kid>.pem` (PKCS 8) each; the newest signs receipts.
    receipt_keys_dir: Path
    # Where searches run: in memory beside Postgres, or in a Weaviate server, which knows the
    # profile "classic" alone.
    engine: Literal["pgvector", "weaviate"] = "pgvector"
    weaviate_url: str = ""
    weaviate_grpc_url: str = ""
    # How signals are weighed: see docs/matching/ranking.md.
    ranking_profile: Literal["classic", "balanced"] = "classic"
    # A folder with occupations_<language>.jsonl; without it titles are compared with each other
    # alone. Read by the profile "balanced".
    vocabulary_dir: Path | None = None
    # What `weneeds vocabulary build` wrote: names in CVs are linked to ESCO and ROME; without it
    # to the service's own vocabulary.
    vocabulary: Path | None = None

    @model_validator(mode="after")
    def _engine_has_what_it_needs(self) -> Self:
        if self.engine != "weaviate":
            return self
        if not (self.weaviate_url and self.weaviate_grpc_url):
            raise ValueError("the engine weaviate needs weaviate_url and weaviate_grpc_url")
        if self.ranking_profile != "classic":
            raise ValueError("the engine weaviate knows the profile classic alone")
        return self
