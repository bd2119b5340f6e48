"""The bytes of scores do not change unless the engine's version does.

The digests below are over the scores of fictitious people and of texts put together by an
arithmetic sequence: no random numbers, so every machine and every run gets the same.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict

from services.matching.domain.scoring.facts import (
    CONTRACTS,
    LEVELS,
    Experience,
    JobFacts,
    Language,
    Month,
    ProfileFacts,
)
from services.matching.domain.scoring.inputs import canonical
from services.matching.domain.scoring.score import ENGINE_VERSION, score
from tests.unit.matching import people
from tests.unit.matching.people import TODAY

_PIECES = (
    "Développeur·euse Python (H/F)",
    "Ingénieur.e logiciel C++ / C#",
    "Infirmier(ère) référent(e), 12 lits",
    "Œuvre d'art ; cœur de métier",
    "Managed a team of 40 people, reduced costs by 15 %",
    "Node.js, Vue.js, .NET et R&D",
    "CI/CD, Docker, Kubernetes",
    "İstanbul ﬁnance Straße",
    "chef ou cheffe de partie",
    "Comptabilité générale, TVA, bilan",
    "conseillers.ères de vente",
    "Anglais courant",
    "product manager senior",
    "élève\u0301 noe\u0308l",
    "Négociation de contrats à l'international",
    "zymurgie xylologie zymurgy",
)
_GOLDEN = {
    "1.0": (
        "9240d60fda5024054fc67f6317e6cd02018c09f33f6af34cb86bc00b88baf515",
        "827194b100afa2243f12f5215c24531a01dd8b084bd44fbbe2537d9d15c5bf4b",
    ),
}


def test_scores_of_people_keep_their_bytes() -> None:
    known = vars(people).values()
    jobs = [one for one in known if isinstance(one, JobFacts)]
    profiles = [one for one in known if isinstance(one, ProfileFacts)]
    pairs = [(job, profile) for job in jobs for profile in profiles]
    assert len(pairs) >= 24
    assert _digest(pairs) == _GOLDEN[ENGINE_VERSION][0]


def test_scores_of_texts_of_every_kind_keep_their_bytes() -> None:
    pairs = [(_job(at), _profile(at * 7 + 3)) for at in range(400)]
    assert len({score(job, profile, TODAY).final for job, profile in pairs}) > 20
    assert _digest(pairs) == _GOLDEN[ENGINE_VERSION][1]


def _digest(pairs: list[tuple[JobFacts, ProfileFacts]]) -> str:
    digest = hashlib.sha256()
    for job, profile in pairs:
        digest.update(canonical(asdict(score(job, profile, TODAY))).encode())
    return digest.hexdigest()


def _job(at: int) -> JobFacts:
    return JobFacts(
        title=_piece(at),
        description=_text(at * 3, 5),
        skills=tuple(_piece(at * 5 + place) for place in range(at % 6)),
        languages=(Language("en", LEVELS[at % 6]),) * (at % 2),
        contract=("", *CONTRACTS)[at % 7],
        min_experience_years=at % 8,
    )


def _profile(at: int) -> ProfileFacts:
    return ProfileFacts(
        title=_piece(at // 3),
        experiences=tuple(_held(at + place, place) for place in range(at % 5)),
        skills=tuple(_piece(at * 3 + place) for place in range(at % 7)),
        languages=(Language("en", LEVELS[at % 5]), Language("fr", ""))[: at % 3],
        contracts=CONTRACTS[at % 4 : at % 4 + at % 3],
    )


def _held(at: int, place: int) -> Experience:
    year = 2024 - 3 * place
    return Experience(
        title=_piece(at),
        start=Month(year - 2, at % 12 + 1) if at % 5 else None,
        end=Month(year, at % 9 + 1) if place else None,
        contract=("", *CONTRACTS)[at % 7],
        description=_text(at, at % 6),
    )


def _piece(at: int) -> str:
    return _PIECES[at * 11 % len(_PIECES)]


def _text(at: int, length: int) -> str:
    return ". ".join(_piece(at + place * 5) for place in range(length))
