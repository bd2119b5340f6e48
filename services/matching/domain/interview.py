"""Interview questions from templates: tied to what a job asks for and a profile does not tell."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import zip_longest

from services.matching.domain.achievements import extract
from services.matching.domain.scoring.brief import read_job
from services.matching.domain.scoring.facts import JobFacts, ProfileFacts
from services.matching.domain.scoring.positions import languages_held, measure_all, skills_held
from services.matching.domain.scoring.reasons import matched_needs

_LATEST = 2

_TEMPLATES = {
    "fr": {
        "REQUIRED": (
            "Racontez une situation récente où vous avez utilisé {about} : quel était le problème,"
            " qu'avez-vous fait, quel a été le résultat ?",
            "Quel choix difficile avez-vous fait avec {about}, et que referiez-vous autrement ?",
        ),
        "GAP": (
            "Le poste demande {about} et votre profil n'en parle pas : l'avez-vous déjà pratiqué,"
            " ou quelque chose de proche ?",
            "Comment vous y prendriez-vous pour maîtriser {about} dans les premiers mois ?",
        ),
        "ACHIEVEMENT": (
            "Vous écrivez : « {about} ». Quelle a été votre part, et comment l'avez-vous mesuré ?",
        ),
        "EXPERIENCE": (
            "Dans votre poste « {about} », de quoi étiez-vous responsable et avec qui"
            " travailliez-vous ?",
        ),
    },
    "en": {
        "REQUIRED": (
            "Tell of a recent situation where you used {about}: what was the problem, what did you"
            " do, what came of it?",
            "Which hard choice did you make with {about}, and what would you do differently now?",
        ),
        "GAP": (
            "The job asks for {about} and your profile does not mention it: have you practised it,"
            " or something close to it?",
            "How would you go about becoming at ease with {about} in the first months?",
        ),
        "ACHIEVEMENT": (
            'You write: "{about}". What was your part in it, and how did you measure it?',
        ),
        "EXPERIENCE": (
            'In your position "{about}", what were you responsible for and whom did you work with?',
        ),
    },
}


class QuestionKind(StrEnum):
    """Why a question is asked."""

    REQUIRED = "REQUIRED"
    GAP = "GAP"
    ACHIEVEMENT = "ACHIEVEMENT"
    EXPERIENCE = "EXPERIENCE"


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be asked about."""

    kind: QuestionKind
    about: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question and what it is tied to."""

    text: str
    subject: Subject


def subjects(job: JobFacts, profile: ProfileFacts, today: date) -> list[Subject]:
    """Return what to ask about: skills asked for, gaps, results told and the latest positions.

    The kinds take turns, so that the first few subjects hold some of each.
    """
    brief = read_job(job)
    positions = measure_all(brief, profile, today.year * 12 + today.month - 1)
    held, missing = matched_needs(
        brief.needs, skills_held(profile, positions), languages_held(profile)
    )
    dated = [one for one in profile.experiences if one.start]
    latest = sorted(dated, key=lambda one: str(one.start), reverse=True)[:_LATEST]
    results = [result for one in profile.experiences for result in extract(one.description)]
    rows = (
        [Subject(QuestionKind.REQUIRED, name) for name in held],
        [Subject(QuestionKind.GAP, name) for name in missing],
        [Subject(QuestionKind.ACHIEVEMENT, result) for result in results],
        [Subject(QuestionKind.EXPERIENCE, one.title) for one in latest],
    )
    turns = (subject for turn in zip_longest(*rows) for subject in turn if subject)
    return list(dict.fromkeys(turns))


def kit(asked: Iterable[Subject], locale: str, most: int) -> list[Question]:
    """Return at most `most` questions: one a subject, then further ones. "en", else French."""
    told = _TEMPLATES["en" if locale.startswith("en") else "fr"]
    every = [list(_questions(subject, told)) for subject in asked]
    turns = (question for turn in zip_longest(*every) for question in turn if question)
    return [question for question, _ in zip(turns, range(most), strict=False)]


def _questions(subject: Subject, told: dict[str, tuple[str, ...]]) -> Iterator[Question]:
    for template in told[subject.kind.value]:
        yield Question(template.format(about=subject.about), subject)
