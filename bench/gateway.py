"""What the way through the gateway adds, for each protocol."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from statistics import median

import grpc
from weneeds.auth.v1 import account_service_pb2 as pb

from bench.figures import Figure, Round, Summary, Target
from bench.load import Call, Contestant, interleaved
from bench.scene import Scene
from bench.wire import (
    HttpConnections,
    grpc_web_frame,
    like_the_gateway,
    secure_channel,
    unary,
)

_GROUP = "gateway"
_PATH = "/weneeds.auth.v1.AccountService/GetMe"
_DIRECT = "direct gRPC"
_BOUND_MS = 0.5


async def gateway(scene: Scene) -> list[Figure]:
    """The median latency of a cheap read, one at a time, through the gateway less without it."""
    amount = scene.amount
    envoy = scene.mesh.supervisor.running["gateway"].pid
    async with AsyncExitStack() as stack:
        calls = await _calls(scene, stack)
        contestants = {name: Contestant(call, envoy) for name, call in calls.items()}
        tick = scene.steps("gateway: direct, gRPC, gRPC-web, REST", 4 * (amount.rounds + 1))
        found = await interleaved(contestants, amount.rounds, amount.gateway_calls, 1, tick)
    direct = Summary.of(found[_DIRECT])
    figures = [Figure(_GROUP, "p50, direct gRPC", direct.p50 / 1000, "ms", None, _p99(direct))]
    for name in calls:
        if name == _DIRECT:
            continue
        through = Summary.of(found[name])
        beside = f"p50 {through.p50 / 1000:.2f} ms, {_p99(through)}, Envoy {through.cpu:.0f} µs CPU"
        added = _added_ms(found[name], found[_DIRECT])
        figures.append(Figure(_GROUP, f"p50 added, {name}", added, "ms", Target(_BOUND_MS), beside))
    return figures


def _p99(summary: Summary) -> str:
    return f"p99 {summary.p99 / 1000:.2f} ms"


def _added_ms(through: Sequence[Round], direct: Sequence[Round]) -> float:
    return median(a.p50 - b.p50 for a, b in zip(through, direct, strict=True)) / 1000


async def _calls(scene: Scene, stack: AsyncExitStack) -> dict[str, Call]:
    topology = scene.topology
    token = await scene.token()
    request = pb.GetMeRequest()
    direct = secure_channel(topology.address("auth"), "auth", topology.tls("gateway"))
    native = grpc.aio.insecure_channel(topology.gateway)
    await stack.enter_async_context(direct)
    await stack.enter_async_context(native)
    http = await stack.enter_async_context(HttpConnections(topology.public_port))
    bearer = {"authorization": f"Bearer {token}"}
    web = {**bearer, "content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
    return {
        _DIRECT: unary(direct, _PATH, request, like_the_gateway(token)),
        "gRPC": unary(native, _PATH, request, (("authorization", f"Bearer {token}"),)),
        "gRPC-web": http.request("POST", _PATH, web, grpc_web_frame(request)),
        "REST": http.request("GET", "/api/v1/me", bearer),
    }
