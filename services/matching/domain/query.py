"""What is searched for and what is searched in: texts for the encoder, terms for the word index."""

from collections.abc import Iterable, Sequence

from services.matching.domain.scoring.concepts import skill_of, understand
from services.matching.domain.scoring.facts import JobFacts, ProfileFacts

MOVE_FORCE_PERMILLE = 1000
"""How strongly the query is moved towards the skills asked for."""

Vector = Sequence[float]


def job_query_text(job: JobFacts) -> str:
    """What a job looks for in profiles: its description and its skills, joined by spaces."""
    return " ".join([job.description, *job.skills])


def profile_text(profile: ProfileFacts) -> str:
    """What a profile is found by: its experiences; title and skills where there are none."""
    told = [f"{held.title}. {held.description}".strip() for held in profile.experiences]
    return " ".join(told) or " ".join([profile.title, *profile.skills])


def concept_words(*texts: str) -> str:
    """The occupations and skills that texts name, as index words that both languages share."""
    found: set[str] = set()
    for text in texts:
        meaning = understand(text)
        found |= meaning.occupations | meaning.skills
    return " ".join(sorted(map(_index_word, found)))


def skill_words(skills: Iterable[str]) -> str:
    """The skills of a list as index words that both languages share."""
    return " ".join(sorted({_index_word(skill_of(name)) for name in skills} - {"x"}))


def move_to(
    query: Vector, concepts: Sequence[Vector], force_permille: int = MOVE_FORCE_PERMILLE
) -> Vector:
    """Moves a query towards the centroid of concepts and returns it at length 1.

    A full force ends half way, so the query itself always counts. No concepts: no move.
    """
    if not concepts:
        return query
    pull = force_permille / 2000
    centroid = [sum(column) / len(concepts) for column in zip(*concepts, strict=True)]
    moved = [(1 - pull) * a + pull * b for a, b in zip(query, centroid, strict=True)]
    length = sum(value * value for value in moved) ** 0.5
    return [value / length for value in moved] if length else query


def _index_word(concept: str) -> str:
    """An index word that no word of a text can equal: "x" and the concept without its dashes."""
    return "x" + "".join(letter for letter in concept if letter.isascii() and letter.isalnum())
