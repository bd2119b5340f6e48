"""The front of language models: budget, breaker, fallbacks, traces; typed answers asked again."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from opentelemetry.trace import Span, SpanKind, StatusCode, Tracer

from services.kit import telemetry
from services.matching.app.breaker import Breaker
from services.matching.domain.errors import (
    LlmBudgetSpent,
    LlmMalformed,
    LlmNotConfigured,
    LlmUnavailable,
)
from services.matching.domain.writing.answers import MAX_COMPLETION, Answer, Malformed, read
from services.matching.domain.writing.prompts import Prompt, again

log = logging.getLogger(__name__)

MAX_RETRIES = 3
"""How often a malformed answer is asked again: four calls at most."""
HOW_TO_ENABLE = (
    'WENEEDS_MATCHING_LLM_MODELS=["mistral:mistral-small-latest"],'
    ' WENEEDS_MATCHING_LLM_KEYS={"mistral": "..."}'
)
# What a token is at least, in characters: an estimate that errs upwards for French and English.
_CHARACTERS_A_TOKEN = 3
A = TypeVar("A", bound=Answer)


class ModelFailed(Exception):
    """A provider refused, broke off or did not answer; the message holds no material."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model answered. Tokens are 0 where the provider does not tell."""

    text: str
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a model is asked and as what: what the trace tells."""

    user_id: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A text, which model wrote it, and how often one was asked."""

    text: str
    model: str
    attempts: int = 1


class Model(Protocol):
    """One model of one provider."""

    @property
    def name(self) -> str:
        """Provider and model: "mistral:mistral-small-latest"."""

    async def complete(self, prompt: Prompt, max_tokens: int) -> Completion:
        """Answer a prompt; raise ModelFailed."""


class Spending(Protocol):
    """Counts the tokens of a day, over all replicas."""

    async def reserve(self, tokens: int) -> bool:
        """Take tokens out of the day's budget; False when it does not hold them or cannot tell."""

    async def settle(self, reserved: int, used: int) -> None:
        """Give back what was reserved and not used."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one call."""

    seconds: float = 20.0
    """For one answer of one provider."""
    answer_tokens: int = 1500
    call_tokens: int = 40_000
    """For prompt and answer together."""


class Front:
    """Asks the models in their order until one answers."""

    def __init__(
        self,
        models: Sequence[Model],
        spending: Spending,
        limits: Limits,
        *,
        tracer: Tracer = telemetry.tracer,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._models = [(model, Breaker(monotonic)) for model in models]
        self._spending = spending
        self._limits = limits
        self._tracer = tracer

    @property
    def enabled(self) -> bool:
        """Whether there is a model to ask."""
        return bool(self._models)

    async def write(self, prompt: Prompt, asker: Asker) -> Written:
        """Return a completion.

        Raises LlmNotConfigured, LlmBudgetSpent, and LlmUnavailable when no model answers.
        """
        if not self._models:
            raise LlmNotConfigured(setting=HOW_TO_ENABLE)
        for model, breaker in self._models:
            if not breaker.admits():
                continue
            try:
                completion = await self._call(model, prompt, asker)
            except (ModelFailed, TimeoutError) as error:
                breaker.failed()
                log.warning("%s did not answer: %s", model.name, error or "too slow")
                continue
            breaker.succeeded()
            return Written(completion.text[:MAX_COMPLETION], model.name)
        raise LlmUnavailable

    async def ask(
        self, prompt: Prompt, kind: type[A], source: str, asker: Asker
    ) -> tuple[A, Written]:
        """Return a typed answer and what it came from.

        A malformed one is asked again with the original prompt and the bad completions. Raises
        what `write` raises, and LlmMalformed after the last retry.
        """
        for attempt in range(1, MAX_RETRIES + 2):
            written = await self.write(prompt, asker)
            try:
                answer = read(kind, written.text, source)
            except Malformed as problem:
                prompt = again(prompt, written.text, str(problem))
                continue
            return answer, Written(written.text, written.model, attempt)
        raise LlmMalformed(attempts=str(MAX_RETRIES + 1))

    async def _call(self, model: Model, prompt: Prompt, asker: Asker) -> Completion:
        reserved = prompt.characters // _CHARACTERS_A_TOKEN + self._limits.answer_tokens
        if reserved > self._limits.call_tokens or not await self._spending.reserve(reserved):
            raise LlmBudgetSpent
        # What a call that failed has cost is not known: it stays reserved.
        with self._tracer.start_as_current_span(
            "llm", kind=SpanKind.CLIENT, record_exception=False, set_status_on_exception=False
        ) as span:
            _describe(span, model.name, asker)
            try:
                async with asyncio.timeout(self._limits.seconds):
                    completion = await model.complete(prompt, self._limits.answer_tokens)
            except (ModelFailed, TimeoutError) as error:
                span.set_status(StatusCode.ERROR, type(error).__name__)
                raise
            span.set_attribute("gen_ai.usage.input_tokens", completion.input_tokens)
            span.set_attribute("gen_ai.usage.output_tokens", completion.output_tokens)
        used = completion.input_tokens + completion.output_tokens
        await self._spending.settle(reserved, used or reserved)
        return completion


def _describe(span: Span, model: str, asker: Asker) -> None:
    """What Langfuse reads of a span. Neither prompt nor answer leaves: they hold personal data."""
    provider, _, name = model.partition(":")
    span.set_attributes(
        {
            "langfuse.observation.type": "generation",
            "langfuse.trace.name": asker.tags[0],
            "langfuse.trace.tags": asker.tags,
            "langfuse.user.id": asker.user_id,
            "user.id": asker.user_id,
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": name,
        }
    )
