"""The second factor of a sign-in: asked for by a challenge, answered once."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from services.auth.app.ports import Challenges, PasskeyCeremonies
from services.auth.app.proofs import Proofs
from services.auth.domain.factors import (
    CHALLENGE_LIFETIME,
    Challenge,
    ChallengeInvalid,
    FactorKind,
    Factors,
    Proof,
    challenge_digest,
    password_mark,
)
from services.kit.clock import Clock

NONCE_BYTES = 32
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Challenged:
    """What a client gets instead of a session."""

    token: str = field(repr=False)
    expires_at: datetime
    kinds: list[FactorKind]
    # JSON for `navigator.credentials.get`; "" without a passkey.
    passkey_options: str


class SignInChallenges:
    """Asks for second factors and judges the answers."""

    def __init__(
        self,
        *,
        proofs: Proofs,
        challenges: Challenges,
        ceremonies: PasskeyCeremonies,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        self._proofs = proofs
        self._challenges = challenges
        self._ceremonies = ceremonies
        self._clock = clock
        self._random = random

    async def ask(self, user_id: str, password_hash: str | None) -> Challenged | None:
        """Open a challenge; None when the account has no second factor.

        `password_hash` is the one that was just verified, if one was.
        """
        held = await self._proofs.held(user_id)
        if not held.enrolled:
            return None
        token = base64.urlsafe_b64encode(self._random(_TOKEN_BYTES)).decode().rstrip("=")
        challenge = Challenge(
            digest=challenge_digest(token),
            user_id=user_id,
            password_mark=password_mark(password_hash) if password_hash else "",
            nonce=self._random(NONCE_BYTES),
            expires_at=self._clock.now() + CHALLENGE_LIFETIME,
        )
        await self._challenges.open(challenge)
        options = passkey_options(self._ceremonies, held, challenge.nonce)
        return Challenged(token, challenge.expires_at, held.kinds, options)

    async def find(self, token: str) -> Challenge:
        """Return the challenge behind a token and count a try; raise ChallengeInvalid."""
        challenge = await self._challenges.attempt(challenge_digest(token))
        if challenge is None or self._clock.now() >= challenge.expires_at:
            raise ChallengeInvalid
        return challenge

    async def answer(self, challenge: Challenge, proof: Proof) -> None:
        """Spend the proof and the challenge.

        A wrong proof leaves the challenge for another try. Raises FactorInvalid,
        RateLimited, and ChallengeInvalid when another answer came first.
        """
        held = await self._proofs.held(challenge.user_id)
        await self._proofs.spend(challenge.user_id, held, proof, challenge.nonce)
        if not await self._challenges.take(challenge.digest):
            raise ChallengeInvalid


def passkey_options(ceremonies: PasskeyCeremonies, held: Factors, nonce: bytes) -> str:
    """Return the options for proving one of the account's passkeys; "" when it has none."""
    if not held.passkeys:
        return ""
    return ceremonies.request([one.credential_id for one in held.passkeys], nonce)
