"""Judging proofs of second factors, each good once."""

from __future__ import annotations

from services.auth.app.ports import Attempts, PasskeyCeremonies, Sealing
from services.auth.app.stores import FactorStore
from services.auth.domain.factors import (
    FactorInvalid,
    FactorKind,
    Factors,
    Proof,
    recovery_digest,
)
from services.auth.domain.totp import accepted_step
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import RateLimited
from services.kit.work import UnitsOfWork

# Codes that an account may be offered, over all its challenges: six digits are
# guessed otherwise, with three good at any time.
CODES_AN_HOUR = 20
_HOUR = 3600


class Proofs:
    """Accepts a proof and spends it."""

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        factors: FactorStore,
        sealing: Sealing,
        ceremonies: PasskeyCeremonies,
        attempts: Attempts,
        clock: Clock,
    ) -> None:
        self._work = work
        self._reader = reader
        self._factors = factors
        self._sealing = sealing
        self._ceremonies = ceremonies
        self._attempts = attempts
        self._clock = clock

    async def held(self, user_id: str) -> Factors:
        """Return an account's second factors."""
        return await self._factors.of_user(self._reader, user_id)

    async def spend(self, user_id: str, held: Factors, proof: Proof, nonce: bytes | None) -> None:
        """Accept a proof; `nonce` is what a passkey was asked to sign.

        Raises FactorInvalid, and RateLimited after too many codes.
        """
        match proof.kind:
            case FactorKind.PASSKEY:
                await self._passkey(held, proof.text, nonce)
            case FactorKind.TOTP:
                await self._count(user_id)
                await self._totp(user_id, proof.text)
            case FactorKind.RECOVERY_CODE:
                await self._count(user_id)
                await self._recovery_code(user_id, proof.text)

    async def _count(self, user_id: str) -> None:
        wait = await self._attempts.take(f"auth.factor:{user_id}", CODES_AN_HOUR, _HOUR)
        if wait:
            raise RateLimited(wait)

    async def _totp(self, user_id: str, code: str) -> None:
        now = self._clock.now()
        async with self._work() as work:
            totp = await self._factors.totp(work, user_id)
            if totp is None or totp.confirmed_at is None:
                raise FactorInvalid
            secret = self._sealing.open(user_id, totp.sealed)
            step = accepted_step(secret, code, now.timestamp(), totp.last_step)
            if step is None or not await self._factors.spend_step(work, user_id, totp, step, now):
                raise FactorInvalid

    async def _recovery_code(self, user_id: str, code: str) -> None:
        async with self._work() as work:
            digest = recovery_digest(code)
            if not await self._factors.spend_code(work, user_id, digest, self._clock.now()):
                raise FactorInvalid

    async def _passkey(self, held: Factors, credential: str, nonce: bytes | None) -> None:
        wanted = self._ceremonies.credential_id(credential)
        passkey = next((one for one in held.passkeys if one.credential_id == wanted), None)
        if passkey is None or nonce is None:
            raise FactorInvalid
        count = self._ceremonies.asserted(credential, nonce, passkey)
        async with self._work() as work:
            if not await self._factors.use_passkey(work, passkey, count, self._clock.now()):
                raise FactorInvalid
