"""How long a committed event takes to its committed effect, and how fast a backlog goes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bench.figures import Figure, Target, quantile
from bench.scene import Scene
from bench.servers.effects import SCHEMA, create_tables
from bench.wire import BadAnswer
from stack.process import tail

_GROUP = "events"
_RATE = 500
_WARM_UP_SECONDS = 1
_ALONE = 200
_BOUND_MS = 5
_DRAIN = 12_000
_LIMIT_SECONDS = 300
# An answer is one line with a number for each event.
_LINE_BYTES = 16 * 2**20


class _End:
    """A process of bench.servers.events."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self._process = process
        self._log = log

    async def ask(self, what: str, **values: float) -> Any:
        """Send a command and return the answer. Raises BadAnswer and TimeoutError."""
        stdin, stdout = self._process.stdin, self._process.stdout
        if stdin is None or stdout is None:
            raise BadAnswer("no pipes")
        if what:
            stdin.write(json.dumps({"do": what, **values}).encode() + b"\n")
            await stdin.drain()
        async with asyncio.timeout(_LIMIT_SECONDS):
            line = await stdout.readline()
        if not line:
            raise BadAnswer(f"the process ended: {tail(self._log, 3)}")
        return json.loads(line)


@asynccontextmanager
async def _end(scene: Scene, role: str) -> AsyncIterator[_End]:
    topology = scene.topology
    url = f"{topology.admin_url}?search_path={SCHEMA}"
    path = _log(topology.log(f"bench-{role}"))
    with path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.servers.events", role, url, topology.nats_url,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, limit=_LINE_BYTES,
        )  # fmt: skip
        end = _End(process, path)
        try:
            await end.ask("")
            yield end
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


def _log(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


async def events(scene: Scene) -> list[Figure]:
    """Latency at a steady rate, then three ways to drain."""
    await create_tables(scene.topology.admin_url)
    tick = scene.steps(f"events: {_RATE}/s, then a backlog", 6)
    async with _end(scene, "emit") as emitter, _end(scene, "take") as taker:
        figures = await _alone(emitter)
        tick()
        await emitter.ask("relay")
        await taker.ask("take")
        figures += await _paced(scene, emitter, taker)
        tick()
        first = 10_000_000
        figures.append(await _both(scene, emitter, taker, first))
        tick()
        return figures + await _stages(scene, emitter, taker, 2 * first, tick)


async def _alone(emitter: _End) -> list[Figure]:
    """What the machine asks for the two steps that no event goes without."""
    took = await emitter.ask("alone", count=_ALONE)
    return [
        Figure(_GROUP, f"{what} alone, confirmed by the disk, p50", quantile(ms, 0.5), "ms")
        for what, ms in ((what, [ns / 1e6 for ns in each]) for what, each in took.items())
    ]


async def _paced(scene: Scene, emitter: _End, taker: _End) -> list[Figure]:
    seconds = scene.amount.paced_seconds + _WARM_UP_SECONDS
    committed = await emitter.ask("paced", first=0, rate=_RATE, seconds=seconds)
    effects = await taker.ask("taken", first=0, count=len(committed))
    warm = _RATE * _WARM_UP_SECONDS
    took = [(b - a) / 1e6 for a, b in zip(committed, effects, strict=True)][warm:]
    p99 = f"p99 {quantile(took, 0.99):.1f} ms, worst {max(took):.1f} ms, {len(took):,} events"
    what = f"commit to committed effect at {_RATE}/s, p50"
    return [Figure(_GROUP, what, quantile(took, 0.5), "ms", Target(_BOUND_MS), p99)]


async def _both(scene: Scene, emitter: _End, taker: _End, first: int) -> Figure:
    count = scene.amount.backlog
    await emitter.ask("pause")
    await emitter.ask("backlog", first=first, count=count)
    began = await emitter.ask("relay")
    effects = await taker.ask("taken", first=first, count=count)
    rate = count / ((max(effects) - began) / 1e9)
    what = "drained, outbox to committed effect"
    target = Target(_DRAIN, at_most=False)
    return Figure(_GROUP, what, rate, "/s", target, f"{count:,} events")


async def _stages(scene: Scene, emitter: _End, taker: _End, first: int, tick: Any) -> list[Figure]:
    count = scene.amount.backlog
    await taker.ask("pause")
    await emitter.ask("pause")
    await emitter.ask("backlog", first=first, count=count)
    tick()
    began = await emitter.ask("relay")
    relayed = count / ((await emitter.ask("emptied") - began) / 1e9)
    tick()
    began = await taker.ask("take")
    effects = await taker.ask("taken", first=first, count=count)
    handled = count / ((max(effects) - began) / 1e9)
    tick()
    return [
        Figure(_GROUP, "drained, outbox to JetStream alone", relayed, "/s"),
        Figure(_GROUP, "drained, JetStream to committed effect alone", handled, "/s"),
    ]
