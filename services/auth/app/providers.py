"""Signing in through identity providers, and linking their accounts."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from weneeds.messaging.events.v1.events_pb2 import MailSend
from weneeds.messaging.v1.mail_pb2 import MAIL_TYPE_WELCOME

from services.auth.app.accounts import registered
from services.auth.app.challenges import Challenged
from services.auth.app.provider_ports import (
    IdentityProviders,
    ProviderAttempt,
    ProviderAttempts,
    ProviderName,
)
from services.auth.app.sessions import SignedIn, SignIns
from services.auth.app.sign_in_log import SignInLog
from services.auth.app.stores import IdentityStore, UserStore
from services.auth.domain.providers import (
    Identity,
    IdentityTaken,
    Profile,
    ProviderAnswerInvalid,
    check_unlink,
    first_name_of,
    locale_or,
)
from services.auth.domain.users import User, UserRole, UserStatus
from services.kit.audit import note_change
from services.kit.clock import Clock
from services.kit.db import Reader
from services.kit.errors import AccountBanned, InvalidFields, SessionEnded
from services.kit.ids import Ids
from services.kit.work import UnitOfWork, UnitsOfWork

_RANDOM_BYTES = 32
_BINDING = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Begun:
    """Where the browser goes, and what comes back with the provider's answer."""

    authorization_url: str
    state: str
    # What the client that began keeps to itself; empty when linking, which a user's token binds.
    binding: str = ""


class Providers:
    """Signs people in whom a provider vouches for.

    Every method that speaks with a provider or keeps an attempt raises
    DependencyDown when the other side does not answer.
    """

    def __init__(
        self,
        *,
        work: UnitsOfWork,
        reader: Reader,
        users: UserStore,
        identities: IdentityStore,
        attempts: ProviderAttempts,
        providers: IdentityProviders,
        redirects: Collection[str],
        sign_ins: SignIns,
        log: SignInLog,
        clock: Clock,
        ids: Ids,
    ) -> None:
        self._work = work
        self._reader = reader
        self._users = users
        self._identities = identities
        self._attempts = attempts
        self._providers = providers
        self._redirects = frozenset(redirects)
        self._sign_ins = sign_ins
        self._log = log
        self._clock = clock
        self._ids = ids

    @property
    def names(self) -> Sequence[ProviderName]:
        """The configured providers."""
        return self._providers.names

    async def begin_sign_in(
        self, provider: str, redirect_uri: str, role: UserRole, binding: str = ""
    ) -> Begun:
        """Begin a sign-in; `role` is that of an account that it creates.

        `binding` is what the same client got for another sign-in: a browser has
        one for all its tabs. Raises ProviderUnknown, and InvalidFields for a
        redirect that is not allowed.
        """
        if not _BINDING.fullmatch(binding):
            binding = secrets.token_urlsafe(_RANDOM_BYTES)
        return await self._begin(provider, redirect_uri, role, "", binding)

    async def begin_link(self, provider: str, redirect_uri: str, user_id: str) -> Begun:
        """Begin to link a provider's account to a user's. Raises as begin_sign_in."""
        return await self._begin(provider, redirect_uri, None, user_id, "")

    async def finish_link(self, state: str, code: str, user_id: str, iss: str = "") -> Identity:
        """Finish a link that this very user began; return what is linked now.

        Each state is good once, whatever comes of it. Raises
        ProviderAnswerInvalid, IdentityTaken and AccountBanned.
        """
        attempt = await self._attempts.take(state)
        # Else somebody could lure another into finishing theirs, whose provider's
        # account would then sign in to the wrong user.
        if attempt is None or not attempt.user_id or attempt.user_id != user_id:
            raise ProviderAnswerInvalid
        return await self._link(attempt, await self._providers.profile(attempt, code, iss))

    async def finish(
        self,
        state: str,
        code: str,
        locale: str,
        device: str = "",
        *,
        binding: str = "",
        iss: str = "",
    ) -> SignedIn | Challenged:
        """Finish a sign-in: a session, or the question for a second factor.

        Each state is good once, whatever comes of it. `binding` is what the begin
        gave to the client. `locale` is that of a new account whose provider names
        no language. Raises ProviderAnswerInvalid, IdentityTaken and AccountBanned.
        """
        attempt = await self._attempts.take(state)
        async with self._log.attempt() as logged:
            if attempt is None or attempt.user_id or attempt.role is None:
                raise ProviderAnswerInvalid
            # Else somebody could sign another's browser in to an account of their own.
            if not hmac.compare_digest(_digest(binding), attempt.binding):
                raise ProviderAnswerInvalid
            profile = await self._providers.profile(attempt, code, iss)
            user = await self._known_or_new(attempt.provider, attempt.role, profile, locale)
            return await self._sign_ins.admit(logged, user, device)

    async def identities(self, user_id: str) -> list[Identity]:
        """Return a user's identities, oldest first."""
        return await self._identities.of_user(self._reader, user_id)

    async def unlink(self, user_id: str, identity_id: str) -> None:
        """Unlink an identity. One that is not there succeeds. Raises LastSignInMethod."""
        identity_id = identity_id.lower()
        async with self._work() as work:
            # The lock makes two who unlink the last two take turns.
            known = await self._users.lock(work, user_id)
            if known is None:
                raise SessionEnded
            held = await self._identities.of_user(work, user_id)
            check_unlink(identity_id, [each.id for each in held], known.password_hash is not None)
            note_change(resource_type="identity", resource_id=identity_id)
            await self._identities.remove(work, user_id, identity_id)

    async def _begin(
        self, provider: str, redirect_uri: str, role: UserRole | None, user_id: str, binding: str
    ) -> Begun:
        attempt = ProviderAttempt(
            provider=provider,
            redirect_uri=redirect_uri,
            nonce=secrets.token_urlsafe(_RANDOM_BYTES),
            verifier=secrets.token_urlsafe(_RANDOM_BYTES),
            role=role,
            user_id=user_id,
            binding=_digest(binding) if binding else "",
        )
        if redirect_uri not in self._redirects:
            raise InvalidFields([("redirect_uri", "must be one of those configured")])
        state = secrets.token_urlsafe(_RANDOM_BYTES)
        url = await self._providers.authorization_url(attempt, state)
        await self._attempts.keep(state, attempt)
        return Begun(url, state, binding)

    async def _known_or_new(
        self, provider: str, role: UserRole, profile: Profile, locale: str
    ) -> User:
        known = await self._of_identity(self._reader, provider, profile.subject)
        if known is not None:
            return known
        # Only an e-mail that was proved: the account is as good as its mailbox.
        if not profile.email or not profile.email_verified:
            raise ProviderAnswerInvalid
        async with self._work() as work:
            user = self._new_user(role, profile, locale)
            if not await self._users.add(work, user, None):
                return await self._winner(work, provider, profile)
            if not await self._add_identity(work, user.id, provider, profile):
                # Registered under another e-mail at this very moment: undo this account.
                raise IdentityTaken
            work.publish(registered(user))
            work.publish(MailSend(recipient_user_id=user.id, type=MAIL_TYPE_WELCOME))
            return user

    async def _winner(self, work: UnitOfWork, provider: str, profile: Profile) -> User:
        """Return whom a concurrent first sign-in has just added; raise IdentityTaken."""
        user = await self._of_identity(work, provider, profile.subject)
        if user is None:
            raise IdentityTaken
        return user

    async def _of_identity(
        self, source: Reader | UnitOfWork, provider: str, subject: str
    ) -> User | None:
        identity = await self._identities.find(source, provider, subject)
        return None if identity is None else await self._users.get(source, identity.user_id)

    async def _link(self, attempt: ProviderAttempt, profile: Profile) -> Identity:
        async with self._work() as work:
            known = await self._users.lock(work, attempt.user_id)
            if known is None:
                raise ProviderAnswerInvalid
            if known.user.status is UserStatus.BANNED:
                raise AccountBanned
            await self._add_identity(work, attempt.user_id, attempt.provider, profile)
            identity = await self._identities.find(work, attempt.provider, profile.subject)
            if identity is None or identity.user_id != attempt.user_id:
                raise IdentityTaken
            note_change(
                resource_type="identity",
                resource_id=identity.id,
                new={"provider": identity.provider},
            )
            return identity

    async def _add_identity(
        self, work: UnitOfWork, user_id: str, provider: str, profile: Profile
    ) -> bool:
        identity = Identity(
            id=self._ids.new(),
            user_id=user_id,
            provider=provider,
            subject=profile.subject,
            email=profile.email,
            linked_at=self._clock.now(),
        )
        return await self._identities.add(work, identity)

    def _new_user(self, role: UserRole, profile: Profile, locale: str) -> User:
        now = self._clock.now()
        return User(
            id=self._ids.new(),
            email=profile.email,
            first_name=first_name_of(profile),
            last_name=profile.last_name,
            role=role,
            status=UserStatus.ACTIVE,
            locale=locale_or(profile, locale),
            created_at=now,
            email_verified_at=now,
        )


def _digest(binding: str) -> str:
    return hashlib.sha256(binding.encode()).hexdigest()
