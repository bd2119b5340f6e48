"""The score: facts and a job in, ten dimensions, a penalty and the final score out.

Pure: the same facts, job and day give the same bytes on every run and machine. The formula and a
worked example stand in docs/matching/score.md; change them together with ENGINE_VERSION.
"""

from dataclasses import dataclass
from datetime import date

from services.matching.domain.scoring.arithmetic import FULL, clamp, share
from services.matching.domain.scoring.brief import Brief, read_job
from services.matching.domain.scoring.career import coherence, experiences_bonus, progression
from services.matching.domain.scoring.completeness import (
    Reliability,
    penalty_points,
    reliability_index,
    reliability_of,
)
from services.matching.domain.scoring.facts import JobFacts, ProfileFacts
from services.matching.domain.scoring.positions import (
    Position,
    complexity_points,
    context_coefficient,
    contract_points,
    coverage,
    languages_held,
    likeness_of_titles,
    measure_all,
    pertinence_points,
    recency_points,
    responsibility_points,
    skills_held,
)
from services.matching.domain.scoring.reasons import Reason, reasons_for
from services.matching.domain.scoring.timeline import weighted_months

ENGINE_VERSION = "1.0"
_EXPERIENCE_PERCENT = 80
_PROFILE_TITLE_PERCENT = 85


@dataclass(frozen=True, slots=True)
class Dimensions:
    """The ten dimensions and the penalty, in points."""

    pertinence: int
    contract: int
    duration: int
    skills: int
    responsibilities: int
    complexity: int
    recency: int
    career_progression: int
    path_coherence: int
    total_experiences_bonus: int
    missing_info_penalty: int

    @property
    def sum(self) -> int:
        """The seven parts of the experience score: 0 to 100."""
        return (
            self.pertinence
            + self.contract
            + self.duration
            + self.skills
            + self.responsibilities
            + self.complexity
            + self.recency
        )


@dataclass(frozen=True, slots=True)
class Score:
    """A score and why it is what it is."""

    final: int
    dimensions: Dimensions
    reliability: Reliability
    reasons: tuple[Reason, ...]
    coefficient_pertinence: int
    """The context multiplier of the whole, 0 to 1000."""


def final_score(parts: Dimensions) -> int:
    """Returns 80 % of the sum, plus career, less the penalty, held within 0 and 100."""
    career = parts.career_progression + parts.path_coherence + parts.total_experiences_bonus
    experience = share(_EXPERIENCE_PERCENT, parts.sum, 100)
    return clamp(experience + career - parts.missing_info_penalty, 0, 100)


def score(job: JobFacts, profile: ProfileFacts, today: date) -> Score:
    """Scores one candidate for one job as of `today`."""
    return score_for(read_job(job), profile, today)


def score_for(brief: Brief, profile: ProfileFacts, today: date) -> Score:
    """Like `score`, for a job that was read before."""
    now = today.year * 12 + today.month - 1
    positions = measure_all(brief, profile, now)
    skills, languages = skills_held(profile, positions), languages_held(profile)
    held = coverage(brief.needs, skills, languages)
    context = _context(brief, profile, positions, held)
    months = _relevant_months(positions)
    parts = Dimensions(
        pertinence=pertinence_points(brief, profile, positions),
        contract=share(contract_points(brief, profile, positions), context, FULL),
        duration=_duration(brief, months, context),
        skills=share(20, held, 100) if brief.needs else share(20, context, FULL),
        responsibilities=responsibility_points(brief, positions),
        complexity=complexity_points(positions),
        recency=recency_points(positions),
        career_progression=share(progression(positions), context, FULL),
        path_coherence=_coherence(positions, context),
        total_experiences_bonus=share(experiences_bonus(positions), context, FULL),
        missing_info_penalty=penalty_points(profile),
    )
    return Score(
        final=final_score(parts),
        dimensions=parts,
        reliability=reliability_of(reliability_index(brief.facts, profile)),
        reasons=reasons_for(brief, profile, parts, skills, languages, months // FULL),
        coefficient_pertinence=context,
    )


def _context(brief: Brief, profile: ProfileFacts, positions: list[Position], held: int) -> int:
    """The context multiplier of the whole: the most relevant position, or the profile's title."""
    sought = likeness_of_titles(brief.facts.title, profile.title)
    own = context_coefficient(sought * _PROFILE_TITLE_PERCENT // 100, held)
    return max([own, *(position.pertinence for position in positions)])


def _relevant_months(positions: list[Position]) -> int:
    """Months in relevant positions, each weighted by both coefficients, in thousandths."""
    return weighted_months(
        [(position.span, position.weight) for position in positions if position.span]
    )


def _duration(brief: Brief, months: int, context: int) -> int:
    """0 to 15: the time asked for; where none is asked for, the context alone decides."""
    if brief.wanted_months == 0:
        return share(15, context, FULL)
    wanted = brief.wanted_months * FULL
    return share(15, min(months, wanted), wanted)


def _coherence(positions: list[Position], context: int) -> int:
    """Praise counts as far as the work is relevant; a broken path counts in full."""
    value = coherence(positions)
    return value if value < 0 else share(value, context, FULL)
