"""The sample data: valid by the contract, varied, and plainly fictitious."""

from __future__ import annotations

from collections import Counter

import pytest
from weneeds.jobs.v1.job_pb2 import Job

from stack import samples


def test_there_is_enough_and_each_job_has_good_candidates() -> None:
    assert len(samples.companies()) == 2
    assert len(samples.jobs()) >= 12
    assert len(samples.candidates()) >= 40
    good = Counter(key for candidate in samples.candidates() for key in candidate.fits)
    assert {sample.key for sample in samples.jobs() if good[sample.key] < 3} == set()
    assert sum(1 for candidate in samples.candidates() if candidate.near) >= 6


def test_both_languages_are_spoken() -> None:
    assert {sample.job.locale for sample in samples.jobs()} == {"fr", "en"}
    assert {candidate.profile.locale for candidate in samples.candidates()} == {"fr", "en"}


def test_nobody_can_be_reached_and_nobody_is_twice() -> None:
    people = [candidate.person for candidate in samples.candidates()]
    for company in samples.companies():
        assert "(fictif)" in company.name
        people += [company.recruiter, company.collaborator]
    addresses = [person.email for person in people]
    assert all(email.endswith(("@example.org", "@example.com")) for email in addresses)
    assert all(email.isascii() and " " not in email for email in addresses)
    assert len(set(addresses)) == len(addresses)


def test_experiences_are_told_and_dated_in_order() -> None:
    for candidate in samples.candidates():
        assert candidate.profile.experiences, candidate.person.email
        for experience in candidate.profile.experiences:
            lines = experience.description.strip().splitlines()
            assert 3 <= len(lines) <= 6, (candidate.person.email, experience.title)
            if experience.HasField("end"):
                start, end = experience.start, experience.end
                assert (start.year, start.month) <= (end.year, end.month)


def test_a_sample_that_breaks_a_rule_is_refused() -> None:
    with pytest.raises(samples.SampleInvalid, match="title"):
        samples._checked(Job(title="x", description="long enough to be a description"))
