"""Two services of the test's own on the kit: the whole chain, with handlers that tests give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from weneeds.auth.v1 import account_service_pb2 as account
from weneeds.auth.v1 import company_service_pb2 as company
from weneeds.auth.v1 import directory_service_pb2 as directory
from weneeds.auth.v1 import error_reason_pb2
from weneeds.auth.v1.account_service_pb2_grpc import AccountServiceStub
from weneeds.auth.v1.company_service_pb2_grpc import CompanyServiceStub

from services.kit.access import Access
from services.kit.consumer import Consumer
from services.kit.host import RunningService
from services.kit.service import Endpoint, Resources, Service, Wiring
from services.kit.settings import Settings
from stack import certs, keys
from stack.topology import SERVICES, Topology
from tests.support.tokens import signed

Answer = Callable[[Any], Awaitable[Any]]
REASONS = [error_reason_pb2.DESCRIPTOR.enum_types_by_name["ErrorReason"]]


async def _nothing(request: Any) -> Any:
    return None


@dataclass
class Handlers:
    """What the services do when called; tests replace them."""

    me: Answer = _nothing
    register: Answer = _nothing
    # Before the unit of work of Register opens.
    prepare_register: Answer = _nothing
    add_collaborator: Answer = _nothing
    access: Answer = _nothing
    # Runs for each event that the consumer of the first service sees.
    event: Callable[[Any], Awaitable[None]] = _nothing
    # Who has which role where, as auth would tell.
    memberships: dict[str, int] = field(default_factory=dict)
    kit: Resources[Settings] | None = None


class _Servicer:
    """Answers the methods of all three descriptors."""

    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def GetMe(self, request: Any, context: Any) -> Any:
        return await self._handlers.me(request) or account.GetMeResponse()

    async def Register(self, request: Any, context: Any) -> Any:
        return await self._handlers.register(request) or account.RegisterResponse()

    async def GetAccess(self, request: Any, context: Any) -> Any:
        answer = await self._handlers.access((request, context))
        return answer or directory.GetAccessResponse(session_alive=True)

    async def ListContacts(self, request: Any, context: Any) -> Any:
        return directory.ListContactsResponse()

    async def AddCollaborator(self, request: Any, context: Any) -> Any:
        return await self._handlers.add_collaborator(request) or company.AddCollaboratorResponse()

    def __getattr__(self, name: str) -> Any:
        # The other methods of the descriptors: nobody calls them here.
        if name[0].isupper():
            return self.AddCollaborator
        raise AttributeError(name)


class _Everybody:
    def __init__(self, handlers: Handlers) -> None:
        self._handlers = handlers

    async def access(self, user_id: str, session_id: str) -> Access:
        return Access(session_alive=True, memberships=self._handlers.memberships)


@dataclass
class Servers:
    """The running pair: "jobs" is called from outside, "auth" by "jobs"."""

    topology: Topology
    front: RunningService
    handlers: Handlers

    @property
    def kit(self) -> Resources[Settings]:
        assert self.handlers.kit is not None
        return self.handlers.kit

    def channel(self) -> grpc.aio.Channel:
        """A connection as the gateway has one."""
        tls = self.topology.tls("gateway")
        credentials = grpc.ssl_channel_credentials(
            (tls / "ca.pem").read_bytes(),
            (tls / "key.pem").read_bytes(),
            (tls / "cert.pem").read_bytes(),
        )
        options = [("grpc.ssl_target_name_override", "jobs.weneeds.internal")]
        return grpc.aio.secure_channel(self.topology.address("jobs"), credentials, options)

    def bearer(self, **more: object) -> tuple[tuple[str, str], ...]:
        """Metadata of a signed-in recruiter."""
        return (("authorization", f"Bearer {signed(self.topology, **more)}"),)


@asynccontextmanager
async def serving(
    topology: Topology, handlers: Handlers, consumers: Sequence[Consumer] = (), **settings: str
) -> AsyncIterator[Servers]:
    """Run both services until the block ends."""
    certs.ensure(topology.state / "tls", [*SERVICES, "gateway"])
    keys.ensure(topology.signing_keys, topology.jwks)
    environment = {**topology.environment(), **settings}
    servicer = _Servicer(handlers)

    async def front(kit: Resources[Settings]) -> Wiring:
        handlers.kit = kit
        endpoints = [
            _endpoint(account, servicer, {"Register": handlers.prepare_register}),
            _endpoint(company, servicer),
        ]
        return Wiring(
            endpoints,
            REASONS,
            consumers,
            rules={"fresh_factor_for_email": _everything},
            access=_Everybody(handlers),
        )

    async def back(kit: Resources[Settings]) -> Wiring:
        return Wiring([_endpoint(directory, servicer)], REASONS, access=_Everybody(handlers))

    running = [
        RunningService(Service(name, wire, Path()), Settings.load(name, environment))
        for name, wire in (("jobs", front), ("auth", back))
    ]
    await asyncio.gather(*(service.start() for service in running))
    try:
        yield Servers(topology, running[0], handlers)
    finally:
        await asyncio.gather(*(service.stop() for service in running))


async def _everything(call: Any, message: Any) -> None:
    """The policy function of a contract that is not under test here."""


def _endpoint(
    module: Any, servicer: object, prepare: Mapping[str, Answer] | None = None
) -> Endpoint:
    [descriptor] = module.DESCRIPTOR.services_by_name.values()
    return Endpoint(descriptor, servicer, prepare or {})


def accounts(channel: grpc.aio.Channel) -> Any:
    """The stub; its methods take metadata and timeout."""
    return AccountServiceStub(channel)


def companies(channel: grpc.aio.Channel) -> Any:
    """The stub; its methods take metadata and timeout."""
    return CompanyServiceStub(channel)


async def health(channel: grpc.aio.Channel) -> int:
    """What the health service says."""
    answer = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())
    return cast("int", answer.status)
