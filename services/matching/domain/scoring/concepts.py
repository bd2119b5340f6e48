"""What a text is about: occupations, skills, levels and the words that remain."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from services.matching.domain.scoring.competences import COMPETENCES, WHOLE_ONLY
from services.matching.domain.scoring.occupations import NEIGHBOURS, OCCUPATIONS
from services.matching.domain.scoring.stopwords import FILLERS
from services.matching.domain.scoring.text import stem, stems, stems_of, words

Phrase = tuple[str, ...]

# Words of a title that tell a rank rather than a trade, lowest first.
_RANKS = """
0: stagiaire stage intern internship alternant alternance apprenti apprentice trainee
1: junior debutant entry assistant aide
3: senior confirme experimente experienced
4: lead principal expert staff referent superviseur supervisor
5: manager chef responsable head cadre
6: directeur director
7: vp cto cfo ceo coo pdg president
"""
MIDDLE_RANK = 2
"""The rank of a title that names none."""

# Occupations whose names hold a word of rank that tells nothing, or that have a rank of their own.
_OWN_RANKS = """
2: account-manager communications assistant nursing-assistant shop-assistant social-worker childcare
2: medical-secretary dental marketing-officer lab-technician consultant
4: project-manager product-manager scrum-master tech-lead software-architect
5: store-manager site-manager restaurant-manager production-manager logistics-manager
6: engineering-manager
"""

# Words of titles that fit every trade: they make no two titles alike.
_GENERIC = """
ingenieur engineer technicien technician consultant charge officer specialist specialiste agent
employe operateur operator conseiller adviser advisor coordinateur coordinator gestionnaire
associate analyste analyst equipe team service poste paris lyon france remote teletravail cdi
cdd interim freelance temps plein partiel full part time level niveau diplome certifie qualifie
polyvalent
"""


@dataclass(frozen=True, slots=True)
class _Known:
    """What a phrase of the tables stands for: a trade, a skill, or both ("plumbing")."""

    occupation: str = ""
    skill: str = ""


_UNKNOWN = _Known()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text names. Every set is unordered: nothing may depend on their order."""

    occupations: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    terms: frozenset[str] = frozenset()
    """Stems that belong to no occupation or skill."""
    rank: int | None = None


def understand(text: str) -> Meaning:
    """Reads a description or a name. The longest known phrase wins at each place."""
    return understand_words(words(text))


def understand_words(told: list[str]) -> Meaning:
    """Like `understand`, for text that was cut into words before."""
    sequence = stems_of(told)
    occupations: set[str] = set()
    skills: set[str] = set()
    terms: set[str] = set()
    rank: int | None = None
    place = 0
    while place < len(sequence):
        first = sequence[place]
        if first not in _LONGEST_FROM:
            place += 1
            if first in _RANK_OF:
                rank = _higher(rank, _RANK_OF[first])
            elif _is_telling(first):
                terms.add(first)
            continue
        length, known = _longest(sequence, place)
        named = sequence[place : place + length]
        place += length
        occupations.add(known.occupation)
        skills.add(known.skill)
        rank = _higher(rank, _rank(known.occupation, named))
        if known is _UNKNOWN and _is_telling(first):
            terms.add(first)
    return Meaning(frozenset(occupations - {""}), frozenset(skills - {""}), frozenset(terms), rank)


@lru_cache(maxsize=16_384)
def understand_name(name: str) -> Meaning:
    """Like `understand`, for titles and skills: what comes back is kept in memory."""
    return understand(name)


@lru_cache(maxsize=16_384)
def skill_of(name: str) -> str:
    """Returns the skill that a name stands for, or its stems where it is in no table."""
    alone = " ".join(words(name))
    if alone in WHOLE_ONLY:
        return WHOLE_ONLY[alone]
    named = understand_name(name)
    known = _PHRASES.get(tuple(stems(name)), _UNKNOWN)
    if known != _UNKNOWN:
        return known.skill or known.occupation
    if len(named.skills) == 1:
        return next(iter(named.skills))
    return " ".join(stems(name))


def beside_occupation(title: Meaning) -> frozenset[str]:
    """Returns the skills that a title names beside its trade: "welder" is no more than a welder."""
    repeated = {skill for name in title.occupations for skill in _REPEATED.get(name, ())}
    return title.skills - repeated


def family_of(concept: str) -> str:
    """Returns the family of a known occupation or skill, and "" for any other word."""
    return _FAMILIES.get(concept, "")


def are_neighbours(left: str, right: str) -> bool:
    """Tells whether people move between two families of occupations."""
    return (left, right) in _NEIGHBOURS or (right, left) in _NEIGHBOURS


def _rank(concept: str, named: list[str]) -> int | None:
    if concept in _OWN_RANK:
        return _OWN_RANK[concept]
    return max((_RANK_OF[word] for word in named if word in _RANK_OF), default=None)


def _higher(left: int | None, right: int | None) -> int | None:
    if left is None or right is None:
        return right if left is None else left
    return max(left, right)


def _is_telling(word: str) -> bool:
    return len(word) > 1 and word not in _RANK_OF and word not in _GENERIC_STEMS


def _longest(sequence: list[str], place: int) -> tuple[int, _Known]:
    longest = min(_LONGEST_FROM.get(sequence[place], 0), len(sequence) - place)
    for length in range(longest, 0, -1):
        known = _PHRASES.get(tuple(sequence[place : place + length]))
        if known:
            return length, known
    return 1, _UNKNOWN


def _lines(table: str) -> Iterator[tuple[str, str]]:
    entries: list[str] = []
    for line in table.strip().splitlines():
        if line.startswith(" "):
            entries[-1] += " " + line.strip()
        else:
            entries.append(line)
    for entry in entries:
        head, _, names = entry.partition(":")
        yield head.strip(), names


def _entries() -> Iterator[tuple[_Known, str, Iterable[str]]]:
    """Yields each concept, its family and its names."""
    for head, names in _lines(OCCUPATIONS):
        family, _, occupation = head.partition("/")
        yield _Known(occupation=occupation), family, names.split(";")
    for family, names in _lines(COMPETENCES):
        for skill in names.split(";"):
            first, *others = [name.strip() for name in skill.split(",")]
            yield _Known(skill=first), f"skill {family}", [first, *others]


def _build() -> tuple[dict[Phrase, _Known], dict[str, str]]:
    """Returns what each phrase means and the family of each concept; the first meaning holds."""
    phrases: dict[Phrase, _Known] = {}
    families = dict.fromkeys(WHOLE_ONLY.values(), "")
    for known, family, names in _entries():
        families[known.occupation or known.skill] = family
        for phrase in filter(None, (tuple(stems(name)) for name in names)):
            before = phrases.get(phrase, _UNKNOWN)
            phrases[phrase] = _Known(
                before.occupation or known.occupation, before.skill or known.skill
            )
    return phrases, families


_PHRASES, _FAMILIES = _build()
_LONGEST_FROM: dict[str, int] = {}
_REPEATED: dict[str, set[str]] = {}
for _phrase, _known in _PHRASES.items():
    _LONGEST_FROM[_phrase[0]] = max(_LONGEST_FROM.get(_phrase[0], 0), len(_phrase))
    _REPEATED.setdefault(_known.occupation, set()).add(_known.skill)
_NEIGHBOURS = frozenset(NEIGHBOURS)
_RANK_OF = {stem(word): int(rank) for rank, names in _lines(_RANKS) for word in names.split()}
_OWN_RANK = {name: int(rank) for rank, names in _lines(_OWN_RANKS) for name in names.split()}
_GENERIC_STEMS = frozenset(stem(word) for word in (*_GENERIC.split(), *FILLERS))
