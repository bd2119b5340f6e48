"""What is slow holds no connection: a unit of work begins with its first statement."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import pytest
from weneeds.auth.v1.account_service_pb2 import RegisterRequest, RegisterResponse
from weneeds.auth.v1.company_service_pb2 import RemoveCollaboratorRequest
from weneeds.auth.v1.user_pb2 import User
from weneeds.options.v1.role_pb2 import COMPANY_ROLE_ADMIN

from services.kit.call import prepared
from services.kit.db import Query
from tests.mesh.house.acts import WRITE
from tests.mesh.house.conftest import Kit, Stores
from tests.mesh.house.servers import Handlers, accounts, companies, serving

pytestmark = pytest.mark.filterwarnings("ignore:EdDSA is deprecated")

# More than a service has writer connections.
MANY = 12
_BUSY = Query.text(
    """
    select count(*) n from pg_stat_activity
    where usename = current_user and state like 'idle in transaction%'
    """
)


class Gate:
    """Lets calls in, counts them and holds them until it opens."""

    def __init__(self) -> None:
        self.waiting = 0
        self.all_in = asyncio.Event()
        self.open = asyncio.Event()

    async def __call__(self, request: Any) -> None:
        self.waiting += 1
        if self.waiting == MANY:
            self.all_in.set()
        await self.open.wait()


async def busy(kit: Kit) -> int:
    """How many transactions of the service are open, by what Postgres says."""
    row = await kit.database.reader.fetch_one(_BUSY)
    assert row is not None
    return int(row["n"])


def registration() -> RegisterRequest:
    return RegisterRequest(
        request_id=str(uuid4()),
        email=f"kit-{uuid4()}@example.org",
        password="correct horse battery",
        first_name="Fictive",
        last_name="Personne",
        role="USER_ROLE_RECRUITER",
    )


async def test_what_is_prepared_holds_no_connection(stores: Stores, kit: Kit) -> None:
    gate, hashes = Gate(), iter(range(MANY + 1))

    async def prepare(request: RegisterRequest) -> int:
        await gate(request)
        return next(hashes)

    async def register(request: RegisterRequest) -> RegisterResponse:
        return RegisterResponse(user=User(first_name=f"hash {prepared()}"))

    handlers = Handlers(register=register, prepare_register=prepare)
    async with serving(stores.topology, handlers) as servers, servers.channel() as channel:
        requests = [registration() for _ in range(MANY)]
        calls = [asyncio.ensure_future(accounts(channel).Register(each)) for each in requests]
        async with asyncio.timeout(20):
            await gate.all_in.wait()
        assert await busy(kit) == 0
        gate.open.set()
        answers = await asyncio.gather(*calls)
        assert {answer.user.first_name for answer in answers} == {f"hash {n}" for n in range(MANY)}
        # A repetition prepares once more and gets the first answer.
        again = await accounts(channel).Register(requests[0])
        assert again == answers[0]


async def test_an_audited_call_holds_none_before_its_first_statement(
    stores: Stores, kit: Kit
) -> None:
    gate = Gate()
    handlers = Handlers(add_collaborator=gate)
    async with serving(stores.topology, handlers) as servers, servers.channel() as channel:
        company_id = str(uuid4())
        handlers.memberships[company_id] = COMPANY_ROLE_ADMIN
        before = await kit.count("audit")
        request = RemoveCollaboratorRequest(company_id=company_id, user_id=str(uuid4()))
        remove = companies(channel).RemoveCollaborator
        bearer = servers.bearer()
        calls = [asyncio.ensure_future(remove(request, metadata=bearer)) for _ in range(MANY)]
        async with asyncio.timeout(20):
            await gate.all_in.wait()
        assert await busy(kit) == 0
        gate.open.set()
        await asyncio.gather(*calls)
        assert await kit.count("audit") == before + MANY


async def test_a_unit_begins_with_its_first_statement(kit: Kit) -> None:
    async with kit.work() as work:
        assert await busy(kit) == 0
        await work.execute(WRITE, id=str(uuid4()))
        assert await busy(kit) == 1
    assert await busy(kit) == 0


async def test_a_unit_without_a_statement_commits(kit: Kit) -> None:
    done: list[str] = []
    async with kit.work() as work:
        work.after_commit(lambda: done.append("committed"))
    assert done == ["committed"]
