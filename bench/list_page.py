"""ListApplications with everything around it, against the same page bare and in an ORM."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from weneeds.jobs.v1 import application_service_pb2 as pb

from bench.figures import Figure, Summary, Target, median_ratio
from bench.load import Call, Contestant, interleaved
from bench.processes import listens, running
from bench.scene import Scene
from bench.wire import (
    BadAnswer,
    HttpConnections,
    like_the_gateway,
    secure_channel,
    unary,
)
from stack import ports, probes

PATH = "/weneeds.jobs.v1.ApplicationService/ListApplications"
_GROUP = "list"
_IN_FLIGHT = 16
_OURS, _BARE, _ORM = "service", "bare", "orm"


@dataclass(frozen=True)
class _Servers:
    service: Contestant
    bare: Contestant
    orm: Contestant


async def list_page(scene: Scene) -> list[Figure]:
    """CPU of the server process for a page of 20 out of 10,000 applications."""
    async with _servers(scene) as servers:
        await _same_answer(servers)
        contestants = {_OURS: servers.service, _BARE: servers.bare, _ORM: servers.orm}
        amount = scene.amount
        tick = scene.steps("list applications: service, bare, ORM", 3 * (amount.rounds + 1))
        found = await interleaved(contestants, amount.rounds, amount.page_calls, _IN_FLIGHT, tick)
    ours, bare, orm = (Summary.of(found[name]) for name in (_OURS, _BARE, _ORM))
    against_bare = 1 / median_ratio(found[_OURS], found[_BARE])
    against_orm = median_ratio(found[_OURS], found[_ORM])
    return [
        Figure(_GROUP, "CPU, whole chain", ours.cpu / 1000, "ms", Target(0.8), ours.beside()),
        Figure(_GROUP, "CPU, bare grpc.aio + asyncpg", bare.cpu / 1000, "ms", None, bare.beside()),
        Figure(_GROUP, "CPU, FastAPI + SQLAlchemy ORM", orm.cpu / 1000, "ms", None, orm.beside()),
        Figure(_GROUP, "times the CPU of bare", against_bare, "x", Target(1.3)),
        Figure(_GROUP, "cheaper than FastAPI + ORM", against_orm, "x", Target(3, at_most=False)),
    ]


@asynccontextmanager
async def _servers(scene: Scene) -> AsyncIterator[_Servers]:
    """Three processes on the same database, and one call for each."""
    topology = scene.topology
    token = await scene.token()
    service_port, bare_port, orm_port = ports.choose(), ports.choose(), ports.choose()
    url, tls = topology.database_url("jobs"), topology.tls("jobs")
    gateway = topology.tls("gateway")
    async with AsyncExitStack() as stack:

        async def started(name: str, port: int, *command: str) -> int:
            environment = topology.environment() | {"WENEEDS_JOBS_PORT": str(port)}
            ready = listens(port)
            if name == _OURS:
                address = f"127.0.0.1:{port}"

                async def ready(_: int) -> bool:
                    return await probes.grpc_is_serving(address, gateway)

            program = running(
                f"bench-{name}", (sys.executable, "-m", *command), environment,
                topology.log(f"bench-{name}"), ready,
            )  # fmt: skip
            return await stack.enter_async_context(program)

        request = pb.ListApplicationsRequest(company_id=scene.company_id)

        async def grpc_call(port: int) -> Call:
            channel = secure_channel(f"127.0.0.1:{port}", "jobs", gateway)
            await stack.enter_async_context(channel)
            return unary(channel, PATH, request, like_the_gateway(token))

        service = await started(_OURS, service_port, "services.run", "jobs")
        bare = await started(_BARE, bare_port, "bench.peers.bare", str(bare_port), url, str(tls))
        orm = await started(_ORM, orm_port, "bench.peers.fastapi_orm", str(orm_port), url)
        http = await stack.enter_async_context(HttpConnections(orm_port))
        get = http.request("GET", f"/applications?company_id={scene.company_id}", {})
        yield _Servers(
            Contestant(await grpc_call(service_port), service),
            Contestant(await grpc_call(bare_port), bare),
            Contestant(get, orm),
        )


async def _same_answer(servers: _Servers) -> None:
    """Compare the three pages: a peer that does less would be no peer. Raises BadAnswer."""
    ours = pb.ListApplicationsResponse.FromString(await servers.service.call())
    bare = pb.ListApplicationsResponse.FromString(await servers.bare.call())
    ours.next_page_token = ""
    if ours != bare or len(ours.applications) != 20:
        raise BadAnswer("the bare peer answers another page")
    orm = json.loads(await servers.orm.call())
    ids = [application["id"] for application in orm["applications"]]
    if ids != [a.id for a in ours.applications] or orm["total_size"] != ours.total_size:
        raise BadAnswer("the ORM peer answers another page")
