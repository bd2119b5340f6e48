"""How fast this machine is at what the targets are about: remote calls in Python.

The targets were set on a machine where grpc.aio spends 150 µs of CPU on a call that does
nothing. Where the same call costs three times that, so does all that is built on it.
"""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import Any

import grpc

from bench.figures import Figure, Summary
from bench.load import Contestant, interleaved
from bench.processes import listens, running
from bench.scene import Scene
from bench.servers.echo import PATH
from stack import ports

REFERENCE_US = 150
_IN_FLIGHT = 16
_BODY = b"x" * 40


async def yardstick(scene: Scene) -> list[Figure]:
    """CPU of the server process for an empty call, and what that says of the machine."""
    amount, port = scene.amount, ports.choose()
    command = (sys.executable, "-m", "bench.servers.echo", str(port))
    log = scene.topology.log("bench-echo")
    environment = scene.topology.environment()
    async with AsyncExitStack() as stack:
        program = running("bench-echo", command, environment, log, listens(port))
        pid = await stack.enter_async_context(program)
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(f"127.0.0.1:{port}"))
        method: Any = channel.unary_unary(PATH)

        async def call() -> bytes:
            answer: bytes = await method(_BODY)
            return answer

        tick = scene.steps("yardstick: a call that does nothing", amount.rounds + 1)
        contestants = {"echo": Contestant(call, pid)}
        found = await interleaved(contestants, amount.rounds, amount.unary_calls, _IN_FLIGHT, tick)
    cpu = Summary.of(found["echo"]).cpu
    beside = f"the targets' machine: {REFERENCE_US} µs"
    return [Figure("machine", "CPU of a call that does nothing", cpu, "µs", None, beside)]


def slowness(figures: list[Figure]) -> float:
    """How many times slower this machine is than that of the targets; at least 1."""
    found = [figure.value for figure in figures if figure.group == "machine"]
    return max(1.0, found[0] / REFERENCE_US) if found else 1.0
