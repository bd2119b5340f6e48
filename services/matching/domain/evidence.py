"""Where the facts behind a score stand in the candidate's CV, as far as one was read."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass

from services.matching.domain.parsing.document import Quoted
from services.matching.domain.parsing.facts import CvFacts, Held
from services.matching.domain.scoring.facts import Experience, ProfileFacts
from services.matching.domain.scoring.inputs import canonical

MAX_EVIDENCE = 300


@dataclass(frozen=True, slots=True)
class Evidence:
    """A fact of the inputs ("profile.skills[2]") and the words of the CV that say it."""

    fact: str
    quote: str
    page: int
    start: int
    end: int
    file_hash: str


def evidence_for(profile: ProfileFacts, cv: CvFacts, file_hash: str) -> tuple[Evidence, ...]:
    """Return a quotation for each fact of the profile that the CV says too.

    A fact that was corrected by hand after the CV was read has none, and scores all the same.
    Contact details are never quoted: they are no facts of a score.
    """
    found = (
        Evidence(fact, said.quote, said.span.page, said.span.start, said.span.end, file_hash)
        for fact, said in _pairs(profile, cv)
    )
    return tuple(one for one, _ in zip(found, range(MAX_EVIDENCE), strict=False))


def evidence_json(evidence: Iterable[Evidence]) -> str:
    """Return evidence as canonical JSON: the bytes that are hashed."""
    return canonical([asdict(one) for one in evidence])


def _pairs(profile: ProfileFacts, cv: CvFacts) -> Iterator[tuple[str, Quoted]]:
    if cv.title and _plain(cv.title.value) == _plain(profile.title):
        yield "profile.title", cv.title
    for place, held in enumerate(profile.experiences):
        read = next((read for read in cv.experiences if _same(held, read)), None)
        if read:
            yield from _position(f"profile.experiences[{place}]", held, read)
    skills = {_plain(skill.value): skill for skill in reversed(cv.skills)}
    for place, name in enumerate(profile.skills):
        if said := skills.get(_plain(name)):
            yield f"profile.skills[{place}]", said
    spoken = {(one.code, one.level): one.words for one in cv.languages}
    for place, language in enumerate(profile.languages):
        if said := spoken.get((language.code, language.level)):
            yield f"profile.languages[{place}]", said


def _same(held: Experience, read: Held) -> bool:
    """Whether a position of the profile is this one of the CV: its title, and when it began."""
    title = _plain(held.title)
    if not (title and read.title and _plain(read.title.value) == title):
        return False
    return held.start is None or bool(read.start and str(held.start).startswith(read.start))


def _position(path: str, held: Experience, read: Held) -> Iterator[tuple[str, Quoted]]:
    if read.title:
        yield f"{path}.title", read.title
    if read.period:
        yield f"{path}.start", read.period
    if read.contract_quote and read.contract == held.contract:
        yield f"{path}.contract", read.contract_quote
    told = _plain(held.description)
    yield from ((f"{path}.description", line) for line in read.description if _told(line, told))


def _told(line: Quoted, told: str) -> bool:
    return _plain(line.value) in told


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
