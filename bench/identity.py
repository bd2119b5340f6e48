"""What it costs to sign in, and to know whose call it is."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import uuid4

import grpc
from argon2 import PasswordHasher
from weneeds.auth.v1 import session_service_pb2 as pb

from bench.figures import Figure, Summary, Target, median_difference
from bench.load import Call, Contestant, interleaved
from bench.processes import listens, running
from bench.scene import Scene
from bench.seed import seed_people
from bench.servers.tokens import BARE, CACHED, SERVICE, SPENT, UNCACHED
from bench.wire import like_the_gateway, secure_channel
from services.auth.app.ports import AccessGrant
from services.auth.domain.users import UserRole
from services.auth.ports.passwords import THREADS, Cost
from services.auth.ports.tokens import SignedTokens
from stack import ports
from stack.topology import AUDIENCE, ISSUER

_GROUP = "identity"
_SIGN_IN = "/weneeds.auth.v1.SessionService/SignIn"
_PASSWORD = "une phrase fictive pour entrer"
_SERVICE_NAME, _HASH_NAME = "sign-in", "argon2id"
# Two wait behind each thread that hashes.
_SIGN_INS_IN_FLIGHT = 3 * THREADS
# An e-mail may sign in ten times a minute.
_PEOPLE = 120
_CALLS_IN_FLIGHT = 16
_TIMEOUT_SECONDS = 15.0
_CACHED_US = 15.0
_UNCACHED_US = 220.0


async def identity(scene: Scene) -> list[Figure]:
    """Sign-ins through the auth service, and verifying access tokens."""
    return [*await _sign_ins(scene), *await _tokens(scene)]


async def _sign_ins(scene: Scene) -> list[Figure]:
    topology, amount = scene.topology, scene.amount
    cost = Cost()
    hasher = PasswordHasher(cost.passes, cost.memory_kib, cost.lanes)
    encoded = hasher.hash(_PASSWORD)
    emails = await seed_people(topology.admin_url, _PEOPLE, encoded)
    async with AsyncExitStack() as stack:
        channel = secure_channel(topology.address("auth"), "auth", topology.tls("gateway"))
        await stack.enter_async_context(channel)
        pool = stack.enter_context(ThreadPoolExecutor(THREADS))
        contestants = {
            _SERVICE_NAME: Contestant(
                _sign_in(channel, emails), scene.mesh.supervisor.running["services"].pid
            ),
            _HASH_NAME: Contestant(
                _in_threads(pool, lambda: hasher.verify(encoded, _PASSWORD)), os.getpid()
            ),
        }
        tick = scene.steps("identity: sign-ins, bare argon2id", 2 * (amount.rounds + 1))
        found = await interleaved(
            contestants, amount.rounds, amount.sign_ins, _SIGN_INS_IN_FLIGHT, tick
        )
    whole, bare = Summary.of(found[_SERVICE_NAME]), Summary.of(found[_HASH_NAME])
    beyond = median_difference(found[_SERVICE_NAME], found[_HASH_NAME]) / 1000
    rates = f"{whole.beside()}; bare argon2id {bare.per_second:.0f}/s"
    costs = f"{whole.cpu / 1000:.1f} ms against {bare.cpu / 1000:.1f} ms bare"
    return [
        Figure(_GROUP, "sign-ins a second", whole.per_second, "/s", None, rates),
        Figure(_GROUP, "CPU of a sign-in beyond its argon2id", beyond, "ms", None, costs),
    ]


def _sign_in(channel: grpc.aio.Channel, emails: list[str]) -> Call:
    """A function that signs the next person in, each from an address of their own."""
    method: Any = channel.unary_unary(
        _SIGN_IN, request_serializer=pb.SignInRequest.SerializeToString
    )
    turns = itertools.cycle(enumerate(emails))

    async def call() -> bytes:
        number, email = next(turns)
        metadata = (
            ("x-request-id", str(uuid4())),
            ("x-weneeds-address", f"192.0.2.{number}"),
            ("accept-language", "fr"),
        )
        request = pb.SignInRequest(email=email, password=_PASSWORD)
        answer: bytes = await method(request, metadata=metadata, timeout=_TIMEOUT_SECONDS)
        return answer

    return call


def _in_threads(pool: ThreadPoolExecutor, work: Callable[[], object]) -> Call:
    async def call() -> bytes:
        await asyncio.get_running_loop().run_in_executor(pool, work)
        return b""

    return call


async def _tokens(scene: Scene) -> list[Figure]:
    topology, amount = scene.topology, scene.amount
    port = ports.choose()
    count = amount.unary_calls // 2
    signed = _signed(scene, count * (amount.rounds + 1))
    command = (sys.executable, "-m", "bench.servers.tokens", str(port))
    log = topology.log("bench-tokens")
    async with AsyncExitStack() as stack:
        program = running("bench-tokens", command, topology.environment(), log, listens(port))
        pid = await stack.enter_async_context(program)
        channel = secure_channel(f"127.0.0.1:{port}", "jobs", topology.tls("gateway"))
        await stack.enter_async_context(channel)
        contestants = {
            CACHED: Contestant(_verified(channel, CACHED, signed[:1]), pid),
            UNCACHED: Contestant(_verified(channel, UNCACHED, signed), pid),
            BARE: Contestant(_verified(channel, BARE, signed), pid),
        }
        tick = scene.steps("identity: tokens cached, uncached, bare", 3 * (amount.rounds + 1))
        await interleaved(contestants, amount.rounds, count, _CALLS_IN_FLIGHT, tick)
        tell: Any = channel.unary_unary(f"/{SERVICE}/{SPENT}")
        spent = json.loads(await tell(b"", timeout=_TIMEOUT_SECONDS))
    cached, uncached, bare = (median(spent[name]) / 1000 for name in (CACHED, UNCACHED, BARE))
    beside = f"bare Ed25519 and JSON {bare:.0f} µs, {uncached / bare:.2f}x"
    known, new = Target(_CACHED_US), Target(_UNCACHED_US)
    return [
        Figure(_GROUP, "CPU of verifying a token that is known", cached, "µs", known),
        Figure(_GROUP, "CPU of verifying a new token", uncached, "µs", new, beside),
    ]


def _signed(scene: Scene, count: int) -> list[str]:
    """Tokens of as many people, as the auth service signs them."""
    keys = SignedTokens(scene.topology.signing_keys, ISSUER, AUDIENCE, timedelta(minutes=10))
    now = datetime.now(UTC)
    grants = (
        AccessGrant(str(uuid4()), str(uuid4()), UserRole.RECRUITER, str(uuid4()))
        for _ in range(count)
    )
    return [keys.sign(grant, now).text for grant in grants]


def _verified(channel: grpc.aio.Channel, name: str, tokens: list[str]) -> Call:
    """A function that has the next token verified."""
    method: Any = channel.unary_unary(f"/{SERVICE}/{name}")
    turns = itertools.cycle(tokens)

    async def call() -> bytes:
        metadata = like_the_gateway(next(turns))
        answer: bytes = await method(b"", metadata=metadata, timeout=_TIMEOUT_SECONDS)
        return answer

    return call
