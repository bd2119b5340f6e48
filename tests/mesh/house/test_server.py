"""A service under way: traces, deadlines, audit, failing, and going without losing a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import grpc
import pytest
from grpc_health.v1.health_pb2 import HealthCheckResponse
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from weneeds.auth.v1.account_service_pb2 import GetMeRequest, RegisterRequest
from weneeds.auth.v1.company_service_pb2 import AddCollaboratorRequest
from weneeds.auth.v1.directory_service_pb2 import GetAccessRequest
from weneeds.auth.v1.directory_service_pb2_grpc import DirectoryServiceStub
from weneeds.jobs.events.v1.events_pb2 import OfferClosed
from weneeds.options.v1.role_pb2 import COMPANY_ROLE_ADMIN, COMPANY_ROLE_VIEWER

from services.kit.access import AccessCache, RemoteAccess
from services.kit.audit import verify
from services.kit.call import current_call
from services.kit.consumer import Consumer
from services.kit.db import Query
from services.kit.errors import DeadlineTooShort
from services.kit.telemetry import trace_id
from tests.mesh.house.conftest import Kit, Stores
from tests.mesh.house.servers import Handlers, Servers, accounts, companies, health, serving
from tests.support import errors
from tests.support.tokens import signed

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = ("traceparent", f"00-{TRACE}-b7ad6b7169203331-01")


def registration() -> RegisterRequest:
    return RegisterRequest(
        request_id=str(uuid4()),
        email=f"kit-{uuid4()}@example.org",
        password="correct horse battery",
        first_name="Fictive",
        last_name="Personne",
        role="USER_ROLE_RECRUITER",
    )


def ids() -> GetAccessRequest:
    return GetAccessRequest(user_id=str(uuid4()), session_id=str(uuid4()))


@pytest.fixture(scope="module")
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    yield exporter
    provider.shutdown()


async def ask_auth(servers: Servers) -> None:
    """What a handler does that needs another service."""
    await DirectoryServiceStub(servers.kit.channels.to("auth")).GetAccess(ids())


async def test_one_trace_from_the_caller_to_the_last_consumer(
    stores: Stores, kit: Kit, spans: InMemorySpanExporter
) -> None:
    seen: dict[str, str] = {}
    done = asyncio.Event()
    job = str(uuid4())

    async def register(request: Any) -> None:
        seen["rpc"] = trace_id()
        async with servers.kit.work() as work:
            work.publish(OfferClosed(job_id=job, version=1))

    async def event(event: OfferClosed) -> None:
        if event.job_id == job:
            seen["consumer"] = trace_id()
            await ask_auth(servers)
            done.set()

    async def access(call: Any) -> None:
        seen["second hop"] = trace_id()

    consumer = Consumer(f"jobs-trace-{uuid4().hex[:8]}", OfferClosed, event)
    handlers = Handlers(register=register, event=event, access=access)
    async with (
        serving(stores.topology, handlers, [consumer]) as servers,
        servers.channel() as channel,
    ):
        await accounts(channel).Register(registration(), metadata=(PARENT,))
        async with asyncio.timeout(20):
            await done.wait()
    assert seen == {"rpc": TRACE, "consumer": TRACE, "second hop": TRACE}
    ours = [
        s for s in spans.get_finished_spans() if s.context and s.context.trace_id == int(TRACE, 16)
    ]
    names = {span.name for span in ours}
    assert "/weneeds.auth.v1.AccountService/Register" in names
    assert f"{consumer.name} handle" in names
    assert "/weneeds.auth.v1.DirectoryService/GetAccess" in names
    # One chain, not three roots under one id.
    known = {span.context.span_id for span in ours if span.context} | {0xB7AD6B7169203331}
    assert all(span.parent and span.parent.span_id in known for span in ours)


async def test_a_deadline_travels_less_a_margin(stores: Stores) -> None:
    left: dict[str, float] = {}

    async def me(request: Any) -> None:
        call = current_call()
        assert call is not None
        assert call.deadline is not None
        left["first"] = call.deadline - time.monotonic()
        await ask_auth(servers)

    async def access(call: Any) -> None:
        left["second"] = call[1].time_remaining()

    handlers = Handlers(me=me, access=access)
    async with serving(stores.topology, handlers) as servers, servers.channel() as channel:
        await accounts(channel).GetMe(GetMeRequest(), metadata=servers.bearer(), timeout=8)
        # The wire rounds what is left up to whole milliseconds.
        assert 0 < left["second"] < left["first"] - 0.01 < 8
        await accounts(channel).GetMe(GetMeRequest(), metadata=servers.bearer(), timeout=60)
        # Nobody waits for another service as long as that.
        assert left["second"] < 11 < left["first"]


async def test_too_little_time_is_not_begun(stores: Stores) -> None:
    reached: list[str] = []

    async def me(request: Any) -> None:
        call = current_call()
        assert call is not None
        call.deadline = time.monotonic() + 0.01
        with pytest.raises(DeadlineTooShort):
            await ask_auth(servers)
        reached.append("me")
        await ask_auth(servers)

    async def access(call: Any) -> None:
        reached.append("auth")

    handlers = Handlers(me=me, access=access)
    async with serving(stores.topology, handlers) as servers, servers.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await accounts(channel).GetMe(GetMeRequest(), metadata=servers.bearer(), timeout=5)
        assert errors.of_grpc(refused.value).reason == "DEADLINE_TOO_SHORT"
        assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED
    assert reached == ["me"]


async def test_an_unexpected_failure_tells_nothing(stores: Stores) -> None:
    async def me(request: Any) -> None:
        raise RuntimeError("select password from users: 127.0.0.1:5432")

    async with serving(stores.topology, Handlers(me=me)) as servers, servers.channel() as channel:
        metadata = (*servers.bearer(), ("x-request-id", "abc"), ("accept-language", "en"))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await accounts(channel).GetMe(GetMeRequest(), metadata=metadata)
    problem = errors.of_grpc(refused.value, "en")
    assert (problem.reason, refused.value.code()) == ("INTERNAL", grpc.StatusCode.INTERNAL)
    assert problem.details["RequestInfo"]["requestId"] == "abc"
    assert "password" not in str(problem)


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        ({"access": "admin"}, "TOKEN_TYPE"),
        ({"exp": int(time.time()) - 1}, "TOKEN_EXPIRED"),
        ({"exp": "never"}, "TOKEN_INVALID"),
        ({"iss": "https://elsewhere.example"}, "TOKEN_INVALID"),
        ({"aud": "weneeds-admin"}, "TOKEN_INVALID"),
        ({"nbf": int(time.time()) + 600}, "TOKEN_INVALID"),
        ({"role": "ADMIN"}, "TOKEN_INVALID"),
        ({"sub": "' or 1=1"}, "TOKEN_INVALID"),
    ],
)
async def test_tokens_that_are_signed_and_wrong(
    stores: Stores, claims: dict[str, object], reason: str
) -> None:
    """Behind the gateway's back: a service believes nobody."""
    async with shared(stores) as servers, servers.channel() as channel:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await accounts(channel).GetMe(GetMeRequest(), metadata=servers.bearer(**claims))
    assert errors.of_grpc(refused.value).reason == reason


def shared(stores: Stores) -> Any:
    return serving(stores.topology, Handlers())


async def test_audited_calls_leave_a_row_whatever_their_end(stores: Stores, kit: Kit) -> None:
    company_id = str(uuid4())
    handlers = Handlers(memberships={company_id: COMPANY_ROLE_ADMIN})
    request = AddCollaboratorRequest(
        request_id=str(uuid4()),
        company_id=company_id,
        email="fictive@example.org",
        role="COMPANY_ROLE_VIEWER",
    )
    async with serving(stores.topology, handlers) as servers, servers.channel() as channel:
        before = await kit.count("audit")
        stub = companies(channel)
        await stub.AddCollaborator(request, metadata=servers.bearer())
        handlers.memberships = {company_id: COMPANY_ROLE_VIEWER}
        for again in (servers.bearer(), servers.bearer(role="CANDIDATE")):
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.AddCollaborator(request, metadata=again)
    rows = await kit.database.reader.fetch(
        Query.text("select * from audit where seq > :seq order by seq"), seq=before
    )
    told = [(row["success"], row["reason"], row["action"]) for row in rows]
    assert told == [
        (True, "", "ADD_COLLABORATOR"),
        (False, "SCOPE_DENIED", "ADD_COLLABORATOR"),
        (False, "ROLE_REQUIRED", "ADD_COLLABORATOR"),
    ]
    assert rows[0]["resource_id"] == rows[0]["company_id"] == company_id
    assert (await verify(kit.database.reader))[1] is None


async def test_a_stopping_service_says_so_and_finishes_what_it_began(stores: Stores) -> None:
    begun, finish = asyncio.Event(), asyncio.Event()

    async def me(request: Any) -> None:
        begun.set()
        await finish.wait()

    async with serving(stores.topology, Handlers(me=me)) as servers, servers.channel() as channel:
        assert await health(channel) == HealthCheckResponse.SERVING
        slow = [
            asyncio.ensure_future(
                accounts(channel).GetMe(GetMeRequest(), metadata=servers.bearer())
            )
            for _ in range(20)
        ]
        await begun.wait()
        began = time.monotonic()
        stopping = asyncio.create_task(servers.front.stop())
        await asyncio.sleep(0)
        async with asyncio.timeout(5):
            while await health(channel) != HealthCheckResponse.NOT_SERVING:
                await asyncio.sleep(0.01)
        # Who has not noticed yet is still served.
        late = asyncio.ensure_future(
            accounts(channel).GetMe(GetMeRequest(), metadata=servers.bearer())
        )
        # Longer than the time in which callers are to notice.
        await asyncio.sleep(1.0)
        finish.set()
        answers = await asyncio.gather(*slow, late, return_exceptions=True)
        assert not [answer for answer in answers if isinstance(answer, BaseException)]
        await stopping
        assert time.monotonic() - began < 5


async def test_a_lookup_does_not_inherit_the_hurry_of_who_began_it(stores: Stores) -> None:
    """Two calls of one session share a lookup; the patient one is served."""
    release = asyncio.Event()

    async def access(call: Any) -> None:
        await release.wait()

    async def me(request: Any) -> None:
        call = current_call()
        assert call is not None
        user = call.user
        assert user is not None
        await cache.get(user.id, user.session_id)

    handlers = Handlers(me=me, access=access)
    async with serving(stores.topology, handlers) as servers, servers.channel() as channel:
        cache = AccessCache(RemoteAccess(servers.kit.channels.to("auth")))
        mine = (("authorization", f"Bearer {signed(stores.topology)}"),)
        hurried = asyncio.ensure_future(
            accounts(channel).GetMe(GetMeRequest(), metadata=mine, timeout=0.3)
        )
        await asyncio.sleep(0.05)
        patient = asyncio.ensure_future(
            accounts(channel).GetMe(GetMeRequest(), metadata=mine, timeout=10)
        )
        with pytest.raises(grpc.aio.AioRpcError):
            await hurried
        release.set()
        await patient
