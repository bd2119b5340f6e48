"""People, their sessions, and what must be true of them whatever is killed.

Every step says at once what it expects; `check` waits until a revocation has to
be felt and then tries every token there ever was.
"""

from __future__ import annotations

import asyncio
import json
import signal
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import grpc
from redis.asyncio import Redis
from weneeds import AsyncWeNeeds, WeNeedsError

from services.auth.domain.sessions import GRACE
from tests.chaos.families import SURELY_IN_TIME, Account, Family, claims
from tests.chaos.test_kill import kill
from tests.conftest import RunningMesh
from tests.mesh.staffing import REVOKED_SECONDS, Admin
from tests.support.forgetting import SESSIONS, Moment
from tests.support.people import CANDIDATE, PASSWORD

# What a caller may be told while something is down. Anything else is a defect.
PASSING = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
PATIENCE_SECONDS = 60.0
REFUSED = {"REFRESH_TOKEN_INVALID", "ACCOUNT_BANNED"}
ENDED = {"SESSION_ENDED", "ACCOUNT_BANNED"}


class Town:
    """Everybody, the mesh, and the steps that are taken."""

    def __init__(self, mesh: RunningMesh, guest: AsyncWeNeeds, boss: Admin) -> None:
        self._mesh = mesh
        self._guest = guest
        self._boss = boss
        self.accounts: list[Account] = []
        self.families: list[Family] = []

    async def register(self) -> None:
        email, request_id = f"chaos-{uuid4()}@example.org", str(uuid4())
        made = await self._done(
            lambda: self._guest.with_token(None).accounts.register(
                request_id=request_id,
                email=email,
                password=PASSWORD,
                first_name="Fictive",
                last_name="Personne",
                role=CANDIDATE,
            )
        )
        self.accounts.append(Account(made.user.id, email))
        await self.sign_in(self.accounts[-1])

    async def sign_in(self, account: Account, password: str = "") -> Family | None:
        """Open a session; who is banned gets none."""
        account.sign_ins += 1
        client = self._guest.with_token(None)
        told = await self._told(
            lambda: client.sessions.sign_in(
                email=account.email, password=password or account.password
            )
        )
        if isinstance(told, str):
            expected = "ACCOUNT_BANNED" if account.banned else "CREDENTIALS_INVALID"
            assert told == expected
            assert account.banned or password
            return None
        assert not account.banned
        assert told.user.id == account.id
        family = Family(account, told.tokens.refresh_token, [told.tokens.access_token])
        self._are_of(family, family.access)
        self.families.append(family)
        return family

    async def refresh(self, family: Family) -> None:
        """Trade the current token."""
        began = time.monotonic()
        answer = await self._traded(family.current)
        if family.ended_at is not None:
            assert answer in REFUSED, "a revoked session was continued"
            return
        if answer in REFUSED and time.monotonic() - began > SURELY_IN_TIME:
            # Tried again after the grace interval, because something was down: stolen, for all
            # that auth can know.
            family.end()
            return
        assert isinstance(answer, tuple), f"a session was lost: {answer}"
        self._are_of(family, answer[0])
        family.take(answer, began)

    async def refresh_together(self, family: Family, count: int) -> None:
        """Trade the current token several times at once: one answer for all."""
        began = time.monotonic()
        answers = await asyncio.gather(*(self._traded(family.current) for _ in range(count)))
        if family.ended_at is not None:
            assert REFUSED.issuperset(answers), "a revoked session was continued"
            return
        assert len(set(answers)) == 1, "tabs of one browser got different answers"
        assert isinstance(answers[0], tuple), f"a session was lost: {answers[0]}"
        self._are_of(family, answers[0][0])
        family.take(answers[0], began)

    async def repeat(self, family: Family, token: str) -> None:
        """Come back with a used token: in time the same answer, later the end of the session."""
        use = family.used[token]
        late = use.is_late
        answer = await self._traded(token)
        if family.ended_at is not None or late:
            assert answer in REFUSED, "a used token was taken again"
            family.end()
        elif use.is_in_time:
            assert answer == use.answer, "a used token got another answer than at first"
        elif answer in REFUSED:
            # At the very end of the interval either is right.
            family.end()

    async def grow_late(self) -> None:
        """Move the moments at which tokens were used past the grace interval."""
        past = int((GRACE.total_seconds() + 1) * 1e6)
        async with Redis.from_url(self._mesh.topology.redis_url) as redis:
            for family in self._alive():
                key = f"auth:session:{family.id}"
                held = json.loads(await redis.get(key))
                held["used"] = [[digest, at - past] for digest, at in held["used"]]
                await redis.set(key, json.dumps(held, separators=(",", ":")), keepttl=True)
                for use in family.used.values():
                    use.late = True

    async def repeat_late(self, family: Family) -> None:
        """Somebody else comes with a token that was used: the session ends for both."""
        await self.refresh(family)
        stolen = list(family.used)[-1]
        await self.grow_late()
        await self.repeat(family, stolen)

    async def sign_out(self, family: Family) -> None:
        client = self._guest.with_token(family.access)
        await self._revoked(family, client.sessions.sign_out, [family])

    async def sign_out_elsewhere(self, family: Family, other: Family) -> None:
        """End another session of the same person from the list of devices."""
        client = self._guest.with_token(family.access)
        await self._revoked(
            family, lambda: client.sessions.end_session(session_id=other.id), [other]
        )

    async def sign_out_all(self, family: Family) -> None:
        client = self._guest.with_token(family.access)
        await self._revoked(family, client.sessions.end_all_sessions, self._of(family.owner))

    async def change_password(self, family: Family) -> None:
        """Set another password, while somebody signs in with the former one."""
        owner, former, new = family.owner, family.owner.password, f"{PASSWORD} {uuid4()}"
        others = [each for each in self._of(owner) if each is not family]
        client = self._guest.with_token(family.access)
        owner.changes += 1

        async def change() -> None:
            await self._done(
                lambda: client.accounts.change_password(current_password=former, new_password=new)
            )

        _, opened = await asyncio.gather(change(), self.sign_in(owner, former))
        owner.password = new
        for each in [*others, *([opened] if opened else [])]:
            each.end()

    async def refresh_and_sign_out(self, family: Family) -> None:
        """Both at once: whoever wins, the session is over."""
        client = self._guest.with_token(family.access)
        answer, _ = await asyncio.gather(
            self._traded(family.current), self._done(client.sessions.sign_out)
        )
        family.end()
        if isinstance(answer, tuple):
            family.take(answer, time.monotonic())

    async def ban(self, account: Account) -> None:
        users = self._boss.client.admin_users
        await self._done(lambda: users.ban_user(user_id=account.id, reason="Fictif"))
        account.banned = True
        for family in self._of(account):
            family.end()

    async def unban(self, account: Account) -> None:
        users = self._boss.client.admin_users
        await self._done(lambda: users.unban_user(user_id=account.id, reason="Fictif"))
        account.banned = False

    async def kill_auth(self) -> None:
        """Kill -9; whatever is done next waits."""
        await self._crash("auth")

    async def forget(self, step: Callable[[], Awaitable[Any]]) -> None:
        """Take a step and kill Valkey, which knows nothing of that step when it comes back.

        What ended has ended. A session opened in the step is lost. Of one that was refreshed
        in it the token of before is the current one again.
        """
        url = self._mesh.topology.redis_url
        async with Redis.from_url(url) as redis:
            before = await Moment.of(redis, *SESSIONS)
        marks = {family.id: family.mark() for family in self.families}
        await step()
        await self._crash("valkey")
        async with Redis.from_url(url) as redis:
            await before.put_back(redis)
        for family in self.families:
            if mark := marks.get(family.id):
                family.rewind(mark)
            else:
                family.end()

    async def go_on(self, family: Family) -> None:
        """Come with the token that Valkey forgot: it counts as stolen, the session ends."""
        assert await self._traded(family.forgotten) in REFUSED, "a forgotten token was taken"
        family.end()

    async def kill_auth_under(self, step: Callable[[], Awaitable[Any]]) -> None:
        """Kill auth in the middle of a step, which is repeated until it is answered."""
        await asyncio.gather(step(), self._crash("auth"))

    async def check(self) -> None:
        """What lives works and is its owner's; what was revoked opens nothing any more."""
        ends = [family.ended_at for family in self.families if family.ended_at is not None]
        if ends:
            await asyncio.sleep(max(0.0, max(ends) + REVOKED_SECONDS - time.monotonic()))
        await asyncio.gather(*(self._check(family) for family in self.families))

    async def _check(self, family: Family) -> None:
        calls = [
            call
            for client in map(self._guest.with_token, family.accesses[-3:])
            for call in (client.accounts.get_me, lambda c=client: c.mails.list_my_mails().page())
        ]
        told = [await self._told(call) for call in calls]
        if family.ended_at is not None:
            opened = [each for each in told if not (isinstance(each, str) and each in ENDED)]
            assert not opened, f"a token of a revoked session opened something: {opened}"
            for token in (family.current, *list(family.used)[-3:]):
                assert await self._traded(token) in REFUSED
            return
        assert not any(isinstance(each, str) for each in told), f"a session was lost: {told}"
        assert {each.user.id for each in told[::2]} == {family.owner.id}
        await self.refresh(family)

    async def _crash(self, name: str) -> None:
        await kill(self._mesh.mesh.supervisor, name, signal.SIGKILL)

    def _are_of(self, family: Family, access: str) -> None:
        said = claims(access)
        assert (said["sub"], said["sid"]) == (family.owner.id, family.id), "another's identity"

    def _of(self, account: Account) -> list[Family]:
        return [family for family in self.families if family.owner is account]

    def _alive(self) -> list[Family]:
        return [family for family in self.families if family.ended_at is None]

    async def _revoked(
        self, by: Family, call: Callable[[], Awaitable[Any]], ended: list[Family]
    ) -> None:
        told = await self._told(call)
        # Asked again after an answer that got lost.
        assert not isinstance(told, str) or (by in ended and told in ENDED), told
        for family in ended:
            family.end()

    async def _traded(self, token: str) -> tuple[str, str] | str:
        """New tokens (access, refresh), or why there are none."""
        client = self._guest.with_token(None)
        told = await self._told(lambda: client.sessions.refresh(refresh_token=token))
        if isinstance(told, str):
            return told
        return told.tokens.access_token, told.tokens.refresh_token

    async def _done(self, call: Callable[[], Awaitable[Any]]) -> Any:
        told = await self._told(call)
        assert not isinstance(told, str), told
        return told

    async def _told(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """Repeat a call until it is answered; return the answer, or the reason of refusal."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await call()
            except WeNeedsError as error:
                if error.code not in PASSING or time.monotonic() > deadline:
                    return error.reason
            await asyncio.sleep(0.1)
