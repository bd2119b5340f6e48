"""Help before and after an interview."""

from __future__ import annotations

from typing import Protocol

from services.matching.app.degraded import NO_MODEL, By, Origin, of_model, without
from services.matching.app.llm import Asker, Front
from services.matching.domain.errors import ReceiptErased
from services.matching.domain.interview import Question, Subject, kit, subjects
from services.matching.domain.receipt import Receipt
from services.matching.domain.scoring.inputs import read_inputs
from services.matching.domain.transcript import (
    Analysis,
    Topic,
    analyse,
    read_turns,
    speakers_of,
)
from services.matching.domain.writing.answers import AnalysisAnswer, KitAnswer, schema
from services.matching.domain.writing.prompts import typed

_QUESTIONS = 12
_KIT = (
    "You write questions for a job interview, in {language}: open ones, about work. Ask one or two"
    " about each of `subjects`, at most {most} in all; `about` is the subject, word for word."
)
_ANALYSIS = (
    "You note what was said in an interview, in {language}, from the transcript alone: a summary"
    " without any grade, the topics that the candidate spoke of, results that the candidate told,"
    " and questions that stayed open. Topics have quotations; quotations, results and questions"
    " are word for word."
)


class Receipts(Protocol):
    """Knows receipts."""

    async def receipt(self, receipt_id: str) -> Receipt:
        """Return a receipt; raise ReceiptNotFound."""


class Interviews:
    """Kits of questions and notes on what was said. Nothing is kept."""

    def __init__(self, receipts: Receipts, front: Front) -> None:
        self._receipts = receipts
        self._front = front

    async def kit(
        self, user_id: str, receipt_id: str, most: int, locale: str
    ) -> tuple[list[Question], Origin]:
        """Return questions about a receipt's facts: those that the score was fixed on.

        Raises ReceiptNotFound and ReceiptErased.
        """
        receipt = await self._receipts.receipt(receipt_id)
        if not receipt.inputs:
            raise ReceiptErased(receipt_id=receipt_id)
        asked = subjects(*read_inputs(receipt.inputs))
        most = most or _QUESTIONS
        material = {"subjects": [{"kind": one.kind, "about": one.about} for one in asked[:most]]}
        question = _KIT.format(language=_language(locale), most=most)
        prompt = typed(question, material, schema(KitAnswer))
        try:
            answer, written = await self._front.ask(
                prompt, KitAnswer, "", Asker(user_id, ("interview", "kit"))
            )
        except NO_MODEL as error:
            return kit(asked, locale, most), without(By.TEMPLATE, error)
        known = {one.about: one for one in asked}
        questions = [
            Question(one.text, known[one.about]) for one in answer.questions if one.about in known
        ]
        return _completed(questions, asked, locale, most), of_model(written)

    async def analyse(self, user_id: str, transcript: str, locale: str) -> tuple[Analysis, Origin]:
        """Return what was said; by rules where no model answers."""
        question = _ANALYSIS.format(language=_language(locale))
        prompt = typed(question, {"transcript": transcript}, schema(AnalysisAnswer))
        try:
            answer, written = await self._front.ask(
                prompt, AnalysisAnswer, transcript, Asker(user_id, ("interview", "analysis"))
            )
        except NO_MODEL as error:
            return analyse(transcript, locale), without(By.RULES, error)
        topics = tuple(Topic(one.name, tuple(one.quotes)) for one in answer.topics)
        found = Analysis(
            answer.summary,
            topics,
            tuple(answer.achievements),
            tuple(answer.open_questions),
            speakers_of(read_turns(transcript)),
        )
        return found, of_model(written)


def _completed(
    questions: list[Question], asked: list[Subject], locale: str, most: int
) -> list[Question]:
    """The questions of a model, and one from a template for each subject it left out."""
    covered = {question.subject for question in questions}
    left = [subject for subject in asked if subject not in covered]
    return [*questions, *kit(left, locale, len(left))][:most]


def _language(locale: str) -> str:
    return "English" if locale.startswith("en") else "French"
