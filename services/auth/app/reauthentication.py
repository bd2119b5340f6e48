"""Asking anew who somebody is, before what signs in to the account is changed."""

from __future__ import annotations

from services.auth.app.own_password import OwnPassword
from services.auth.app.ports import Sessions
from services.auth.app.proofs import Proofs
from services.auth.domain.users import CredentialsInvalid
from services.kit.chain.policy import STEP_UP_FRESH
from services.kit.clock import Clock
from services.kit.errors import SessionEnded


class Reauthentication:
    """Wants the password of accounts without a second factor, unless they just signed in.

    Of those with one the policy wants a fresh proof.
    """

    def __init__(
        self, sessions: Sessions, proofs: Proofs, own_password: OwnPassword, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._proofs = proofs
        self._own_password = own_password
        self._clock = clock

    async def require(self, user_id: str, session_id: str, password: str) -> None:
        """Raise CredentialsInvalid unless it is them; RateLimited, SessionEnded, DependencyDown."""
        held = await self._proofs.held(user_id)
        if held.enrolled or await self._is_recent(user_id, session_id):
            return
        if not password:
            raise CredentialsInvalid(field="current_password")
        known = await self._own_password.known(user_id)
        await self._own_password.prove(known, password, "current_password")

    async def _is_recent(self, user_id: str, session_id: str) -> bool:
        session = await self._sessions.load(session_id)
        if session is None or session.user_id != user_id:
            raise SessionEnded
        return self._clock.now() - session.created_at <= STEP_UP_FRESH
