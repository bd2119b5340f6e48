"""kill -9, one after the other, while people are being hired: nothing is lost or counted twice."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest

from stack.supervisor import Supervisor
from stack.topology import SERVICES
from tests.chaos.hiring import PASSING, Flow, begin
from tests.conftest import RunningMesh

pytestmark = pytest.mark.mesh

BACK_SECONDS = 60.0


async def kill(supervisor: Supervisor, name: str, number: signal.Signals) -> None:
    """End a process and wait until its successor serves."""
    pid = supervisor.running[name].pid
    supervisor.running[name].signal(number)
    deadline = time.monotonic() + BACK_SECONDS
    while time.monotonic() < deadline:
        running = supervisor.running[name]
        alive = running.pid != pid and running.exit_code is None
        if alive and await running.program.ready(running.pid):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} did not come back")


async def kill_under_load(
    flow: Flow, *names: str, applications: int, number: signal.Signals = signal.SIGKILL
) -> None:
    """Kill processes together, in the middle of so many applications."""
    supervisor = flow.mesh.mesh.supervisor
    work = [asyncio.create_task(flow.one()) for _ in range(applications)]
    # Let them get on the way: some calls are answered, some are not.
    await asyncio.wait(work, timeout=0.15, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*(kill(supervisor, name, number) for name in names))
    await asyncio.gather(*work)


async def test_everything_is_killed_once(fragile: RunningMesh) -> None:
    """The short form: the services together, then what they stand on, one by one."""
    flow = await begin(fragile, seekers=14)
    await kill_under_load(flow, *SERVICES, applications=4)
    for name in ("nats", "postgres", "valkey", "gateway"):
        await kill_under_load(flow, name, applications=2)
    await asyncio.gather(flow.one(), flow.one())
    await flow.check()
    assert set(flow.told) <= PASSING


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SERVICES, "nats", "postgres", "valkey", "gateway"])
async def test_each_is_killed_again_and_again(fragile: RunningMesh, name: str) -> None:
    """The long form: each alone, three times, under more load."""
    flow = await begin(fragile, seekers=20)
    for _ in range(3):
        await kill_under_load(flow, name, applications=6)
    await asyncio.gather(flow.one(), flow.one())
    await flow.check()
    assert set(flow.told) <= PASSING


@pytest.mark.slow
@pytest.mark.parametrize("name", SERVICES)
async def test_each_is_told_to_stop_under_load(fragile: RunningMesh, name: str) -> None:
    """A deployment's way: SIGTERM, and the calls in flight are finished."""
    flow = await begin(fragile, seekers=12)
    for _ in range(2):
        await kill_under_load(flow, name, applications=5, number=signal.SIGTERM)
    await asyncio.gather(flow.one(), flow.one())
    await flow.check()
    assert set(flow.told) <= PASSING
