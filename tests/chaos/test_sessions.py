"""Tokens and refresh families as a state machine on a whole mesh, with kill -9 in between.

A run prints its seed; WENEEDS_SEED=<seed> takes the same steps again.
"""

from __future__ import annotations

import asyncio
import os
import random
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from weneeds import AsyncWeNeeds, Unavailable

from services.kit.health import VALKEY
from stack import probes
from tests.chaos.families import Account, Family
from tests.chaos.sessions import Town
from tests.chaos.test_outage import passes
from tests.conftest import RunningMesh
from tests.mesh.staffing import Admin, new_boss
from tests.support.people import CANDIDATE, PASSWORD, eventually, person

pytestmark = pytest.mark.mesh

_STEP_SECONDS = 120
_MOST_SIGN_INS = 8
_MOST_CHANGES = 3
# What Valkey is made to forget; "" is nothing.
FORGOTTEN = [
    "", "refresh", "sign_in", "sign_out", "sign_out_all", "change_password", "repeat_late", "ban",
]  # fmt: skip
# Which one of those there are, modulo their number.
WHICH = st.integers(0, 11)


class Sessions(RuleBasedStateMachine):
    """Steps in any order. Bound to a mesh and to the loop that it runs in by `bound`."""

    loop: ClassVar[asyncio.AbstractEventLoop]
    founded: ClassVar[Callable[[], Town]]
    kills: ClassVar[int]

    def __init__(self) -> None:
        super().__init__()
        self.town = type(self).founded()
        self.killed = 0

    def run_step(self, step: Coroutine[Any, Any, Any]) -> None:
        """Take a step in the loop of the mesh; this thread waits."""
        asyncio.run_coroutine_threadsafe(step, self.loop).result(_STEP_SECONDS)

    def family(self, which: int) -> Family:
        return self.town.families[which % len(self.town.families)]

    def account(self, which: int) -> Account:
        return self.town.accounts[which % len(self.town.accounts)]

    @initialize()
    def begin(self) -> None:
        self.run_step(self.town.register())

    @precondition(lambda self: len(self.town.accounts) < 3)
    @rule()
    def register(self) -> None:
        self.run_step(self.town.register())

    @rule(which=WHICH)
    def sign_in(self, which: int) -> None:
        account = self.account(which)
        if account.sign_ins < _MOST_SIGN_INS:
            self.run_step(self.town.sign_in(account))

    @rule(which=WHICH)
    def refresh(self, which: int) -> None:
        self.run_step(self.town.refresh(self.family(which)))

    @rule(which=WHICH, count=st.integers(2, 6))
    def refresh_together(self, which: int, count: int) -> None:
        self.run_step(self.town.refresh_together(self.family(which), count))

    @rule(which=WHICH, token=WHICH)
    def repeat(self, which: int, token: int) -> None:
        family = self.family(which)
        if used := list(family.used):
            self.run_step(self.town.repeat(family, used[-1 - token % len(used)]))

    @rule(which=WHICH)
    def repeat_late(self, which: int) -> None:
        family = self.family(which)
        if family.ended_at is None:
            self.run_step(self.town.repeat_late(family))

    @rule(which=WHICH)
    def sign_out(self, which: int) -> None:
        family = self.family(which)
        if family.ended_at is None:
            self.run_step(self.town.sign_out(family))

    @rule(which=WHICH, other=WHICH)
    def sign_out_elsewhere(self, which: int, other: int) -> None:
        family, another = self.family(which), self.family(other)
        if family.ended_at is None and family.owner is another.owner:
            self.run_step(self.town.sign_out_elsewhere(family, another))

    @rule(which=WHICH)
    def sign_out_all(self, which: int) -> None:
        family = self.family(which)
        if family.ended_at is None:
            self.run_step(self.town.sign_out_all(family))

    @rule(which=WHICH)
    def refresh_and_sign_out(self, which: int) -> None:
        family = self.family(which)
        if family.ended_at is None:
            self.run_step(self.town.refresh_and_sign_out(family))

    @rule(which=WHICH)
    def change_password(self, which: int) -> None:
        family = self.family(which)
        owner = family.owner
        few = owner.changes < _MOST_CHANGES and owner.sign_ins < _MOST_SIGN_INS
        if family.ended_at is None and few:
            self.run_step(self.town.change_password(family))

    @rule(which=WHICH)
    def ban_or_unban(self, which: int) -> None:
        account = self.account(which)
        self.run_step(self.town.unban(account) if account.banned else self.town.ban(account))

    @precondition(lambda self: self.killed < self.kills)
    @rule()
    def kill_auth(self) -> None:
        self.killed += 1
        self.run_step(self.town.kill_auth())

    @precondition(lambda self: self.killed < self.kills)
    @rule(which=WHICH, step=st.sampled_from(FORGOTTEN), again=st.booleans())
    def crash_valkey_after(self, which: int, step: str, again: bool) -> None:
        """The client of a session whose refresh was forgotten asks again, or goes on."""
        family = self.family(which)
        self.killed += 1
        self.run_step(self.town.forget(lambda: self.forgettable(family, step)))
        if family.forgotten:
            self.run_step(self.town.refresh(family) if again else self.town.go_on(family))

    async def forgettable(self, family: Family, step: str) -> None:
        """Take the step if it can be taken with this session."""
        town, owner, alive = self.town, family.owner, family.ended_at is None
        room = owner.sign_ins < _MOST_SIGN_INS
        match step:
            case "refresh" if alive:
                await town.refresh(family)
            case "sign_in" if room:
                await town.sign_in(owner)
            case "sign_out" if alive:
                await town.sign_out(family)
            case "sign_out_all" if alive:
                await town.sign_out_all(family)
            case "change_password" if alive and room and owner.changes < _MOST_CHANGES:
                await town.change_password(family)
            case "repeat_late" if alive:
                await town.repeat_late(family)
            case "ban" if not owner.banned:
                await town.ban(owner)

    @precondition(lambda self: self.killed < self.kills)
    @rule(which=WHICH, step=st.sampled_from(["refresh", "sign_out", "sign_in"]))
    def kill_auth_under(self, which: int, step: str) -> None:
        family = self.family(which)
        self.killed += 1
        if step == "sign_in" and family.owner.sign_ins < _MOST_SIGN_INS:
            self.run_step(self.town.kill_auth_under(lambda: self.town.sign_in(family.owner)))
        elif step == "sign_out" and family.ended_at is None:
            self.run_step(self.town.kill_auth_under(lambda: self.town.sign_out(family)))
        else:
            self.run_step(self.town.kill_auth_under(lambda: self.town.refresh(family)))

    def teardown(self) -> None:
        self.run_step(self.town.check())


@asynccontextmanager
async def bound(mesh: RunningMesh, kills: int) -> AsyncIterator[type[Sessions]]:
    """The machine on a mesh; each example may kill so often."""
    async with mesh.client() as guest:
        boss: Admin = await new_boss(mesh, guest)
        guest_of_all: AsyncWeNeeds = guest
        yield type(
            "Sessions",
            (Sessions,),
            {
                "loop": asyncio.get_running_loop(),
                "founded": staticmethod(lambda: Town(mesh, guest_of_all, boss)),
                "kills": kills,
            },
        )


async def walk(mesh: RunningMesh, *, examples: int, steps: int, kills: int) -> None:
    """Take `examples` random walks."""
    number = int(os.environ.get("WENEEDS_SEED") or random.randrange(2**32))
    print(f"WENEEDS_SEED={number} takes these steps again")
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        # A mesh has a past: a shorter walk on it would be another one.
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.normal,
        print_blob=True,
    )
    async with bound(mesh, kills) as machine:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            await asyncio.to_thread(run_state_machine_as_test, seed(number)(machine), settings=how)


async def test_sessions_survive_what_they_should_and_nothing_else(fragile: RunningMesh) -> None:
    """The short form."""
    await walk(fragile, examples=4, steps=20, kills=1)


@pytest.mark.slow
async def test_sessions_survive_for_long(fragile: RunningMesh) -> None:
    """The long form."""
    await walk(fragile, examples=25, steps=40, kills=4)


async def test_auth_says_that_valkey_is_away_and_nobody_gets_in(fragile: RunningMesh) -> None:
    supervisor, topology = fragile.mesh.supervisor, fragile.topology
    address, tls = topology.address("auth"), topology.tls("gateway")

    async def says(answers: bool) -> None:
        async def look() -> bool | None:
            told = await probes.grpc_health(address, tls, ["", VALKEY])
            return True if told == {"": True, VALKEY: answers} else None

        await eventually(look, what=f"health of valkey: {answers}")

    async with fragile.client() as guest:
        someone = await person(guest, CANDIDATE)
        await says(True)
        await supervisor.stop("valkey")
        try:
            await says(False)
            for password in (PASSWORD, "wrong"):
                with pytest.raises(Unavailable) as refused:
                    await guest.with_token(None).sessions.sign_in(
                        email=someone.email, password=password
                    )
                # No word about the password: that it is right is not to be found out.
                assert refused.value.reason == "DEPENDENCY_DOWN"
        finally:
            await supervisor.start_again("valkey")
        await says(True)
        assert (await passes(someone.client.accounts.get_me)).user.id == someone.id
