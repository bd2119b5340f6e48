"""Free writing, and positions measured by a language model or by the scoring function."""

from __future__ import annotations

from dataclasses import dataclass

from services.kit.clock import Clock
from services.matching.app.degraded import NO_MODEL, By, Origin, of_model, without
from services.matching.app.llm import Asker, Front
from services.matching.domain import achievements as told
from services.matching.domain.assessment import by_rules
from services.matching.domain.scoring.facts import Experience, JobFacts
from services.matching.domain.writing import prompts
from services.matching.domain.writing.answers import AssessmentAnswer, schema
from services.matching.domain.writing.prompts import PromptPath


@dataclass(frozen=True, slots=True)
class Assessed:
    """The seven parts of one position by name, and what they rest on."""

    parts: dict[str, int]
    quotes: tuple[str, ...]
    path: PromptPath
    achievements: tuple[str, ...]
    origin: Origin


PARTS = (
    "pertinence",
    "contract",
    "duration",
    "skills",
    "responsibilities",
    "complexity",
    "recency",
)


class Assistant:
    """What language models are asked for by people."""

    def __init__(self, front: Front, clock: Clock) -> None:
        self._front = front
        self._clock = clock

    async def write(
        self, user_id: str, instruction: str, material: str, locale: str
    ) -> tuple[str, Origin]:
        """Return a text; raises what `Front.write` raises, for nothing can stand in."""
        prompt = prompts.free(instruction, material, locale)
        written = await self._front.write(prompt, Asker(user_id, ("writing",)))
        return written.text, of_model(written)

    async def assess(
        self, user_id: str, held: Experience, given: list[str], job: JobFacts | None
    ) -> Assessed:
        """Measure one position."""
        found = tuple(told.deduplicate([], [*given, *told.extract(held.description)]))
        found = found[: told.MOST]
        path = prompts.select(found, job)
        prompt = prompts.assessment(held, found, job, schema(AssessmentAnswer))
        source = "\n".join((held.title, held.description, *found))
        try:
            answer, written = await self._front.ask(
                prompt, AssessmentAnswer, source, Asker(user_id, ("scoring", "experience"))
            )
        except NO_MODEL as error:
            rules = by_rules(held, job, self._clock.now().date())
            parts = {name: getattr(rules, name) for name in PARTS}
            return Assessed(parts, found, path, found, without(By.RULES, error))
        parts = {name: getattr(answer, name) for name in PARTS}
        return Assessed(parts, tuple(answer.quotes), path, found, of_model(written))
