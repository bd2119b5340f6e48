"""Signing in through a provider and linking, on real stores; the provider's word is scripted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from redis.asyncio import Redis

from services.auth.app.challenges import Challenged
from services.auth.app.provider_ports import ProviderAttempt, ProviderName
from services.auth.app.providers import Providers
from services.auth.app.sessions import SignedIn
from services.auth.app.sign_in_log import SignInLog
from services.auth.domain.providers import (
    Identity,
    IdentityTaken,
    LastSignInMethod,
    Profile,
    ProviderAnswerInvalid,
    ProviderUnknown,
)
from services.auth.domain.users import CredentialsInvalid, UserRole
from services.auth.ports.provider_states import ValkeyAttempts
from services.auth.store.identities import PostgresIdentities
from services.auth.store.users import PostgresUsers
from services.kit.audit import AuditLog
from services.kit.errors import AccountBanned, InvalidFields
from services.kit.ids import Uuid7Ids
from services.kit.work import UnitsOfWork
from tests.support.sql import Sql
from tests.unit.auth.conftest import Auth, new_email
from tests.unit.auth.factor_person import Person

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

REDIRECT = "https://site.example/in"


@dataclass
class ScriptedProviders:
    """Says of the person whatever `profiles` holds under the code."""

    names: Sequence[ProviderName] = (ProviderName("test", "Test"),)
    profiles: dict[str, Profile] = field(default_factory=dict)

    async def authorization_url(self, attempt: ProviderAttempt, state: str) -> str:
        if attempt.provider != "test":
            raise ProviderUnknown(field="provider", provider=attempt.provider)
        return f"https://id.example/?state={state}"

    async def profile(self, attempt: ProviderAttempt, code: str, iss: str = "") -> Profile:
        if code not in self.profiles:
            raise ProviderAnswerInvalid
        return self.profiles[code]


@dataclass
class Rooms:
    """The use case, and what a test needs to look behind it."""

    auth: Auth
    providers: Providers
    scripted: ScriptedProviders

    def knows(self, **more: Any) -> Profile:
        """Let the provider know a fictitious person under the code "code"."""
        email = new_email()
        profile = Profile(email.partition("@")[0], email, True, "Ada", "Test", "en")
        self.scripted.profiles["code"] = replace(profile, **more)
        return self.scripted.profiles["code"]

    async def sign_in(self) -> SignedIn:
        begun = await self.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
        done = await self.providers.finish(begun.state, "code", "fr", binding=begun.binding)
        assert isinstance(done, SignedIn)
        return done

    async def link(self, user_id: str) -> Identity:
        begun = await self.providers.begin_link("test", REDIRECT, user_id)
        return await self.providers.finish_link(begun.state, "code", user_id)

    async def audited(self, user_id: str) -> list[tuple[str, bool, str]]:
        rows = await Sql(self.auth.database).fetch(
            "select action, success, reason from audit where actor_id = $1 order by seq", user_id
        )
        return [(row["action"], row["success"], row["reason"]) for row in rows]


@pytest.fixture
def rooms(auth: Auth, redis: Redis) -> Rooms:
    ids = Uuid7Ids(auth.clock)
    units = UnitsOfWork(auth.database, auth.clock, ids)
    scripted = ScriptedProviders()
    providers = Providers(
        work=units,
        reader=auth.database.reader,
        users=PostgresUsers(),
        identities=PostgresIdentities(),
        attempts=ValkeyAttempts(redis),
        providers=scripted,
        redirects=[REDIRECT],
        sign_ins=auth.sign_ins,
        log=SignInLog(units, AuditLog(auth.clock, ids)),
        clock=auth.clock,
        ids=ids,
    )
    return Rooms(auth, providers, scripted)


async def test_a_first_sign_in_registers_and_proves_the_email(rooms: Rooms) -> None:
    profile = rooms.knows()
    first = (await rooms.sign_in()).user
    assert (first.email, first.role, first.locale) == (profile.email, UserRole.CANDIDATE, "en")
    assert first.email_verified_at == rooms.auth.clock.now()
    assert await rooms.auth.published(first.id) == ["user.registered", "mail.send"]
    assert (await rooms.sign_in()).user == first
    assert await rooms.audited(first.id) == [("SIGN_IN", True, "")] * 2


async def test_it_has_no_password_to_sign_in_with(rooms: Rooms) -> None:
    profile = rooms.knows()
    await rooms.sign_in()
    for password in ("", "None", "correct horse battery staple"):
        with pytest.raises(CredentialsInvalid):
            await rooms.auth.sign_ins.sign_in(profile.email, password)


async def test_the_provider_may_change_the_email_afterwards(rooms: Rooms) -> None:
    profile = rooms.knows()
    first = (await rooms.sign_in()).user
    victim = await rooms.auth.register()
    rooms.knows(subject=profile.subject, email=victim.email)
    assert (await rooms.sign_in()).user == first


async def test_no_account_is_taken_over_by_its_email(rooms: Rooms) -> None:
    victim = await rooms.auth.register()
    rooms.knows(email=victim.email)
    with pytest.raises(IdentityTaken):
        await rooms.sign_in()
    assert await rooms.providers.identities(victim.id) == []


@pytest.mark.parametrize("odd", [{"email": ""}, {"email_verified": False}])
async def test_no_account_without_a_proved_email(rooms: Rooms, odd: dict[str, Any]) -> None:
    rooms.knows(**odd)
    with pytest.raises(ProviderAnswerInvalid):
        await rooms.sign_in()


async def test_a_banned_person_neither_signs_in_nor_links(rooms: Rooms) -> None:
    rooms.knows()
    user = (await rooms.sign_in()).user
    begun = await rooms.providers.begin_link("test", REDIRECT, user.id)
    ban = "update users set status = 'BANNED' where id = $1"
    await Sql(rooms.auth.database).execute(ban, user.id)
    with pytest.raises(AccountBanned):
        await rooms.sign_in()
    rooms.knows()
    with pytest.raises(AccountBanned):
        await rooms.providers.finish_link(begun.state, "code", user.id)
    assert len(await rooms.providers.identities(user.id)) == 1
    assert (await rooms.audited(user.id))[-1] == ("SIGN_IN", False, "ACCOUNT_BANNED")


async def test_an_account_that_is_gone_is_linked_to_nothing(rooms: Rooms) -> None:
    profile = rooms.knows()
    user = (await rooms.sign_in()).user
    begun = await rooms.providers.begin_link("test", REDIRECT, user.id)
    await Sql(rooms.auth.database).execute("delete from users where id = $1", user.id)
    with pytest.raises(ProviderAnswerInvalid):
        await rooms.providers.finish_link(begun.state, "code", user.id)
    # Nothing of the person is left: they may begin anew.
    again = (await rooms.sign_in()).user
    assert (again.email, again.id == user.id) == (profile.email, False)


async def test_the_second_factor_is_asked_here_too(rooms: Rooms) -> None:
    rooms.knows()
    first = await rooms.sign_in()
    [session_id] = await rooms.auth.sessions.ids_of(first.user.id)
    person = Person(rooms.auth, first.user, session_id)
    await person.enrol_totp()
    begun = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
    done = await rooms.providers.finish(begun.state, "code", "fr", binding=begun.binding)
    assert isinstance(done, Challenged)
    assert await rooms.auth.sessions.ids_of(first.user.id) == [session_id]
    opened = await rooms.auth.sign_ins.complete(done.token, person.proof())
    assert opened.user == first.user


async def test_linking_twice_is_linking_once(rooms: Rooms) -> None:
    user = await rooms.auth.register()
    profile = rooms.knows()
    identity = await rooms.link(user.id)
    assert await rooms.link(user.id) == identity
    assert await rooms.providers.identities(user.id) == [identity]
    assert (identity.provider, identity.email) == ("test", profile.email)
    assert (await rooms.sign_in()).user == user


async def test_a_link_is_finished_only_by_who_began_it(rooms: Rooms) -> None:
    beginner, other = await rooms.auth.register(), await rooms.auth.register()
    rooms.knows()
    begun = await rooms.providers.begin_link("test", REDIRECT, beginner.id)
    for finisher in (other, beginner):
        # The second time the state is used up, whoever asks.
        with pytest.raises(ProviderAnswerInvalid):
            await rooms.providers.finish_link(begun.state, "code", finisher.id)
    for user in (beginner, other):
        assert await rooms.providers.identities(user.id) == []


async def test_a_link_does_not_end_as_a_sign_in(rooms: Rooms) -> None:
    user = await rooms.auth.register()
    rooms.knows()
    await rooms.link(user.id)
    begun = await rooms.providers.begin_link("test", REDIRECT, user.id)
    with pytest.raises(ProviderAnswerInvalid):
        await rooms.providers.finish(begun.state, "code", "fr", binding=begun.binding)
    assert await rooms.auth.sessions.ids_of(user.id) == []


@pytest.mark.parametrize("nobody", [False, True])
async def test_a_sign_in_does_not_end_as_a_link(rooms: Rooms, nobody: bool) -> None:
    user = await rooms.auth.register()
    rooms.knows()
    begun = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
    with pytest.raises(ProviderAnswerInvalid):
        await rooms.providers.finish_link(begun.state, "code", "" if nobody else user.id)
    assert await rooms.providers.identities(user.id) == []


async def test_an_identity_is_linked_to_one_user(rooms: Rooms) -> None:
    rooms.knows()
    owner = (await rooms.sign_in()).user
    other = await rooms.auth.register()
    with pytest.raises(IdentityTaken):
        await rooms.link(other.id)
    assert await rooms.providers.identities(other.id) == []
    assert len(await rooms.providers.identities(owner.id)) == 1


async def test_the_last_identity_of_an_account_without_password_stays(rooms: Rooms) -> None:
    rooms.knows()
    user = (await rooms.sign_in()).user
    [identity] = await rooms.providers.identities(user.id)
    with pytest.raises(LastSignInMethod):
        await rooms.providers.unlink(user.id, identity.id.upper())
    rooms.knows()
    second = await rooms.link(user.id)
    await rooms.providers.unlink(user.id, identity.id)
    assert await rooms.providers.identities(user.id) == [second]


async def test_only_configured_providers_and_redirects_begin(rooms: Rooms) -> None:
    with pytest.raises(InvalidFields):
        await rooms.providers.begin_sign_in("test", REDIRECT + "/", UserRole.CANDIDATE)
    with pytest.raises(ProviderUnknown):
        await rooms.providers.begin_sign_in("other", REDIRECT, UserRole.CANDIDATE)


async def test_another_client_cannot_finish_what_one_began(rooms: Rooms) -> None:
    rooms.knows()
    begun = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
    other = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
    assert begun.binding != other.binding
    for wrong in ("", other.binding):
        tried = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
        with pytest.raises(ProviderAnswerInvalid):
            await rooms.providers.finish(tried.state, "code", "fr", binding=wrong)
        # The try used the state up.
        with pytest.raises(ProviderAnswerInvalid):
            await rooms.providers.finish(tried.state, "code", "fr", binding=tried.binding)
    done = await rooms.providers.finish(begun.state, "code", "fr", binding=begun.binding)
    assert isinstance(done, SignedIn)


async def test_the_tabs_of_a_browser_share_a_binding(rooms: Rooms) -> None:
    rooms.knows()
    first = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE)
    second = await rooms.providers.begin_sign_in(
        "test", REDIRECT, UserRole.CANDIDATE, first.binding
    )
    assert second.binding == first.binding
    for begun in (first, second):
        done = await rooms.providers.finish(begun.state, "code", "fr", binding=first.binding)
        assert isinstance(done, SignedIn)
    # What was not made here is not taken over.
    odd = await rooms.providers.begin_sign_in("test", REDIRECT, UserRole.CANDIDATE, "chosen")
    assert odd.binding != "chosen"
