"""A person's open sessions: the devices."""

from __future__ import annotations

from dataclasses import dataclass

from services.auth.app.endings import SessionEndings
from services.auth.app.ports import Sessions
from services.auth.app.positions import micros_of
from services.auth.domain.sessions import Session
from services.kit.paging import Page


@dataclass(frozen=True, slots=True)
class SessionPage:
    """One page of a person's open sessions."""

    sessions: list[Session]
    next_token: str
    total: int


class Devices:
    """Lists and ends a person's own sessions. Raises DependencyDown without their store."""

    def __init__(self, sessions: Sessions, endings: SessionEndings) -> None:
        self._sessions = sessions
        self._endings = endings

    async def list_open(self, user_id: str, page: Page) -> SessionPage:
        """Return one page of the open sessions, newest first. There are at most a hundred."""
        held = await self._sessions.of_user(user_id)
        found = sorted(await self._endings.still_open(user_id, held), key=_key, reverse=True)
        after = page.after
        rows = [one for one in found if after is None or _key(one) < after][: page.fetch]
        shown = rows[: page.size]
        token = page.next_token(rows, _key(shown[-1])) if shown else ""
        return SessionPage(shown, token, len(found))

    async def end(self, user_id: str, session_id: str) -> None:
        """End one session; succeeds when it is not there or not the person's."""
        # A UUID may come in capitals; here it is compared as text.
        session_id = session_id.lower()
        session = await self._sessions.load(session_id)
        if session is not None and session.user_id == user_id:
            await self._endings.one(user_id, session_id)

    async def end_all(self, user_id: str, keep: str = "") -> None:
        """End all sessions but `keep`."""
        await self._endings.all(user_id, keep)


def _key(session: Session) -> tuple[int, str]:
    return micros_of(session.created_at), session.id
