"""Load: closed loops, contestants taken in turns."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Round, quantile
from bench.processes import cpu_seconds

Call = Callable[[], Awaitable[bytes]]
Tick = Callable[[], None]


@dataclass(frozen=True)
class Contestant:
    """What is called, and the process whose CPU that costs."""

    call: Call
    pid: int


async def closed_loop(call: Call, count: int, in_flight: int) -> list[float]:
    """Call `count` times with `in_flight` at once; return the latencies in microseconds."""
    latencies: list[float] = []
    left = count

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            started = time.perf_counter()
            await call()
            latencies.append((time.perf_counter() - started) * 1e6)

    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(caller())
    return latencies


async def one_round(contestant: Contestant, count: int, in_flight: int) -> Round:
    """Measure one contestant once."""
    gc.collect()
    cpu, started = cpu_seconds(contestant.pid), time.perf_counter()
    latencies = await closed_loop(contestant.call, count, in_flight)
    seconds = time.perf_counter() - started
    spent = cpu_seconds(contestant.pid) - cpu
    return Round(
        cpu=spent * 1e6 / count,
        p50=quantile(latencies, 0.5),
        p99=quantile(latencies, 0.99),
        per_second=count / seconds,
    )


async def interleaved(
    contestants: Mapping[str, Contestant], rounds: int, count: int, in_flight: int, tick: Tick
) -> dict[str, Sequence[Round]]:
    """Measure A B C, B C A, C A B ...: what the machine does meanwhile falls on all of them.

    A first turn of each warms up and is thrown away; `tick` is called after every turn.
    """
    names = list(contestants)
    found: dict[str, list[Round]] = {name: [] for name in names}
    for name in names:
        await closed_loop(contestants[name].call, count, in_flight)
        tick()
    for turn in range(rounds):
        shift = turn % len(names)
        for name in names[shift:] + names[:shift]:
            found[name].append(await one_round(contestants[name], count, in_flight))
            tick()
    return dict(found)
