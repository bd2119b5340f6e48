"""What the layers around an RPC cost."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack

from weneeds.jobs.v1 import application_service_pb2 as pb

from bench.figures import Figure, Summary, Target, median_difference
from bench.list_page import PATH
from bench.load import Contestant, interleaved
from bench.processes import listens, running
from bench.scene import Scene
from bench.wire import like_the_gateway, secure_channel, unary
from stack import ports

_GROUP = "chain"
_IN_FLIGHT = 16
_CHAIN, _BARE = "chain", "bare"
_BOUND_US = 70


async def chain(scene: Scene) -> list[Figure]:
    """CPU of an RPC with a canned answer: whole chain, less the same handler registered bare."""
    figures: list[Figure] = []
    for level, what, bound in (
        ("DEBUG", "the layers, with a log line for each call", None),
        ("INFO", "the layers", Target(_BOUND_US)),
    ):
        figures += await _compare(scene, level, what, bound)
    return figures


async def _compare(scene: Scene, level: str, what: str, target: Target | None) -> list[Figure]:
    topology, amount = scene.topology, scene.amount
    token = await scene.token()
    port, bare_port = ports.choose(), ports.choose()
    environment = topology.environment() | {
        "WENEEDS_JOBS_PORT": str(port),
        "WENEEDS_LOG_LEVEL": level,
    }
    command = (sys.executable, "-m", "bench.servers.chain", str(bare_port))
    log = topology.log(f"bench-chain-{level}")
    request = pb.ListApplicationsRequest(company_id=scene.company_id)
    async with AsyncExitStack() as stack:
        program = running("bench-chain", command, environment, log, listens(port))
        pid = await stack.enter_async_context(program)
        contestants: dict[str, Contestant] = {}
        for name, at in ((_CHAIN, port), (_BARE, bare_port)):
            channel = secure_channel(f"127.0.0.1:{at}", "jobs", topology.tls("gateway"))
            await stack.enter_async_context(channel)
            call = unary(channel, PATH, request, like_the_gateway(token))
            contestants[name] = Contestant(call, pid)
        tick = scene.steps(f"chain: {what}", 2 * (amount.rounds + 1))
        found = await interleaved(contestants, amount.rounds, amount.unary_calls, _IN_FLIGHT, tick)
    bare = Summary.of(found[_BARE])
    whole = Summary.of(found[_CHAIN])
    extra = median_difference(found[_CHAIN], found[_BARE])
    beside = f"{whole.cpu:.0f} µs against {bare.cpu:.0f} µs bare"
    return [Figure(_GROUP, f"CPU of {what}", extra, "µs", target, beside)]
