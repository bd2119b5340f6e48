"""Applications: what can become of them, and who moves them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import IntEnum

from services.jobs.domain.errors import ApplicationTransition, InterviewRecorded


class ApplicationStatus(IntEnum):
    """Where an application is."""

    RECEIVED = 1
    SHORTLISTED = 2
    INTERVIEWED = 3
    HIRED = 4
    REJECTED = 5
    WITHDRAWN = 6


class InterviewOutcome(IntEnum):
    """How an interview ended."""

    SUCCEEDED = 1
    FAILED = 2


_S = ApplicationStatus
# What a person at the company may decide. INTERVIEWED comes by recording the
# interview, WITHDRAWN by the candidate.
_MOVES = {
    _S.RECEIVED: {_S.SHORTLISTED, _S.REJECTED},
    _S.SHORTLISTED: {_S.REJECTED},
    _S.INTERVIEWED: {_S.HIRED, _S.REJECTED},
}
_OPEN = frozenset(_MOVES)


@dataclass(frozen=True, slots=True)
class Meeting:
    """An appointment on an application."""

    id: str
    starts_at: datetime
    duration_minutes: int
    place: str


@dataclass(frozen=True, slots=True)
class Application:
    """One candidate's application to one job."""

    id: str
    job_id: str
    company_id: str
    candidate_id: str
    created_at: datetime
    status: ApplicationStatus = ApplicationStatus.RECEIVED
    # 0 to 100; None when no score could be fixed.
    matching_score: int | None = None
    receipt_id: str | None = None
    interview_outcome: InterviewOutcome | None = None

    def moved(self, to: ApplicationStatus) -> Application:
        """Return the application in status `to`, by decision of the company."""
        if self.status is to:
            return self
        if to not in _MOVES.get(self.status, set()):
            raise ApplicationTransition(**{"from": self.status.name, "to": to.name})
        return replace(self, status=to)

    def withdrawn(self) -> Application:
        """Return the application as taken back by the candidate."""
        if self.status is ApplicationStatus.WITHDRAWN:
            return self
        self.check_open(ApplicationStatus.WITHDRAWN)
        return replace(self, status=ApplicationStatus.WITHDRAWN)

    def interviewed(self, outcome: InterviewOutcome) -> Application:
        """Return the application with the outcome of its interview."""
        if self.interview_outcome is not None:
            if self.interview_outcome is not outcome:
                raise InterviewRecorded
            return self
        if self.status is not ApplicationStatus.SHORTLISTED:
            raise ApplicationTransition(
                **{"from": self.status.name, "to": ApplicationStatus.INTERVIEWED.name}
            )
        return replace(self, status=ApplicationStatus.INTERVIEWED, interview_outcome=outcome)

    def check_open(self, to: ApplicationStatus) -> None:
        """Raise ApplicationTransition once the application is decided or withdrawn."""
        if self.status not in _OPEN:
            raise ApplicationTransition(**{"from": self.status.name, "to": to.name})
