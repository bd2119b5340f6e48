"""How an answer came to be: by which model, or without one and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.matching.app.llm import Written
from services.matching.domain.errors import (
    LlmBudgetSpent,
    LlmMalformed,
    LlmNotConfigured,
    LlmUnavailable,
)

NO_MODEL = (LlmNotConfigured, LlmBudgetSpent, LlmUnavailable, LlmMalformed)
"""What is raised where no model had a part."""


class By(StrEnum):
    """What made a text."""

    RULES = "RULES"
    TEMPLATE = "TEMPLATE"
    LLM = "LLM"


@dataclass(frozen=True, slots=True)
class Origin:
    """How an answer came to be; `degraded` is the reason where no model had a part."""

    by: By
    model: str = ""
    degraded: str = ""
    attempts: int = 0


def of_model(written: Written) -> Origin:
    """The origin of what a model wrote."""
    return Origin(By.LLM, written.model, attempts=written.attempts)


def without(by: By, error: Exception) -> Origin:
    """The origin of what stood in for a model."""
    reasons: dict[type[Exception], str] = {
        LlmNotConfigured: "NOT_CONFIGURED",
        LlmBudgetSpent: "BUDGET_SPENT",
        LlmMalformed: "MALFORMED",
    }
    return Origin(by, degraded=reasons.get(type(error), "UNAVAILABLE"))
