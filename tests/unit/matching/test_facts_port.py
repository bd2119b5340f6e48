"""Messages of the jobs service become facts."""

from __future__ import annotations

from google.type.date_pb2 import Date
from weneeds.jobs.v1 import facts_service_pb2 as facts_pb
from weneeds.jobs.v1 import job_pb2 as job_pb

from services.matching.domain.scoring.facts import Language, Month
from services.matching.ports.facts import read_job, read_profile


def test_a_job_is_read() -> None:
    job = read_job(
        job_pb.Job(
            id="j",
            company_id="c",
            title="Soudeur",
            description="TIG",
            skills=["TIG"],
            contract_type=job_pb.CONTRACT_TYPE_INTERIM,
            city="Brest",
            min_experience_years=2,
            languages=[job_pb.LanguageSkill(code="fr", level=job_pb.LANGUAGE_LEVEL_B1)],
            status=job_pb.JOB_STATUS_OPEN,
            version=7,
        )
    )
    assert (job.id, job.version, job.company_id, job.open, job.city) == ("j", 7, "c", True, "Brest")
    assert job.facts.contract == "INTERIM"
    assert job.facts.languages == (Language("fr", "B1"),)


def test_only_an_open_job_is_open() -> None:
    assert not read_job(job_pb.Job(status=job_pb.JOB_STATUS_CLOSED)).open
    assert not read_job(job_pb.Job(status=job_pb.JOB_STATUS_DRAFT)).open


def test_a_profile_is_read() -> None:
    profile = read_profile(
        facts_pb.ProfileFacts(
            candidate_id="p",
            version=3,
            title="Soudeuse",
            experiences=[
                facts_pb.ExperienceFacts(title="A", start=Date(year=2020, month=5)),
                facts_pb.ExperienceFacts(
                    title="B", start=Date(year=2018), end=Date(year=2019, month=12, day=31)
                ),
                facts_pb.ExperienceFacts(title="C"),
            ],
            contract_types=[job_pb.CONTRACT_TYPE_CDI],
            languages=[job_pb.LanguageSkill(code="fr")],
            city="Brest",
        )
    )
    first, second, third = profile.facts.experiences
    assert (first.start, first.end, first.contract) == (Month(2020, 5), None, "")
    assert (second.start, second.end) == (Month(2018, 1), Month(2019, 12))
    assert third.start is None
    assert profile.facts.contracts == ("CDI",)
    assert profile.facts.languages == (Language("fr", ""),)
    assert profile.city == "Brest"


def test_a_value_of_a_newer_contract_is_not_known() -> None:
    job = read_job(job_pb.Job(contract_type=99))
    assert job.facts.contract == ""
