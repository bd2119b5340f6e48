"""The people of the demo: they register once and sign in each time."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Literal, TypeVar

from weneeds import AlreadyExists, AsyncWeNeeds, InvalidArgument

from stack.samples import SamplePerson

Role = Literal["USER_ROLE_CANDIDATE", "USER_ROLE_RECRUITER"]
ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

_NAMESPACE = uuid.UUID("2f1c7d0a-3f7e-5d53-8a2c-6b8f3f2f9e11")
# Of fictitious people on a mesh that listens on this machine only.
_PASSWORD = "fictitious people only"  # noqa: S105
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who is signed in."""

    person: SamplePerson
    user_id: str
    weneeds: AsyncWeNeeds

    @property
    def name(self) -> str:
        """First and last name."""
        return self.person.name


def request_id(*parts: str) -> str:
    """Return the request id of a step that is walked once, however often the demo runs."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


async def enter(weneeds: AsyncWeNeeds, person: SamplePerson, role: Role) -> Actor:
    """Register the person unless the account exists, and sign in."""
    try:
        await weneeds.accounts.register(
            request_id=request_id("register", person.email),
            email=person.email,
            password=_PASSWORD,
            first_name=person.first_name,
            last_name=person.last_name,
            role=role,
            locale=person.locale,
        )
    except (AlreadyExists, InvalidArgument) as error:
        if error.reason not in ("EMAIL_TAKEN", "REQUEST_ID_REUSED"):
            raise
    own = weneeds.with_token(None)
    signed_in = await own.sessions.sign_in(email=person.email, password=_PASSWORD)
    return Actor(person, signed_in.user.id, own)


async def each(
    items: Iterable[ItemT], work: Callable[[ItemT], Awaitable[ResultT]]
) -> list[ResultT]:
    """Do `work` for all items, eight at a time; return the results in order."""
    slots = asyncio.Semaphore(_AT_ONCE)

    async def one(item: ItemT) -> ResultT:
        async with slots:
            return await work(item)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(item)) for item in items]
    return [task.result() for task in tasks]


async def until(
    what: str, probe: Callable[[], Awaitable[ResultT | None]], seconds: float
) -> ResultT:
    """Ask until there is an answer, with growing pauses; raise TimeoutError after `seconds`."""
    pause = 0.05
    try:
        async with asyncio.timeout(seconds):
            while (found := await probe()) is None:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, 1.0)
            return found
    except TimeoutError:
        raise TimeoutError(f"after {seconds:.0f} s still waiting for {what}") from None
