"""Proving a second factor again, within a session."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from services.auth.app.challenges import NONCE_BYTES, passkey_options
from services.auth.app.ports import Challenges, PasskeyCeremonies, Sessions
from services.auth.app.proofs import Proofs
from services.auth.domain.factors import FactorKind, FactorMissing, Proof
from services.kit.chain.policy import STEP_UP_FRESH
from services.kit.clock import Clock
from services.kit.errors import SessionEnded, VersionConflict

_PURPOSE = "step-up"
# A session changes when it is refreshed meanwhile.
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Asked:
    """What the caller can prove a second factor with."""

    kinds: list[FactorKind]
    # JSON for `navigator.credentials.get`; "" without a passkey.
    passkey_options: str


class StepUps:
    """Makes sessions fresh."""

    def __init__(
        self,
        *,
        sessions: Sessions,
        proofs: Proofs,
        challenges: Challenges,
        ceremonies: PasskeyCeremonies,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        self._sessions = sessions
        self._proofs = proofs
        self._challenges = challenges
        self._ceremonies = ceremonies
        self._clock = clock
        self._random = random

    async def begin(self, user_id: str, session_id: str) -> Asked:
        """Tell what can be proved, and ask a passkey for it; raise FactorMissing."""
        held = await self._proofs.held(user_id)
        if not held.enrolled:
            raise FactorMissing
        nonce = self._random(NONCE_BYTES)
        options = passkey_options(self._ceremonies, held, nonce)
        if options:
            await self._challenges.keep_nonce(session_id, _PURPOSE, nonce)
        return Asked(held.kinds, options)

    async def prove(self, user_id: str, session_id: str, proof: Proof) -> datetime:
        """Spend a proof and return until when the session counts as fresh.

        Raises FactorMissing, FactorInvalid and RateLimited.
        """
        held = await self._proofs.held(user_id)
        if not held.enrolled:
            raise FactorMissing
        nonce = None
        if proof.kind is FactorKind.PASSKEY:
            nonce = await self._challenges.take_nonce(session_id, _PURPOSE)
        await self._proofs.spend(user_id, held, proof, nonce)
        return await self.refresh(user_id, session_id)

    async def refresh(self, user_id: str, session_id: str) -> datetime:
        """Write down that the session proved a second factor now; return until when it counts."""
        now = self._clock.now()
        for _ in range(_TRIES):
            session = await self._sessions.load(session_id)
            if session is None or session.user_id != user_id:
                raise SessionEnded
            if await self._sessions.replace(session, replace(session, factor_at=now)):
                return now + STEP_UP_FRESH
        raise VersionConflict
