"""Expected failures. Pure: no protobuf, no I/O.

A failure is a class with the `reason` that `error_reason.proto` defines; its
status and its text in French and English stand there, not here.
"""

from __future__ import annotations

from typing import ClassVar


class Refused(Exception):
    """A call that the service declines, for a reason that it can name.

    `metadata` becomes the ErrorInfo metadata and fills the braces of the
    reason's text. `field` names the request field at fault, as a dotted path.
    """

    reason: ClassVar[str]

    def __init__(self, *, field: str = "", **metadata: str) -> None:
        super().__init__(self.reason)
        self.field = field
        self.metadata = metadata


class TokenMissing(Refused):
    """The method wants an access token and the call has none."""

    reason = "TOKEN_MISSING"


class TokenInvalid(Refused):
    """The token is malformed, forged, or meant for somebody else."""

    reason = "TOKEN_INVALID"


class TokenExpired(Refused):
    """The token was good and has run out."""

    reason = "TOKEN_EXPIRED"


class TokenType(Refused):
    """A valid token of the wrong kind."""

    reason = "TOKEN_TYPE"


class SessionEnded(Refused):
    """The session behind the token was ended."""

    reason = "SESSION_ENDED"


class AccountBanned(Refused):
    """The account is banned."""

    reason = "ACCOUNT_BANNED"


class RoleRequired(Refused):
    """The caller's role does not pass."""

    reason = "ROLE_REQUIRED"


class SuperAdminRequired(Refused):
    """The caller is an admin, and only a super admin may do this."""

    reason = "SUPER_ADMIN_REQUIRED"


class StepUpRequired(Refused):
    """The session has not proved a second factor within the last minutes."""

    reason = "STEP_UP_REQUIRED"


class UnderMaintenance(Refused):
    """The platform is in maintenance mode."""

    reason = "MAINTENANCE"


class ScopeDenied(Refused):
    """Not the caller's resource, or no such resource: the answer is the same."""

    reason = "SCOPE_DENIED"


class CallerDenied(Refused):
    """The calling service is not among those that the method admits."""

    reason = "CALLER_DENIED"


class RateLimited(Refused):
    """Too many calls; `retry_after` is in whole seconds."""

    reason = "RATE_LIMITED"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after=str(retry_after))
        self.retry_after = retry_after


class InvalidFields(Refused):
    """One or more request fields are wrong: (dotted path, what is wrong)."""

    reason = "INVALID_FIELDS"

    def __init__(self, violations: list[tuple[str, str]]) -> None:
        super().__init__()
        self.violations = violations


class PageTokenInvalid(Refused):
    """The page token is malformed or belongs to another list."""

    reason = "PAGE_TOKEN_INVALID"


class RequestIdReused(Refused):
    """The request id was used before with another body."""

    reason = "REQUEST_ID_REUSED"


class DeadlineTooShort(Refused):
    """Too little time is left to do the work."""

    reason = "DEADLINE_TOO_SHORT"


class DependencyDown(Refused):
    """A store or a service that the call needs does not answer."""

    reason = "DEPENDENCY_DOWN"


class VersionConflict(Refused):
    """The resource changed since it was read."""

    reason = "VERSION_CONFLICT"
