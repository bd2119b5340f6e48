from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from weneeds.auth.v1.account_service_pb2 import RegisterRequest
from weneeds.jobs.v1.application_service_pb2 import ApplyRequest, ScheduleMeetingRequest
from weneeds.jobs.v1.job_service_pb2 import CreateJobRequest

from services.kit.chain.wellformed import has_moments, malformed


def _paths(message: Any) -> list[str]:
    return [path for path, _ in malformed(message)]


def test_zero_characters_are_found_wherever_they_stand() -> None:
    request = CreateJobRequest(request_id="\0")
    request.job.title = "a\0b"
    request.job.skills.extend(["good", "b\0d"])
    request.job.languages.add(code="fr")
    request.job.languages.add(code="\0")
    assert _paths(request) == [
        "request_id",
        "job.title",
        "job.skills[1]",
        "job.languages[1].code",
    ]


def test_a_good_message_has_nothing_wrong() -> None:
    assert not malformed(RegisterRequest(first_name="Zoé", locale="fr"))
    assert not malformed(ScheduleMeetingRequest(starts_at=Timestamp(seconds=1)))


@pytest.mark.parametrize(
    ("seconds", "nanos", "wrong"),
    [
        (-62_135_596_800, 0, False),
        (-62_135_596_801, 999_999_999, True),
        (253_402_300_799, 999_999_999, False),
        (253_402_300_800, 0, True),
        (1, -1, True),
        (1, 1_000_000_000, True),
    ],
)
def test_moments_stay_in_the_calendar(seconds: int, nanos: int, wrong: bool) -> None:
    request = ScheduleMeetingRequest(starts_at=Timestamp(seconds=seconds, nanos=nanos))
    assert _paths(request) == (["starts_at"] if wrong else [])


def test_which_requests_hold_moments() -> None:
    assert has_moments(ScheduleMeetingRequest.DESCRIPTOR)
    assert has_moments(CreateJobRequest.DESCRIPTOR)
    assert not has_moments(ApplyRequest.DESCRIPTOR)
