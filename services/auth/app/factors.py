"""Adding and removing second factors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from services.auth.app.challenges import NONCE_BYTES
from services.auth.app.ports import Challenges, NewCredential, PasskeyCeremonies, Sealing
from services.auth.app.step_up import StepUps
from services.auth.app.stores import FactorStore, UserStore
from services.auth.domain.factors import (
    PASSKEYS_MOST,
    RECOVERY_CODE_BYTES,
    RECOVERY_CODES,
    FactorExists,
    FactorInvalid,
    FactorKind,
    FactorMissing,
    Factors,
    Passkey,
    recovery_code,
    recovery_digest,
)
from services.auth.domain.totp import SECRET_BYTES, accepted_step, provisioning_uri, to_base32
from services.auth.domain.users import User, clean_name
from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import InvalidFields, SessionEnded
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork

_PURPOSE = "registration"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app has to be told, once."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AddedPasskey:
    """A passkey, and the recovery codes of an account's first factor."""

    passkey: Passkey
    recovery_codes: list[str] = field(repr=False)


class SecondFactors:
    """Changes the caller's second factors.

    Proving one in a session makes the session fresh: the last word of an
    enrolment is such a proof.
    """

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        users: UserStore,
        factors: FactorStore,
        sealing: Sealing,
        ceremonies: PasskeyCeremonies,
        challenges: Challenges,
        step_ups: StepUps,
        issuer: str,
        clock: Clock,
        ids: Ids,
        random: Callable[[int], bytes],
    ) -> None:
        self._work = work
        self._reader = reader
        self._users = users
        self._factors = factors
        self._sealing = sealing
        self._ceremonies = ceremonies
        self._challenges = challenges
        self._step_ups = step_ups
        self._issuer = issuer
        self._clock = clock
        self._ids = ids
        self._random = random

    async def get(self, user_id: str) -> Factors:
        """Return an account's second factors."""
        return await self._factors.of_user(self._reader, user_id)

    async def begin_totp(self, user_id: str) -> Enrolment:
        """Keep a new app's secret, which counts once it is confirmed; raise FactorExists."""
        secret = self._random(SECRET_BYTES)
        sealed = self._sealing.seal(user_id, secret)
        async with self._work() as work:
            user = await self._lock(work, user_id)
            if not await self._factors.begin_totp(work, user_id, sealed, self._clock.now()):
                raise FactorExists
        return Enrolment(to_base32(secret), provisioning_uri(secret, user.email, self._issuer))

    async def confirm_totp(self, user_id: str, session_id: str, code: str) -> list[str]:
        """Let the app count and return new recovery codes.

        Raises FactorMissing when none was begun lately, and FactorInvalid.
        """
        now = self._clock.now()
        async with self._work() as work:
            await self._lock(work, user_id)
            totp = await self._factors.totp(work, user_id)
            if totp is None or not totp.confirmable(now):
                raise FactorMissing
            secret = self._sealing.open(user_id, totp.sealed)
            step = accepted_step(secret, code, now.timestamp(), totp.last_step)
            if step is None or not await self._factors.spend_step(work, user_id, totp, step, now):
                raise FactorInvalid
            codes = await self._new_codes(work, user_id)
            _note(user_id, new=FactorKind.TOTP)
            await self._step_ups.refresh(user_id, session_id)
        return codes

    async def remove_totp(self, user_id: str) -> None:
        """Forget the app. Forgetting what is not there succeeds."""
        async with self._work() as work:
            await self._lock(work, user_id)
            await self._factors.remove_totp(work, user_id)
            _note(user_id, old=FactorKind.TOTP)
            await self._drop_useless_codes(work, user_id)

    async def replace_codes(self, user_id: str) -> list[str]:
        """Return new recovery codes in the place of all others; raise FactorMissing."""
        async with self._work() as work:
            await self._lock(work, user_id)
            held = await self._factors.of_user(work, user_id)
            if not held.enrolled:
                raise FactorMissing
            _note(user_id, new=FactorKind.RECOVERY_CODE)
            return await self._new_codes(work, user_id)

    async def begin_passkey(self, user_id: str, session_id: str) -> str:
        """Return what the browser needs to make a passkey, as JSON."""
        user = await self._users.get(self._reader, user_id)
        if user is None:
            raise SessionEnded
        held = await self.get(user_id)
        _check_room(held)
        nonce = self._random(NONCE_BYTES)
        await self._challenges.keep_nonce(session_id, _PURPOSE, nonce)
        return self._ceremonies.creation(user, [one.credential_id for one in held.passkeys], nonce)

    async def finish_passkey(
        self, user_id: str, session_id: str, credential: str, name: str
    ) -> AddedPasskey:
        """Keep the passkey that the browser made; raise FactorInvalid."""
        name = clean_name("name", name)
        nonce = await self._challenges.take_nonce(session_id, _PURPOSE)
        if nonce is None:
            raise FactorInvalid
        made = self._ceremonies.created(credential, nonce)
        async with self._work() as work:
            await self._lock(work, user_id)
            held = await self._factors.of_user(work, user_id)
            _check_room(held)
            passkey = self._passkey(made, name)
            if not await self._factors.add_passkey(work, user_id, passkey):
                raise FactorInvalid
            _note(passkey.id, new=FactorKind.PASSKEY)
            codes = [] if held.enrolled else await self._new_codes(work, user_id)
            await self._step_ups.refresh(user_id, session_id)
        return AddedPasskey(passkey, codes)

    async def remove_passkey(self, user_id: str, passkey_id: str) -> None:
        """Forget a passkey. Forgetting what is not there succeeds."""
        async with self._work() as work:
            await self._lock(work, user_id)
            await self._factors.remove_passkey(work, user_id, passkey_id)
            _note(passkey_id, old=FactorKind.PASSKEY)
            await self._drop_useless_codes(work, user_id)

    async def _lock(self, work: UnitOfWork, user_id: str) -> User:
        """Let one change of an account's factors happen at a time."""
        known = await self._users.lock(work, user_id)
        if known is None:
            raise SessionEnded
        return known.user

    def _passkey(self, made: NewCredential, name: str) -> Passkey:
        return Passkey(
            id=self._ids.new(),
            name=name,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            created_at=self._clock.now(),
        )

    async def _new_codes(self, work: UnitOfWork, user_id: str) -> list[str]:
        codes = [recovery_code(self._random(RECOVERY_CODE_BYTES)) for _ in range(RECOVERY_CODES)]
        digests = [recovery_digest(code) for code in codes]
        await self._factors.replace_codes(work, user_id, digests, self._clock.now())
        return codes

    async def _drop_useless_codes(self, work: UnitOfWork, user_id: str) -> None:
        held = await self._factors.of_user(work, user_id)
        if not held.enrolled:
            await self._factors.replace_codes(work, user_id, [], self._clock.now())


def _note(
    resource_id: str, *, old: FactorKind | None = None, new: FactorKind | None = None
) -> None:
    """Tell the audit log what is taken and given: a passkey by its id, the rest by the user's."""
    note_change(
        resource_type="factor",
        resource_id=resource_id,
        old={"kind": old} if old else None,
        new={"kind": new} if new else None,
    )


def _check_room(held: Factors) -> None:
    if len(held.passkeys) >= PASSKEYS_MOST:
        raise InvalidFields([("", f"an account keeps at most {PASSKEYS_MOST} passkeys")])
