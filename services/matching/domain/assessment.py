"""One position measured by the scoring function: what stands in for a language model."""

from datetime import date

from services.matching.domain.scoring.facts import Experience, JobFacts, ProfileFacts
from services.matching.domain.scoring.score import Dimensions, score


def by_rules(held: Experience, job: JobFacts | None, today: date) -> Dimensions:
    """Return the parts of one position; without a job it is measured against its own title."""
    wanted = job or JobFacts(title=held.title)
    return score(wanted, ProfileFacts(experiences=(held,)), today).dimensions
