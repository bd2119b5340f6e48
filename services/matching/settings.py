"""Configuration of the matching service, beside the kit's."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

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
    # What `weneeds vocabulary build` wrote. With it names in CVs are linked to ESCO and ROME, and
    # the profile "balanced" compares titles by the names of occupations; without it names are
    # linked to the service's own vocabulary, and titles are compared with each other alone.
    vocabulary: Path | None = None

    # Language models, "<provider>:<model>", in the order they are asked: openai, anthropic,
    # mistral, or compatible for any address that speaks OpenAI's protocol.
    llm_models: list[str] = Field(default=[])
    # By provider: keys, and addresses where not the provider's own.
    llm_keys: dict[str, str] = Field(default={}, repr=False)
    llm_urls: dict[str, str] = Field(default={})
    # For one answer of one provider.
    llm_seconds: float = 20.0
    # Prompt and answer together, an answer alone, and all calls of a day (UTC) together.
    llm_call_tokens: int = 40_000
    llm_answer_tokens: int = 1_500
    llm_day_tokens: int = 2_000_000

    @model_validator(mode="after")
    def _engine_has_what_it_needs(self) -> Self:
        if self.engine != "weaviate":
            return self
        if not (self.weaviate_url and self.weaviate_grpc_url):
            raise ValueError("the engine weaviate needs weaviate_url and weaviate_grpc_url")
        if self.ranking_profile != "classic":
            raise ValueError("the engine weaviate knows the profile classic alone")
        return self
