"""Calls that go on while something is changed under them."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from weneeds import AsyncWeNeeds

from tests.support.people import RECRUITER, Person, person

_PATIENCE_SECONDS = 30


class Calls:
    """Calls without a pause, from several callers, until told to stop."""

    def __init__(self, base_url: str, guest: AsyncWeNeeds, team: list[Person]) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self._going = True
        self._tasks = [
            asyncio.create_task(work)
            for one in team
            for work in (self._native(one), self._rest(base_url, one), self._new_people(guest))
        ]

    async def _native(self, one: Person) -> None:
        await self._again(one.client.accounts.get_me)

    async def _rest(self, base_url: str, one: Person) -> None:
        async with httpx.AsyncClient(base_url=base_url, timeout=20) as client:

            async def call() -> None:
                (await client.get("/api/v1/jobs", headers=one.bearer)).raise_for_status()

            await self._again(call)

    async def _new_people(self, guest: AsyncWeNeeds) -> None:
        """Sessions that no service has seen yet make services ask each other."""

        async def call() -> None:
            someone = await person(guest, RECRUITER)
            await someone.client.jobs.list_jobs()

        await self._again(call)

    async def _again(self, call: Any) -> None:
        while self._going:
            try:
                await call()
            except Exception as error:
                self.failed.append(repr(error))
            else:
                self.answered += 1

    async def enough(self, more: int) -> None:
        """Wait for so many further answers."""
        goal = self.answered + more
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while self.answered < goal and not self.failed:
                await asyncio.sleep(0.02)

    async def end(self) -> None:
        self._going = False
        await asyncio.gather(*self._tasks)
