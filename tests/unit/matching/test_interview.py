"""Interview kits and analyses: tied to what is asked for, word for word, and never a decision."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.matching.app.assistant import PARTS, Assistant
from services.matching.app.degraded import By
from services.matching.app.interviews import Interviews
from services.matching.app.llm import Front, Limits, Model
from services.matching.domain.errors import LlmNotConfigured, ReceiptErased
from services.matching.domain.interview import QuestionKind, kit, subjects
from services.matching.domain.scoring.facts import Experience, JobFacts
from services.matching.domain.scoring.score import score
from services.matching.domain.transcript import analyse, read_turns
from services.matching.domain.writing.prompts import PromptPath
from tests.unit.matching.models import Purse, Scripted
from tests.unit.matching.people import JAVA_DEV, PYTHON_JOB, TODAY
from tests.unit.matching.receipts import signed

TRANSCRIPT = """\
[00:01] Recruteuse : Bonjour, parlez-moi de votre travail avec Python ?
[00:09] Candidate : J'ai migré 12 services vers FastAPI et Docker.
Le temps de réponse a baissé de 30 %. C'était en équipe.
Recruteuse : Connaissez-vous Kubernetes ?
Candidate : Un peu.
Recruteuse : Quelles sont vos disponibilités ?
"""


class At:
    def now(self) -> datetime:
        return datetime(2026, 11, 23, tzinfo=UTC)


class Book:
    """A scoring use case that knows one receipt."""

    def __init__(self, receipt: Any) -> None:
        self.one = receipt

    async def receipt(self, receipt_id: str) -> Any:
        return self.one


def front(*models: Model) -> Front:
    return Front(models, Purse(), Limits())


def test_questions_are_tied_to_required_skills_and_to_gaps() -> None:
    asked = subjects(PYTHON_JOB, JAVA_DEV, TODAY)
    by_kind = {kind: [one.about for one in asked if one.kind is kind] for kind in QuestionKind}
    assert by_kind[QuestionKind.REQUIRED] == ["PostgreSQL", "Docker", "EN B1"]
    assert by_kind[QuestionKind.GAP] == ["Python", "FastAPI", "Tests automatisés"]
    assert by_kind[QuestionKind.EXPERIENCE] == ["Développeur Java"]
    questions = kit(asked, "fr", 30)
    assert [one.subject for one in questions[: len(asked)]] == asked
    for question in questions:
        assert question.subject.about in question.text
    assert len({question.text for question in questions}) == len(questions)


@pytest.mark.parametrize("most", [1, 3, 12])
def test_a_kit_is_as_long_as_wished_and_in_the_language(most: int) -> None:
    asked = subjects(PYTHON_JOB, JAVA_DEV, TODAY)
    french, english = kit(asked, "fr", most), kit(asked, "en", most)
    assert len(french) == len(english) == min(most, len(french))
    assert french[0].text.startswith("Racontez")
    assert english[0].text.startswith("Tell of")


def test_an_analysis_is_of_the_transcript_alone_and_word_for_word() -> None:
    found = analyse(TRANSCRIPT, "fr")
    assert [topic.name for topic in found.topics] == ["docker", "fastapi"]
    assert found.topics[0].quotes == ("J'ai migré 12 services vers FastAPI et Docker.",)
    assert found.achievements == (
        "J'ai migré 12 services vers FastAPI et Docker",
        "Le temps de réponse a baissé de 30 %",
    )
    assert found.open_questions == (
        "Connaissez-vous Kubernetes ?",
        "Quelles sont vos disponibilités ?",
    )
    assert [(one.name, one.questions) for one in found.speakers] == [
        ("Candidate", 0),
        ("Recruteuse", 3),
    ]
    assert sum(one.percent for one in found.speakers) in (99, 100, 101)
    assert "ne décide rien" in found.summary
    assert "decides nothing" in analyse(TRANSCRIPT, "en").summary


@pytest.mark.parametrize(
    "text", ["Une seule ligne sans personne.", "a: \n: b\n?\n" * 50, " \n" * 30]
)
def test_any_text_is_analysed(text: str) -> None:
    found = analyse(text, "fr")
    assert all(speaker.name for speaker in found.speakers)
    assert sum(len(turn.text) for turn in read_turns(text)) <= len(text)


async def test_without_a_model_kit_and_analysis_say_what_made_them(tmp_path: Any) -> None:
    interviews = Interviews(Book(signed(tmp_path)), front())
    questions, origin = await interviews.kit("u", "r", 0, "fr")
    assert len(questions) <= 12
    assert (origin.by, origin.degraded) == (By.TEMPLATE, "NOT_CONFIGURED")
    _, origin = await interviews.analyse("u", TRANSCRIPT, "fr")
    assert (origin.by, origin.degraded, origin.attempts) == (By.RULES, "NOT_CONFIGURED", 0)


async def test_a_models_questions_are_kept_and_what_it_left_out_is_asked_too(tmp_path: Any) -> None:
    said = {
        "questions": [
            {"text": "Que faites-vous avec Python au quotidien ?", "about": "Python"},
            {"text": "Aimez-vous les licornes, au juste ?", "about": "licornes"},
        ]
    }
    model = Scripted("m:1", json.dumps(said))
    interviews = Interviews(Book(signed(tmp_path)), front(model))
    questions, origin = await interviews.kit("u", "r", 8, "fr")
    assert origin.by is By.LLM
    assert origin.model == "m:1"
    assert questions[0].text == said["questions"][0]["text"]
    assert all("licornes" not in question.text for question in questions)
    assert len(questions) == 8


async def test_erased_facts_have_no_kit(tmp_path: Any) -> None:
    gone = replace(signed(tmp_path), inputs="")
    with pytest.raises(ReceiptErased):
        await Interviews(Book(gone), front()).kit("u", "r", 0, "fr")


@pytest.mark.parametrize(
    ("script", "by", "degraded"),
    [
        (["good"], By.LLM, ""),
        (["invented"], By.RULES, "MALFORMED"),
        (["FAIL"], By.RULES, "UNAVAILABLE"),
    ],
)
async def test_an_analysis_quotes_what_was_said_or_falls_back(
    script: Sequence[str], by: By, degraded: str
) -> None:
    good = {
        "summary": "Python et FastAPI.",
        "topics": [{"name": "FastAPI", "quotes": ["migré 12 services vers FastAPI"]}],
        "achievements": ["Le temps de réponse a baissé de 30 %"],
        "open_questions": [],
    }
    answers = {
        "good": json.dumps(good),
        "invented": json.dumps({**good, "achievements": ["A doublé les ventes"]}),
        "FAIL": "FAIL",
    }
    model = Scripted("m:1", *(answers[name] for name in script))
    found, origin = await Interviews(Book(None), front(model)).analyse("u", TRANSCRIPT, "fr")
    assert (origin.by, origin.degraded) == (by, degraded)
    assert "ventes" not in str(found)
    assert found.speakers[0].name == "Candidate"


async def test_a_position_is_measured_by_the_scoring_function_without_a_model() -> None:
    held = Experience("Développeuse Python", description="API. Réduit les coûts de 40 %.")
    job = JobFacts("Développeur Python", "API FastAPI", ("Python",))
    assistant = Assistant(front(), At())
    found = await assistant.assess("u", held, ["réduit les coûts de 40 %", "Prix gagné"], job)
    assert found.path is PromptPath.WITH_ACHIEVEMENTS_AND_JOB
    assert found.achievements == ("réduit les coûts de 40 %", "Prix gagné")
    assert (found.origin.by, found.origin.degraded) == (By.RULES, "NOT_CONFIGURED")
    assert set(found.parts) == set(PARTS)
    assert found.parts["pertinence"] > 15
    bare = await assistant.assess("u", Experience("Cuisinier"), [], None)
    assert (bare.path, bare.achievements) == (PromptPath.BASIC, ())


async def test_free_writing_takes_a_model() -> None:
    with pytest.raises(LlmNotConfigured):
        await Assistant(front(), At()).write("u", "Écris", "", "fr")
    text, origin = await Assistant(front(Scripted("m:1", "Bonjour.")), At()).write(
        "u", "É", "", "fr"
    )
    assert (text, origin.by) == ("Bonjour.", By.LLM)


async def test_what_a_model_says_of_a_position_moves_no_score() -> None:
    before = score(PYTHON_JOB, JAVA_DEV, TODAY)
    said = dict.fromkeys(PARTS, 1) | {"quotes": []}
    model = Scripted("m:1", json.dumps(said))
    found = await Assistant(front(model), At()).assess("u", JAVA_DEV.experiences[0], [], PYTHON_JOB)
    assert found.origin.by is By.LLM
    assert score(PYTHON_JOB, JAVA_DEV, TODAY) == before
