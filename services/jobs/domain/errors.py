"""Why this service refuses. The texts stand in error_reason.proto."""

from __future__ import annotations

from services.kit.errors import Refused


class JobNotFound(Refused):
    """No such job, or the caller may not see it."""

    reason = "JOB_NOT_FOUND"


class JobNotOpen(Refused):
    """The job takes no applications."""

    reason = "JOB_NOT_OPEN"


class JobState(Refused):
    """The job's status does not allow this."""

    reason = "JOB_STATE"


class ProfileMissing(Refused):
    """The caller has no profile yet."""

    reason = "PROFILE_MISSING"


class CandidateNotFound(Refused):
    """No profile with that id."""

    reason = "CANDIDATE_NOT_FOUND"


class AlreadyApplied(Refused):
    """The candidate applied to this job before."""

    reason = "ALREADY_APPLIED"


class ApplicationNotFound(Refused):
    """No such application."""

    reason = "APPLICATION_NOT_FOUND"


class ApplicationTransition(Refused):
    """The application cannot go from its status to the other."""

    reason = "APPLICATION_TRANSITION"


class InterviewRecorded(Refused):
    """The interview was recorded with another outcome."""

    reason = "INTERVIEW_RECORDED"


class MaskPath(Refused):
    """A mask path names nothing that can be changed."""

    reason = "MASK_PATH"
