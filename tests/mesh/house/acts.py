"""What the tests of this folder do in a unit of work."""

from __future__ import annotations

from uuid import uuid4

from weneeds.jobs.events.v1.events_pb2 import ProfileUpdated

from services.kit.call import Call, User, set_current_call
from services.kit.contract import Method
from services.kit.db import Query
from tests.mesh.house.conftest import Kit

# What stands for state here.
WRITE = Query.text("insert into companies (id, name) values (cast(:id as uuid), 'Fictive')")


async def write(kit: Kit, key: str) -> None:
    """State and an event, in the unit at hand."""
    async with kit.work() as work:
        await work.execute(WRITE, id=key)
        work.publish(ProfileUpdated(candidate_id=key, version=1))


def calling(method: Method) -> Call:
    """Make a signed-in call the current one."""
    user = User(id=str(uuid4()), role="RECRUITER", session_id=str(uuid4()))
    call = Call(method=method, correlation_id=str(uuid4()), user=user)
    set_current_call(call)
    return call
