"""The sample CVs in six layouts: what was written is read again, and nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from services.matching.domain.parsing.facts import CvFacts, grounded
from services.matching.ports.documents.reading import read
from stack import samples
from stack.samples import cvs
from stack.samples.wording import level_name, phone

LAYOUTS = range(len(cvs.LAYOUTS))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_fields_of_the_samples(layout: int) -> None:
    """At most one field in fifty is missed or made up, in every layout."""
    counted: Counter[str] = Counter()
    for sample in samples.candidates()[layout::5]:
        reading = read(cvs.pdf(sample, layout))
        grounded(reading.facts, reading.text)
        assert reading.flags == ()
        counted += _compare(sample, reading.facts)
    assert counted["missed"] <= counted["wanted"] / 50, counted
    assert counted["extra"] <= counted["wanted"] / 50, counted


def _compare(sample: samples.SampleCandidate, facts: CvFacts) -> Counter[str]:
    profile, found = sample.profile, facts
    held = [
        (each.title, each.company, f"{each.start.year}-{each.start.month:02d}")
        for each in profile.experiences
    ]
    read_held = [
        (each.title and each.title.value, each.company and each.company.value, each.start)
        for each in found.experiences
    ]
    contact = found.contact
    counted: Counter[str] = Counter()
    pairs: list[tuple[Iterable[object], Iterable[object]]] = [
        (held, read_held),
        (profile.skills, [q.value for q in found.skills]),
        (
            [(s.code, level_name(s.level)) for s in profile.languages],
            [(s.code, s.level) for s in found.languages],
        ),
        (
            [sample.person.name, sample.person.email, phone(sample), profile.address.city],
            [q and q.value for q in (contact.name, contact.email, contact.phone, contact.city)],
        ),
        ([profile.title], [found.title and found.title.value]),
        (
            [line for each in profile.experiences for line in each.description.splitlines()],
            [q.value for each in found.experiences for q in each.description],
        ),
    ]
    for wanted, got in pairs:
        want, have = Counter(wanted), Counter(got)
        counted["wanted"] += want.total()
        counted["missed"] += (want - have).total()
        counted["extra"] += (have - want).total()
    return counted


def test_the_same_bytes_every_time() -> None:
    """The demo uploads files that anybody can make again."""
    sample = samples.candidates()[0]
    assert cvs.pdf(sample, 1) == cvs.pdf(sample, 1)
