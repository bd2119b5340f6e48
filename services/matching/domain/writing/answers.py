"""Typed answers of language models: what does not fit, or quotes what is not there, is refused."""

import json
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

MAX_COMPLETION = 40_000
"""Characters of a completion that are looked at."""
_MOST_PROBLEMS = 3


class Malformed(ValueError):
    """A completion that cannot be used; the message is for the model."""


class Answer(BaseModel):
    """A typed answer: exact types, no further fields."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    def check(self, source: str) -> None:
        """Raise Malformed where the answer says what the source does not."""


A = TypeVar("A", bound=Answer)


class AssessmentAnswer(Answer):
    """The seven parts of one position."""

    pertinence: int = Field(ge=0, le=25)
    contract: int = Field(ge=0, le=10)
    duration: int = Field(ge=0, le=15)
    skills: int = Field(ge=0, le=20)
    responsibilities: int = Field(ge=0, le=10)
    complexity: int = Field(ge=0, le=10)
    recency: int = Field(ge=0, le=10)
    quotes: list[str] = Field(max_length=10)

    def check(self, source: str) -> None:
        """Raise Malformed where a quotation is not in the source."""
        grounded(self.quotes, source)


class QuestionAnswer(Answer):
    """One question of an interview."""

    text: str = Field(min_length=10, max_length=400)
    about: str = Field(min_length=1, max_length=300)


class KitAnswer(Answer):
    """Questions of an interview."""

    questions: list[QuestionAnswer] = Field(min_length=1, max_length=30)


class TopicAnswer(Answer):
    """A topic of an interview and the words about it."""

    name: str = Field(min_length=1, max_length=80)
    quotes: list[str] = Field(min_length=1, max_length=5)


class AnalysisAnswer(Answer):
    """What was said in an interview."""

    summary: str = Field(min_length=1, max_length=2000)
    topics: list[TopicAnswer] = Field(max_length=20)
    achievements: list[str] = Field(max_length=20)
    open_questions: list[str] = Field(max_length=20)

    def check(self, source: str) -> None:
        """Raise Malformed where words are quoted that nobody said."""
        quotes = [quote for topic in self.topics for quote in topic.quotes]
        grounded([*quotes, *self.achievements, *self.open_questions], source)


def read(kind: type[A], completion: str, source: str) -> A:
    """Read a completion; raise Malformed. A fence of Markdown around the object is forgiven."""
    try:
        answer = kind.model_validate(_object(completion[:MAX_COMPLETION]))
    except ValidationError as error:
        raise Malformed(_problems(error)) from error
    answer.check(source)
    return answer


def schema(kind: type[Answer]) -> dict[str, Any]:
    """Return the JSON schema of an answer, without its titles and explanations."""
    return dict(_bare(kind.model_json_schema()))


def grounded(quotes: Iterable[str], source: str) -> None:
    """Raise Malformed unless every quotation stands in the source, spaces and case aside."""
    whole = _plain(source)
    for quote in quotes:
        if not _plain(quote) or _plain(quote) not in whole:
            raise Malformed(f"this is not in the material, word for word: {quote[:80]!r}")


def _object(completion: str) -> object:
    text = completion.strip()
    if text.startswith("```"):
        text = text.removeprefix("```json").removeprefix("```").removesuffix("```")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Malformed("the answer is not one JSON object") from error


def _problems(error: ValidationError) -> str:
    told = [
        f"{'.'.join(map(str, problem['loc'])) or 'the answer'}: {problem['msg']}"
        for problem in error.errors(include_input=False, include_url=False)
    ]
    return "; ".join(told[:_MOST_PROBLEMS])


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: {key: _bare(part) for key, part in inner.items()}
            if name in ("properties", "$defs")
            else _bare(inner)
            for name, inner in value.items()
            if name not in ("title", "description")
        }
    return [_bare(one) for one in value] if isinstance(value, list) else value


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
