"""The three ways into the mesh, and what a caller meets at each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
import httpx
from google.protobuf.message import Message
from weneeds.options.v1.role_pb2 import USER_ROLE_CANDIDATE, USER_ROLE_RECRUITER

from services.kit.contract import Method
from tests.mesh.staffing import Admin
from tests.support import errors
from tests.support.contract import over_grpc, over_rest
from tests.support.errors import Problem
from tests.support.people import CANDIDATE, RECRUITER, Person, person
from tests.support.web import failed, over_web

ROLES = {USER_ROLE_CANDIDATE: CANDIDATE, USER_ROLE_RECRUITER: RECRUITER}


@dataclass(frozen=True)
class Doors:
    """REST, gRPC-web and gRPC."""

    channel: grpc.aio.Channel
    http: httpx.AsyncClient

    async def problems(
        self, method: Method, request: Message, caller: Person | Admin | None
    ) -> list[Problem | None]:
        """Knock at each; return what was refused, None where nothing was."""
        headers = {"accept-language": "en", **(caller.bearer if caller else {})}
        return [
            await self.over_rest(method, request, headers),
            await self.over_web(method, request, headers),
            await self.over_grpc(method, request, headers),
        ]

    async def reasons(
        self, method: Method, request: Message, caller: Person | Admin | None
    ) -> set[str]:
        """Knock at each; return the reasons of refusal, "" where there was none."""
        return {reason for reason, _ in await self.refusals(method, request, caller)}

    async def refusals(
        self, method: Method, request: Message, caller: Person | Admin | None
    ) -> set[tuple[str, int]]:
        """Knock at each; return reasons and codes, ("", 0) where nothing was refused.

        A reason has one code, whichever way it came.
        """
        problems = await self.problems(method, request, caller)
        found = {(each.reason, each.code) if each else ("", 0) for each in problems}
        assert len({reason for reason, _ in found}) == len(found), found
        return found

    async def over_rest(
        self, method: Method, request: Message, headers: dict[str, str]
    ) -> Problem | None:
        answer = await over_rest(self.http, method, request, headers)
        return errors.of_rest(answer, "en") if answer.is_error else None

    async def over_web(
        self, method: Method, request: Message, headers: dict[str, str]
    ) -> Problem | None:
        message, trailers = await over_web(self.http, method, request, headers)
        if not failed(trailers):
            assert message is not None, "an end without an answer"
            return None
        assert message is None, "an answer beside its refusal"
        return errors.of_web(trailers, "en")

    async def over_grpc(
        self, method: Method, request: Message, headers: dict[str, str]
    ) -> Problem | None:
        try:
            await over_grpc(self.channel, method, request, headers)
        except grpc.aio.AioRpcError as error:
            return errors.of_grpc(error, "en")
        return None


class Walkers:
    """The person of each role for the whole walk."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._known: dict[int, Person] = {}

    async def of(self, role: int, *, alone: bool = False) -> Person:
        """Somebody of a role; somebody new for a call that ends the session."""
        if alone:
            return await person(self._client, ROLES[role])
        if role not in self._known:
            self._known[role] = await person(self._client, ROLES[role])
        return self._known[role]
