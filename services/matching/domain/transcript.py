"""What was said in an interview, by rules: from the transcript alone, and word for word."""

import re
from collections import Counter
from dataclasses import dataclass

from services.matching.domain.achievements import deduplicate, extract
from services.matching.domain.scoring.concepts import understand
from services.matching.domain.scoring.text import fold

_SPEAKER = re.compile(
    r"^\s*(?:\[?\d{1,2}:\d{2}(?::\d{2})?\]?\s*[-\u2013]?\s*)?([^\W\d][\w .'\-]{0,39}?)\s*:\s+(.*)$"
)
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_ASKS = re.compile(r"recru|interview|intervieweur|rh\b|hr\b|manager|question")
_ANSWERS = re.compile(r"candidat|interviewe[e]?\b|postulant|applicant")
_SHORT_ANSWER = 4
_MOST_TOPICS = 20
_MOST_QUOTES = 3
_LONGEST_QUOTE = 300

_SAID = {
    "fr": "{turns} prises de parole, {words} mots. Sujets abordés : {topics}. Résultats racontés :"
    " {achievements}. Questions restées ouvertes : {open}. Ce relevé ne note et ne décide rien.",
    "en": "{turns} turns, {words} words. Topics: {topics}. Results told: {achievements}."
    " Questions left open: {open}. This record grades nothing and decides nothing.",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """What one speaker said at a stretch."""

    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic and the words about it."""

    name: str
    quotes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who spoke how much: percent of all words, and how many questions."""

    name: str
    percent: int
    questions: int


@dataclass(frozen=True, slots=True)
class Analysis:
    """What was said. No grade and no decision."""

    summary: str
    topics: tuple[Topic, ...]
    achievements: tuple[str, ...]
    open_questions: tuple[str, ...]
    speakers: tuple[Speaker, ...]


def analyse(transcript: str, locale: str) -> Analysis:
    """Return topics that the candidate spoke of, results, open questions and who spoke how much.

    A topic is a skill of the scoring tables that is named in an answer, with the sentences that
    name it. Any locale but "en" reads French.
    """
    turns = read_turns(transcript)
    speakers = speakers_of(turns)
    candidate = _candidate(speakers)
    said = [turn for turn in turns if turn.speaker == candidate] if candidate else turns
    topics = _topics(said)
    results = deduplicate([], [told for turn in said for told in extract(turn.text)])
    unanswered = _open_questions(turns)
    summary = _SAID["en" if locale.startswith("en") else "fr"].format(
        turns=len(turns),
        words=sum(len(turn.text.split()) for turn in turns),
        topics=", ".join(topic.name for topic in topics) or "-",
        achievements=len(results),
        open=len(unanswered),
    )
    return Analysis(summary, topics, tuple(results[:_MOST_TOPICS]), unanswered, speakers)


def read_turns(transcript: str) -> list[Turn]:
    """Cut a transcript into turns. Lines without a speaker go on from the one before."""
    turns: list[Turn] = []
    for line in transcript.splitlines():
        found = _SPEAKER.match(line)
        if found:
            turns.append(Turn(found[1].strip(), found[2].strip()))
        elif line.strip():
            before = turns.pop() if turns else Turn("", "")
            turns.append(Turn(before.speaker, f"{before.text} {line.strip()}".strip()))
    return turns


def speakers_of(turns: list[Turn]) -> tuple[Speaker, ...]:
    """Return who spoke how much, largest share first."""
    words, questions = Counter[str](), Counter[str]()
    for turn in turns:
        words[turn.speaker] += len(turn.text.split())
        questions[turn.speaker] += turn.text.count("?")
    total = max(1, sum(words.values()))
    ranked = sorted(words.items(), key=lambda one: (-one[1], one[0]))
    return tuple(
        Speaker(name, (200 * count + total) // (2 * total), questions[name])
        for name, count in ranked
        if name
    )


def _candidate(speakers: tuple[Speaker, ...]) -> str:
    """Who answers: by the name of the part, else who asks least; "" where nobody can be told."""
    for speaker in speakers:
        if _ANSWERS.search(fold(speaker.name)):
            return speaker.name
    others = [speaker for speaker in speakers if not _ASKS.search(fold(speaker.name))]
    least = sorted(others, key=lambda one: (one.questions, -one.percent, one.name))
    return least[0].name if least else ""


def _topics(turns: list[Turn]) -> tuple[Topic, ...]:
    quotes: dict[str, list[str]] = {}
    for turn in turns:
        for sentence in _SENTENCE.split(turn.text):
            for skill in sorted(understand(sentence).skills):
                quotes.setdefault(skill, []).append(sentence[:_LONGEST_QUOTE])
    ranked = sorted(quotes.items(), key=lambda one: (-len(one[1]), one[0]))[:_MOST_TOPICS]
    return tuple(Topic(name, tuple(said[:_MOST_QUOTES])) for name, said in ranked)


def _open_questions(turns: list[Turn]) -> tuple[str, ...]:
    """Questions at the end of a turn that the next speaker met with a few words or nothing."""
    found = []
    for place, turn in enumerate(turns):
        last = _SENTENCE.split(turn.text)[-1]
        if not last.endswith("?"):
            continue
        answer = turns[place + 1].text if place + 1 < len(turns) else ""
        if len(answer.split()) < _SHORT_ANSWER:
            found.append(last[:_LONGEST_QUOTE])
    return tuple(found[:_MOST_TOPICS])
