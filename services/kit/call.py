"""The call at hand: who calls, from where, until when."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.kit.errors import TokenMissing

if TYPE_CHECKING:
    from services.kit.contract import Method


MAX_DEVICE = 120


@dataclass(frozen=True, slots=True)
class User:
    """A signed-in person, as the verified access token tells."""

    id: str
    # "CANDIDATE" or "RECRUITER"; "ADMIN" or "SUPER_ADMIN" of staff.
    role: str
    session_id: str
    # "site" for users, "admin" for staff.
    access: str = "site"


@dataclass(slots=True)
class Call:
    """One RPC on its way through the chain."""

    method: Method
    # Ties the answer, the log lines and the trace together.
    correlation_id: str
    # "fr" or "en".
    locale: str = "fr"
    # The peer's name by its certificate: "auth", "jobs". Known at internal methods only;
    # empty without mTLS.
    peer: str = ""
    # The client's address as the gateway saw it.
    address: str = ""
    # What the client says of itself, at most MAX_DEVICE printable characters.
    device: str = ""
    # Monotonic seconds at which the caller stops waiting; None: never.
    deadline: float | None = None
    # The access token as it came, to be passed on.
    token: str = ""
    # Dotted paths of the JSON body at the gateway; empty for gRPC callers.
    json_fields: str = ""
    # Whether the message holds a zero byte: most do not, and need no closer look.
    zero_bytes: bool = False
    user: User | None = None
    # What the policy found out about the caller, for the audit row.
    company_id: str = ""
    # What was done before the unit of work opened (see service.Endpoint).
    prepared: Any = None
    # Free for layers to leave things to one another.
    notes: dict[str, Any] = field(default_factory=dict)


_current: ContextVar[Call | None] = ContextVar("weneeds_call", default=None)


def current_call() -> Call | None:
    """Return the RPC being served, or None outside of one."""
    return _current.get()


def set_current_call(call: Call | None) -> None:
    """Make `call` the current one of this task."""
    _current.set(call)


def current_user() -> User:
    """Return the signed-in caller; raise TokenMissing when there is none."""
    call = _current.get()
    if call is None or call.user is None:
        raise TokenMissing
    return call.user


def prepared() -> Any:
    """Return what the endpoint prepared for this call; None where it prepares nothing."""
    call = _current.get()
    return call.prepared if call is not None else None


def current_device() -> str:
    """Return what the client says of itself; empty outside of a call."""
    call = _current.get()
    return call.device if call is not None else ""
