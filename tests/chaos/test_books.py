"""A state machine over all that moves money, while Postgres, NATS, payment and the card
processor's stand-in are killed: nothing is lost, doubled or spent twice.

`WENEEDS_BOOKS_SEED` plays a run again; `WENEEDS_BOOKS_ACTIONS` and `WENEEDS_BOOKS_KILLS` say
how far the long form goes.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from weneeds.common.v1.action_pb2 import (
    ACTION_TYPE_APPLICATION_RECEIVED,
    ACTION_TYPE_INTERVIEW_FAILED,
    ACTION_TYPE_INTERVIEW_SUCCEEDED,
    ACTION_TYPE_MEETING_SCHEDULED,
)

from tests.chaos.bookkeeper import KILLED, Bookkeeper, begin
from tests.conftest import RunningMesh

pytestmark = pytest.mark.mesh

_STEP_SECONDS = 240
_jobs = st.integers(0, 2)
_kinds = st.sampled_from(
    [
        ACTION_TYPE_APPLICATION_RECEIVED,
        ACTION_TYPE_APPLICATION_RECEIVED,
        ACTION_TYPE_INTERVIEW_SUCCEEDED,
        ACTION_TYPE_INTERVIEW_FAILED,
        ACTION_TYPE_MEETING_SCHEDULED,
    ]
)
_scores = st.none() | st.integers(0, 100)
_places = st.integers(0, 10_000)
_actions = st.lists(st.tuples(_jobs, _kinds, _scores), min_size=1, max_size=6)


def _machine(
    keeper: Bookkeeper, loop: asyncio.AbstractEventLoop, copies: int
) -> type[RuleBasedStateMachine]:
    """The machine. Each drawn action happens to `copies` applications."""

    def run(work: Awaitable[Any]) -> None:
        asyncio.run_coroutine_threadsafe(_within(work), loop).result()

    def many(actions: list[tuple[int, Any, int | None]]) -> list[Callable[[], Awaitable[None]]]:
        return [
            partial(keeper.act, keeper.jobs[job], kind, score)
            for job, kind, score in actions
            for _ in range(copies)
        ]

    class Books(RuleBasedStateMachine):
        @rule(job=_jobs, euros=st.integers(1, 40))
        def fund(self, job: int, euros: int) -> None:
            run(keeper.fund(keeper.jobs[job], euros * copies))

        @rule(actions=_actions)
        def act(self, actions: list[Any]) -> None:
            run(keeper.burst(many(actions)))

        @rule(actions=_actions, places=st.lists(_places, max_size=8))
        def act_and_repeat(self, actions: list[Any], places: list[int]) -> None:
            repeats = [partial(keeper.again, place) for place in places]
            run(keeper.burst([*many(actions), *repeats, *repeats]))

        @rule(place=_places)
        def ask_otherwise(self, place: int) -> None:
            run(keeper.otherwise(place))

        @rule(job=_jobs)
        def pause(self, job: int) -> None:
            if keeper.funded[keeper.jobs[job]]:
                run(keeper.pause(keeper.jobs[job]))

        @rule(job=_jobs)
        def resume(self, job: int) -> None:
            if keeper.funded[keeper.jobs[job]]:
                run(keeper.resume(keeper.jobs[job]))

        @rule(name=st.sampled_from(KILLED), job=_jobs, euros=st.integers(1, 9), actions=_actions)
        def kill(self, name: str, job: int, euros: int, actions: list[Any]) -> None:
            """In the middle of everything else."""
            run(
                asyncio.wait_for(
                    _together(
                        keeper.burst(many(actions)),
                        keeper.fund(keeper.jobs[job], euros),
                        keeper.kill(name),
                    ),
                    _STEP_SECONDS,
                )
            )

    return Books


async def _together(*work: Awaitable[None]) -> None:
    await asyncio.gather(*work)


async def _within(work: Awaitable[Any]) -> Any:
    async with asyncio.timeout(_STEP_SECONDS):
        return await work


def _play(machine: type[RuleBasedStateMachine], number: int, examples: int, steps: int) -> None:
    chosen: Any = seed(number)(machine)
    run_state_machine_as_test(
        chosen,
        settings=settings(
            # The first is always the smallest that there is.
            max_examples=1 + examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            # A failure is not played again a hundred times to make it smaller.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )


def _first_seed() -> int:
    return int(os.environ.get("WENEEDS_BOOKS_SEED") or secrets.randbelow(2**32))


async def test_the_books_survive_whatever_happens(fragile: RunningMesh) -> None:
    """The short form: a few dozen steps."""
    number = _first_seed()
    print(f"WENEEDS_BOOKS_SEED={number}")
    async with AsyncExitStack() as stack:
        keeper = await begin(fragile, stack)
        machine = _machine(keeper, asyncio.get_running_loop(), copies=1)
        await asyncio.to_thread(_play, machine, number, 3, 7)
        for name in KILLED:
            if not keeper.kills[name]:
                await keeper.kill(name)
        # The minute jobs run when a process starts.
        await keeper.kill("payment")
        figures = await keeper.check()
        print(f"{keeper.figures}; {figures}")


@pytest.mark.slow
async def test_the_books_survive_a_hundred_thousand_actions(fragile: RunningMesh) -> None:
    """The long form: until there were as many actions and kills as asked for."""
    number = _first_seed()
    actions = int(os.environ.get("WENEEDS_BOOKS_ACTIONS", "100000"))
    kills = int(os.environ.get("WENEEDS_BOOKS_KILLS", "50"))
    started = time.monotonic()
    async with AsyncExitStack() as stack:
        keeper = await begin(fragile, stack)
        machine = _machine(keeper, asyncio.get_running_loop(), copies=190)
        while len(keeper.fees) < actions or sum(keeper.kills.values()) < kills:
            print(f"WENEEDS_BOOKS_SEED={number}: {keeper.figures}", flush=True)
            await asyncio.to_thread(_play, machine, number, 3, 20)
            number += 1
        figures = await keeper.check()
        seconds = time.monotonic() - started
        print(f"{keeper.figures}; {figures}; {seconds:.0f} s; told {dict(keeper.told)}")
