"""The pump: one task a job, no wake-up lost, no failure spread."""

from __future__ import annotations

import asyncio
from collections import Counter

from services.payment.app.pump import Pump


async def test_a_job_is_settled_by_one_task_at_a_time_and_again_when_woken_meanwhile() -> None:
    gate = asyncio.Event()
    runs: Counter[str] = Counter()
    inside: Counter[str] = Counter()
    most = 0

    async def settle(job_id: str) -> None:
        nonlocal most
        runs[job_id] += 1
        inside[job_id] += 1
        most = max(most, inside[job_id])
        await gate.wait()
        inside[job_id] -= 1

    pump = Pump(settle)
    pump.wake("a")
    await asyncio.sleep(0)
    for _ in range(5):
        pump.wake("a")
    pump.wake("b")
    gate.set()
    await pump.idle()
    assert runs == {"a": 2, "b": 1}
    assert most == 1


async def test_a_failure_is_left_to_the_minute_job_and_the_next_wake_works() -> None:
    tries = 0

    async def settle(job_id: str) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise OSError("Postgres is away")

    pump = Pump(settle)
    pump.wake("a")
    await pump.idle()
    pump.wake("a")
    await pump.idle()
    assert tries == 2


async def test_only_so_many_jobs_at_once() -> None:
    gate = asyncio.Event()
    inside = 0

    async def settle(job_id: str) -> None:
        nonlocal inside
        inside += 1
        await gate.wait()

    pump = Pump(settle, width=3)
    for number in range(10):
        pump.wake(str(number))
    for _ in range(5):
        await asyncio.sleep(0)
    assert inside == 3
    gate.set()
    await pump.idle()
    assert inside == 10


async def test_stopping_cancels_what_runs() -> None:
    cancelled = False

    async def settle(job_id: str) -> None:
        nonlocal cancelled
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled = True
            raise

    pump = Pump(settle)
    pump.wake("a")
    await asyncio.sleep(0)
    await pump.stop()
    assert cancelled
