"""The seven parts of the experience score: each position held, measured against the job."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.matching.domain.scoring.arithmetic import FULL, clamp, percent, ramp, share
from services.matching.domain.scoring.brief import Brief, Need, language_of
from services.matching.domain.scoring.concepts import (
    Meaning,
    skill_of,
    understand_name,
    understand_words,
)
from services.matching.domain.scoring.facts import LEVELS, Experience, ProfileFacts
from services.matching.domain.scoring.similarity import skill_similarity, title_similarity
from services.matching.domain.scoring.text import words
from services.matching.domain.scoring.timeline import Span, recency_coefficient, span_of

_NULL_RELEVANCE = 20
_FULL_RELEVANCE = 70
_PROFILE_TITLE_PERCENT = 85
_LEVEL_STEPS = (100, 60, 25, 0)

# Words that tell of work that is hard: leading, designing, scale, and results that were measured.
_HARD = (
    "encadrement encadre manage managed led lead leading pilotage pilote supervise supervision"
    " coordination coordonne coordinated mentoring mentored tutorat",
    "conception concu designed design architecture architected strategie strategy",
    "migration refonte redesign transformation modernisation overhaul restructuration",
    "optimisation optimise optimized optimised reduction reduit reduced improved amelioration"
    " ameliore increased augmentation hausse baisse",
    "international multisite multi europe critique critical urgence emergency complexe complex",
    "audit expertise formation forme trained training referent negociation negotiated",
    "autonomie autonome responsable responsible budget charge owner ownership",
)
_HARD_GROUPS = tuple(frozenset(words(group)) for group in _HARD)
_POINTS_PER_SIGN = 2
_MOST_POSITIONS = 30
_LONGEST_TEXT = 3000


@dataclass(frozen=True, slots=True)
class Position:
    """One position held, measured."""

    held: Experience
    title: Meaning
    text: Meaning
    told: frozenset[str]
    """The words of the text."""
    span: Span | None
    similarity: int
    """Of its title to the job's, 0 to 100."""
    pertinence: int
    """coefficient_pertinence: the context multiplier, 0 to 1000."""
    recency: int
    """coefficient_recency: the time multiplier, 0 to 1000."""

    @property
    def weight(self) -> int:
        """Both coefficients together, 0 to 1000."""
        return self.pertinence * self.recency // FULL


def measure_all(brief: Brief, profile: ProfileFacts, now: int) -> list[Position]:
    """Measures the positions held: the 30 latest at most, so that the time it takes is bounded."""
    held = profile.experiences
    if len(held) > _MOST_POSITIONS:
        held = tuple(sorted(held, key=_start, reverse=True)[:_MOST_POSITIONS])
    return [measure(brief, one, now) for one in held]


def measure(brief: Brief, held: Experience, now: int) -> Position:
    """Measures one position: how close its title and its text are, and how long ago it was."""
    title = understand_name(held.title)
    told, text = read_text(held.description[:_LONGEST_TEXT])
    similarity = likeness_of_titles(brief.facts.title, held.title)
    named = coverage(brief.needs, title.skills | text.skills, {})
    span = span_of(held, now)
    return Position(
        held=held,
        title=title,
        text=text,
        told=told,
        span=span,
        similarity=similarity,
        pertinence=context_coefficient(similarity, named),
        recency=recency_coefficient(span, now),
    )


@lru_cache(maxsize=1024)
def read_text(text: str) -> tuple[frozenset[str], Meaning]:
    """Returns the words of a text and what it names; the latest texts are kept in memory."""
    told = words(text)
    return frozenset(told), understand_words(told)


@lru_cache(maxsize=16_384)
def likeness_of_titles(wanted: str, held: str) -> int:
    """Returns `title_similarity` of two titles as they are written."""
    return title_similarity(understand_name(wanted), understand_name(held))


def context_coefficient(similarity: int, told: int) -> int:
    """Returns coefficient_pertinence: 0 for unrelated work, 1000 for work in the same trade."""
    return ramp(similarity + told // 2, _NULL_RELEVANCE, _FULL_RELEVANCE)


def coverage(needs: Sequence[Need], skills: frozenset[str], languages: dict[str, int]) -> int:
    """Returns how much of what is asked for is held, by weight, 0 to 100."""
    total = sum(need.weight for need in needs)
    found = sum(need.weight * credit(need, skills, languages) for need in needs)
    return percent(found, total * 100)


def credit(need: Need, skills: frozenset[str], languages: dict[str, int]) -> int:
    """Returns 0 to 100 for one thing asked for: related skills and lower levels count in part."""
    if not need.language:
        return skill_similarity(need.skill, skills)
    if need.language not in languages:
        return 0
    short = clamp(need.level - languages[need.language], 0, len(_LEVEL_STEPS) - 1)
    return _LEVEL_STEPS[short]


def skills_held(profile: ProfileFacts, positions: Sequence[Position]) -> frozenset[str]:
    """Returns every skill that the profile names: listed, in a title or in a text."""
    held = {skill_of(name) for name in profile.skills}
    held |= understand_name(profile.title).skills
    for position in positions:
        held |= position.title.skills | position.text.skills
    return frozenset(held)


def languages_held(profile: ProfileFacts) -> dict[str, int]:
    """Returns the level of each language spoken, as an index into LEVELS; B2 where not told."""
    spoken = {language_of(name): LEVELS.index("B2") for name in profile.skills}
    for language in profile.languages:
        level = LEVELS.index(language.level) if language.level in LEVELS else LEVELS.index("B2")
        spoken[language.code] = max(level, spoken.get(language.code, 0))
    return spoken


def pertinence_points(brief: Brief, profile: ProfileFacts, positions: Sequence[Position]) -> int:
    """0 to 25: the closest title held, shaded by its age; the profile's own counts for 85 %."""
    sought = likeness_of_titles(brief.facts.title, profile.title)
    best = sought * _PROFILE_TITLE_PERCENT * 10
    for position in positions:
        best = max(best, position.similarity * (700 + 300 * position.recency // FULL))
    return share(25, best, 100 * FULL)


def contract_points(brief: Brief, profile: ProfileFacts, positions: Sequence[Position]) -> int:
    """0 to 10: 10 when the kind is wished for, 8 when any will do, 3 when only held before."""
    wanted = brief.facts.contract
    if not wanted or wanted in profile.contracts:
        return 10
    if not profile.contracts:
        return 8
    return 3 * any(position.held.contract == wanted for position in positions)


def responsibility_points(brief: Brief, positions: Sequence[Position]) -> int:
    """0 to 10: what the description names and the texts of relevant positions tell as well.

    Full for three fifths of its skills or a third of all its words, whichever is nearer.
    """
    best = 0
    skills = brief.duties.skills
    ours = brief.duties.terms | skills
    for position in positions:
        if not position.pertinence:
            continue
        told = position.text.skills | position.title.skills
        by_skill = percent(5 * len(skills & told), 3 * len(skills))
        theirs = position.text.terms | told
        by_word = percent(3 * len(ours & theirs), len(ours))
        best = max(best, max(by_skill, by_word) * position.pertinence)
    return share(10, best, 100 * FULL)


def complexity_points(positions: Sequence[Position]) -> int:
    """0 to 10: signs of hard work in the text of one relevant position, two points a sign."""
    best = 0
    for position in positions:
        if not position.pertinence:
            continue
        told = position.told
        signs = sum(1 for group in _HARD_GROUPS if not group.isdisjoint(told))
        signs += any(word.isdigit() and len(word) > 1 for word in told)
        best = max(best, clamp(signs * _POINTS_PER_SIGN, 0, 10) * position.pertinence)
    return share(1, best, FULL)


def recency_points(positions: Sequence[Position]) -> int:
    """0 to 10: the most recent relevant work."""
    return share(10, max((position.weight for position in positions), default=0), FULL)


def _start(held: Experience) -> int:
    return held.start.index if held.start else 0
